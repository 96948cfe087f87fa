//! `iocd serve`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::Global;
use crate::config::{Log, LogFormat, Settings, Written};
use crate::control_socket;
use crate::http::{App, Listening, Served, listen, serve, serve_metrics};
use crate::owner::{Node, socket};
use crate::schedule::Schedule;
use crate::store::ClaimStore as _;
use crate::tls::{Tls, keep_current};

/// How often claims whose time is over are given a revision as expired.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Serve the HTTP API until Ctrl-C or SIGTERM; running requests are finished.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Address to listen on; port 0 takes a free one, which is printed
    /// [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
}

impl Serve {
    pub(super) fn run(self, global: &Global) -> anyhow::Result<ExitCode> {
        let settings = global.settings(Written {
            listen: self.listen,
            ..Written::default()
        })?;
        start_log(&settings.log)?;
        let node = Arc::new(Node::open(&settings)?);
        node.tell_recovery(|notice| tracing::warn!("{notice}"));
        for notice in node.warnings.notices() {
            tracing::warn!("{notice}");
        }
        if is_open_to_others(&settings.data) {
            tracing::warn!(
                "the data directory {} may be entered by other users of the machine: chmod 700 it",
                settings.data.display()
            );
        }
        node.judge_stored()?;
        let runtime = tokio::runtime::Runtime::new()?;
        let served = runtime.block_on(run(&settings, &node));
        // Whatever still runs ends here; the socket goes before the lock does.
        runtime.shutdown_timeout(Duration::from_secs(1));
        let _ = std::fs::remove_file(socket(&settings.data));
        node.close()?;
        Ok(match served? {
            Served::Finished => ExitCode::SUCCESS,
            Served::CutOff => {
                tracing::warn!(
                    "connections that were still open after the time a stop waits were cut off"
                );
                ExitCode::SUCCESS
            }
        })
    }
}

async fn run(settings: &Settings, node: &Arc<Node>) -> anyhow::Result<Served> {
    let listener =
        listen(settings.listen).with_context(|| format!("cannot listen on {}", settings.listen))?;
    let address = listener.local_addr()?;
    let tls = settings.tls.as_ref().map(Tls::load).transpose()?;
    let tls = tls.map(Arc::new);
    let metrics = settings.metrics_listen.map(|address| {
        listen(address).with_context(|| format!("cannot listen on {address} for metrics"))
    });
    let metrics = metrics.transpose()?;
    let commands = control_socket::bind(&settings.data).with_context(|| {
        format!(
            "cannot listen on {} (its path must be shorter than 108 bytes: choose a shorter --data)",
            socket(&settings.data).display()
        )
    })?;
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );

    let app = App::new(
        Arc::clone(&node.store),
        Arc::clone(&node.control),
        settings.clone(),
        node.clock.clone(),
    )
    .with_warnings(Arc::clone(&node.warnings))
    .with_articles(Arc::clone(&node.articles))
    .with_feeds(Arc::clone(&node.feeds))
    .with_runner(Arc::clone(&node.runner));
    let app = Arc::new(app);
    tokio::spawn(sweep(Arc::clone(node)));
    begin_fetching(node)?;
    let (stop_commands, commands_stop) = tokio::sync::oneshot::channel::<()>();
    let router = control_socket::router(Arc::clone(node));
    let commands = tokio::spawn(async move {
        let stopped = async move {
            // The sender is dropped at the latest when serving has ended.
            let _ = commands_stop.await;
        };
        axum::serve(commands, router)
            .with_graceful_shutdown(stopped)
            .await
    });
    let scheme = if tls.is_some() { "https" } else { "http" };
    let mut greeting = format!("iocd serves on {scheme}://{address}\n");
    if let Some(listener) = metrics {
        let address = listener.local_addr()?;
        writeln!(greeting, "iocd tells metrics on http://{address}/metrics")?;
        tokio::spawn(serve_metrics(Arc::clone(&app), listener));
    }
    // Handled where there is no certificate to read again, too: by default it
    // ends a process on the spot.
    let hangup = signal(SignalKind::hangup())?;
    if let Some(tls) = &tls {
        tokio::spawn(keep_current(Arc::clone(tls), hangup));
    }
    // In one piece: who starts a server may read no further than the first line.
    print!("{greeting}");
    std::io::stdout().flush()?;
    tracing::info!(%address, data = %settings.data.display(), "serving");
    let stopping = Arc::clone(node);
    let stop = async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping: running requests are finished");
        stopping.stop.send_replace(true);
        let _ = stop_commands.send(());
    };
    let served = serve(app, Listening { listener, tls }, stop).await;
    // A document that is being read through the socket is a running request, too.
    if tokio::time::timeout(settings.limits.shutdown_timeout, commands)
        .await
        .is_err()
    {
        tracing::warn!("a command took longer than a stop waits and was cut off");
    }
    Ok(served)
}

/// Feeds are fetched from now on, unless the settings say otherwise.
fn begin_fetching(node: &Arc<Node>) -> anyhow::Result<()> {
    let schedule = Schedule::new(Arc::clone(&node.runner));
    match schedule.begin(node.clock.now())? {
        0 => tracing::info!("no feeds are fetched on a schedule"),
        feeds => {
            tracing::info!(
                feeds,
                "feeds are fetched on their schedule; IOCD_FETCH=off stops that"
            );
            tokio::spawn(schedule.keep());
        }
    }
    Ok(())
}

/// Whether others than its owner may do anything with a directory.
fn is_open_to_others(dir: &Path) -> bool {
    std::fs::metadata(dir).is_ok_and(|about| about.mode() & 0o077 != 0)
}

/// Gives claims a revision as expired when their time is over, and archives
/// what has grown old of articles.
async fn sweep(node: Arc<Node>) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let node = Arc::clone(&node);
        let runtime = tokio::runtime::Handle::current();
        let swept = tokio::task::spawn_blocking(move || {
            let now = node.clock.now();
            if let Err(error) = node.articles.archive_old(node.articles_kept, now) {
                tracing::error!(%error, "articles could not be archived");
            }
            runtime.block_on(node.store.expire_due(now))
        });
        match swept.await {
            Ok(Ok(0)) => {}
            Ok(Ok(claims)) => tracing::info!(claims, "claims expired"),
            Ok(Err(error)) => tracing::error!(%error, "claims could not be expired"),
            Err(error) => tracing::error!(%error, "the sweeper failed"),
        }
    }
}

/// From now on, what happens is logged to standard error.
pub(super) fn start_log(log: &Log) -> anyhow::Result<()> {
    let level: tracing::Level = log.level.as_str().parse()?;
    let lines = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .with_ansi(false);
    match log.format {
        LogFormat::Text => lines.with_target(false).init(),
        LogFormat::Json => lines.json().init(),
    }
    Ok(())
}
