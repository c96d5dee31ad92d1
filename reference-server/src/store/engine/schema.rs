//! A schema of its own on a server, for a contest that is thrown away.

use super::{Database, Place, engine_error, postgres};
use crate::store::StoreError;

/// The longest name a server keeps whole.
const LONGEST_NAME: usize = 63;

/// A schema that was made for one contest; it stays until it is removed.
///
/// Making and removing wait for the server by themselves, so not within a task.
#[derive(Debug, Clone)]
pub struct Schema {
    server: Box<postgres::Target>,
    name: String,
}

impl Schema {
    /// Makes the schema, unless it is there already.
    ///
    /// `name` is of small letters, digits and underscores, at most 63.
    ///
    /// # Errors
    /// [`StoreError::Engine`] for another name, for a file, or when the server refuses;
    /// [`StoreError::Unreachable`] when it cannot be reached.
    pub fn make(server: &Database, name: &str) -> Result<Self, StoreError> {
        let Place::Server(server) = &server.0 else {
            return Err(engine_error("a file has no schemas"));
        };
        let plain = |letter: char| matches!(letter, 'a'..='z' | '0'..='9' | '_');
        if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(plain) {
            return Err(engine_error(format_args!("{name:?} names no schema")));
        }
        postgres::run_once(server, &format!("CREATE SCHEMA IF NOT EXISTS {name}"))?;
        Ok(Self {
            server: server.clone(),
            name: name.to_owned(),
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The database that lies in it.
    #[must_use]
    pub fn database(&self) -> Database {
        Database(Place::Server(Box::new(self.server.within(&self.name))))
    }

    /// Removes the schema and everything in it.
    ///
    /// # Errors
    /// As [`Schema::make`].
    pub fn remove(self) -> Result<(), StoreError> {
        postgres::run_once(
            &self.server,
            &format!("DROP SCHEMA IF EXISTS {} CASCADE", self.name),
        )
    }
}
