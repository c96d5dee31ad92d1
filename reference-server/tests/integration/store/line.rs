//! A line to the server that can be cut on either side of a commit.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    os::unix::net::UnixStream,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    thread,
};

use postgres::config::Host;

/// What happens to the next commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// It is delivered and answered.
    Nothing,
    /// It is lost with the line.
    Commit,
    /// It is delivered, and its answer is lost with the line.
    Answer,
}

const CUTS: [Cut; 3] = [Cut::Nothing, Cut::Commit, Cut::Answer];

/// A door on this machine behind which the server stands.
#[derive(Debug)]
pub(crate) struct Line {
    port: u16,
    /// An index into [`CUTS`]; set back by whoever cuts.
    cut: Arc<AtomicU8>,
}

impl Line {
    /// A line to the server of this address.
    pub(crate) fn to(config: &postgres::Config) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = Arc::new(AtomicU8::new(0));
        let (config, next) = (config.clone(), Arc::clone(&cut));
        thread::spawn(move || {
            for visitor in listener.incoming() {
                let visitor = visitor.unwrap();
                let back = visitor.try_clone().unwrap();
                let port = config.get_ports().first().copied().unwrap_or(5_432);
                match &config.get_hosts()[0] {
                    Host::Tcp(host) => {
                        let server = TcpStream::connect((host.as_str(), port)).unwrap();
                        let answers = server.try_clone().unwrap();
                        let end = server.try_clone().unwrap();
                        let hang_up = move || drop(end.shutdown(Shutdown::Both));
                        carry((visitor, back), (server, answers), hang_up, &next);
                    }
                    Host::Unix(folder) => {
                        let socket = folder.join(format!(".s.PGSQL.{port}"));
                        let server = UnixStream::connect(socket).unwrap();
                        let answers = server.try_clone().unwrap();
                        let end = server.try_clone().unwrap();
                        let hang_up = move || drop(end.shutdown(Shutdown::Both));
                        carry((visitor, back), (server, answers), hang_up, &next);
                    }
                }
            }
        });
        Self { port, cut }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Decides about the next commit.
    pub(crate) fn cut(&self, cut: Cut) {
        let index = CUTS.iter().position(|known| *known == cut).unwrap();
        self.cut
            .store(u8::try_from(index).unwrap(), Ordering::SeqCst);
    }
}

/// Carries a session in both directions until an end closes or the line is cut.
fn carry(
    (mut visitor, mut back): (TcpStream, TcpStream),
    (mut server, mut answers): (impl Write + Send + 'static, impl Read + Send + 'static),
    hang_up: impl Fn() + Send + 'static,
    cut: &Arc<AtomicU8>,
) {
    let is_cut = Arc::new(AtomicU8::new(0));
    let (cut, seen) = (Arc::clone(cut), Arc::clone(&is_cut));
    thread::spawn(move || {
        let mut bytes = [0; 65_536];
        while let Ok(n_bytes @ 1..) = visitor.read(&mut bytes) {
            let sent = &bytes[..n_bytes];
            // A group's commit is one short message, which arrives whole.
            let is_commit = sent.windows(7).any(|window| window == b"COMMIT\0");
            let what = if is_commit {
                CUTS[usize::from(cut.swap(0, Ordering::SeqCst))]
            } else {
                Cut::Nothing
            };
            match what {
                Cut::Nothing => {}
                Cut::Commit => {
                    drop(visitor.shutdown(Shutdown::Both));
                    break;
                }
                Cut::Answer => seen.store(1, Ordering::SeqCst),
            }
            if server.write_all(sent).is_err() {
                break;
            }
        }
        hang_up();
    });
    thread::spawn(move || {
        let mut bytes = [0; 65_536];
        while let Ok(n_bytes @ 1..) = answers.read(&mut bytes) {
            if is_cut.load(Ordering::SeqCst) == 1 {
                drop(back.shutdown(Shutdown::Both));
                return;
            }
            if back.write_all(&bytes[..n_bytes]).is_err() {
                return;
            }
        }
        drop(back.shutdown(Shutdown::Both));
    });
}
