//! Checks a timetable, row by row, and makes it an edition.

use std::collections::BTreeMap;

use crate::city::{City, Province};
use crate::edition::{Edition, Row};
use crate::error::EditionError;
use crate::openings::Openings;
use crate::phase::{Phase, Provenance, ScheduledPhase};
use crate::round::Round;
use crate::slug::{CitySlug, EditionSlug};
use crate::timeline::Timeline;
use crate::window::Window;

/// The most phases an edition may hold, all rows and both stages counted.
pub const MAX_PHASES: usize = 250_000;

/// Collects the rows of a timetable as printed, then checks them all.
///
/// Any number of rounds up to [`MAX_PHASES`], windows of any length, any city order, gaps between contests: all allowed.
/// Overlaps are allowed too, save contest with contest.
///
/// ```
/// use schedule_core::{CitySlug, EditionBuilder, EditionSlug, Phase, ShanghaiDay, Window, jiangsu};
///
/// let week = |day| Window::of_days(ShanghaiDay::from_ymd(2027, 3, day)?..=ShanghaiDay::from_ymd(2027, 3, day + 6)?).map_err(Box::<dyn std::error::Error>::from);
/// let wuxi = CitySlug::new("wuxi")?;
/// let edition = EditionBuilder::new(EditionSlug::new("wuxi-2027")?, "无锡专场", jiangsu())
///     .row("1", week(1)?, [Phase::Preheat(wuxi.clone())])
///     .row("2", week(8)?, [Phase::Contest(wuxi.clone())])
///     .build()?;
/// assert_eq!(edition.round_of(&wuxi).map(|round| round.index()), Some(1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
pub struct EditionBuilder {
    slug: EditionSlug,
    title: String,
    province: Province,
    #[cfg_attr(feature = "serde", serde(default))]
    publicity: Option<Stage>,
    rows: Vec<Row>,
    #[cfg_attr(feature = "serde", serde(default))]
    summary: Option<Stage>,
}

/// A stage of the whole province, declared outside the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(deny_unknown_fields))]
struct Stage {
    window: Window,
    provenance: Provenance,
}

impl Stage {
    fn of((window, provenance): (Window, Provenance)) -> Self {
        Self { window, provenance }
    }
}

impl EditionBuilder {
    /// Starts an edition of a province, without rows.
    #[must_use]
    pub fn new(slug: EditionSlug, title: impl Into<String>, province: Province) -> Self {
        Self {
            slug,
            title: title.into(),
            province,
            publicity: None,
            rows: Vec::new(),
            summary: None,
        }
    }

    /// Adds the next row as printed: its label, its dates, and what it announces.
    #[must_use]
    pub fn row(
        mut self,
        label: impl Into<String>,
        window: Window,
        phases: impl IntoIterator<Item = Phase>,
    ) -> Self {
        self.rows.push(Row {
            label: label.into(),
            window,
            phases: phases.into_iter().collect(),
        });
        self
    }

    /// Declares the publicity stage, in place of rows that print it; the last declaration holds.
    #[must_use]
    pub fn publicity(mut self, window: Window, provenance: Provenance) -> Self {
        self.publicity = Some(Stage { window, provenance });
        self
    }

    /// Declares the summary stage, in place of rows that print it; the last declaration holds.
    #[must_use]
    pub fn summary(mut self, window: Window, provenance: Provenance) -> Self {
        self.summary = Some(Stage { window, provenance });
        self
    }

    /// Checks everything and makes the edition, in O(n log n) for n phases and cities.
    ///
    /// # Errors
    ///
    /// The first of the [faults](Self::faults).
    pub fn build(self) -> Result<Edition, EditionError> {
        if let Some(fault) = self.faults().into_iter().next() {
            return Err(fault);
        }
        let season = self.season().ok_or(EditionError::NoContest {
            slug: self.slug.clone(),
        })?;
        Ok(self.assemble(season))
    }

    /// Names everything that keeps the rows from being an edition, and where; none if they are one.
    ///
    /// In this order: the title and the size, each row for itself, the order of rows, zones, contests, preheats, stages.
    /// Too large a timetable is not looked at any further.
    /// Costs O(n log n) for n phases and cities.
    #[must_use]
    pub fn faults(&self) -> Vec<EditionError> {
        let mut faults = Vec::new();
        if self.title.trim().is_empty() {
            faults.push(EditionError::BlankTitle {
                slug: self.slug.clone(),
            });
        }
        let n_phases = self.n_phases();
        if n_phases > MAX_PHASES {
            faults.push(EditionError::TooManyPhases { n_phases });
            return faults;
        }
        self.check_rows(&mut faults);
        self.check_zones(&mut faults);
        let contests = self.check_contests(&mut faults);
        self.check_preheats(&contests, &mut faults);
        match self.season() {
            Some(season) => self.check_stages(season, &mut faults),
            None => faults.push(EditionError::NoContest {
                slug: self.slug.clone(),
            }),
        }
        faults
    }

