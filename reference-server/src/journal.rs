//! The simulated WeChat with a memory: each call that changes it for good is written
//! down before its result is told, and replayed at the next start.
//!
//! The simulator is deterministic, so the same calls at the same instants give the
//! same people, codes and record of who was paid. A rehearsal that is killed can thus
//! be checked against a WeChat that remembers.

use std::{
    collections::BTreeMap,
    fmt,
    fs::{File, OpenOptions},
    io::{self, BufRead, BufReader, Write},
    ops::Deref,
    path::Path,
    sync::{Mutex, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use wechat_adapter::{
    HttpClient, Request, SendFuture,
    simulator::{
        FaultRule, Handled, NewPerson, PacketView, PersonView, Push, Simulator, SimulatorConfig,
        SimulatorError, TransferBill,
    },
};

use crate::clock::Clock;

/// The calls of WeChat's interface that change it for good.
const LASTING_CALLS: [&str; 7] = [
    "/cgi-bin/stable_token",
    "/cgi-bin/qrcode/create",
    "/cgi-bin/menu/create",
    "/cgi-bin/message/mass/sendall",
    "/mmpaymkttransfers/sendredpack",
    "/v3/fund-app/mch-transfer/transfer-bills",
    "/cancel",
];
/// The headers that decide what a call of version 3 does.
const KEPT_HEADERS: [&str; 3] = ["authorization", "accept", "wechatpay-serial"];

/// A journal that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JournalError {
    /// The file cannot be read or written.
    #[error("the simulator's journal: {0}")]
    Io(#[from] io::Error),
    /// A line is not an entry; only the last one may be torn.
    #[error("the simulator's journal is damaged in line {line}")]
    Damaged {
        /// 1-based line number.
        line: usize,
    },
    /// The simulator does not take its configuration.
    #[error(transparent)]
    Simulator(#[from] SimulatorError),
}

/// The simulated WeChat, with its journal if it has one.
///
/// Whatever only reads is reached through [`Deref`].
pub struct JournaledSimulator {
    simulator: Simulator,
    journal: Option<Mutex<File>>,
}

impl fmt::Debug for JournaledSimulator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("JournaledSimulator")
            .field("journaled", &self.journal.is_some())
            .finish_non_exhaustive()
    }
}

impl Deref for JournaledSimulator {
    type Target = Simulator;

    fn deref(&self) -> &Simulator {
        &self.simulator
    }
}

#[derive(Serialize, Deserialize)]
struct Entry {
    at_ms: i64,
    #[serde(flatten)]
    call: Call,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "snake_case")]
enum Call {
    Handle {
        method: String,
        uri: String,
        #[serde(default)]
        headers: BTreeMap<String, String>,
        body: String,
    },
    CreatePerson {
        person: NewPerson,
    },
    Follow {
        openid: String,
        scene: Option<String>,
    },
    Unfollow {
        openid: String,
    },
    OpenPacket {
        openid: String,
        bill_number: String,
    },
    ConfirmTransfer {
        openid: String,
        package_info: String,
    },
    TopUp {
        fen: u64,
    },
    SetFaults {
        rules: Vec<FaultRule>,
    },
}

impl JournaledSimulator {
    /// A simulator that forgets everything when the process ends.
    ///
    /// # Errors
    /// [`JournalError::Simulator`] for a configuration that cannot be played.
    pub fn forgetful(config: SimulatorConfig) -> Result<Self, JournalError> {
        Ok(Self {
            simulator: Simulator::new(config)?,
            journal: None,
        })
    }

