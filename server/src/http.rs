//! The API over HTTP.
//!
//! Every route is on this screen. A route is `keyed` (it needs a key, and its
//! line names the scope and the smallest tier) or a `GET` that is `open` to
//! everyone; each line names its description, too. What surrounds a handler
//! (identity, rate limit, time limit, errors, headers, log) is in `front`;
//! handlers see a checked `Call` and answer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::Router;
use axum::http::Method;

use crate::articles::Articles;
use crate::clock::Clock;
use crate::config::{FREE, Settings, UNLIMITED};
use crate::control::{Control, Scope};
use crate::endpoint::Endpoint;
use crate::feeds::Feeds;
use crate::metrics::Traffic;
use crate::run::Runner;
use crate::store::ClaimStore;
use crate::warnings::Warnings;

mod accept;
mod apart;
mod articles;
mod bulk;
mod changes;
mod code;
mod coding;
mod conversation;
mod cors;
mod counted;
mod credential;
mod describe;
mod disk;
mod docs;
mod error;
mod escape;
mod etag;
mod feeds;
pub(crate) mod fixed;
mod front;
mod headers;
mod health;
mod keys;
mod list;
mod lookup;
mod media_type;
mod metrics;
mod nearest;
mod open_files;
mod openapi;
mod parameter;
mod peer;
mod portions;
mod published;
mod read_ahead;
mod reading;
mod request_id;
mod route;
mod sealed;
pub(crate) mod search;
mod seats;
mod serve;
mod share;
mod stats;
mod wire;

pub use code::Code;
pub use error::ApiError;
pub(crate) use escape::encode_into;
pub use peer::Peer;
pub use route::{Access, Route};
pub(crate) use serve::serve_routes;
pub use serve::{Listening, Served, listen, serve, serve_metrics};

use apart::Walks;
use counted::Counter;
use front::Open;
use portions::AnswerRoom;
use published::Published;
use read_ahead::SharedRoom;
use request_id::RequestIds;
use route::Routes;

const GET: Method = Method::GET;
const POST: Method = Method::POST;
const DELETE: Method = Method::DELETE;

/// What handlers answer from: one for a process.
pub struct App<S> {
    /// The claims.
    pub store: Arc<S>,
    /// Accounts, keys, feed states.
    pub control: Arc<Control>,
    /// What was read of articles.
    pub articles: Arc<Articles>,
    /// The feeds that are known, whether or not they were ever read.
    pub feeds: Arc<Feeds>,
    /// The warning lists in force.
    pub warnings: Arc<Warnings>,
    /// Runs feeds, where this process does that.
    pub runner: Option<Arc<Runner<S>>>,
    /// The settings in force.
    pub settings: Settings,
    /// The time.
    pub clock: Clock,
    ids: RequestIds,
    read_ahead: SharedRoom,
    /// Room for large answers that have yet to be taken.
    answers: AnswerRoom,
    stopping: AtomicBool,
    /// The description of the API, once somebody has asked for it.
    published: OnceLock<Published>,
    counter: Counter,
    /// Room for questions that walk through many values.
    walks: Walks,
    traffic: Traffic,
    started: Instant,
}

impl<S: ClaimStore> App<S> {
    /// An application that is ready to serve, with the shipped warning
    /// lists, no feeds and no articles.
    pub fn new(store: Arc<S>, control: Arc<Control>, settings: Settings, clock: Clock) -> App<S> {
        App {
            store,
            control,
            articles: Arc::new(Articles::in_memory().expect("a database in memory opens")),
            feeds: Arc::default(),
            warnings: Arc::default(),
            runner: None,
            settings,
            clock,
            ids: RequestIds::new(),
            read_ahead: SharedRoom::new(),
            answers: AnswerRoom::new(),
            stopping: AtomicBool::new(false),
            published: OnceLock::new(),
            counter: Counter::default(),
            walks: Walks::new(),
            traffic: Traffic::new(),
            started: Instant::now(),
        }
    }

    /// The same with these warning lists.
    #[must_use]
    pub fn with_warnings(self, warnings: Arc<Warnings>) -> App<S> {
        App { warnings, ..self }
    }

    /// The same with these articles.
    #[must_use]
    pub fn with_articles(self, articles: Arc<Articles>) -> App<S> {
        App { articles, ..self }
    }

    /// The same with these feeds.
    #[must_use]
    pub fn with_feeds(self, feeds: Arc<Feeds>) -> App<S> {
        App { feeds, ..self }
    }

