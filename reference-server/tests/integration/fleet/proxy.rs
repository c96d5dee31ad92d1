//! A proxy in front of instances, as small as one can be: takes turns, asks whether an instance is ready, and turns to
//! another when nobody listens.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    response::Response,
};
use http::{StatusCode, request::Parts};
use reqwest::Client;
use tokio::net::TcpListener;

/// How long what an instance said about itself is believed.
const BELIEVED_FOR: Duration = Duration::from_secs(1);
/// The longest body that is passed on.
const BODY_BYTES: usize = 1 << 20;

/// An instance behind the proxy.
#[derive(Debug)]
struct Instance {
    address: String,
    is_ready: bool,
    /// `None` until it was asked for the first time.
    asked: Option<Instant>,
}

/// What became of a request that was passed on.
enum Sent {
    Answered(Response),
    /// Nothing was done, so another may be asked.
    NobodyThere,
    /// Nobody knows what was done.
    Lost,
}

/// The proxy.
#[derive(Debug)]
pub(super) struct Proxy {
    instances: Mutex<Vec<Instance>>,
    client: Client,
    turn: AtomicUsize,
    /// Requests that were passed on.
    pub(super) n_passed: AtomicU64,
    /// Requests for which no instance was left.
    pub(super) n_failed: AtomicU64,
}

impl Proxy {
    /// Listens; the proxy, and the address that people reach it at.
    pub(super) async fn listen() -> (Arc<Self>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let client = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            // A kept connection may be closed by its other end at any moment.
            .pool_max_idle_per_host(0)
            .build()
            .unwrap();
        let proxy = Arc::new(Self {
            instances: Mutex::new(Vec::new()),
            client,
            turn: AtomicUsize::new(0),
            n_passed: AtomicU64::new(0),
            n_failed: AtomicU64::new(0),
        });
        let router = Router::new().fallback(pass).with_state(Arc::clone(&proxy));
        tokio::spawn(axum::serve(listener, router).into_future());
        (proxy, url)
    }

    fn instances(&self) -> std::sync::MutexGuard<'_, Vec<Instance>> {
        self.instances
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts an instance in a place, instead of the one that was there.
    pub(super) fn put(&self, place: usize, address: &str) {
        let instance = Instance {
            address: address.to_owned(),
            is_ready: false,
            asked: None,
        };
        let mut instances = self.instances();
        if place < instances.len() {
            instances[place] = instance;
        } else {
            instances.push(instance);
        }
    }

    /// The address of the instance in this place, if it is ready.
    async fn ready(&self, place: usize) -> Option<String> {
        let (address, is_ready) = {
            let instance = &self.instances()[place];
            let is_fresh = instance
                .asked
                .is_some_and(|asked| asked.elapsed() < BELIEVED_FOR);
            (
                instance.address.clone(),
                is_fresh.then_some(instance.is_ready),
            )
        };
        let is_ready = match is_ready {
            Some(known) => known,
            None => {
                let asked = self.client.get(format!("{address}/readyz")).send().await;
                let is_ready = asked.is_ok_and(|answer| answer.status() == StatusCode::OK);
                self.note(&address, is_ready);
                is_ready
            }
        };
        is_ready.then_some(address)
    }

    fn note(&self, address: &str, is_ready: bool) {
        for instance in self.instances().iter_mut() {
            if instance.address == address {
                (instance.is_ready, instance.asked) = (is_ready, Some(Instant::now()));
            }
        }
    }

    async fn pass(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, BODY_BYTES).await.unwrap();
        let first = self.turn.fetch_add(1, Ordering::Relaxed);
        let n_instances = self.instances().len();
        let mut not_ready = Vec::new();
        for place in (first..first + n_instances).map(|turn| turn % n_instances) {
            let Some(address) = self.ready(place).await else {
                not_ready.push(place);
                continue;
            };
            match self.send(&address, &parts, &body).await {
                Sent::Answered(response) => return response,
                Sent::NobodyThere => self.note(&address, false),
                Sent::Lost => return self.failed(),
            }
        }
        // When nobody says that it is ready, as on a machine that is slow for all of them,
        // one that is not is better than none.
        for place in not_ready {
            let address = self.instances()[place].address.clone();
            match self.send(&address, &parts, &body).await {
                Sent::Answered(response) => return response,
                Sent::NobodyThere => {}
                Sent::Lost => return self.failed(),
            }
        }
        self.failed()
    }

    /// Passes a request on to an instance.
    async fn send(&self, address: &str, parts: &Parts, body: &Bytes) -> Sent {
        let target = parts.uri.path_and_query().unwrap();
        let sent = self
            .client
            .request(parts.method.clone(), format!("{address}{target}"))
            .headers(parts.headers.clone())
            .body(body.clone())
            .send()
            .await;
        let answer = match sent {
            Ok(answer) => answer,
            // Nobody took the connection, so nothing was done.
            Err(error) if error.is_connect() => return Sent::NobodyThere,
            Err(_) => return Sent::Lost,
        };
        self.n_passed.fetch_add(1, Ordering::Relaxed);
        let mut response = Response::new(Body::empty());
        *response.status_mut() = answer.status();
        *response.headers_mut() = answer.headers().clone();
        response.headers_mut().remove("transfer-encoding");
        match answer.bytes().await {
            Ok(bytes) => {
                *response.body_mut() = Body::from(bytes);
                Sent::Answered(response)
            }
            Err(_) => Sent::Lost,
        }
    }

    fn failed(&self) -> Response {
        self.n_failed.fetch_add(1, Ordering::Relaxed);
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::BAD_GATEWAY;
        response
    }
}

async fn pass(State(proxy): State<Arc<Proxy>>, request: Request) -> Response {
    proxy.pass(request).await
}
