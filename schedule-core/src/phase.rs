//! Phases of an edition: publicity, preheat, contest, summary.

use std::fmt;

use crate::slug::CitySlug;
use crate::window::Window;

/// What goes on during a stretch of an edition.
///
/// Phases are labels with windows of their own: one city's contest and the next city's preheat share a week.
/// Only two contests may never share an instant.
#[expect(
    clippy::exhaustive_enums,
    reason = "the founding document, section five, knows these phases and no others"
)]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Phase {
    /// The contest is announced; no city is concerned yet.
    Publicity,
    /// A city is called upon to follow the account; nobody can answer there yet.
    Preheat(CitySlug),
    /// A city's questions are open.
    Contest(CitySlug),
    /// Results are summed up and awards decided.
    Summary,
}

impl Phase {
    /// Returns the city concerned, or `None` for a phase of the whole province.
    #[must_use]
    pub fn city(&self) -> Option<&CitySlug> {
        match self {
            Self::Preheat(city) | Self::Contest(city) => Some(city),
            Self::Publicity | Self::Summary => None,
        }
    }

    /// Returns the word the founding document uses for the phase, without the city.
    #[must_use]
    pub const fn chinese_name(&self) -> &'static str {
        match self {
            Self::Publicity => "前期宣传",
            Self::Preheat(_) => "预热",
            Self::Contest(_) => "竞赛",
            Self::Summary => "总结",
        }
    }
}

/// Writes `publicity`, `preheat of yancheng`, `contest of yancheng` or `summary`.
impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Publicity => f.write_str("publicity"),
            Self::Preheat(city) => write!(f, "preheat of {city}"),
            Self::Contest(city) => write!(f, "contest of {city}"),
            Self::Summary => f.write_str("summary"),
        }
    }
}

/// Whether the organiser published a window or somebody worked it out.
#[expect(
    clippy::exhaustive_enums,
    reason = "a window was either published or not; there is no third case"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Provenance {
    /// The organiser's own document states the window.
    Published,
    /// The window follows from another document and was never published; show it as such.
    Derived,
}

/// A phase with its window, and where that window comes from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ScheduledPhase {
    pub(crate) phase: Phase,
    pub(crate) window: Window,
    pub(crate) provenance: Provenance,
    pub(crate) label: Option<String>,
}

impl ScheduledPhase {
    /// Returns the phase.
    #[must_use]
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// Returns the window, half-open.
    #[must_use]
    pub const fn window(&self) -> Window {
        self.window
    }

    /// Returns whether the organiser published the window.
    #[must_use]
    pub const fn provenance(&self) -> Provenance {
        self.provenance
    }

    /// Returns the label of the printed row, or `None` when the table does not print the phase.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        self.label.as_deref()
    }
}
