//! `serve`: a real season from a configuration file.

use std::{
    future::IntoFuture as _, io::Write as _, net::SocketAddr, path::Path, process::ExitCode,
    sync::Arc, time::Duration,
};

use anyhow::Context as _;
use tokio::{net::TcpListener, sync::watch};

use crate::{
    app::App,
    config::Config,
    contest::{organiser::roster, planning, platform_keys},
    web, worker,
};

/// How long requests under way may take once the server is told to stop.
const GRACE: Duration = Duration::from_secs(10);
/// How long the server goes on after it is told to stop, until proxies have noticed.
const DRAIN: Duration = Duration::from_secs(5);

pub(super) fn run(path: &Path) -> anyhow::Result<ExitCode> {
    let config = Config::read(path)?;
    anyhow::ensure!(
        cfg!(not(feature = "crash-points")) || config.trial.is_some(),
        "this build is for crash tests, and serves nothing but a trial"
    );
    super::log("info", config.log);
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(serve(&config))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(config: &Config) -> anyhow::Result<()> {
    let app = super::configured(config).await?;
    let prepared = planning::prepare(&app).await?;
    // Before the first payment: without WeChat's keys no answer can be believed.
    platform_keys::refresh(&app).await?;
    let first_link = roster::first_link(&app).await?;
    let router = web::router(Arc::clone(&app));
    let signals = Signals::listen()?;
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("cannot listen on {}", config.listen))?;
    {
        let mut out = std::io::stdout().lock();
        writeln!(
            out,
            "serving {} on {}",
            app.public_url,
            listener.local_addr()?
        )?;
        if app.wechat.is_simulated {
            writeln!(
                out,
                "TRIAL WeChat is simulated, nobody is paid; it is {} here",
                app.now()
            )?;
        }
        if let Some(link) = first_link {
            writeln!(
                out,
                "SET UP the first account of the console, once, within 24 hours: {}",
                link.address(&app.public_url)
            )?;
        }
        for (city, problem) in &prepared.missing {
            writeln!(out, "NOT READY {city}: {problem}")?;
        }
        out.flush()?;
    }
    if let Some(address) = config.private_listen {
        let private = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}"))?;
        tokio::spawn(axum::serve(private, web::private_router(Arc::clone(&app))).into_future());
    }
    until_stopped(app, router, listener, signals, DRAIN).await
}

/// Serves pages and runs the worker until the process is told to stop; told twice, it stops at once.
///
/// For `drain` it goes on serving and tells whoever asks that it is not ready, so that a proxy sends requests elsewhere.
pub(super) async fn until_stopped(
    app: Arc<App>,
    router: axum::Router,
    listener: TcpListener,
    signals: Signals,
    drain: Duration,
) -> anyhow::Result<()> {
    let (stop, stopped) = watch::channel(false);
    let worker = worker::spawn(Arc::clone(&app), stopped.clone());
    let delivering = web::SimulatedWeChat::of(&app)
        .map(|host| tokio::spawn(web::keep_delivering(host, stopped)));
    let leave = async {
        app.drain();
        tokio::time::sleep(drain).await;
    };
    if !serving(router, listener, signals, &stop, leave).await? {
        return Ok(());
    }
    worker.await?;
    if let Some(delivering) = delivering {
        delivering.await?;
    }
    Ok(())
}

/// Serves `router` until the process is told to stop and `leave` is done, then tells `stop`.
///
/// Gives whether all of it was done: told twice, it stops at once.
pub(super) async fn serving(
    router: axum::Router,
    listener: TcpListener,
    mut signals: Signals,
    stop: &watch::Sender<bool>,
    leave: impl Future<Output = ()>,
) -> anyhow::Result<bool> {
    let serving = axum::serve(
        listener,
        router.into_make_service_with_connect_info::<SocketAddr>(),
    )
    .with_graceful_shutdown(told(stop.subscribe()));
    let mut serving = tokio::spawn(serving.into_future());
    tokio::select! {
        ended = &mut serving => ended??,
        () = signals.next() => {
            tokio::select! {
                () = leave => {}
                () = signals.next() => return Ok(false),
            }
            stop.send_replace(true);
            // Requests under way get their answer; a connection that never ends does not hold us.
            if let Ok(ended) = tokio::time::timeout(GRACE, &mut serving).await {
                ended??;
            }
        }
    }
    stop.send_replace(true);
    Ok(true)
}

async fn told(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, which tells the same.
    drop(stopped.wait_for(|stop| *stop).await);
}

/// What tells the process to stop: listened to before anything is announced, so that whoever
/// reads that the server is there can stop it.
pub(super) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    /// Listens from now on.
    #[cfg_attr(
        not(unix),
        expect(clippy::unnecessary_wraps, reason = "the other systems' shape")
    )]
    pub(super) fn listen() -> anyhow::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
            })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Waits until the process is told to stop, or told again.
    async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        drop(tokio::signal::ctrl_c().await);
    }
}
