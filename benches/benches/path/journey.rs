//! What the load asks: hello; a paper drawn, solved and handed in; a packet claimed.

use std::collections::HashSet;

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;

use crate::load::Work;

/// Somebody with a session, and with an attempt once he has passed.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    /// The session's cookie.
    pub(crate) cookie: String,
    /// The attempt he passed.
    pub(crate) attempt: String,
}

/// The yardstick's only request.
pub(crate) struct Hello {
    n_left: u32,
}

impl Hello {
    pub(crate) fn new(n: u32) -> Self {
        Self { n_left: n }
    }
}

impl Work for Hello {
    fn ask(&mut self, _connection: usize, request: &mut Vec<u8>) -> bool {
        if self.n_left == 0 {
            return false;
        }
        self.n_left -= 1;
        request.extend_from_slice(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
        true
    }

    fn hear(&mut self, _connection: usize, status: &[u8], body: &[u8]) -> anyhow::Result<()> {
        ensure!(status == b"200" && body == b"hello", "no hello");
        Ok(())
    }
}

/// Where a connection is in a journey.
enum Step {
    Idle,
    /// A paper was asked for.
    Drawing(Person),
    /// The solved paper waits to be sent.
    Solved(Person, String, String),
    /// It was handed in.
    Submitting(Person),
}

/// People who each draw a paper and hand it in, every answer right.
pub(crate) struct Journeys {
    waiting: Vec<Person>,
    steps: Vec<Step>,
    passed: Vec<Person>,
    n_people: usize,
}

impl Journeys {
    pub(crate) fn new(people: Vec<Person>) -> Self {
        Self {
            n_people: people.len(),
            waiting: people,
            steps: Vec::new(),
            passed: Vec::new(),
        }
    }

    /// Everybody, with the attempt he passed.
    pub(crate) fn passed(self) -> anyhow::Result<Vec<Person>> {
        ensure!(self.passed.len() == self.n_people, "somebody did not pass");
        Ok(self.passed)
    }

    fn step(&mut self, connection: usize) -> &mut Step {
        while self.steps.len() <= connection {
            self.steps.push(Step::Idle);
        }
        &mut self.steps[connection]
    }
}

impl Work for Journeys {
    fn ask(&mut self, connection: usize, request: &mut Vec<u8>) -> bool {
        match std::mem::replace(self.step(connection), Step::Idle) {
            Step::Solved(person, paper, body) => {
                let path = format!("/api/v1/attempts/{paper}/submission");
                post(request, &path, &person.cookie, &body);
                *self.step(connection) = Step::Submitting(person);
                true
            }
            Step::Idle | Step::Drawing(_) | Step::Submitting(_) => {
                let Some(person) = self.waiting.pop() else {
                    return false;
                };
                post(request, "/api/v1/attempts", &person.cookie, "");
                *self.step(connection) = Step::Drawing(person);
                true
            }
        }
    }

    fn hear(&mut self, connection: usize, status: &[u8], body: &[u8]) -> anyhow::Result<()> {
        let next = match std::mem::replace(self.step(connection), Step::Idle) {
            Step::Drawing(person) => {
                ensure!(status == b"201", "no paper: {}", text(body));
                let (paper, answers) = solve(body)?;
                Step::Solved(person, paper, answers)
            }
            Step::Submitting(mut person) => {
                ensure!(status == b"200", "not handed in: {}", text(body));
                let outcome: Outcome<'_> = serde_json::from_slice(body)?;
                let is_right = outcome.passed && outcome.score == 10;
                ensure!(
                    is_right && outcome.offer.state == "may-claim",
                    "{}",
                    text(body)
                );
                outcome.attempt_id.clone_into(&mut person.attempt);
                self.passed.push(person);
                Step::Idle
            }
            Step::Idle | Step::Solved(..) => bail!("an answer that nobody asked for"),
        };
        *self.step(connection) = next;
        Ok(())
    }
}

#[derive(Deserialize)]
struct Paper<'a> {
    attempt_id: &'a str,
    #[serde(borrow)]
    items: Vec<Item<'a>>,
}

#[derive(Deserialize)]
struct Item<'a> {
    ordinal: u16,
    stem: &'a str,
    #[serde(borrow)]
    options: Vec<Choice<'a>>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    position: &'a str,
    text: &'a str,
}

#[derive(Deserialize)]
struct Outcome<'a> {
    attempt_id: &'a str,
    score: u16,
    passed: bool,
    #[serde(borrow)]
    offer: Offer<'a>,
}

#[derive(Deserialize)]
struct Offer<'a> {
    state: &'a str,
}

/// The paper's name, and a body with every right answer: the number that stands in the stem.
fn solve(body: &[u8]) -> anyhow::Result<(String, String)> {
    let paper: Paper<'_> = serde_json::from_slice(body)?;
    ensure!(paper.items.len() == 10, "a paper has ten questions");
    let mut answers = "{\"answers\":{".to_owned();
    for item in &paper.items {
        let number = item
            .stem
            .trim_matches(|letter: char| !letter.is_ascii_digit());
        let right = item
            .options
            .iter()
            .find(|choice| choice.text.strip_suffix('天') == Some(number))
            .context("no option is right")?;
        if !answers.ends_with('{') {
            answers.push(',');
        }
        answers.push_str(&format!("\"{}\":\"{}\"", item.ordinal, right.position));
    }
    answers.push_str("}}");
    Ok((paper.attempt_id.to_owned(), answers))
}

/// People who have passed, each claiming once.
pub(crate) struct Claims {
    waiting: Vec<Person>,
    awards: HashSet<String>,
    awarded_fen: u64,
}

impl Claims {
    pub(crate) fn new(people: Vec<Person>) -> Self {
        Self {
            awards: HashSet::with_capacity(people.len()),
            waiting: people,
            awarded_fen: 0,
        }
    }

    /// Different packets that people were told of.
    pub(crate) fn n_awards(&self) -> u32 {
        u32::try_from(self.awards.len()).unwrap_or(u32::MAX)
    }

    /// What they add up to.
    pub(crate) fn awarded_fen(&self) -> u64 {
        self.awarded_fen
    }
}

impl Work for Claims {
    fn ask(&mut self, _connection: usize, request: &mut Vec<u8>) -> bool {
        let Some(person) = self.waiting.pop() else {
            return false;
        };
        let body = format!("{{\"attempt_id\":\"{}\"}}", person.attempt);
        post(request, "/api/v1/claims", &person.cookie, &body);
        true
    }

    fn hear(&mut self, _connection: usize, status: &[u8], body: &[u8]) -> anyhow::Result<()> {
        ensure!(status == b"200", "no packet: {}", text(body));
        let packet: Packet<'_> = serde_json::from_slice(body)?;
        ensure!((10..=10_000).contains(&packet.amount_fen), "{}", text(body));
        ensure!(
            self.awards.insert(packet.award.to_owned()),
            "a packet was given twice"
        );
        self.awarded_fen += packet.amount_fen;
        Ok(())
    }
}

#[derive(Deserialize)]
struct Packet<'a> {
    award: &'a str,
    amount_fen: u64,
}

fn post(request: &mut Vec<u8>, path: &str, cookie: &str, body: &str) {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncookie: {cookie}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    request.extend_from_slice(head.as_bytes());
}

fn text(body: &[u8]) -> String {
    String::from_utf8_lossy(body).chars().take(300).collect()
}
