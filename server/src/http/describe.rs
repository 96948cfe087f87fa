//! How a route is described: what it takes, what it answers, how it fails.
//!
//! Each route has an [`Operation`] beside its handler. The query parameters in
//! it are the table that the handler reads by; `openapi` and `docs` render it.

use axum::http::StatusCode;
use serde_json::Value as Json;

use super::code::Code;
use super::parameter::Known;

pub(super) mod schema;
pub(super) mod shared;

/// What a person or a program has to know of a route.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operation {
    /// `operationId`: a name for generated clients.
    pub(super) id: &'static str,
    pub(super) tag: Tag,
    /// A line, without a stop.
    pub(super) summary: &'static str,
    /// Sentences. Backquotes mark code, an empty line begins a paragraph.
    pub(super) description: &'static str,
    /// Of the path: one for each `{name}` of its template.
    pub(super) segments: &'static [Known],
    /// Of the query string.
    pub(super) parameters: &'static [Known],
    /// The body that it takes, in one of these forms.
    pub(super) takes: &'static [Form],
    /// Whether a request without a body will do.
    pub(super) takes_nothing_too: bool,
    /// The status where all is well.
    pub(super) status: StatusCode,
    /// The body where all is well, in one of these forms.
    pub(super) gives: &'static [Form],
    /// Headers of that answer, besides those that every answer has.
    pub(super) headers: &'static [Header],
    /// Whether the answer has an `ETag` that `If-None-Match` may name.
    pub(super) revalidates: bool,
    /// Whether the answer is coded as the client likes it.
    pub(super) is_coded: bool,
    /// How it may fail, besides how every route of its kind may.
    pub(super) errors: &'static [Code],
    /// As command lines; the answer to the first is the example of `gives`.
    pub(super) examples: &'static [Example],
}

/// A group of routes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Indicators,
    Articles,
    Feeds,
    Keys,
    Server,
}

/// A way in which a body is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub(super) media_type: &'static str,
    /// Of the body; of each line where the body is lines of JSON.
    pub(super) schema: fn() -> Json,
    /// A whole body; one line where the body is lines of JSON. JSON is told as
    /// JSON, all else as text.
    pub(super) example: Option<&'static str>,
}

/// A header of an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) name: &'static str,
    pub(super) meaning: &'static str,
    pub(super) example: &'static str,
}

/// A request that is worth showing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Example {
    /// What it does, without a stop.
    pub(super) title: &'static str,
    pub(super) query: &'static [(&'static str, &'static str)],
    /// The media type and the body.
    pub(super) body: Option<(&'static str, &'static str)>,
}

impl Operation {
    /// What an operation begins with: it takes nothing and gives nothing.
    pub(super) const NOTHING: Operation = Operation {
        id: "",
        tag: Tag::Server,
        summary: "",
        description: "",
        segments: &[],
        parameters: &[],
        takes: &[],
        takes_nothing_too: false,
        status: StatusCode::OK,
        gives: &[],
        headers: &[],
        revalidates: false,
        is_coded: false,
        errors: &[],
        examples: &[],
    };
}

impl Form {
    /// A body of JSON of which no example is shown.
    pub(super) const fn json(schema: fn() -> Json) -> Form {
        Form {
            media_type: "application/json",
            schema,
            example: None,
        }
    }
}

impl Example {
    /// A request without a query.
    pub(super) const fn plain(title: &'static str) -> Example {
        Example {
            title,
            query: &[],
            body: None,
        }
    }
}

impl Tag {
    /// Every group, in the order in which they are told.
    pub(super) const ALL: [Tag; 5] = [
        Tag::Indicators,
        Tag::Articles,
        Tag::Feeds,
        Tag::Keys,
        Tag::Server,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Tag::Indicators => "indicators",
            Tag::Articles => "articles",
            Tag::Feeds => "feeds",
            Tag::Keys => "keys",
            Tag::Server => "server",
        }
    }

    pub(super) const fn meaning(self) -> &'static str {
        match self {
            Tag::Indicators => "Has anyone seen this value? One, many, or all that there are.",
            Tag::Articles => "What is written about attacks, and what it says.",
            Tag::Feeds => "Where entries come from, and how that goes.",
            Tag::Keys => "The keys of the caller's own account.",
            Tag::Server => "Whether the server is up, and what it offers.",
        }
    }
}
