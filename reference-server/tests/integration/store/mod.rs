//! Laws of the database: what it refuses, and what an answered write promises.

mod attack;
mod commit;