    /// A simulator that replays the journal at `path` and goes on writing it; the second
    /// value is the instant of the last call in it.
    ///
    /// # Errors
    /// [`JournalError`] when the journal is unreadable or damaged before its last line.
    pub fn remembering(
        config: SimulatorConfig,
        path: &Path,
    ) -> Result<(Self, Option<DateTime<Utc>>), JournalError> {
        let simulator = Simulator::new(config)?;
        let mut latest = None;
        let mut intact_bytes = 0_u64;
        if path.exists() {
            let mut reader = BufReader::new(File::open(path)?);
            let mut line = String::new();
            for number in 1.. {
                line.clear();
                let n_bytes = reader.read_line(&mut line)?;
                if n_bytes == 0 {
                    break;
                }
                match serde_json::from_str::<Entry>(&line) {
                    Ok(entry) if line.ends_with('\n') => {
                        latest = replay(&simulator, entry).or(latest);
                    }
                    // A torn last line was never answered: it did not happen.
                    _ if reader.fill_buf()?.is_empty() => break,
                    _ => return Err(JournalError::Damaged { line: number }),
                }
                intact_bytes = intact_bytes.saturating_add(u64::try_from(n_bytes).unwrap_or(0));
            }
        }
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        file.set_len(intact_bytes)?;
        let journaled = Self {
            simulator,
            journal: Some(Mutex::new(file)),
        };
        Ok((journaled, latest))
    }

    /// Answers a request of the application.
    pub fn handle(&self, request: &Request, now: DateTime<Utc>) -> Handled {
        let lasting = LASTING_CALLS
            .iter()
            .any(|call| request.uri().path().ends_with(call));
        if !lasting {
            return self.simulator.handle(request, now);
        }
        self.recorded(now, || {
            let handled = self.simulator.handle(request, now);
            let call = Call::Handle {
                method: request.method().to_string(),
                uri: request.uri().to_string(),
                headers: KEPT_HEADERS
                    .iter()
                    .filter_map(|name| {
                        let value = request.headers().get(*name)?.to_str().ok()?;
                        Some(((*name).to_owned(), value.to_owned()))
                    })
                    .collect(),
                body: STANDARD.encode(request.body()),
            };
            (handled, Some(call))
        })
    }

    /// Makes a person.
    ///
    /// # Errors
    /// [`SimulatorError`] for an openid that is taken or malformed.
    pub fn create_person(
        &self,
        person: NewPerson,
        now: DateTime<Utc>,
    ) -> Result<PersonView, SimulatorError> {
        self.recorded(now, || {
            let made = self.simulator.create_person(person.clone(), now);
            let call = made.as_ref().ok().map(|view| Call::CreatePerson {
                person: NewPerson {
                    openid: Some(view.openid.clone()),
                    ..person
                },
            });
            (made, call)
        })
    }

