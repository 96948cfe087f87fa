//! The routes: what each is called, who may ask it, and what it does.

use std::sync::Arc;

use axum::Router;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, on};

use super::App;
use super::describe::Operation;
use super::front::{Keyed, Open};
use crate::control::Scope;
use crate::endpoint::Endpoint;

/// One route of the API.
#[derive(Clone, Debug)]
pub struct Route {
    /// How it is asked.
    pub method: Method,
    /// The template of its path: `{name}` stands for a segment.
    pub path: &'static str,
    /// Who may ask.
    pub access: Access,
    pub(super) operation: &'static Operation,
}

/// Who may ask a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everyone.
    Everyone,
    /// Holders of a key.
    Key {
        /// The scope that the key needs.
        scope: Scope,
        /// The smallest tier that it may have.
        tier: &'static str,
    },
}

/// Routes with their handlers.
pub(super) struct Routes<S> {
    router: Router<Arc<App<S>>>,
    table: Vec<Route>,
}

impl<S: Send + Sync + 'static> Routes<S> {
    pub(super) fn new() -> Routes<S> {
        Routes {
            router: Router::new(),
            table: Vec::new(),
        }
    }

    /// Adds a `GET` that everyone may ask.
    pub(super) fn open<H>(
        self,
        path: &'static str,
        operation: &'static Operation,
        handler: H,
    ) -> Routes<S>
    where
        Open<H>: Handler<(), Arc<App<S>>>,
    {
        let endpoint = endpoint(&Method::GET, path);
        let open = Open { endpoint, handler };
        let route = Route {
            method: Method::GET,
            path,
            access: Access::Everyone,
            operation,
        };
        self.add(route, open)
    }

    /// Adds a route for keys with this scope, of this tier or a higher one.
    pub(super) fn keyed<H>(
        self,
        method: Method,
        path: &'static str,
        (scope, tier): (Scope, &'static str),
        operation: &'static Operation,
        handler: H,
    ) -> Routes<S>
    where
        Keyed<H>: Handler<(), Arc<App<S>>>,
    {
        let keyed = Keyed {
            endpoint: endpoint(&method, path),
            scope,
            tier,
            handler,
        };
        let route = Route {
            method,
            path,
            access: Access::Key { scope, tier },
            operation,
        };
        self.add(route, keyed)
    }

    fn add<H>(mut self, route: Route, handler: H) -> Routes<S>
    where
        H: Handler<(), Arc<App<S>>>,
    {
        let filter = MethodFilter::try_from(route.method.clone()).expect("a method of HTTP");
        self.router = self.router.route(route.path, on(filter, handler));
        self.table.push(route);
        self
    }

    pub(super) fn into_router(self) -> Router<Arc<App<S>>> {
        self.router
    }

    pub(super) fn into_table(self) -> Vec<Route> {
        self.table
    }
}

/// The endpoint as it is counted.
fn endpoint(method: &Method, path: &str) -> Endpoint {
    Endpoint::named(&format!("{method} {path}"))
}
