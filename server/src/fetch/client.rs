//! The one that opens connections.

use std::sync::Once;
use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode, Url};
use tokio::runtime::Runtime;
use tokio_rustls::rustls::crypto::ring;

use super::address::{Shown, host, is_same_origin, read};
use super::body::receive;
use super::egress::objection;
use super::error::FetchError;
use super::resolver::{Guarded, Open};
use super::retry::read_retry_after;
use super::secret;
use super::turns::Turns;
use super::{Answer, Reply, Request, Web};

mod asked;
mod problem;
mod redirect;
mod setup;

pub(super) use problem::explain;
pub use setup::{Bounds, Setup};

use asked::Asked;
use problem::{failure, hint};
use redirect::next_address;
use setup::{authorities, build};

/// Redirects that are followed for one document.
const MAX_REDIRECTS: usize = 5;
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
                Ok(Answer::Document(Reply {
                    url: url.to_string(),
                    fields,
                    body,
                }))
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