    /// A person follows the account, by a code or without one.
    ///
    /// # Errors
    /// [`SimulatorError::UnknownPerson`].
    pub fn follow(
        &self,
        openid: &str,
        scene: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Vec<Push>, SimulatorError> {
        self.recorded(now, || {
            let pushes = self.simulator.follow(openid, scene, now);
            let call = Call::Follow {
                openid: openid.to_owned(),
                scene: scene.map(str::to_owned),
            };
            let call = pushes.is_ok().then_some(call);
            (pushes, call)
        })
    }

    /// A person leaves the account.
    ///
    /// # Errors
    /// [`SimulatorError::UnknownPerson`].
    pub fn unfollow(&self, openid: &str, now: DateTime<Utc>) -> Result<Vec<Push>, SimulatorError> {
        self.recorded(now, || {
            let pushes = self.simulator.unfollow(openid, now);
            let call = pushes.is_ok().then(|| Call::Unfollow {
                openid: openid.to_owned(),
            });
            (pushes, call)
        })
    }

    /// A person opens a packet and has the money.
    ///
    /// # Errors
    /// [`SimulatorError`] for a packet that is unknown, another's, or not there to be opened.
    pub fn open_packet(
        &self,
        openid: &str,
        bill_number: &str,
        now: DateTime<Utc>,
    ) -> Result<PacketView, SimulatorError> {
        self.recorded(now, || {
            let opened = self.simulator.open_packet(openid, bill_number, now);
            let call = opened.is_ok().then(|| Call::OpenPacket {
                openid: openid.to_owned(),
                bill_number: bill_number.to_owned(),
            });
            (opened, call)
        })
    }

    /// A person confirms a transfer on the page that its `package_info` opened.
    ///
    /// # Errors
    /// [`SimulatorError`] for a transfer that is unknown, another's, or not to be confirmed.
    pub fn confirm_transfer(
        &self,
        openid: &str,
        package_info: &str,
        now: DateTime<Utc>,
    ) -> Result<TransferBill, SimulatorError> {
        self.recorded(now, || {
            let confirmed = self.simulator.confirm_transfer(openid, package_info, now);
            let call = confirmed.is_ok().then(|| Call::ConfirmTransfer {
                openid: openid.to_owned(),
                package_info: package_info.to_owned(),
            });
            (confirmed, call)
        })
    }

    /// Adds to the merchant's balance.
    pub fn top_up(&self, fen: u64, now: DateTime<Utc>) {
        self.recorded(now, || {
            self.simulator.top_up(fen);
            ((), Some(Call::TopUp { fen }))
        });
    }

    /// Replaces all fault rules, so that a replay meets the same weather.
    ///
    /// A rule that also fits calls which only read strikes them again after a replay;
    /// a rule for one lasting operation strikes exactly the same calls.
    pub fn set_faults(&self, rules: Vec<FaultRule>) {
        // Rules have no instant; a replay does not take the clock from this entry.
        self.recorded(DateTime::UNIX_EPOCH, || {
            self.simulator.set_faults(rules.clone());
            ((), Some(Call::SetFaults { rules }))
        });
    }

    /// Makes a call and writes it down before anybody learns its result.
    fn recorded<T>(&self, now: DateTime<Utc>, make: impl FnOnce() -> (T, Option<Call>)) -> T {
        let Some(journal) = &self.journal else {
            return make().0;
        };
        let mut file = journal.lock().unwrap_or_else(PoisonError::into_inner);
        let (result, call) = make();
        if let Some(call) = call {
            let entry = Entry {
                at_ms: now.timestamp_millis(),
                call,
            };
            let written = serde_json::to_string(&entry)
                .map_err(io::Error::from)
                .and_then(|line| file.write_all(format!("{line}\n").as_bytes()));
            if let Err(error) = written {
                tracing::error!(%error, "the simulator's journal cannot be written");
            }
        }
        result
    }
}

fn replay(simulator: &Simulator, entry: Entry) -> Option<DateTime<Utc>> {
    let now = DateTime::from_timestamp_millis(entry.at_ms)?;
    match entry.call {
        Call::Handle {
            method,
            uri,
            headers,
            body,
        } => {
            let mut request = http::Request::builder().method(method.as_str()).uri(uri);
            for (name, value) in headers {
                request = request.header(name, value);
            }
            let request = request.body(STANDARD.decode(body).ok()?).ok()?;
            drop(simulator.handle(&request, now));
        }
        Call::CreatePerson { person } => drop(simulator.create_person(person, now)),
        Call::Follow { openid, scene } => drop(simulator.follow(&openid, scene.as_deref(), now)),
        Call::Unfollow { openid } => drop(simulator.unfollow(&openid, now)),
        Call::OpenPacket {
            openid,
            bill_number,
        } => drop(simulator.open_packet(&openid, &bill_number, now)),
        Call::ConfirmTransfer {
            openid,
            package_info,
        } => drop(simulator.confirm_transfer(&openid, &package_info, now)),
        Call::TopUp { fen } => simulator.top_up(fen),
        Call::SetFaults { rules } => {
            simulator.set_faults(rules);
            return None;
        }
    }
    Some(now)
}

/// The simulated WeChat reached within the process, for a rehearsal that needs no sockets.
#[derive(Debug)]
pub struct InProcessWeChat {
    simulator: std::sync::Arc<JournaledSimulator>,
    clock: std::sync::Arc<dyn Clock>,
}

impl InProcessWeChat {
    /// A client of this simulator on this clock.
    #[must_use]
    pub fn new(
        simulator: std::sync::Arc<JournaledSimulator>,
        clock: std::sync::Arc<dyn Clock>,
    ) -> Self {
        Self { simulator, clock }
    }
}

impl HttpClient for InProcessWeChat {
    fn send(&self, request: Request) -> SendFuture<'_> {
        let handled = self.simulator.handle(&request, self.clock.now());
        Box::pin(std::future::ready(handled.heard_by_a_client()))
    }
}
