//! Requests of one kind, done together: whatever has queued up in a lane is one job of the
//! writer, or of a reader, and costs its statements once.
//!
//! A group that fails is taken back and done again one by one, so that nobody pays for the
//! rows of another.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    slice,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use super::{
    Read, StoreError, Tx,
    engine::Connection,
    in_snapshot,
    writer::{Job, Uncommitted, answer_after},
};

/// How many requests of a lane may wait before the server says that it is busy.
const LANE_LENGTH: usize = 4_096;
/// The most requests that share their statements.
const GROUP_SIZE: usize = 512;

/// A request that can be done together with others of its kind.
pub trait Together: Send + Sized + 'static {
    /// What it gives.
    type Answer: Send + 'static;
    /// What it refuses or fails with.
    type Error: From<StoreError> + Send + 'static;
}

/// What became of one request.
pub type Outcome<W> = Result<<W as Together>::Answer, <W as Together>::Error>;

/// A group's outcomes in the order of its requests.
pub type Outcomes<W> = Vec<Outcome<W>>;

/// A write that can be done together with others of its kind.
pub trait WriteTogether: Together {
    /// Does the writes in their order, so that each sees what those before it did.
    ///
    /// One that is refused writes nothing.
    ///
    /// # Errors
    /// Nothing of the group is kept then, and each is done again as a group of its own.
    fn write(tx: &Tx<'_>, group: &[Self]) -> Result<Outcomes<Self>, Self::Error>;
}

/// A read that can be done together with others of its kind.
pub trait ReadTogether: Together {
    /// Does the reads in one snapshot.
    ///
    /// # Errors
    /// Each is done again as a group of its own then.
    fn read(read: &Read<'_>, group: &[Self]) -> Result<Outcomes<Self>, Self::Error>;
}

struct Waiting<W: Together> {
    work: W,
    reply: Reply<W>,
}

type Reply<W> = oneshot::Sender<Outcome<W>>;

/// Where requests of one kind wait for their common turn.
pub struct Lane<W: Together>(Arc<Mutex<Vec<Waiting<W>>>>);

impl<W: Together> Default for Lane<W> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<W: Together> fmt::Debug for Lane<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Lane").finish_non_exhaustive()
    }
}

impl<W: Together> Lane<W> {
    fn lock(&self) -> MutexGuard<'_, Vec<Waiting<W>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a request into the lane; the first of a group calls for somebody to do it.
    pub(super) fn join(
        &self,
        work: W,
        call: impl FnOnce(Call<W>) -> Result<(), StoreError>,
    ) -> Result<oneshot::Receiver<Outcome<W>>, StoreError> {
        let (reply, answer) = oneshot::channel();
        let mut queue = self.lock();
        if queue.len() >= LANE_LENGTH {
            return Err(StoreError::Busy);
        }
        let is_first = queue.is_empty();
        queue.push(Waiting { work, reply });
        drop(queue);
        if is_first {
            // A call that is refused empties the lane, so nobody waits for nothing.
            call(Call(Some(Self(Arc::clone(&self.0)))))?;
        }
        Ok(answer)
    }
}

/// Somebody's promise to do whatever waits in a lane; broken, it sends everybody away.
pub(super) struct Call<W: Together>(Option<Lane<W>>);

impl<W: Together> Call<W> {
    fn answer(&mut self) -> (Vec<W>, Vec<Reply<W>>) {
        let waiting = self
            .0
            .take()
            .map(|lane| std::mem::take(&mut *lane.lock()))
            .unwrap_or_default();
        waiting
            .into_iter()
            .map(|waiting| (waiting.work, waiting.reply))
            .unzip()
    }
}

impl<W: Together> Drop for Call<W> {
    fn drop(&mut self) {
        drop(self.answer());
    }
}

/// A lane's job for the writer.
pub(super) struct GroupWrite<W: WriteTogether> {
    call: Call<W>,
    replies: Vec<Reply<W>>,
    outcomes: Outcomes<W>,
}

