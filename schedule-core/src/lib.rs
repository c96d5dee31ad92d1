#![doc = include_str!("../README.md")]
#![warn(
    clippy::arithmetic_side_effects,
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    clippy::expect_used,
    clippy::float_arithmetic,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::wildcard_enum_match_arm
)]

mod builder;
mod change;
mod city;
mod day;
mod edition;
mod error;
mod exposure;
mod gantt;
pub mod holidays;
pub mod ics;
mod jiangsu;
mod openings;
mod phase;
mod plan;
mod printing;
pub mod published;
mod round;
mod shanghai;
mod slug;
mod table;
mod timeline;
pub mod timetable;
mod window;
mod zone;

pub use builder::{EditionBuilder, MAX_PHASES};
pub use change::{Alteration, ChangeRefusal, EditionChange, PostponementError, RoundChange};
pub use city::{City, District, Province, ProvinceError};
pub use day::{CivilDay, CivilTimeError};
pub use edition::{Edition, Gap, Row};
pub use error::EditionError;
pub use exposure::{Exposure, ExposureReport};
pub use jiangsu::{JIANGSU_DIVISIONS_AS_OF, JIANGSU_DIVISIONS_SOURCE, jiangsu};
pub use phase::{Phase, Provenance, ScheduledPhase};
pub use round::Round;
pub use shanghai::{CHINA_STANDARD_TIME, ShanghaiDay};
pub use slug::{CitySlug, DistrictSlug, EditionSlug, SlugError};
pub use table::Table;
pub use window::{ContestDay, Window, WindowError};
pub use zone::Zone;
