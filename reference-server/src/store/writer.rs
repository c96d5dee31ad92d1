//! The one writer: takes what has queued up, commits it as a group, then answers.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::sync::{mpsc, oneshot};

use super::{StoreError, Tx, engine::Connection};
use crate::crash_point::{Point, reach};

/// The most writes of one commit.
const GROUP_SIZE: usize = 512;

/// Why a group was not committed, as far as is known.
#[derive(Debug, Clone)]
pub(super) enum Uncommitted {
    /// Nothing of it is kept.
    NotKept(String),
    /// Nobody can tell.
    Unknown(String),
}

/// A queued write, in its two halves around the commit.
pub(super) trait Job: Send {
    /// Does the work, keeping or taking back its rows; whether any of them are kept.
    ///
    /// An error is the engine's, and ends the whole group.
    fn run(&mut self, connection: &Connection) -> Result<bool, StoreError>;
    /// Answers the caller, with the fate of the commit.
    fn finish(self: Box<Self>, commit: Result<(), Uncommitted>);
}

/// A write with a typed result.
pub(super) struct WriteJob<F, T, E> {
    work: Option<F>,
    outcome: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> WriteJob<F, T, E> {
    pub(super) fn new(work: F, reply: oneshot::Sender<Result<T, E>>) -> Self {
        Self {
            work: Some(work),
            outcome: None,
            reply,
        }
    }
}

impl<F, T, E> Job for WriteJob<F, T, E>
where
    F: FnOnce(&Tx<'_>) -> Result<T, E> + Send,
    T: Send,
    E: From<StoreError> + Send,
{
    fn run(&mut self, connection: &Connection) -> Result<bool, StoreError> {
        let Some(work) = self.work.take() else {
            return Ok(false);
        };
        connection.begin_write()?;
        // A panicking closure must not take the writer, and everybody else, with it.
        let outcome = catch_unwind(AssertUnwindSafe(|| work(&Tx { connection })))
            .unwrap_or_else(|_panic| Err(StoreError::Stopped.into()));
        let is_kept = outcome.is_ok();
        self.outcome = Some(outcome);
        if is_kept {
            connection.keep_write()?;
        } else {
            connection.undo_write()?;
        }
        Ok(is_kept)
    }

    fn finish(self: Box<Self>, commit: Result<(), Uncommitted>) {
        // A caller that has gone away no longer wants the answer.
        drop(self.reply.send(answer_after(self.outcome, commit)));
    }
}

/// What a caller is told of his outcome, given the fate of the commit around it.
pub(super) fn answer_after<T, E: From<StoreError>>(
    outcome: Option<Result<T, E>>,
    commit: Result<(), Uncommitted>,
) -> Result<T, E> {
    match (outcome, commit) {
        (Some(Ok(value)), Ok(())) => Ok(value),
        (Some(Ok(_)), Err(Uncommitted::NotKept(message))) => {
            Err(StoreError::Commit { message }.into())
        }
        (Some(Ok(_)), Err(Uncommitted::Unknown(message))) => {
            Err(StoreError::Unknown { message }.into())
        }
        (Some(Err(error)), _) => Err(error),
        // The group never began, because another process held the database: safe to repeat.
        (None, Err(_)) => Err(StoreError::Busy.into()),
        (None, Ok(())) => Err(StoreError::Stopped.into()),
    }
}

/// Serves writes until every sender is gone.
pub(super) fn run(connection: &Connection, mut queue: mpsc::Receiver<Box<dyn Job>>) {
    let mut group: Vec<Box<dyn Job>> = Vec::with_capacity(GROUP_SIZE);
    while queue.blocking_recv_many(&mut group, GROUP_SIZE) > 0 {
        let commit = run_group(connection, &mut group).map_err(|error| {
            tracing::error!(%error, "a group of writes was not committed");
            match error {
                StoreError::Unknown { message } => Uncommitted::Unknown(message),
                error => Uncommitted::NotKept(error.to_string()),
            }
        });
        for job in group.drain(..) {
            job.finish(commit.clone());
        }
    }
}

/// Nothing of a group that returns an error is kept.
fn run_group(connection: &Connection, group: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    let outcome = try_group(connection, group);
    if outcome.is_err() {
        connection.roll_back()?;
    }
    outcome
}

fn try_group(connection: &Connection, group: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
    connection.begin_group()?;
    let mut is_any_kept = false;
    for job in group.iter_mut() {
        is_any_kept |= job.run(connection)?;
    }
    if !is_any_kept {
        return connection.roll_back();
    }
    reach(Point::Committing);
    connection.commit_group()?;
    reach(Point::Committed);
    Ok(())
}
