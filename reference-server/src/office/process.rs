//! The server's side of the child process: starts it, feeds it, and waits no longer than agreed.

use std::{
    io::{self, Read, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use super::{
    child::Kind, content::OfficeContent, error::OfficeError, limits::MOST_ANSWER_BYTES,
    refusal::Refusal,
};
use crate::content::BankFile;

/// What the child process says.
pub(super) type Answer = Result<OfficeContent, Refusal>;

/// How often the end of a child that has answered is looked for.
const POLL: Duration = Duration::from_millis(1);

/// Has a file read by a child process.
pub(super) fn read(
    program: &Path,
    kind: Kind,
    file: &BankFile,
    longest: Duration,
) -> Result<OfficeContent, OfficeError> {
    let failed = |source| OfficeError::Process {
        file: file.name.clone(),
        source,
    };
    let deadline = Instant::now() + longest;
    let mut child = start(program, kind).map_err(failed)?;
    let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(failed(io::ErrorKind::BrokenPipe.into()));
    };
    let (answer, status) = talk(&mut child, input, output, &file.bytes, deadline);
    let status = status.map_err(failed)?;
    let Some(answer) = answer else {
        return Err(OfficeError::TimedOut {
            file: file.name.clone(),
            longest,
        });
    };
    let answer = answer.map_err(failed)?;
    if answer.len() > MOST_ANSWER_BYTES {
        return Err(OfficeError::AnswerTooLong {
            file: file.name.clone(),
        });
    }
    if !status.success() {
        return Err(OfficeError::ReadingFailed {
            file: file.name.clone(),
            status,
        });
    }
    let answer: Answer = serde_json::from_slice(&answer).map_err(|source| OfficeError::Answer {
        file: file.name.clone(),
        source,
    })?;
    answer.map_err(|refusal| OfficeError::Refused {
        file: file.name.clone(),
        refusal,
    })
}

/// Starts the child with nothing of this process but two pipes.
fn start(program: &Path, kind: Kind) -> io::Result<Child> {
    Command::new(program)
        .args(["office-reader", "--kind", kind.as_str()])
        .env_clear()
        // An allocator that reserves address space ahead would stand outside the limit on memory.
        .env("MIMALLOC_ARENA_RESERVE", "0")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
}

/// Gives the child the bytes, takes its answer, and waits for its end; no answer when the time
/// is over.
fn talk(
    child: &mut Child,
    mut input: ChildStdin,
    output: ChildStdout,
    bytes: &[u8],
    deadline: Instant,
) -> (Option<io::Result<Vec<u8>>>, io::Result<ExitStatus>) {
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            // A child that refuses early does not listen to the end; its answer says why.
            input.write_all(bytes).is_ok()
        });
        scope.spawn(move || {
            let most = u64::try_from(MOST_ANSWER_BYTES).unwrap_or(u64::MAX);
            let mut answer = Vec::new();
            let heard = output.take(most.saturating_add(1)).read_to_end(&mut answer);
            sender.send(heard.map(|_n_bytes| answer)).is_ok()
        });
        let left = deadline.saturating_duration_since(Instant::now());
        let heard = receiver.recv_timeout(left).ok();
        // The end of the child closes the pipes, so that both threads end too.
        (heard, end(child, deadline))
    })
}

/// Waits for the end of the child, and makes it when the time is over.
fn end(child: &mut Child, deadline: Instant) -> io::Result<ExitStatus> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if Instant::now() >= deadline {
            child.kill()?;
            return child.wait();
        }
        thread::sleep(POLL);
    }
}
