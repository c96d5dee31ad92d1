//! The load: connections on one thread, each sending its next request when it has its answer.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use rustix::{
    buffer::spare_capacity,
    event::epoll::{self, CreateFlags, EventData, EventFlags},
};

use benches::machine;

use crate::{cluster::Cluster, subject::Server};

/// What a load asks.
pub(crate) trait Work {
    /// Writes the next request of a connection; `false` when there is none.
    fn ask(&mut self, connection: usize, request: &mut Vec<u8>) -> bool;

    /// Looks at the answer to it.
    fn hear(&mut self, connection: usize, status: &[u8], body: &[u8]) -> anyhow::Result<()>;
}

/// What a load came to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Driven {
    /// Requests answered.
    pub(crate) n_answers: u32,
    /// From the first request to the last answer.
    pub(crate) took: Duration,
    /// Processor time of the server.
    pub(crate) server: Duration,
    /// Processor time of the database's own processes.
    pub(crate) database: Duration,
    /// The answer that half of all came before, and that 99 of 100 did.
    pub(crate) latencies: (Duration, Duration),
}

impl Driven {
    pub(crate) fn per_second(&self) -> f64 {
        f64::from(self.n_answers) / self.took.as_secs_f64()
    }

    /// Microseconds of processor time for a request, the database's included.
    pub(crate) fn cpu_us(&self) -> f64 {
        (self.server + self.database).as_secs_f64() * 1e6 / f64::from(self.n_answers)
    }
}

struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
    sent: Instant,
}

/// Lets so many connections work until there is nothing left to ask.
pub(crate) fn drive(
    server: &Server,
    database: Option<&Cluster>,
    n_connections: usize,
    work: &mut dyn Work,
) -> anyhow::Result<Driven> {
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    let mut connections = Vec::with_capacity(n_connections);
    for index in 0..n_connections {
        let stream = TcpStream::connect(server.address())?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let data = EventData::new_u64(u64::try_from(index)?);
        epoll::add(&epoll, &stream, data, EventFlags::IN)?;
        connections.push(Connection {
            stream,
            answer: Vec::with_capacity(16_384),
            sent: Instant::now(),
        });
    }
    let mut request = Vec::with_capacity(2_048);
    let mut waits: Vec<Duration> = Vec::new();
    let before = (server.cpu()?, database.map(Cluster::cpu).transpose()?);
    let began = Instant::now();
    let mut n_open = 0_usize;
    for (index, connection) in connections.iter_mut().enumerate() {
        if connection.ask(index, work, &mut request)? {
            n_open += 1;
        }
    }
    let mut events = Vec::with_capacity(n_connections);
    while n_open > 0 {
        epoll::wait(&epoll, spare_capacity(&mut events), None)?;
        for event in events.drain(..) {
            let index = usize::try_from(event.data.u64())?;
            let connection = connections.get_mut(index).context("no such connection")?;
            if !connection.listen()? {
                continue;
            }
            waits.push(connection.sent.elapsed());
            let (status, body) = parts(&connection.answer)?.context("half an answer")?;
            work.hear(index, status, body)?;
            connection.answer.clear();
            if !connection.ask(index, work, &mut request)? {
                n_open -= 1;
            }
        }
    }
    let took = began.elapsed();
    let after = (server.cpu()?, database.map(Cluster::cpu).transpose()?);
    waits.sort_unstable();
    let at = |percent: usize| {
        let place = waits.len().saturating_sub(1) * percent / 100;
        waits.get(place).copied().unwrap_or_default()
    };
    Ok(Driven {
        n_answers: u32::try_from(waits.len())?,
        took,
        server: after.0.saturating_sub(before.0),
        database: after
            .1
            .unwrap_or_default()
            .saturating_sub(before.1.unwrap_or_default()),
        latencies: (at(50), at(99)),
    })
}

impl Connection {
    fn ask(
        &mut self,
        index: usize,
        work: &mut dyn Work,
        request: &mut Vec<u8>,
    ) -> anyhow::Result<bool> {
        request.clear();
        if !work.ask(index, request) {
            return Ok(false);
        }
        self.sent = Instant::now();
        // A request is far smaller than a socket's buffer, which is empty: the last one was answered.
        let n_written = self.stream.write(request)?;
        ensure!(n_written == request.len(), "a request did not fit a socket");
        Ok(true)
    }

    /// Reads what has come; whether the answer is complete.
    fn listen(&mut self) -> anyhow::Result<bool> {
        let mut bytes = [0; 16_384];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => bail!("the server hung up"),
                Ok(n_bytes) => {
                    self.answer
                        .extend_from_slice(bytes.get(..n_bytes).unwrap_or_default());
                    if parts(&self.answer)?.is_some() {
                        return Ok(true);
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Status and body of an answer that has come whole.
fn parts(answer: &[u8]) -> anyhow::Result<Option<(&[u8], &[u8])>> {
    let Some(end) = machine::find(answer, b"\r\n\r\n") else {
        return Ok(None);
    };
    let (head, rest) = answer.split_at(end);
    let body = rest.get(4..).unwrap_or_default();
    let place = machine::find(head, b"content-length: ").context("an answer without a length")?;
    let mut length = 0_usize;
    for digit in head
        .iter()
        .skip(place + 16)
        .take_while(|byte| byte.is_ascii_digit())
    {
        length = length * 10 + usize::from(digit - b'0');
    }
    if body.len() < length {
        return Ok(None);
    }
    ensure!(body.len() == length, "more than one answer");
    let status = head.get(9..12).context("no status")?;
    Ok(Some((status, body)))
}
