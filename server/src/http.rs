//! The API over HTTP.
//!
//! Every route is on this screen. A route is `keyed` (it needs a key, and its
//! line names the scope and the smallest tier) or `open` to everyone. What
//! surrounds a handler (identity, rate limit, time limit, errors, headers,
//! log) is in `front`; handlers see a checked `Call` and answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::routing::{get, post};
use tokio::sync::Semaphore;

use crate::clock::Clock;
use crate::config::{FREE, Settings};
use crate::control::{Control, Scope};
use crate::feeds::Feeds;
use crate::store::ClaimStore;
use crate::warnings::Warnings;

mod accept;
mod apart;
mod bulk;
mod code;
mod coding;
mod counted;
mod credential;
mod error;
mod escape;
mod feeds;
pub(crate) mod fixed;
mod front;
mod headers;
mod health;
mod list;
mod nearest;
mod open_files;
mod parameter;
mod peer;
mod read_ahead;
mod request_id;
pub(crate) mod search;
mod serve;
mod stats;
mod wire;

pub use code::Code;
pub use error::ApiError;
pub(crate) use escape::encode_into;
pub use peer::Peer;
pub(crate) use serve::serve_routes;
pub use serve::{Served, serve};

use counted::Counter;
use front::{keyed, open};
use read_ahead::SharedRoom;
use request_id::RequestIds;

/// What handlers answer from: one for a process.
pub struct App<S> {
    /// The claims.
    pub store: Arc<S>,
    /// Accounts, keys, feed states.
    pub control: Arc<Control>,
    /// The feeds that are known, whether or not they were ever read.
    pub feeds: Arc<Feeds>,
    /// The warning lists in force.
    pub warnings: Arc<Warnings>,
    /// The settings in force.
    pub settings: Settings,
    /// The time.
    pub clock: Clock,
    ids: RequestIds,
    read_ahead: SharedRoom,
    stopping: AtomicBool,
    counter: Counter,
    /// Permits for questions that walk through many values.
    walks: Arc<Semaphore>,
}

/// Such questions at a time: those that are asked by exact keys go on.
const WALKS: usize = 4;

impl<S: ClaimStore> App<S> {
    /// An application that is ready to serve, with the shipped warning
    /// lists and no feeds.
    pub fn new(store: Arc<S>, control: Arc<Control>, settings: Settings, clock: Clock) -> App<S> {
        App {
            store,
            control,
            feeds: Arc::default(),
            warnings: Arc::default(),
            settings,
            clock,
            ids: RequestIds::new(),
            read_ahead: SharedRoom::new(),
            stopping: AtomicBool::new(false),
            counter: Counter::default(),
            walks: Arc::new(Semaphore::new(WALKS)),
        }
    }

    /// The same with these warning lists.
    #[must_use]
    pub fn with_warnings(self, warnings: Arc<Warnings>) -> App<S> {
        App { warnings, ..self }
    }

    /// The same with these feeds.
    #[must_use]
    pub fn with_feeds(self, feeds: Arc<Feeds>) -> App<S> {
        App { feeds, ..self }
    }

    /// From now on `/readyz` says that this process should get no new requests.
    pub fn announce_stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }
}

/// Every route.
pub fn router<S: ClaimStore>(app: Arc<App<S>>) -> Router {
    use Scope::ReadIocs;

    Router::new()
        .route("/healthz", get(open(health::alive::<S>)))
        .route("/readyz", get(open(health::ready::<S>)))
        .route("/api/v1/iocs", get(keyed(ReadIocs, FREE, list::list::<S>)))
        .route(
            "/api/v1/iocs/stats",
            get(keyed(ReadIocs, FREE, stats::stats::<S>)),
        )
        .route(
            "/api/v1/feeds",
            get(keyed(ReadIocs, FREE, feeds::list::<S>)),
        )
        .route(
            "/api/v1/feeds/{name}",
            get(keyed(ReadIocs, FREE, feeds::show::<S>)),
        )
        .route(
            "/api/v1/iocs/search",
            get(keyed(ReadIocs, FREE, search::search::<S>)).post(keyed(
                ReadIocs,
                FREE,
                bulk::search::<S>,
            )),
        )
        .route(
            "/api/v1/normalize",
            post(keyed(ReadIocs, FREE, bulk::normalize::<S>)),
        )
        .fallback(open(health::no_such_path::<S>))
        .method_not_allowed_fallback(open(health::no_such_method::<S>))
        .with_state(app)
}

/// Reads a query string as the routes do.
#[cfg(fuzzing)]
pub fn read_query_for_fuzzing(query: &str) {
    let tiers = crate::config::Tiers::default();
    let tier = tiers.lowest();
    let now = jiff::Timestamp::UNIX_EPOCH;
    let _ = search::Asked::read(Some(query), false, tier.results, now);
    let _ = list::asked::Asked::read(Some(query), false, tier, now, &Vec::new);
}