    fn n_phases(&self) -> usize {
        let n_stages = usize::from(self.publicity.is_some())
            .saturating_add(usize::from(self.summary.is_some()));
        self.rows.iter().fold(n_stages, |n_phases, row| {
            n_phases.saturating_add(row.phases.len())
        })
    }

    /// The hull of all contests.
    fn season(&self) -> Option<Window> {
        let contests = self
            .printed()
            .filter(|(_, phase)| matches!(phase, Phase::Contest(_)));
        contests
            .map(|(row, _)| row.window)
            .reduce(|season, window| season.hull(&window))
    }

    fn check_rows(&self, faults: &mut Vec<EditionError>) {
        let cities = self.cities();
        for row in &self.rows {
            let label = || row.label.clone();
            if row.phases.is_empty() {
                faults.push(EditionError::EmptyRow { label: label() });
            }
            for city in row.phases.iter().filter_map(Phase::city) {
                if !cities.contains_key(city) {
                    faults.push(EditionError::UnknownCity {
                        label: label(),
                        city: city.clone(),
                    });
                }
            }
        }
        for (above, row) in self.rows.iter().zip(self.rows.iter().skip(1)) {
            if row.window.start() < above.window.start() {
                faults.push(EditionError::RowsOutOfOrder {
                    above: above.label.clone(),
                    label: row.label.clone(),
                });
            }
        }
    }

    fn check_zones(&self, faults: &mut Vec<EditionError>) {
        let labelled = self.rows.iter().map(|row| (Some(&row.label), row.window));
        let stages = self.publicity.iter().chain(&self.summary);
        let mut windows = labelled.chain(stages.map(|stage| (None, stage.window)));
        let Some((_, first)) = windows.next() else {
            return;
        };
        let strangers = windows.filter(|(_, window)| window.zone() != first.zone());
        faults.extend(strangers.map(|(label, window)| EditionError::MixedZones {
            label: label.cloned(),
            first: first.zone(),
            other: window.zone(),
        }));
    }

    /// Returns label and window of every city's contest, the first of each.
    fn check_contests(
        &self,
        faults: &mut Vec<EditionError>,
    ) -> BTreeMap<&CitySlug, (&str, Window)> {
        let mut contests: BTreeMap<&CitySlug, (&str, Window)> = BTreeMap::new();
        // The contest that closes last among those above; with rows in order every overlap meets it.
        let mut latest: Option<(&CitySlug, Window)> = None;
        for (row, phase) in self.printed() {
            let Phase::Contest(city) = phase else {
                continue;
            };
            if let Some((label, _)) = contests.get(city) {
                faults.push(EditionError::RepeatedContest {
                    city: city.clone(),
                    first_label: (*label).into(),
                    second_label: row.label.clone(),
                });
            } else {
                contests.insert(city, (&row.label, row.window));
            }
            if let Some((first, window)) = latest
                && first != city
                && let Some(overlap) = window.intersection(&row.window)
            {
                faults.push(EditionError::ContestsOverlap {
                    first: first.clone(),
                    second: city.clone(),
                    label: row.label.clone(),
                    overlap,
                });
            }
            if latest.is_none_or(|(_, window)| window.end() < row.window.end()) {
                latest = Some((city, row.window));
            }
        }
        contests
    }

    fn check_preheats(
        &self,
        contests: &BTreeMap<&CitySlug, (&str, Window)>,
        faults: &mut Vec<EditionError>,
    ) {
        let mut labels: BTreeMap<&CitySlug, &str> = BTreeMap::new();
        for (row, phase) in self.printed() {
            let Phase::Preheat(city) = phase else {
                continue;
            };
            if let Some(label) = labels.get(city) {
                faults.push(EditionError::RepeatedPreheat {
                    city: city.clone(),
                    first_label: (*label).into(),
                    second_label: row.label.clone(),
                });
            } else {
                labels.insert(city, &row.label);
            }
            match contests.get(city) {
                None => faults.push(EditionError::PreheatWithoutContest {
                    city: city.clone(),
                    label: row.label.clone(),
                }),
                Some((_, contest)) if row.window.end() > contest.start() => {
                    faults.push(EditionError::PreheatAfterOpening {
                        city: city.clone(),
                        label: row.label.clone(),
                        preheat: row.window,
                        opening: contest.start(),
                    });
                }
                Some(_) => {}
            }
        }
    }

