//! The running contest, in reading order.
//!
//! | module | what it is |
//! |---|---|
//! | [`cli`] | the commands |
//! | [`setup`] | an [`App`](app::App) from a configuration, for a demo, or for a rehearsal |
//! | [`trial`] | `serve` beside a simulated WeChat of another process |
//! | [`app`] | everything a use case needs, in one value |
//! | [`web`] | pages, JSON API, callbacks, the simulator's phone |
//! | [`contest`] | the use cases: rules applied to facts |
//! | [`store`] | every SQL statement, behind one writer |
//! | [`worker`] | what happens without a request |
//! | [`backup`] | backups: taken, kept, put back, tried |
//! | [`rehearsal`] | a season in minutes: simulated citizens and the auditor |
//! | [`office`], [`content`], [`picture`] | question files, city pages, and the pictures in them |
//! | [`metrics`] | what operators' programs ask |
//! | [`journal`] | the simulated WeChat's memory |
//! | [`rail`] | the ways a season can pay |
//! | `crash_point` | where a build for crash tests ends itself |
//! | [`clock`], [`entropy`], [`privacy`], [`password`], [`id`] | instants, randomness, keys, passwords, identifiers |
//! | [`config`], [`settings`] | the configuration, and what people may see of it |
//!
//! Arrows: `web → contest → store`, `worker → contest`; checked by the test `tidy`.

pub mod app;
pub mod backup;
pub mod cli;
pub mod clock;
pub mod config;
pub mod content;
pub mod contest;
mod crash_point;
pub mod entropy;
pub mod id;
pub mod journal;
pub mod metrics;
pub mod office;
pub mod password;
pub mod picture;
pub mod privacy;
pub mod rail;
mod recent;
pub mod rehearsal;
pub mod settings;
pub mod setup;
pub mod store;
pub mod trial;
pub mod web;
pub mod worker;
