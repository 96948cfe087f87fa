//! The server that is measured: a process of its own, so that its processor
//! time and its memory are its own.
//!
//! It tells in one line of JSON that it is ready ([`Ready`]). Then each line
//! on standard input is a file to read as the list of the corpus, at the
//! lowest priority; when that is done it tells ([`Read`]). At the end of its
//! input it stops: it never outlives who started it.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use rustix::process::setpriority_process;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::BenchError;
use super::document::LIST;
use super::machine::{anonymous_memory, pin};
use crate::config::Settings;
use crate::control::KeyRequest;
use crate::http::fixed::router_with_fixed;
use crate::http::{App, serve_routes};
use crate::ingest::{Ingester, Request};
use crate::owner::Node;

/// The server listens.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Ready {
    /// Where.
    pub(super) address: std::net::SocketAddr,
    /// A key of the highest tier.
    pub(super) secret: String,
    /// Seconds that opening the data directory took.
    pub(super) opening: f64,
    /// By how many bytes that grew its anonymous memory.
    pub(super) memory: u64,
    /// Entries that it has.
    pub(super) entries: u64,
}

/// A file was read.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Read {
    /// Rows of it.
    pub(super) rows: u64,
}

/// Serves the data directory on one core until standard input ends. In a quick
/// run files are read at the usual priority: on a busy machine the lowest may
/// get next to nothing.
pub(crate) fn run(data: &Path, feeds: &Path, core: usize, quick: bool) -> Result<(), BenchError> {
    pin(core).map_err(BenchError::io("pinning to a core"))?;
    let settings = Settings {
        data: data.to_owned(),
        feeds: Some(feeds.to_owned()),
        ..Settings::default()
    };
    let memory = || anonymous_memory().map_err(BenchError::io("the memory of this process"));
    let (before, started) = (memory()?, Instant::now());
    let node = Arc::new(Node::open(&settings)?);
    let opening = started.elapsed().as_secs_f64();
    let memory = memory()?.saturating_sub(before);
    let (_, secret) = node.control.create_key(&KeyRequest::named("bench"))?;

    // One thread serves, as one core does.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(BenchError::io("a runtime"))?;
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .map_err(BenchError::io("listening"))?;
        tell(&Ready {
            address: listener
                .local_addr()
                .map_err(BenchError::io("the address that is listened on"))?,
            secret: secret.reveal().to_owned(),
            opening,
            memory,
            entries: node.store.index().counts().1,
        })?;
        let (stop, stopped) = oneshot::channel();
        let (reader, handle) = (Arc::clone(&node), Handle::current());
        std::thread::spawn(move || {
            if let Err(error) = read_files(&reader, &handle, quick) {
                eprintln!("iocd: {error}");
            }
            // Nobody listens any more if serving has ended already.
            let _ = stop.send(());
        });
        let app = Arc::new(App::new(
            Arc::clone(&node.store),
            Arc::clone(&node.control),
            settings,
            node.clock.clone(),
        ));
        let routes = router_with_fixed(Arc::clone(&app));
        serve_routes(app, routes, listener, async {
            let _ = stopped.await;
        })
        .await;
        Ok::<_, BenchError>(())
    })?;
    node.close()?;
    Ok(())
}

/// Reads the files that are named on standard input.
fn read_files(node: &Node, runtime: &Handle, quick: bool) -> Result<(), BenchError> {
    if !quick {
        // Of this thread alone: the lowest that is not idle.
        setpriority_process(None, 19)
            .map_err(io::Error::from)
            .map_err(BenchError::io("lowering the priority"))?;
    }
    let ingester = Ingester {
        store: &*node.store,
        control: &node.control,
        articles: &node.articles,
        feeds: &node.feeds,
        runtime,
    };
    for line in io::stdin().lines() {
        let path = PathBuf::from(line.map_err(BenchError::io("standard input"))?);
        let what = path.display().to_string();
        let file = std::fs::File::open(&path).map_err(BenchError::io(what))?;
        let request = Request {
            name: format!("{LIST}.csv"),
            feed: Some(LIST.to_owned()),
            snapshot: false,
        };
        let mut input = io::BufReader::new(file);
        let report = ingester.ingest(&request, &mut input, node.clock.now())?;
        tell(&Read { rows: report.rows })?;
    }
    Ok(())
}

fn tell(what: &impl Serialize) -> Result<(), BenchError> {
    let line = serde_json::to_string(what).expect("numbers and texts");
    let mut out = io::stdout();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(BenchError::io("standard output"))
}
