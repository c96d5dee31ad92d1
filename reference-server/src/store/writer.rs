//! The one writer: takes what has queued up, commits it as a group, then answers.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::{StoreError, Tx, dialect};

/// The most writes of one commit.
const GROUP_SIZE: usize = 512;

/// A queued write, in its two halves around the commit.
pub(super) trait Job: Send {
    /// Does the work; `false` asks for this job's rows to be rolled back.
    fn run(&mut self, tx: &Tx<'_>) -> bool;
    /// Answers the caller, with the fate of the commit.
    fn finish(self: Box<Self>, commit: Result<(), String>);
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
    fn run(&mut self, tx: &Tx<'_>) -> bool {
        let Some(work) = self.work.take() else {
            return false;
        };
        // A panicking closure must not take the writer, and everybody else, with it.
        let outcome = catch_unwind(AssertUnwindSafe(|| work(tx)))
            .unwrap_or_else(|_panic| Err(StoreError::Stopped.into()));
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn finish(self: Box<Self>, commit: Result<(), String>) {
        let answer = match (self.outcome, commit) {
            (Some(Ok(value)), Ok(())) => Ok(value),
            (Some(Ok(_)), Err(message)) => Err(StoreError::Commit { message }.into()),
            (Some(Err(error)), _) => Err(error),
            // The group never began, because another process held the database: safe to repeat.
            (None, Err(_)) => Err(StoreError::Busy.into()),
            (None, Ok(())) => Err(StoreError::Stopped.into()),
        };
        // A caller that has gone away no longer wants the answer.
        drop(self.reply.send(answer));
    }
}

/// Serves writes until every sender is gone.
pub(super) fn run(mut connection: Connection, mut queue: mpsc::Receiver<Box<dyn Job>>) {
    let mut group: Vec<Box<dyn Job>> = Vec::with_capacity(GROUP_SIZE);
    while queue.blocking_recv_many(&mut group, GROUP_SIZE) > 0 {
        let commit = run_group(&mut connection, &mut group).map_err(|error| error.to_string());
        if let Err(message) = &commit {
            tracing::error!(%message, "a group of writes was not committed");
        }
        for job in group.drain(..) {
            job.finish(commit.clone());
        }
    }
}

fn run_group(
    connection: &mut Connection,
    group: &mut [Box<dyn Job>],
) -> Result<(), rusqlite::Error> {
    let mut transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    for job in group.iter_mut() {
        let savepoint = transaction.savepoint()?;
        let keep = job.run(&Tx {
            connection: &savepoint,
        });
        if keep {
            savepoint.commit()?;
        } else {
            // Dropping a savepoint rolls it back.
            drop(savepoint);
            // A full disk rolls back more than the savepoint: nothing of the group may pass then.
            if transaction.is_autocommit() {
                return Err(dialect::transaction_gone());
            }
        }
    }
    transaction.commit()
}
