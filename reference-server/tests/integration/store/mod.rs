//! Laws of the database: what it refuses, and what an answered write promises.

mod attack;
mod attack_books;
mod attack_corrections;
mod attack_keys;
mod attack_operations;
mod attack_organisers;
mod attack_outreach;
mod attack_secrets;
mod attack_statistics;
mod commit;
pub(crate) mod line;
mod lost;
mod roles;
mod tls;

pub(crate) use line::Line;
