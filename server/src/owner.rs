//! Who owns the data directory: this process, because nobody else does, or a
//! server that is asked over `control.sock` in it.

use std::fs::{self, File, TryLockError};
use std::io::{self, BufRead};
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use iocd_index::IndexError;
use jiff::SignedDuration;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::articles::{ARTICLES, Articles, ArticlesError};
use crate::backup::CLAIMS;
use crate::bulk::{Bulk, Form};
use crate::clock::Clock;
use crate::config::Settings;
use crate::control::{Control, ControlError, Stance};
use crate::control_socket::client::{self, RemoteError};
use crate::exchange::{ExchangeError, Exporter, Imported, import};
use crate::feeds::{Feeds, FeedsError};
use crate::ingest::{IngestError, Ingester, Report, Request};
use crate::operation::{FileSearch, Operation, OperationError, perform};
use crate::run::{Command, Parts, Run, RunError, Runner};
use crate::store::StoreError;
use crate::store::embedded::{Embedded, History};
use crate::warnings::{Warnings, WarningsError};

mod fetching;

use fetching::{make_web, seed};

/// The data directory could not be opened, or its owner did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum OwnerError {
    /// Another process that is no server has it, or a second server was started.
    #[error(
        "the data directory {} is in use by another iocd process{}",
        .dir.display(),
        if *.serving { " that serves it: use another --data, or stop that server" } else { ": wait until it is done" }
    )]
    InUse {
        /// The directory.
        dir: PathBuf,
        /// Whether it is a server.
        serving: bool,
    },
    /// There is none.
    #[error(
        "{}: there is no data directory here; name it with --data, or make one with iocd serve, iocd ingest or iocd key create",
        .0.display()
    )]
    Nothing(PathBuf),
    /// The directory cannot be used.
    #[error("{}: {source}", .path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The claim store cannot be opened.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The control data cannot be opened.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The articles cannot be opened.
    #[error(transparent)]
    Articles(#[from] ArticlesError),
    /// A feed description cannot be used.
    #[error(transparent)]
    Feeds(#[from] FeedsError),
    /// Warning lists cannot be used.
    #[error(transparent)]
    Warnings(#[from] WarningsError),
    /// An operation was not done.
    #[error(transparent)]
    Operation(#[from] OperationError),
    /// A document was not taken in.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// What is stored was not read in.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// What was to be read or written here could not be.
    #[error("what was given could not be read, or the answer not be written: {0}")]
    Stream(#[source] io::Error),
    /// A feed was not run.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The server did not answer as it should, or said no.
    #[error(transparent)]
    Remote(#[from] RemoteError),
}

/// A data directory that is open in this process.
pub struct Node {
    /// The directory.
    pub dir: PathBuf,
    /// Claims.
    pub store: Arc<Embedded>,
    /// Accounts, keys, feed states, usage.
    pub control: Arc<Control>,
    /// What was read of articles.
    pub articles: Arc<Articles>,
    /// For how long lists have an article.
    pub articles_kept: SignedDuration,
    /// What documents can be.
    pub feeds: Arc<Feeds>,
    /// The warning lists in force.
    pub warnings: Arc<Warnings>,
    /// Held by whoever changes what the operator allows or denies, so that
    /// checks and changes are one step.
    pub ruling: tokio::sync::Mutex<()>,
    /// For how long what happened is kept.
    pub history: History,
    /// Runs feeds.
    pub runner: Arc<Runner<Embedded>>,
    /// Set to true, everything that waits for other machines is given up.
    pub stop: watch::Sender<bool>,
    /// Where the time comes from.
    pub clock: Clock,
    /// Held for as long as the directory is open.
    _lock: File,
}

impl Node {
    /// Opens the data directory of the settings, making it where there is none.
    pub fn open(settings: &Settings) -> Result<Node, OwnerError> {
        let dir = &settings.data;
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|source| OwnerError::Io {
                path: dir.clone(),
                source,
            })?;
        let lock = lock(dir)?;
        let clock = Clock::System;
        let warnings = Arc::new(Warnings::load(&settings.warnings)?);
        let feeds = Arc::new(Feeds::load(settings.feeds.as_deref())?);
        let history = History {
            days: settings.store.history_days,
            ended_days: settings.store.keep_ended_days,
            clock: clock.clone(),
        };
        let store = Embedded::open_keeping(&dir.join(CLAIMS), history.clone())?;
        let store = Arc::new(store);
        let control = Arc::new(Control::open(dir, settings.tiers.clone(), clock.clone())?);
        let articles = Arc::new(Articles::open(&dir.join(ARTICLES))?);
        let (stop, stopped) = watch::channel(false);
        let runner = Runner::new(Parts {
            store: Arc::clone(&store),
            control: Arc::clone(&control),
            articles: Arc::clone(&articles),
            feeds: Arc::clone(&feeds),
            settings: settings.fetch.clone(),
            dir: dir.clone(),
            clock: clock.clone(),
            seed: seed().map_err(|source| OwnerError::Io {
                path: dir.clone(),
                source,
            })?,
            web: make_web(settings, clock.clone(), stopped),
        });
        let node = Node {
            dir: dir.clone(),
            store,
            control,
            articles,
            articles_kept: settings.articles.kept(),
            feeds,
            warnings,
            ruling: tokio::sync::Mutex::default(),
            history,
            runner: Arc::new(runner),
            stop,
            clock,
            _lock: lock,
        };
        node.load_warnings()?;
        Ok(node)
    }

    /// Takes up the warning lists, with what the operator allows now: what
    /// comes is judged by them. What the store holds stays as it was judged,
    /// so that a command that only asks writes nothing.
    fn load_warnings(&self) -> Result<(), OperationError> {
        let allowed = self.control.rulings(Stance::Allowed)?;
        let patterns: Vec<_> = allowed.into_iter().map(|ruling| ruling.pattern).collect();
        self.warnings.allow(&patterns);
        self.store.index().warn_by(self.warnings.current());
        Ok(())
    }

    /// Puts the warning lists into force with what the operator allows now,
    /// for what the store holds too.
    pub fn renew_warnings(&self) -> Result<(), OperationError> {
        self.load_warnings()?;
        Ok(self.judge_stored()?)
    }

    /// Judges what the store holds by the warning lists. Cheap if it has been.
    pub fn judge_stored(&self) -> Result<(), StoreError> {
        let index = self.store.index();
        index.assess(self.warnings.current(), self.clock.now())?;
        Ok(())
    }

    /// Says what opening found, if an operator should know.
    pub fn tell_recovery(&self, tell: impl Fn(&str)) {
        let recovery = self.store.index().recovery();
        if let Some(why) = recovery.ignored_checkpoint {
            tell(&format!(
                "the checkpoint of the claim store was not used, the log was read instead: {why}. Nothing is lost; the next one takes its place"
            ));
        }
        let bytes = recovery.dropped_bytes;
        if bytes > 0 {
            tell(&format!(
                "the last run ended in the middle of a batch: {bytes} bytes of it, never acknowledged, were cut off the claim log"
            ));
        }
    }

    /// Closes the stores in order: from now on nothing can be written, by
    /// whoever still holds them.
    pub fn close(&self) -> Result<(), OwnerError> {
        self.control.flush_usage()?;
        self.store.close()?;
        Ok(())
    }
}

/// Locks the directory for this process.
pub(crate) fn lock(dir: &Path) -> Result<File, OwnerError> {
    let path = dir.join("lock");
    let io = |source| OwnerError::Io {
        path: path.clone(),
        source,
    };
    let file = File::create(&path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::Error(source)) => Err(io(source)),
        Err(TryLockError::WouldBlock) => Err(OwnerError::InUse {
            dir: dir.to_owned(),
            // A socket without a listener is left from a crash.
            serving: UnixStream::connect(socket(dir)).is_ok(),
        }),
    }
}

/// Checks that there is a data directory: who only asks makes none.
pub fn check_there(dir: &Path) -> Result<(), OwnerError> {
    if dir.join(CLAIMS).is_dir() {
        Ok(())
    } else {
        Err(OwnerError::Nothing(dir.to_owned()))
    }
}

/// Where the owner of `dir` listens.
pub fn socket(dir: &Path) -> PathBuf {
    dir.join("control.sock")
}

/// Who does what commands ask.
pub enum Owner {
    /// This process.
    Here(Box<Node>, Runtime),
    /// A server that listens on this socket.
    There(PathBuf, Runtime),
}

impl Owner {
    /// Asks the server that owns the directory, if there is one; opens the
    /// directory otherwise. It has to be there.
    pub fn find(settings: &Settings) -> Result<Owner, OwnerError> {
        Owner::reach(settings, check_there)
    }

    /// As [`find`](Owner::find), and makes the directory where there is none.
    pub fn find_or_make(settings: &Settings) -> Result<Owner, OwnerError> {
        Owner::reach(settings, |_| Ok(()))
    }

    fn reach(
        settings: &Settings,
        check: impl FnOnce(&Path) -> Result<(), OwnerError>,
    ) -> Result<Owner, OwnerError> {
        let path = socket(&settings.data);
        let io = |source| OwnerError::Io {
            path: path.clone(),
            source,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(io)?;
        // A socket that nobody listens on is left from a crash.
        if UnixStream::connect(&path).is_ok() {
            return Ok(Owner::There(path, runtime));
        }
        check(&settings.data)?;
        Ok(Owner::Here(Box::new(Node::open(settings)?), runtime))
    }

    /// Does an operation and gives its answer.
    pub fn perform(&self, operation: Operation) -> Result<serde_json::Value, OwnerError> {
        Ok(match self {
            Owner::Here(node, runtime) => runtime.block_on(perform(operation, node))?,
            Owner::There(socket, runtime) => {
                runtime.block_on(client::perform(socket, &operation))?
            }
        })
    }

    /// Reads a document into the store.
    pub fn ingest(&self, request: &Request, input: &mut dyn BufRead) -> Result<Report, OwnerError> {
        Ok(match self {
            Owner::Here(node, runtime) => {
                node.judge_stored().map_err(OperationError::from)?;
                let ingester = Ingester {
                    store: &*node.store,
                    control: &node.control,
                    articles: &node.articles,
                    feeds: &node.feeds,
                    runtime: runtime.handle(),
                };
                ingester.ingest(request, input, node.clock.now())?
            }
            Owner::There(socket, runtime) => {
                runtime.block_on(client::ingest(socket, request, input))?
            }
        })
    }

    /// Runs a feed, or decides about what is held of it.
    pub fn run(&self, command: &Command) -> Result<Run, OwnerError> {
        Ok(match self {
            Owner::Here(node, runtime) => {
                node.judge_stored().map_err(OperationError::from)?;
                command.perform(&node.runner, runtime.handle())?
            }
            Owner::There(socket, runtime) => runtime.block_on(client::run(socket, command))?,
        })
    }

    /// Tells everything that is stored, as lines of JSON.
    pub fn export(&self, tell: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<(), OwnerError> {
        match self {
            Owner::Here(node, _) => {
                let mut exporter = Exporter::new(node.store.index());
                let mut lines = Vec::new();
                while exporter.write_some(&mut lines)? {
                    tell(&lines).map_err(OwnerError::Stream)?;
                    lines.clear();
                }
                Ok(())
            }
            Owner::There(socket, runtime) => Ok(runtime.block_on(client::export(socket, tell))?),
        }
    }

    /// Reads what was exported into the store.
    pub fn import(&self, input: &mut dyn BufRead) -> Result<Imported, OwnerError> {
        Ok(match self {
            Owner::Here(node, _) => import(node.store.index(), input, node.clock.now())?,
            Owner::There(socket, runtime) => runtime.block_on(client::import(socket, input))?,
        })
    }

    /// Asks about each line of `input`; `tell` gets the answers, a line of
    /// JSON for each, as they come.
    pub fn search_lines(
        &self,
        request: &FileSearch,
        mut input: Box<dyn BufRead + Send>,
        tell: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), OwnerError> {
        match self {
            Owner::Here(node, runtime) => {
                runtime.block_on(search_here(node, request, &mut *input, tell))
            }
            Owner::There(socket, runtime) => {
                let asking = client::search_lines(socket, request, input, tell);
                Ok(runtime.block_on(asking)?)
            }
        }
    }

    /// Closes what this process opened.
    pub fn close(self) -> Result<(), OwnerError> {
        match self {
            Owner::Here(node, _) => node.close(),
            Owner::There(..) => Ok(()),
        }
    }
}

async fn search_here(
    node: &Node,
    request: &FileSearch,
    input: &mut dyn BufRead,
    tell: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Result<(), OwnerError> {
    let purpose = request.purpose()?;
    let store = Arc::clone(&node.store);
    let mut bulk = Bulk::new(store, node.warnings.current(), Form::Text, purpose);
    let mut out = Vec::new();
    loop {
        let piece = input.fill_buf().map_err(OwnerError::Stream)?;
        let (length, mut rest) = (piece.len(), piece);
        while !rest.is_empty() {
            let now = node.clock.now();
            bulk.answer(&mut rest, now, &mut |_| Ok(()), &mut out)
                .await
                .map_err(OperationError::from)?;
            tell(&out).map_err(OwnerError::Stream)?;
            out.clear();
        }
        if length == 0 {
            break;
        }
        input.consume(length);
    }
    let mut over = false;
    while !over {
        over = bulk
            .finish(node.clock.now(), &mut |_| Ok(()), &mut out)
            .await
            .map_err(OperationError::from)?;
        tell(&out).map_err(OwnerError::Stream)?;
        out.clear();
    }
    Ok(())
}
