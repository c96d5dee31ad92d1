//! The canonical specification read back: rules and announced source out of their published text.

use super::beacon::{BeaconError, BeaconSource};
use crate::{
    ClaimScope, Fen, PacketBounds, ReferralPolicy, Release, Residual, RewardRules, RewardTerms,
    RulesError, canonical_spec, canonical_spec_with_beacon,
};

/// Why a text is no canonical specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseSpecError {
    /// A line is missing, or says something else than its place asks for.
    #[error("line {line}: {name} is missing or cannot be read")]
    Line {
        /// Number of the line, from 1.
        line: u32,
        /// The name the line begins with; empty for the first and for one too many.
        name: &'static str,
    },
    /// The announced source cannot be one.
    #[error("the line beacon: {0}")]
    Beacon(#[from] BeaconError),
    /// The terms contradict each other.
    #[error("the rules cannot be kept: {0}")]
    Rules(#[from] RulesError),
    /// The text means these rules but is not written in the one canonical way.
    #[error("the text is not the canonical form of what it says")]
    NotCanonical,
}

/// Reads the text of [`canonical_spec`] or of [`canonical_spec_with_beacon`]; linear in its length.
///
/// What it returns prints the very same bytes.
///
/// # Errors
///
/// [`ParseSpecError`] by line, for terms that contradict each other, and for every other way of writing the same.
///
/// ```
/// use reward_core::{RewardRules, canonical_spec, parse_canonical_spec};
///
/// let text = canonical_spec(&RewardRules::JIANGSU_2020);
/// let (rules, beacon) = parse_canonical_spec(&text)?;
/// assert_eq!((rules, beacon), (RewardRules::JIANGSU_2020, None));
///
/// let error = parse_canonical_spec(&text.replace("days 7", "days seven")).unwrap_err();
/// assert_eq!(error.to_string(), "line 4: days is missing or cannot be read");
/// # Ok::<(), reward_core::ParseSpecError>(())
/// ```
pub fn parse_canonical_spec(
    text: &str,
) -> Result<(RewardRules, Option<BeaconSource>), ParseSpecError> {
    let mut lines = Lines {
        lines: text.lines(),
        line: 0,
    };
    // The version line is compared with all others at the end.
    lines.value("reward-plan-spec", |_| Some(()))?;
    let terms = RewardTerms {
        pool: lines.value("pool_fen", fen)?,
        daily_cap: lines.value("daily_cap_fen", fen)?,
        days: lines.value("days", |text| text.parse().ok())?,
        bounds: PacketBounds::new(
            lines.value("packet_min_fen", fen)?,
            lines.value("packet_max_fen", fen)?,
        )?,
        top_packet: lines.value("top_packet_fen", fen)?,
        packets_per_day: lines.value("packets_per_day", |text| text.parse().ok())?,
        release: lines.value("release", release)?,
        claim_scope: lines.value("claim_scope", |text| match text {
            "season" => Some(ClaimScope::Season),
            "city" => Some(ClaimScope::City),
            _ => None,
        })?,
        referral: lines.value("referral", |text| match text {
            "off" => Some(ReferralPolicy::Off),
            "one_per_new_follower" => Some(ReferralPolicy::OnePerNewFollower),
            _ => None,
        })?,
        residual: lines.value("residual", |text| match text {
            "unspendable" => Some(Residual::Unspendable),
            _ => None,
        })?,
    };
    let rules = RewardRules::new(terms)?;
    let beacon = match lines.lines.next() {
        None => None,
        Some(line) => {
            let source = line.strip_prefix("beacon ").ok_or(ParseSpecError::Line {
                line: lines.line.saturating_add(1),
                name: "",
            })?;
            Some(source.parse()?)
        }
    };
    let canonical = beacon.as_ref().map_or_else(
        || canonical_spec(&rules),
        |source| canonical_spec_with_beacon(&rules, source),
    );
    if canonical == text {
        Ok((rules, beacon))
    } else {
        Err(ParseSpecError::NotCanonical)
    }
}

struct Lines<'a> {
    lines: std::str::Lines<'a>,
    line: u32,
}

impl Lines<'_> {
    fn value<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Result<T, ParseSpecError> {
        self.line = self.line.saturating_add(1);
        let line = self.line;
        let text = self.lines.next().and_then(|text| text.strip_prefix(name));
        let value = text.and_then(|text| text.strip_prefix(' '));
        value
            .and_then(read)
            .ok_or(ParseSpecError::Line { line, name })
    }
}

fn fen(text: &str) -> Option<Fen> {
    text.parse().ok().map(Fen::new)
}

fn release(text: &str) -> Option<Release> {
    let words: Vec<&str> = text.split(' ').collect();
    match words[..] {
        ["immediate"] => Some(Release::Immediate),
        ["linear"] => Some(Release::Linear),
        ["curve", head_permille, full_at_ms] => Some(Release::Curve {
            head_permille: head_permille.parse().ok()?,
            full_at_ms: full_at_ms.parse().ok()?,
        }),
        _ => None,
    }
}
