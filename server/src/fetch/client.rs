//! The one that opens connections.

use std::path::PathBuf;
use std::sync::Once;
use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::header::{
    ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH,
    LOCATION, RETRY_AFTER,
};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Response, StatusCode, Url};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio_rustls::rustls::crypto::ring;

use super::address::{Shown, host, is_same_origin, read};
use super::body::receive;
use super::egress::objection;
use super::error::FetchError;
use super::resolver::{Forbidden, Guarded, Open};
use super::retry::read_retry_after;
use super::secret;
use super::spool::Spool;
use super::turns::Turns;
use super::{Answer, Reply, Request, Web};
use crate::clock::Clock;

/// Redirects that are followed for one document.
const MAX_REDIRECTS: usize = 5;
/// Header fields of an answer, at most.
const MAX_FIELDS: usize = 100;

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// To get a connection.
    pub connect: Duration,
    /// For an answer to begin, and for more of it to come.
    pub idle: Duration,
    /// For a document with all redirects on the way.
    pub total: Duration,
    /// Bytes a second, at least.
    pub min_rate: u64,
    /// Between two requests to one host.
    pub pause: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            total: Duration::from_secs(600),
            min_rate: 1024,
            pause: Duration::from_secs(1),
        }
    }
}

/// What a client is made of.
#[derive(Clone, Debug)]
pub struct Setup {
    /// How long things may take.
    pub bounds: Bounds,
    /// Where documents go.
    pub spool: Spool,
    /// Certificates (PEM) that vouch for servers beside those that the system
    /// trusts.
    pub authorities: Option<PathBuf>,
    /// Where the time comes from.
    pub clock: Clock,
    /// True once everything is to be given up.
    pub stop: watch::Receiver<bool>,
}

/// Opens connections, from threads of its own.
pub struct Client {
    setup: Setup,
    /// To public addresses alone.
    guarded: reqwest::Client,
    /// To wherever the operator says.
    open: reqwest::Client,
    /// Through the proxies that the environment names.
    proxied: reqwest::Client,
    proxies: Matcher,
    turns: Turns,
    /// `None` once it is dropped.
    runtime: Option<Runtime>,
}

impl Client {
    /// A client that is ready.
    pub fn new(setup: Setup) -> Result<Client, FetchError> {
        // Whoever comes first decides for the process; all decide the same.
        let _ = ring::default_provider().install_default();
        let authorities = authorities(&setup)?;
        let build = |builder: reqwest::ClientBuilder| build(builder, &setup.bounds, &authorities);
        let direct = || reqwest::Client::builder().no_proxy();
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("fetch")
            .enable_all()
            .build()
            .map_err(|error| FetchError::Setup(error.to_string()))?;
        Ok(Client {
            guarded: build(direct().dns_resolver(Guarded))?,
            open: build(direct().dns_resolver(Open))?,
            proxied: build(reqwest::Client::builder())?,
            proxies: Matcher::from_env(),
            turns: Turns::new(setup.bounds.pause),
            runtime: Some(runtime),
            setup,
        })
    }

    /// Follows redirects until there is an answer.
    async fn follow(&self, request: &Asked) -> Result<Answer, FetchError> {
        let home = read(&request.home)?;
        let mut url = read(&request.url)?;
        let mut been = vec![url.clone()];
        loop {
            let response = {
                let _turn = self.turns.wait(&host(&url)).await;
                let response = self.ask(request, &url, &home).await?;
                if !response.status().is_redirection()
                    || response.status() == StatusCode::NOT_MODIFIED
                {
                    return self.answer(request, response, &url).await;
                }
                response
            };
            let next = next_address(&response, &url)?;
            let refuse = |problem: &str| {
                Err(FetchError::Redirect {
                    from: Shown(&url).to_string(),
                    to: Shown(&next).to_string(),
                    problem: problem.to_owned(),
                })
            };
            if been.contains(&next) {
                return refuse("that is a circle");
            }
            if been.len() > MAX_REDIRECTS {
                return refuse("there were too many before");
            }
            been.push(next.clone());
            url = next;
        }
    }

    /// Sends one request and waits for the head of its answer.
    async fn ask(&self, request: &Asked, url: &Url, home: &Url) -> Result<Response, FetchError> {
        let is_home = is_same_origin(url, home);
        let mut target = url.clone();
        let mut fields = request.fields.clone();
        if is_home && let Some(auth) = &request.auth {
            secret::apply(auth, &mut target, &mut fields)?;
        }
        let client = if self.is_proxied(url) {
            &self.proxied
        } else if is_home && request.allow_private {
            &self.open
        } else {
            // A name is looked at where it is resolved.
            check_literal(url)?;
            &self.guarded
        };
        let sending = client.get(target).headers(fields).send();
        sending.await.map_err(|error| failure(&error, url))
    }