    fn check_stages(&self, season: Window, faults: &mut Vec<EditionError>) {
        for (row, phase) in self.printed() {
            if let Some(stage) = self.declared(phase)
                && !stage.window.encloses(&row.window)
            {
                faults.push(EditionError::RowOutsideStage {
                    phase: phase.clone(),
                    label: row.label.clone(),
                    declared: stage.window,
                });
            }
        }
        for scheduled in self.scheduled() {
            let window = scheduled.window;
            match scheduled.phase {
                Phase::Publicity if window.start() >= season.start() => {
                    faults.push(EditionError::PublicityAfterOpening {
                        publicity: window,
                        opening: season.start(),
                    });
                }
                Phase::Summary if window.start() < season.end() => {
                    faults.push(EditionError::SummaryBeforeClosing {
                        summary: window,
                        closing: season.end(),
                    });
                }
                Phase::Publicity | Phase::Preheat(_) | Phase::Contest(_) | Phase::Summary => {}
            }
        }
    }

    fn cities(&self) -> BTreeMap<&CitySlug, &City> {
        let cities = self.province.cities().iter();
        cities.map(|city| (city.slug(), city)).collect()
    }

    /// Lays out a timetable known to be sound; `season` is the hull of its contests.
    pub(crate) fn assemble(self, season: Window) -> Edition {
        let phases = self.scheduled();
        let rounds = self.rounds();
        let numbered = rounds.iter().enumerate();
        let round_by_city = numbered
            .map(|(position, round)| (round.city.slug().clone(), position))
            .collect();
        let timeline = Timeline::new(&phases);
        let openings = Openings::new(&rounds);
        let pair = |stage: Stage| (stage.window, stage.provenance);
        Edition {
            slug: self.slug,
            title: self.title,
            province: self.province,
            rows: self.rows,
            publicity: self.publicity.map(pair),
            summary: self.summary.map(pair),
            season,
            phases,
            rounds,
            openings,
            round_by_city,
            timeline,
        }
    }

    fn printed(&self) -> impl Iterator<Item = (&Row, &Phase)> {
        let rows = self.rows.iter();
        rows.flat_map(|row| row.phases.iter().map(move |phase| (row, phase)))
    }

    fn declared(&self, phase: &Phase) -> Option<Stage> {
        match phase {
            Phase::Publicity => self.publicity,
            Phase::Summary => self.summary,
            Phase::Preheat(_) | Phase::Contest(_) => None,
        }
    }

    fn scheduled(&self) -> Vec<ScheduledPhase> {
        let stages = [Phase::Publicity, Phase::Summary].into_iter();
        let declared = stages.filter_map(|phase| {
            let stage = self.declared(&phase)?;
            Some(ScheduledPhase {
                phase,
                window: stage.window,
                provenance: stage.provenance,
                label: None,
            })
        });
        let undeclared = |(_, phase): &(&Row, &Phase)| self.declared(phase).is_none();
        let printed = self.printed().filter(undeclared);
        let printed = printed.map(|(row, phase)| ScheduledPhase {
            phase: phase.clone(),
            window: row.window,
            provenance: Provenance::Published,
            label: Some(row.label.clone()),
        });
        let mut phases: Vec<_> = declared.chain(printed).collect();
        phases.sort_by_key(|scheduled| scheduled.window.start());
        phases
    }

    fn rounds(&self) -> Vec<Round> {
        let preheats: BTreeMap<&CitySlug, Window> = self
            .printed()
            .filter(|(_, phase)| matches!(phase, Phase::Preheat(_)))
            .filter_map(|(row, phase)| Some((phase.city()?, row.window)))
            .collect();
        let cities = self.cities();
        let contests = self
            .printed()
            .filter(|(_, phase)| matches!(phase, Phase::Contest(_)))
            .filter_map(|(row, phase)| Some((row, *cities.get(phase.city()?)?)));
        (1..)
            .zip(contests)
            .map(|(index, (row, city))| Round {
                index,
                label: row.label.clone(),
                city: city.clone(),
                window: row.window,
                preheat: preheats.get(city.slug()).copied(),
            })
            .collect()
    }
}

impl TryFrom<EditionBuilder> for Edition {
    type Error = EditionError;

    fn try_from(builder: EditionBuilder) -> Result<Self, EditionError> {
        builder.build()
    }
}

/// Takes an edition apart into the rows and stages it was made of.
impl From<Edition> for EditionBuilder {
    fn from(edition: Edition) -> Self {
        Self {
            slug: edition.slug,
            title: edition.title,
            province: edition.province,
            publicity: edition.publicity.map(Stage::of),
            rows: edition.rows,
            summary: edition.summary.map(Stage::of),
        }
    }
}