    /// The same with what runs feeds.
    #[must_use]
    pub fn with_runner(self, runner: Arc<Runner<S>>) -> App<S> {
        let runner = Some(runner);
        App { runner, ..self }
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
fn routes<S: ClaimStore>() -> Routes<S> {
    const LIST: &str = "/api/v1/iocs";
    const SEARCH: &str = "/api/v1/iocs/search";
    const STATS: &str = "/api/v1/iocs/stats";
    const CHANGES: &str = "/api/v1/iocs/changes";
    const LOOKUP: &str = "/api/v1/lookup";
    const NORMALIZE: &str = "/api/v1/normalize";
    const FEEDS: &str = "/api/v1/feeds";
    const FEED: &str = "/api/v1/feeds/{name}";
    const RUN: &str = "/api/v1/feeds/{name}/run";
    const KEYS: &str = "/api/v1/keys";
    const KEY: &str = "/api/v1/keys/{id}";
    const USAGE: &str = "/api/v1/keys/{id}/usage";
    const ARTICLES: &str = "/api/v1/articles";
    const ARTICLE: &str = "/api/v1/articles/{id}";
    const NEWS: (Scope, &str) = (Scope::ReadArticles, FREE);
    const IOCS: (Scope, &str) = (Scope::ReadIocs, FREE);
    const EVERYTHING: (Scope, &str) = (Scope::ReadIocs, UNLIMITED);
    const OWN_KEYS: (Scope, &str) = (Scope::ManageKeys, FREE);
    const FEED_RUNS: (Scope, &str) = (Scope::ManageFeeds, FREE);
    const COUNTS: (Scope, &str) = (Scope::ReadMetrics, FREE);

    Routes::new()
        .keyed(GET, SEARCH, IOCS, &search::SEARCH, search::search)
        .keyed(POST, SEARCH, IOCS, &bulk::SEARCH, bulk::search)
        .keyed(GET, LOOKUP, IOCS, &lookup::LOOKUP, lookup::lookup)
        .keyed(POST, NORMALIZE, IOCS, &bulk::NORMALIZE, bulk::normalize)
        .keyed(GET, LIST, IOCS, &list::LIST, list::list)
        .keyed(GET, STATS, IOCS, &stats::STATS, stats::stats)
        .keyed(
            GET,
            CHANGES,
            EVERYTHING,
            &changes::CHANGES,
            changes::changes,
        )
        .keyed(GET, ARTICLES, NEWS, &articles::LIST, articles::list)
        .keyed(GET, ARTICLE, NEWS, &articles::SHOW, articles::show)
        .keyed(GET, FEEDS, IOCS, &feeds::LIST, feeds::list)
        .keyed(GET, FEED, IOCS, &feeds::SHOW, feeds::show)
        .keyed(POST, RUN, FEED_RUNS, &feeds::RUN, feeds::run)
        .keyed(GET, KEYS, OWN_KEYS, &keys::LIST, keys::list)
        .keyed(POST, KEYS, OWN_KEYS, &keys::CREATE, keys::create)
        .keyed(GET, KEY, OWN_KEYS, &keys::SHOW, keys::show)
        .keyed(DELETE, KEY, OWN_KEYS, &keys::REVOKE, keys::revoke)
        .keyed(GET, USAGE, OWN_KEYS, &keys::USAGE, keys::usage)
        .open("/healthz", &health::ALIVE, health::alive)
        .open("/readyz", &health::READY, health::ready)
        .open("/openapi.json", &published::OPENAPI, published::openapi)
        .open("/docs", &published::DOCS, published::docs)
        .keyed(GET, metrics::PATH, COUNTS, &metrics::TELL, metrics::tell)
}

/// The table of all routes: what there is, and who may ask it.
pub fn route_table<S: ClaimStore>() -> Vec<Route> {
    routes::<S>().into_table()
}

/// What answers every request.
pub fn router<S: ClaimStore>(app: Arc<App<S>>) -> Router {
    answering(routes(), app)
}

/// What answers requests to these routes, and to all others that there is none.
fn answering<S: ClaimStore>(routes: Routes<S>, app: Arc<App<S>>) -> Router {
    let (endpoint, handler) = (Endpoint::OTHER, health::no_such_path::<S>);
    let no_such_path = Open { endpoint, handler };
    let handler = health::no_such_method::<S>;
    let no_such_method = Open { endpoint, handler };
    let complete = routes
        .into_router()
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .with_state(Arc::clone(&app));
    cors::with_origins(complete, app)
}

/// Reads a query string as the routes do.
#[cfg(fuzzing)]
pub fn read_query_for_fuzzing(query: &str) {
    let tiers = crate::config::Tiers::default();
    let tier = tiers.lowest();
    let now = jiff::Timestamp::UNIX_EPOCH;
    let _ = search::Asked::read(Some(query), false, tier.results, now);
    let _ = list::asked::Asked::read(Some(query), false, tier, now, &Vec::new);
    let _ = lookup::Asked::read(Some(query), false);
    let _ = articles::Asked::read(Some(query), false, tier, now);
}