    /// Whether a proxy makes the connection: then the policy is the proxy's.
    fn is_proxied(&self, url: &Url) -> bool {
        static WARNING: Once = Once::new();
        let uri = url.as_str().parse().ok();
        let is_proxied = uri.is_some_and(|uri| self.proxies.intercept(&uri).is_some());
        if is_proxied {
            WARNING.call_once(|| {
                tracing::warn!(
                    "feeds are fetched through the proxy that the environment names: which \
                     addresses may be connected to is for the proxy to decide"
                );
            });
        }
        is_proxied
    }

    /// What came, or why it is no document.
    async fn answer(
        &self,
        request: &Asked,
        response: Response,
        url: &Url,
    ) -> Result<Answer, FetchError> {
        let status = response.status();
        match status {
            StatusCode::OK => {
                let fields = response.headers().clone();
                let Setup { bounds, spool, .. } = &self.setup;
                let body = receive(response, url, request.max_size, bounds, spool).await?;
                Ok(Answer::Document(Reply { fields, body }))
            }
            StatusCode::NOT_MODIFIED if request.is_conditional => Ok(Answer::NotModified),
            _ => {
                let wait = response.headers().get(RETRY_AFTER);
                let wait = wait.and_then(|text| text.to_str().ok());
                Err(FetchError::Status {
                    host: host(url),
                    status: status.as_u16(),
                    hint: hint(status).map(str::to_owned),
                    retry_after: wait
                        .and_then(|text| read_retry_after(text, self.setup.clock.now())),
                })
            }
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            // Also where nothing may be waited for.
            runtime.shutdown_background();
        }
    }
}

impl Web for Client {
    fn get(&self, request: &Request<'_>) -> Result<Answer, FetchError> {
        let asked = Asked::new(request)?;
        let mut stop = self.setup.stop.clone();
        let runtime = self.runtime.as_ref().expect("it is not dropped");
        let total = self.setup.bounds.total;
        let work = async {
            let in_time = tokio::time::timeout(total, self.follow(&asked));
            tokio::select! {
                answer = in_time => answer.unwrap_or_else(|_| Err(too_slow(&asked, total))),
                _ = stop.wait_for(|stop| *stop) => Err(FetchError::Stopped),
            }
        };
        // From a thread of its own: the caller's may be one that drives futures.
        let handle = runtime.handle();
        std::thread::scope(|scope| scope.spawn(|| handle.block_on(work)).join())
            .unwrap_or(Err(FetchError::Stopped))
    }
}

fn too_slow(asked: &Asked, total: Duration) -> FetchError {
    FetchError::TooSlow {
        host: read(&asked.url).map_or_else(|_| asked.url.clone(), |url| host(&url)),
        what: format!("the document took more than {} s", total.as_secs()),
    }
}

/// A [`Request`] with what does not change from redirect to redirect.
struct Asked {
    url: String,
    home: String,
    auth: Option<iocd_core::feed::fetching::Auth>,
    allow_private: bool,
    max_size: u64,
    is_conditional: bool,
    fields: HeaderMap,
}

impl Asked {
    fn new(request: &Request<'_>) -> Result<Asked, FetchError> {
        let mut fields = HeaderMap::new();
        let accepted = HeaderValue::from_static("gzip, zstd");
        fields.insert(ACCEPT_ENCODING, accepted);
        for (name, value) in request.fields {
            let name = HeaderName::try_from(*name);
            let name = name.map_err(|error| FetchError::Setup(error.to_string()))?;
            let value = HeaderValue::try_from(*value);
            let value = value.map_err(|error| FetchError::Setup(error.to_string()))?;
            fields.insert(name, value);
        }
        let known = [
            (IF_NONE_MATCH, request.etag),
            (IF_MODIFIED_SINCE, request.last_modified),
        ];
        let mut is_conditional = false;
        for (name, value) in known {
            // What the server said once and cannot be said back is left out.
            if let Some(value) = value.and_then(|text| HeaderValue::from_str(text).ok()) {
                fields.insert(name, value);
                is_conditional = true;
            }
        }
        Ok(Asked {
            url: request.url.to_owned(),
            home: request.home.to_owned(),
            auth: request.auth.cloned(),
            allow_private: request.allow_private,
            max_size: request.max_size,
            is_conditional,
            fields,
        })
    }
}

