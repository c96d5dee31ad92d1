//! A headless Chromium, spoken to over its own pipe: no driver, no port, no further crate.
//!
//! The `DevTools` protocol over a pipe is JSON with a zero byte after each message, read
//! from file 3 and written to file 4. A shell moves our ends of its standard input and
//! output there.

use std::{
    cell::RefCell,
    collections::VecDeque,
    env, fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Where a browser may be: Debian's first.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];
/// How long anything may take before the test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The browser of this machine; `None` where there is none, which only a machine outside CI may lack.
#[expect(
    clippy::print_stdout,
    reason = "what could not be checked must be said"
)]
fn program() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path)
        .flat_map(|folder| NAMES.map(|name| folder.join(name)))
        .find(|program| program.is_file());
    if found.is_none() {
        assert!(
            env::var_os("CI").is_none(),
            "a browser is needed where CI is set; Debian calls it chromium"
        );
        println!("NOT CHECKED: there is no Chromium on this machine");
    }
    found
}

/// A running browser.
pub(crate) struct Chromium {
    child: Child,
    pipe: RefCell<Pipe>,
    _profile: TempDir,
}

struct Pipe {
    to: ChildStdin,
    from: Receiver<Value>,
    next_id: u64,
    events: VecDeque<Value>,
}

impl Chromium {
    /// Starts the browser of this machine, if there is one.
    pub(crate) fn start() -> Option<Self> {
        let program = program()?;
        let profile = TempDir::new().unwrap();
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null", "sh"])
            .arg(program)
            .args([
                "--headless=new",
                "--remote-debugging-pipe",
                "--no-sandbox",
                "--no-first-run",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-extensions",
                "--disable-sync",
                "--lang=zh-CN",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let to = child.stdin.take().unwrap();
        let mut from_browser = BufReader::new(child.stdout.take().unwrap());
        let (sender, from) = channel();
        thread::spawn(move || {
            loop {
                let mut message = Vec::new();
                match from_browser.read_until(0, &mut message) {
                    Ok(0) | Err(_) => return,
                    Ok(_) => message.pop(),
                };
                let message = serde_json::from_slice(&message).unwrap();
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        Some(Self {
            child,
            pipe: RefCell::new(Pipe {
                to,
                from,
                next_id: 1,
                events: VecDeque::new(),
            }),
            _profile: profile,
        })
    }

    /// Calls a method of the protocol; the browser's error is an `Err`.
    pub(crate) fn try_call(
        &self,
        session: Option<&str>,
        method: &str,
        parameters: &Value,
    ) -> Result<Value, String> {
        let mut pipe = self.pipe.borrow_mut();
        let id = pipe.next_id;
        pipe.next_id += 1;
        let mut message = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        pipe.to.write_all(&bytes).unwrap();
        pipe.to.flush().unwrap();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = pipe
                .receive(deadline)
                .unwrap_or_else(|| panic!("the browser does not answer {method}"));
            if answer["id"] != id {
                pipe.events.push_back(answer);
            } else if answer["error"].is_null() {
                return Ok(answer["result"].clone());
            } else {
                return Err(format!("{method}: {}", answer["error"]["message"]));
            }
        }
    }

    /// Calls a method of the protocol that must succeed.
    pub(crate) fn call(&self, session: Option<&str>, method: &str, parameters: &Value) -> Value {
        self.try_call(session, method, parameters)
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Waits for an event of a session; events before it stay where they are.
    pub(crate) fn event(&self, session: &str, method: &str) -> Value {
        let mut pipe = self.pipe.borrow_mut();
        let is_it = |event: &Value| event["sessionId"] == session && event["method"] == method;
        if let Some(at) = pipe.events.iter().position(is_it) {
            return pipe.events.remove(at).unwrap()["params"].clone();
        }
        let deadline = Instant::now() + PATIENCE;
        loop {
            let event = pipe
                .receive(deadline)
                .unwrap_or_else(|| panic!("the browser does not tell of {method}"));
            if is_it(&event) {
                return event["params"].clone();
            }
            pipe.events.push_back(event);
        }
    }

    /// Takes the events of a session that have come so far and have one of these names.
    pub(crate) fn events(&self, session: &str, methods: &[&str]) -> Vec<(String, Value)> {
        let mut pipe = self.pipe.borrow_mut();
        let (taken, left): (VecDeque<Value>, VecDeque<Value>) =
            pipe.events.drain(..).partition(|event| {
                event["sessionId"] == session
                    && methods.iter().any(|method| event["method"] == *method)
            });
        pipe.events = left;
        taken
            .into_iter()
            .map(|event| {
                let method = event["method"].as_str().unwrap_or_default().to_owned();
                (method, event["params"].clone())
            })
            .collect()
    }
}

impl Pipe {
    fn receive(&self, deadline: Instant) -> Option<Value> {
        let left = deadline.saturating_duration_since(Instant::now());
        self.from.recv_timeout(left).ok()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // An error means that it has ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Keeps a picture for a person to look at, below the build's folder.
pub(crate) fn keep_picture(name: &str, png: &[u8]) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("screens");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(format!("{name}.png")), png).unwrap();
}
