//! Law of requests that are done together: whatever waits in one group, the rows and the answers
//! are those of the same requests one after the other.

use std::{
    future::Future,
    sync::{Arc, mpsc},
};

use proptest::{prelude::*, test_runner::Config};
use reference_server::{
    app::App,
    contest::{
        Error, attempt,
        claim::{self, ClaimRequest},
    },
};
use tokio::{runtime, sync::oneshot, task::yield_now};

use crate::app::{Person, TestApp};

/// Everything that submissions and claims write.
const TABLES: [&str; 7] = [
    "SELECT * FROM attempt ORDER BY attempt",
    "SELECT * FROM award ORDER BY award",
    "SELECT * FROM payment ORDER BY bill_number",
    "SELECT * FROM payment_event ORDER BY bill_number, version",
    "SELECT * FROM transfer ORDER BY city, number",
    "SELECT * FROM city ORDER BY city",
    "SELECT * FROM budget_day ORDER BY city, day",
];
const N_PEOPLE: usize = 5;
/// Papers that each person draws.
const N_PAPERS: usize = 3;

/// A paper handed in: whose, which of his, and with how many right answers.
type HandIn = (usize, usize, usize);
/// A claim: whose, with which attempt of whom, under which key.
type Draw = (usize, Option<(usize, usize)>, Option<u8>);

/// Requests, and after how many of them each group ends.
#[derive(Debug, Clone)]
struct Play {
    submissions: Vec<HandIn>,
    claims: Vec<Draw>,
    groups: Vec<usize>,
}

fn plays() -> impl Strategy<Value = Play> {
    let person = 0..N_PEOPLE;
    let hand_in = (person.clone(), 0..N_PAPERS, 3..8_usize);
    let attempt = prop::option::weighted(0.6, (person.clone(), 0..N_PAPERS));
    let draw = (person, attempt, prop::option::weighted(0.4, 0..3_u8));
    (
        prop::collection::vec(hand_in, 1..30),
        prop::collection::vec(draw, 1..40),
        prop::collection::vec(1..12_usize, 1..8),
    )
        .prop_map(|(submissions, claims, groups)| Play {
            submissions,
            claims,
            groups,
        })
}

/// A contest in which everybody has drawn his papers, and the first has two chances more.
struct Scene {
    test: TestApp,
    people: Vec<Person>,
    papers: Vec<Vec<attempt::Paper>>,
}

impl Scene {
    async fn new() -> Self {
        let test = TestApp::new().await;
        let people = test.followers(N_PEOPLE).await;
        let code = test.code_of(&people[0]).await;
        for name in ["first friend", "second friend"] {
            let friend = test.stranger(name).await;
            test.follow(&friend, Some(&code)).await;
        }
        let mut papers = Vec::new();
        for person in &people {
            let mut own = Vec::new();
            for _ in 0..N_PAPERS {
                own.push(test.start(person).await);
            }
            papers.push(own);
        }
        // What is read once for all is read before anything waits.
        test.answer(&people[0], 0).await;
        test.claim(&people[0]).await.unwrap_err();
        Self {
            test,
            people,
            papers,
        }
    }

    fn submission(&self, (who, which, n_right): HandIn) -> impl Future<Output = String> + use<> {
        let app = Arc::clone(&self.test.app);
        let (person, paper) = (self.people[who].id.clone(), &self.papers[who][which]);
        let (token, answers) = (paper.attempt.clone(), self.test.answers(paper, n_right));
        async move {
            match attempt::submit(&app, &person, &token, &answers).await {
                Ok(outcome) => format!("{} {:?}", outcome.score, outcome.offer),
                Err(error) => error.to_string(),
            }
        }
    }

    fn claim(&self, (who, attempt, key): Draw) -> impl Future<Output = String> + use<> {
        let app = Arc::clone(&self.test.app);
        let person = self.people[who].id.clone();
        let request = ClaimRequest {
            attempt: attempt.map(|(whose, which)| self.papers[whose][which].id.clone()),
            request_key: key.map(|key| format!("key {key}")),
        };
        async move {
            match claim::claim(&app, &person, request).await {
                Ok(packet) => format!("{packet:?}"),
                Err(error) => error.to_string(),
            }
        }
    }

    fn rows(&self) -> Vec<Vec<Vec<String>>> {
        let mut raw = self.test.raw();
        let mut rows: Vec<_> = TABLES.map(|sql| raw.rows(sql)).into();
        // The chain has one link for what was decided together, with a line for each award.
        let events = raw.rows("SELECT action, detail FROM audit_event ORDER BY number");
        let lines = events.iter().flat_map(|event| {
            let lines = event[1].lines();
            lines.map(|line| vec![event[0].clone(), line.to_owned()])
        });
        rows.push(lines.collect());
        rows
    }
}

/// Keeps the writer busy until every request of a group waits, in their order.
async fn together(
    app: &Arc<App>,
    group: Vec<impl Future<Output = String> + Send + 'static>,
) -> Vec<String> {
    let (begun, has_begun) = oneshot::channel();
    let (release, is_released) = mpsc::channel::<()>();
    let holder = Arc::clone(app);
    let holding = tokio::spawn(async move {
        holder
            .store
            .write(move |_tx| {
                begun.send(()).unwrap();
                is_released.recv().unwrap();
                Ok::<_, Error>(())
            })
            .await
    });
    has_begun.await.unwrap();
    // Tasks of this runtime are first run in the order in which they were made.
    let tasks: Vec<_> = group.into_iter().map(tokio::spawn).collect();
    yield_now().await;
    yield_now().await;
    release.send(()).unwrap();
    holding.await.unwrap().unwrap();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

async fn grouped<T: Copy, F: Future<Output = String> + Send + 'static>(
    app: &Arc<App>,
    requests: &[T],
    groups: &[usize],
    request: impl Fn(T) -> F,
) -> Vec<String> {
    let mut answers = Vec::new();
    let mut sizes = groups.iter().cycle();
    while let Some(rest) = requests
        .get(answers.len()..)
        .filter(|rest| !rest.is_empty())
    {
        let size = rest.len().min(*sizes.next().unwrap());
        let group = rest[..size].iter().copied().map(&request).collect();
        answers.extend(together(app, group).await);
    }
    answers
}

async fn assert_same(play: &Play) {
    let alone = Scene::new().await;
    let mut expected = Vec::new();
    for &submission in &play.submissions {
        expected.push(alone.submission(submission).await);
    }
    for &claim in &play.claims {
        expected.push(alone.claim(claim).await);
    }
    let scene = Scene::new().await;
    let app = &scene.test.app;
    let mut answers = grouped(app, &play.submissions, &play.groups, |one| {
        scene.submission(one)
    })
    .await;
    answers.extend(grouped(app, &play.claims, &play.groups, |one| scene.claim(one)).await);
    assert_eq!(answers, expected);
    assert_eq!(scene.rows(), alone.rows());
    scene.test.assert_sound().await;
}

#[test]
fn requests_done_together_leave_what_they_leave_one_by_one() {
    proptest!(Config { cases: 12, failure_persistence: None, ..Config::default() }, |(play in plays())| {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(assert_same(&play));
    });
}