fn build(
    builder: reqwest::ClientBuilder,
    bounds: &Bounds,
    authorities: &[Certificate],
) -> Result<reqwest::Client, FetchError> {
    let builder = builder
        .user_agent(concat!("iocd/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(bounds.connect)
        .read_timeout(bounds.idle)
        .redirect(Policy::none())
        .referer(false)
        .http1_max_headers(MAX_FIELDS)
        .tls_certs_merge(authorities.iter().cloned());
    let built = builder.build();
    built.map_err(|error| FetchError::Setup(explain(&error)))
}

/// Certificates beside those that the system trusts: those of the settings, and
/// where the system trusts nobody, as in an empty container, Mozilla's.
fn authorities(setup: &Setup) -> Result<Vec<Certificate>, FetchError> {
    let mut found = Vec::new();
    if let Some(path) = &setup.authorities {
        let wrong = |problem: String| FetchError::Setup(format!("{}: {problem}", path.display()));
        let pem = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
        found = Certificate::from_pem_bundle(&pem).map_err(|error| wrong(error.to_string()))?;
        if found.is_empty() {
            return Err(wrong("there is no certificate in it".to_owned()));
        }
    }
    let plain = reqwest::Client::builder().no_proxy();
    if plain.build().is_err() {
        let mozilla = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter();
        found.extend(mozilla.filter_map(|der| Certificate::from_der(der).ok()));
    }
    Ok(found)
}

/// Where an answer redirects to.
fn next_address(response: &Response, url: &Url) -> Result<Url, FetchError> {
    let refuse = |to: String, problem: &str| FetchError::Redirect {
        from: Shown(url).to_string(),
        to,
        problem: problem.to_owned(),
    };
    let place = response.headers().get(LOCATION);
    let place = place.and_then(|place| place.to_str().ok());
    let next = place.and_then(|place| url.join(place).ok());
    let Some(mut next) = next else {
        return Err(refuse(
            "nowhere".to_owned(),
            "it does not say where the document is",
        ));
    };
    if !matches!(next.scheme(), "http" | "https") {
        let to = format!("{}:…", next.scheme());
        return Err(refuse(to, "http and https are fetched from"));
    }
    if url.scheme() == "https" && next.scheme() == "http" {
        let to = Shown(&next).to_string();
        return Err(refuse(to, "from https to http is not followed"));
    }
    // What a server puts there is its own business.
    let _ = next.set_username("");
    let _ = next.set_password(None);
    next.set_fragment(None);
    Ok(next)
}

/// Looks at a host that is an address. In whatever spelling it came: the URL
/// has read it.
fn check_literal(url: &Url) -> Result<(), FetchError> {
    let address = match url.host() {
        Some(url::Host::Ipv4(address)) => address.into(),
        Some(url::Host::Ipv6(address)) => address.into(),
        Some(url::Host::Domain(_)) | None => return Ok(()),
    };
    match objection(address) {
        None => Ok(()),
        Some(objection) => Err(FetchError::Refused {
            host: host(url),
            address,
            objection,
        }),
    }
}

/// What a status means here.
fn hint(status: StatusCode) -> Option<&'static str> {
    Some(match status.as_u16() {
        401 | 403 => "the feed needs other credentials, or this machine is not welcome there",
        404 | 410 => "the list is not there any more: its address may have changed",
        407 => "the proxy wants credentials",
        429 => "it is asked too often",
        204 => "without a document",
        206 => "with a part of the document, which was not asked for",
        304 => "although the document was not here yet",
        100..=399 => "which is no document",
        _ => return None,
    })
}

/// Why there is no answer.
fn failure(error: &reqwest::Error, url: &Url) -> FetchError {
    if let Some(forbidden) = cause::<Forbidden>(error) {
        return FetchError::Refused {
            host: forbidden.name.clone(),
            address: forbidden.address,
            objection: forbidden.objection,
        };
    }
    if error.is_timeout() {
        let what = if error.is_connect() {
            "no connection came about in time"
        } else {
            "no answer came in time"
        };
        return FetchError::TooSlow {
            host: host(url),
            what: what.to_owned(),
        };
    }
    FetchError::Unreachable {
        host: host(url),
        problem: explain(error),
    }
}

/// The cause of this type, if it is among the causes.
fn cause<'e, T: std::error::Error + 'static>(
    error: &'e (dyn std::error::Error + 'static),
) -> Option<&'e T> {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.take(16).find_map(|error| error.downcast_ref())
}

/// The causes of an error, without the address that it is about.
pub(super) fn explain(error: &reqwest::Error) -> String {
    let first = std::error::Error::source(error);
    let causes = std::iter::successors(first, |error| error.source());
    let mut texts: Vec<String> = Vec::new();
    for cause in causes.take(16).map(ToString::to_string) {
        let is_known = texts.iter().any(|text| text.contains(&cause));
        if !is_known && cause != "client error (Connect)" {
            texts.push(cause);
        }
    }
    if texts.is_empty() {
        // It names nothing but itself.
        return "the request failed".to_owned();
    }
    texts.join(": ")
}
