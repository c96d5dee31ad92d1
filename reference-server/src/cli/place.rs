//! Where a demo or a rehearsal keeps itself: a folder and maybe a schema on a server, thrown away unless they are named.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use tempfile::TempDir;

use crate::{
    entropy::{Entropy, SystemEntropy},
    store::{Database, Schema},
};

/// The file of the schema's name, in a folder that lasts.
const SCHEMA: &str = "schema";

#[derive(Debug, clap::Args)]
pub(super) struct PlaceArguments {
    /// Keep everything in this folder, and go on there the next time; without it all is forgotten at the end.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Keep the contest on this database server, in a schema of its own, instead of in a file.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

impl PlaceArguments {
    /// Whether the place outlives the process.
    pub(super) fn is_lasting(&self) -> bool {
        self.data.is_some()
    }

    /// As they would be written after a command, with a space before them.
    pub(super) fn to_text(&self) -> String {
        let database = self.database.as_ref();
        database.map_or_else(String::new, |url| format!(" --database {url}"))
    }
}

/// The folder and the database of a made-up contest.
#[derive(Debug)]
pub(super) struct Place {
    folder: PathBuf,
    /// Dropping it deletes the folder.
    scratch: Option<TempDir>,
    schema: Option<Schema>,
}

impl Place {
    /// Makes what is missing; waits for a server by itself, so not within a task.
    pub(super) fn open(arguments: &PlaceArguments) -> anyhow::Result<Self> {
        let (folder, scratch) = match &arguments.data {
            Some(folder) => (folder.clone(), None),
            None => {
                let scratch = tempfile::tempdir().context("cannot make a folder")?;
                (scratch.path().to_owned(), Some(scratch))
            }
        };
        let schema = match &arguments.database {
            Some(address) => {
                let name = match &scratch {
                    Some(_) => new_name(),
                    None => kept_name(&folder)?,
                };
                Some(Schema::make(&Database::server(address, None)?, &name)?)
            }
            None => None,
        };
        Ok(Self {
            folder,
            scratch,
            schema,
        })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn is_lasting(&self) -> bool {
        self.scratch.is_none()
    }

    /// The database, when it is not a file in the folder.
    pub(super) fn database(&self) -> Option<Database> {
        self.schema.as_ref().map(Schema::database)
    }

    /// One line about the schema, for whoever owns the server.
    pub(super) fn schema(&self) -> Option<String> {
        let name = self.schema.as_ref()?.name();
        Some(if self.is_lasting() {
            format!(
                "the database is the schema {name}, which stays; to remove it: DROP SCHEMA {name} CASCADE"
            )
        } else {
            format!("the database is the schema {name}, which is removed at the end")
        })
    }

    /// The same line for a demo.
    pub(super) fn schema_in_chinese(&self) -> Option<String> {
        let name = self.schema.as_ref()?.name();
        Some(if self.is_lasting() {
            format!("数据库模式 {name} 会保留；删除它：DROP SCHEMA {name} CASCADE")
        } else {
            format!("数据库模式 {name} 在结束时删除")
        })
    }

    /// Removes the schema of what is thrown away, and with it the folder.
    pub(super) fn close(self) -> anyhow::Result<()> {
        match self.schema {
            Some(schema) if self.scratch.is_some() => schema
                .remove()
                .context("the schema could not be removed and stays on the server"),
            _ => Ok(()),
        }
    }
}

fn new_name() -> String {
    let entropy: &dyn Entropy = &SystemEntropy;
    format!("made_up_contest_{}", hex::encode(entropy.bytes::<6>()))
}

/// The name that the folder remembers; made and written down at its first start.
fn kept_name(folder: &Path) -> anyhow::Result<String> {
    let path = folder.join(SCHEMA);
    if path.exists() {
        let name =
            fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        return Ok(name.trim().to_owned());
    }
    let name = new_name();
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(&path, &name))
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(name)
}
