//! What was counted a moment ago and may be shown again.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};

/// For how long a count is shown again.
const GOOD_FOR: TimeDelta = TimeDelta::seconds(30);

/// Counts that are made anew every half minute at most, by what they were asked for.
///
/// For screens only: what is decided, paid or published is counted each time.
#[derive(Debug)]
pub(crate) struct Recent<K, T>(Mutex<HashMap<K, Count<T>>>);

/// When it was counted, and what came out.
type Count<T> = (DateTime<Utc>, Arc<T>);

impl<K, T> Default for Recent<K, T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, T> Recent<K, T> {
    /// What was counted less than half a minute before `now`.
    pub(crate) fn known(&self, key: &K, now: DateTime<Utc>) -> Option<Arc<T>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, value) = kept.get(key)?;
        is_good(*at, now).then(|| Arc::clone(value))
    }

    /// Keeps a count for the next who asks, and drops those that are too old.
    pub(crate) fn keep(&self, key: K, now: DateTime<Utc>, value: T) -> Arc<T> {
        let value = Arc::new(value);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_key, (at, _value)| is_good(*at, now));
        kept.insert(key, (now, Arc::clone(&value)));
        value
    }
}

/// A clock that was set back makes nothing good for longer.
fn is_good(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    let age = now - at;
    age >= TimeDelta::zero() && age < GOOD_FOR
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_600_000_000 + second, 0).unwrap()
    }

    #[test]
    fn a_count_is_shown_again_for_half_a_minute_and_for_its_own_key() {
        let recent = Recent::default();
        recent.keep("one", at(0), 1);
        assert_eq!(recent.known(&"one", at(29)).as_deref(), Some(&1));
        assert_eq!(recent.known(&"one", at(30)), None);
        assert_eq!(recent.known(&"one", at(-1)), None);
        assert_eq!(recent.known(&"other", at(0)), None);
        recent.keep("other", at(31), 2);
        assert_eq!(
            recent.known(&"one", at(0)),
            None,
            "too old ones are dropped"
        );
    }
}
