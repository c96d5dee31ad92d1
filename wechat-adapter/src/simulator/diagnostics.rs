//! How often each operation was called today, and what is remembered of refused calls.

use std::collections::{BTreeMap, VecDeque};

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use serde_json::{Value, json};

use super::calendar::beijing_date;
use super::identifier::request_id;
use super::official::Answer;
use super::operation::Operation;
use super::wire::Call;

/// How often the counts may be cleared by hand in a month.
const CLEARINGS_PER_MONTH: u32 = 10;
/// How many refused calls can be explained.
const EXPLAINED: usize = 1_024;

/// How often each operation was called today.
#[derive(Debug, Default)]
pub(super) struct Quotas {
    date: NaiveDate,
    used: BTreeMap<Operation, u32>,
    /// Year, month, and how often the counts were cleared in it.
    cleared: (i32, u32, u32),
}

impl Quotas {
    fn turn_to(&mut self, date: NaiveDate) {
        if self.date != date {
            self.date = date;
            self.used.clear();
        }
    }

    /// Counts a call; false when the day's calls are used up.
    pub(super) fn take(&mut self, operation: Operation, now: DateTime<Utc>) -> bool {
        let Some(per_day) = operation.calls_per_day() else {
            return true;
        };
        self.turn_to(beijing_date(now));
        let used = self.used.entry(operation).or_default();
        let left = *used < per_day;
        *used = used.saturating_add(1);
        left
    }

    /// Answers `openapi/quota/get`.
    pub(super) fn query(&mut self, call: &Call<'_>, now: DateTime<Utc>) -> Answer {
        let path = call
            .json
            .as_ref()
            .and_then(|body| body.get("cgi_path")?.as_str())
            .ok_or((47_001, "data format error"))?;
        let operation = Operation::of_path(path)
            .filter(|operation| operation.is_official())
            .ok_or((76_021, "cgi_path not found"))?;
        self.turn_to(beijing_date(now));
        // A call without a limit has a very large one.
        let limit = operation.calls_per_day().unwrap_or(1_000_000_000);
        let used = self.used.get(&operation).copied().unwrap_or(0).min(limit);
        Ok(json!({
            "errcode": 0, "errmsg": "ok",
            "quota": {"daily_limit": limit, "used": used, "remain": limit.saturating_sub(used)},
            "rate_limit": {"call_count": used, "refresh_second": 60},
        }))
    }

    /// Clears the day's counts, as often as a month allows.
    pub(super) fn clear(&mut self, now: DateTime<Utc>) -> Answer {
        let today = beijing_date(now);
        let (year, month) = (today.year(), today.month());
        let n_cleared = match self.cleared {
            (of_year, of_month, count) if (of_year, of_month) == (year, month) => count,
            _ => 0,
        };
        if n_cleared >= CLEARINGS_PER_MONTH {
            return Err((
                48_006,
                "forbid to clear quota because of reaching the limit",
            ));
        }
        self.cleared = (year, month, n_cleared.saturating_add(1));
        self.used.clear();
        Ok(json!({"errcode": 0, "errmsg": "ok"}))
    }
}

/// Refused calls by the `rid` of their sentence.
#[derive(Debug)]
pub(super) struct Refusals {
    seed: u64,
    issued: u64,
    by_rid: BTreeMap<String, Value>,
    in_order: VecDeque<String>,
}

impl Refusals {
    pub(super) const fn new(seed: u64) -> Self {
        Self {
            seed,
            issued: 0,
            by_rid: BTreeMap::new(),
            in_order: VecDeque::new(),
        }
    }

    /// The body of a refusal, which names a `rid` that can be asked about.
    pub(super) fn refuse(
        &mut self,
        call: &Call<'_>,
        code: i64,
        message: &str,
        now: DateTime<Utc>,
    ) -> Value {
        self.issued = self.issued.wrapping_add(1);
        let rid = request_id(self.seed, self.issued);
        let body = json!({"errcode": code, "errmsg": format!("{message} rid: {rid}")});
        if self.in_order.len() >= EXPLAINED
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.by_rid.remove(&oldest);
        }
        let record = json!({
            "invoke_time": now.timestamp(),
            "cost_in_ms": 1,
            "request_url": call.raw_query,
            "request_body": String::from_utf8_lossy(call.body),
            "response_body": body.to_string(),
            "client_ip": "127.0.0.1",
        });
        self.by_rid.insert(rid.clone(), record);
        self.in_order.push_back(rid);
        body
    }

    /// Answers `openapi/rid/get`.
    pub(super) fn explain(&self, call: &Call<'_>) -> Answer {
        let rid = call
            .json
            .as_ref()
            .and_then(|body| body.get("rid")?.as_str())
            .ok_or((47_001, "data format error"))?;
        let record = self.by_rid.get(rid).ok_or((76_001, "rid not found"))?;
        Ok(json!({"errcode": 0, "errmsg": "ok", "request": record}))
    }
}