impl<W: WriteTogether> GroupWrite<W> {
    pub(super) fn new(call: Call<W>) -> Self {
        Self {
            call,
            replies: Vec::new(),
            outcomes: Vec::new(),
        }
    }
}

impl<W: WriteTogether> Job for GroupWrite<W> {
    fn run(&mut self, connection: &Connection) -> Result<bool, StoreError> {
        let (works, replies) = self.call.answer();
        self.replies = replies;
        let mut is_kept = false;
        for group in works.chunks(GROUP_SIZE) {
            match write_group(connection, group)? {
                Ok(outcomes) => {
                    is_kept |= outcomes.iter().any(Result::is_ok);
                    self.outcomes.extend(outcomes);
                }
                Err(error) if group.len() == 1 => self.outcomes.push(Err(error)),
                Err(_spoilt) => {
                    for alone in group {
                        let outcome = write_group(connection, slice::from_ref(alone))?.and_then(
                            |mut outcomes| outcomes.pop().unwrap_or_else(unanswered::<W>),
                        );
                        is_kept |= outcome.is_ok();
                        self.outcomes.push(outcome);
                    }
                }
            }
        }
        Ok(is_kept)
    }

    fn finish(mut self: Box<Self>, commit: Result<(), Uncommitted>) {
        // The group may have failed before this job's turn.
        let (_works, unserved) = self.call.answer();
        let mut outcomes = std::mem::take(&mut self.outcomes).into_iter();
        for reply in self.replies.drain(..).chain(unserved) {
            // A caller that has gone away no longer wants the answer.
            drop(reply.send(answer_after(outcomes.next(), commit.clone())));
        }
    }
}

/// Runs a group in a savepoint of its own, which goes when nothing in it was done.
///
/// The outer error is the engine's, and ends the whole transaction.
fn write_group<W: WriteTogether>(
    connection: &Connection,
    group: &[W],
) -> Result<Result<Outcomes<W>, W::Error>, StoreError> {
    connection.begin_write()?;
    let outcomes = complete::<W>(group.len(), || W::write(&Tx { connection }, group));
    match &outcomes {
        Ok(outcomes) if outcomes.iter().any(Result::is_ok) => connection.keep_write()?,
        Ok(_) | Err(_) => connection.undo_write()?,
    }
    Ok(outcomes)
}

/// Serves whatever waits in a lane of reads.
pub(super) fn serve_reads<W: ReadTogether>(connection: &Connection, mut call: Call<W>) {
    let (works, replies) = call.answer();
    let mut replies = replies.into_iter();
    let mut answer = |outcomes: Outcomes<W>| {
        for (outcome, reply) in outcomes.into_iter().zip(replies.by_ref()) {
            drop(reply.send(outcome));
        }
    };
    for group in works.chunks(GROUP_SIZE) {
        match read_group(connection, group) {
            Ok(outcomes) => answer(outcomes),
            Err(error) if group.len() == 1 => answer(vec![Err(error)]),
            Err(_spoilt) => {
                for alone in group {
                    let outcomes = read_group(connection, slice::from_ref(alone));
                    answer(outcomes.unwrap_or_else(|error| vec![Err(error)]));
                }
            }
        }
    }
}

fn read_group<W: ReadTogether>(
    connection: &Connection,
    group: &[W],
) -> Result<Outcomes<W>, W::Error> {
    complete::<W>(group.len(), || {
        in_snapshot(connection, |read| W::read(read, group))
    })
}

/// Holds a group to an outcome for each of its requests.
fn complete<W: Together>(
    n: usize,
    work: impl FnOnce() -> Result<Outcomes<W>, W::Error>,
) -> Result<Outcomes<W>, W::Error> {
    // A panic must not take the thread, and everybody else, with it.
    let outcomes = catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_panic| Err(StoreError::Stopped.into()))?;
    if outcomes.len() == n {
        Ok(outcomes)
    } else {
        Err(StoreError::Stopped.into())
    }
}

fn unanswered<W: Together>() -> Outcome<W> {
    Err(StoreError::Stopped.into())
}
