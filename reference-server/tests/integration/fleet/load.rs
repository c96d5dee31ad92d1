//! People who play over HTTP, one after the other, until they are told to stop.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use http::{Method, StatusCode};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// What people met.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The amount of every award somebody was told of.
    pub(super) awards: BTreeMap<String, i64>,
    /// Answers that nobody should see.
    pub(super) failures: Vec<String>,
}

/// Where they play.
#[derive(Debug, Clone)]
pub(super) struct World {
    /// The contest's public address.
    pub(super) contest: String,
    /// The simulated WeChat's.
    pub(super) wechat: String,
    /// The right option under each stem.
    pub(super) right: Arc<BTreeMap<String, String>>,
}

/// Players at work.
#[derive(Debug)]
pub(super) struct Load {
    stop: watch::Sender<bool>,
    n_awards: watch::Receiver<u64>,
    players: JoinHandle<Told>,
}

impl Load {
    /// Lets so many people play at a time.
    pub(super) fn begin(world: &World, n_players: usize) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (counter, n_awards) = watch::channel(0);
        let (counter, number) = (Arc::new(counter), Arc::new(AtomicU64::new(0)));
        let mut players = JoinSet::new();
        for _ in 0..n_players {
            let (world, stopped) = (world.clone(), stopped.clone());
            let (counter, number) = (Arc::clone(&counter), Arc::clone(&number));
            players.spawn(async move {
                let mut told = Told::default();
                while !*stopped.borrow() {
                    let number = number.fetch_add(1, Ordering::Relaxed);
                    match world.play(number).await {
                        Ok((award, amount_fen)) => {
                            told.awards.insert(award, amount_fen);
                            counter.send_modify(|n_awards| *n_awards += 1);
                        }
                        Err(what) => told.failures.push(what),
                    }
                    // Whoever only meets failures has seen enough.
                    if told.failures.len() > 20 {
                        break;
                    }
                }
                told
            });
        }
        let players = tokio::spawn(async move {
            let mut all = Told::default();
            while let Some(told) = players.join_next().await {
                let told = told.unwrap();
                all.awards.extend(told.awards);
                all.failures.extend(told.failures);
            }
            all
        });
        Self {
            stop,
            n_awards,
            players,
        }
    }

    /// Waits until so many more awards were told of, or everybody has given up.
    pub(super) async fn more(&mut self, n_more: u64) {
        let wanted = *self.n_awards.borrow() + n_more;
        drop(self.n_awards.wait_for(|n_awards| *n_awards >= wanted).await);
    }

    /// Ends the load; what everybody was told.
    pub(super) async fn end(self) -> Told {
        self.stop.send_replace(true);
        self.players.await.unwrap()
    }
}

impl World {
    /// One person comes, follows, answers and opens a packet; award and amount.
    async fn play(&self, number: u64) -> Result<(String, i64), String> {
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .cookie_store(true)
            .build()
            .unwrap();
        let made = client.post(format!("{}/simulator/api/people", self.wechat));
        let person = json!({ "name": format!("第{number}位") });
        let made = answer(made.json(&person), "a person is made").await?;
        let openid = made["openid"].as_str().unwrap();
        let follow = format!("{}/simulator/api/people/{openid}/follow", self.wechat);
        answer(client.post(follow).json(&json!({})), "follows").await?;
        let authorize = location(client.get(format!("{}/login?next=/", self.contest))).await?;
        let authorize = authorize.replace("#wechat_redirect", "");
        // WeChat is another site: it is never sent the contest's cookies.
        let back = location(wechat_client().get(format!("{authorize}&as={openid}"))).await?;
        location(client.get(back)).await?;
        let paper = answer(self.post(&client, "attempts", &json!({})), "a paper").await?;
        let token = paper["attempt_id"].as_str().unwrap();
        let submission = json!({ "answers": self.answers(&paper) });
        let path = format!("attempts/{token}/submission");
        let marked = answer(self.post(&client, &path, &submission), "a submission").await?;
        if marked["passed"] != true {
            return Err(format!("right answers did not pass: {marked}"));
        }
        let claim = self.post(&client, "claims", &json!({}));
        let claim = claim.header("idempotency-key", format!("k{number}"));
        let packet = answer(claim, "a claim").await?;
        let award = packet["award"].as_str().unwrap().to_owned();
        Ok((award, packet["amount_fen"].as_i64().unwrap()))
    }

    fn post(&self, client: &Client, path: &str, body: &Value) -> RequestBuilder {
        client
            .request(Method::POST, format!("{}/api/v1/{path}", self.contest))
            .header("origin", &self.contest)
            .header("sec-fetch-site", "same-origin")
            .json(body)
    }

    /// Every answer right.
    fn answers(&self, paper: &Value) -> BTreeMap<String, String> {
        let items = paper["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| {
                let right = &self.right[item["stem"].as_str().unwrap()];
                let options = item["options"].as_array().unwrap();
                let option = options.iter().find(|option| option["text"] == **right);
                let position = option.unwrap()["position"].as_str().unwrap();
                (item["ordinal"].to_string(), position.to_owned())
            })
            .collect()
    }
}

fn wechat_client() -> Client {
    Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap()
}

async fn answer(request: RequestBuilder, what: &str) -> Result<Value, String> {
    let answer = request
        .send()
        .await
        .map_err(|error| format!("{what}: {error:?}"))?;
    let status = answer.status();
    let text = answer
        .text()
        .await
        .map_err(|error| format!("{what}: {error:?}"))?;
    if !status.is_success() {
        return Err(format!("{what}: {status} {text}"));
    }
    serde_json::from_str(&text).map_err(|_error| format!("{what}: {status} {text}"))
}

/// Where an answer leads to.
async fn location(request: RequestBuilder) -> Result<String, String> {
    let answer = request.send().await.map_err(|error| format!("{error:?}"))?;
    let status = answer.status();
    if status != StatusCode::SEE_OTHER && status != StatusCode::FOUND {
        return Err(format!("{}: {status}", answer.url()));
    }
    let to = answer.headers()["location"].to_str().unwrap();
    Ok(answer.url().join(to).unwrap().into())
}
