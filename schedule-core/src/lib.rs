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
mod city;
mod day;
mod edition;
mod error;
mod jiangsu;
mod phase;
pub mod published;
mod round;
mod slug;
mod window;

pub use builder::{EditionBuilder, MAX_PHASES};
pub use city::{City, District, Province, ProvinceError};
pub use day::{CHINA_STANDARD_TIME, CivilTimeError, ShanghaiDay};
pub use edition::{Edition, Row};
pub use error::EditionError;
pub use jiangsu::jiangsu;
pub use phase::{Phase, Provenance, ScheduledPhase};
pub use round::Round;
pub use slug::{CitySlug, DistrictSlug, EditionSlug, SlugError};
pub use window::{ContestDay, Window, WindowError};
