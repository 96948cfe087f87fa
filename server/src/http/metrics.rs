//! `GET /metrics`: what the server counts of itself, as Prometheus reads it.
//!
//! On the main address for keys with the scope `read:metrics`; on an address
//! of its own, where the settings name one, for whoever reaches that.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;

use super::App;
use super::describe::schema::text;
use super::describe::{Example, Form, Operation, Tag};
use super::error::ApiError;
use super::front::Call;
use super::headers::set_content_type;
use super::parameter::Parameters;
use super::route::Routes;
use crate::control::Condition;
use crate::metrics::{Exposition, MEDIA_TYPE, Type, write_process};
use crate::run::Outcome;
use crate::store::ClaimStore;

pub(super) const PATH: &str = "/metrics";

pub(super) const TELL: Operation = Operation {
    id: "metrics",
    tag: Tag::Server,
    summary: "What the server counts of itself",
    description: "As Prometheus reads it.",
    gives: &[Form {
        media_type: "text/plain",
        schema: || text("Families of metrics."),
        example: None,
    }],
    examples: &[Example::plain("Ask")],
    ..Operation::NOTHING
};

/// For holders of a key.
pub(super) async fn tell<S: ClaimStore>(call: Call<S>) -> Result<Response, ApiError> {
    Parameters::none(&call)?;
    Ok(answer(&call.app))
}

/// For everyone on an address of its own.
async fn tell_all<S: ClaimStore>(app: Arc<App<S>>, _: Request) -> Result<Response, ApiError> {
    Ok(answer(&app))
}

/// What answers on an address of its own.
pub(super) fn router<S: ClaimStore>(app: Arc<App<S>>) -> Router {
    super::answering(Routes::new().open(PATH, &TELL, tell_all), app)
}

fn answer<S: ClaimStore>(app: &App<S>) -> Response {
    let mut out = Exposition::default();
    write_build(&mut out, app);
    app.traffic.write(&mut out);
    write_store(&mut out, app);
    write_feeds(&mut out, app);
    write_readings(&mut out, app);
    write_runs(&mut out, app);
    write_process(&mut out);
    let mut response = Response::new(out.into_text().into());
    set_content_type(response.headers_mut(), MEDIA_TYPE);
    response
}

fn write_build<S>(out: &mut Exposition, app: &App<S>) {
    let help = "The program: always 1.";
    out.family("iocd_build_info", Type::Gauge, help);
    out.sample(&[("version", env!("CARGO_PKG_VERSION"))], 1);
    let help = "Time since the server was started.";
    let uptime = app.started.elapsed().as_secs_f64();
    out.single("iocd_uptime_seconds", Type::Gauge, help, uptime);
}

fn write_store<S: ClaimStore>(out: &mut Exposition, app: &App<S>) {
    let counts = app.store.counts();
    let help = "Entries of the claim store.";
    out.family("iocd_store_entries", Type::Gauge, help);
    out.sample(&[("state", "active")], counts.active);
    let ended = counts.retained.saturating_sub(counts.active);
    out.sample(&[("state", "ended")], ended);
    let help = "Latest revision of the claim store.";
    out.single("iocd_store_revision", Type::Gauge, help, counts.revision);
    let help = "Whether the claim store takes writes.";
    let is_writable = u8::from(app.store.refusal().is_none());
    out.single("iocd_store_writable", Type::Gauge, help, is_writable);
    if let Some(footprint) = app.store.footprint() {
        let help = "Size of the claim store's log.";
        out.single("iocd_store_disk_bytes", Type::Gauge, help, footprint.disk);
        let help = "Memory of the claim store's indexes, about.";
        let memory = footprint.memory;
        out.single("iocd_store_memory_bytes", Type::Gauge, help, memory);
    }
}

fn write_feeds<S>(out: &mut Exposition, app: &App<S>) {
    let now = app.clock.now();
    let states = app.control.feed_states();
    let help = "How each feed is: 1 for its state, 0 for the others.";
    out.family("iocd_feed_state", Type::Gauge, help);
    for state in &states {
        let is = state.condition_at(now);
        for condition in Condition::ALL {
            let labels = [("feed", &*state.feed), ("state", condition.as_str())];
            out.sample(&labels, u8::from(condition == is));
        }
    }
    let help = "When each feed was last read with success, in seconds since 1970.";
    out.family("iocd_feed_last_good_timestamp_seconds", Type::Gauge, help);
    for state in &states {
        if let Some(at) = state.last_good_at {
            out.sample(&[("feed", &state.feed)], at.as_second());
        }
    }
    let help = "When each feed was last tried, in seconds since 1970.";
    let name = "iocd_feed_last_attempt_timestamp_seconds";
    out.family(name, Type::Gauge, help);
    for state in &states {
        if let Some(at) = state.last_attempt_at {
            out.sample(&[("feed", &state.feed)], at.as_second());
        }
    }
}

fn write_readings<S>(out: &mut Exposition, app: &App<S>) {
    let readings = app.control.readings();
    let help = "Documents of each feed since the server was started.";
    out.family("iocd_ingest_documents_total", Type::Counter, help);
    for (feed, sum) in &readings {
        for (verdict, count) in [("read", sum.read), ("bad", sum.bad)] {
            out.sample(&[("feed", feed), ("verdict", verdict)], count);
        }
    }
    let help = "Rows of each feed since the server was started, by what became of them.";
    out.family("iocd_ingest_rows_total", Type::Counter, help);
    for (feed, sum) in &readings {
        for (outcome, count) in [
            ("accepted", sum.accepted),
            ("merged", sum.merged),
            ("unchanged", sum.unchanged),
            ("refused", sum.refused),
        ] {
            out.sample(&[("feed", feed), ("outcome", outcome)], count);
        }
    }
}

fn write_runs<S: ClaimStore>(out: &mut Exposition, app: &App<S>) {
    let runs = app.control.runs();
    let help = "Runs of each feed since the server was started, by how they went.";
    out.family("iocd_feed_runs_total", Type::Counter, help);
    for (feed, runs) in &runs {
        for outcome in Outcome::ALL.map(Outcome::as_str) {
            let count = runs.outcomes.get(outcome).copied().unwrap_or_default();
            out.sample(&[("feed", feed), ("outcome", outcome)], count);
        }
    }
    let help = "Bytes of each feed's documents that came since the server was started.";
    out.family("iocd_feed_received_bytes_total", Type::Counter, help);
    for (feed, runs) in &runs {
        out.sample(&[("feed", feed)], runs.received);
    }
    let help = "Pages of each feed's articles that were asked for since the server was started.";
    out.family("iocd_feed_pages_total", Type::Counter, help);
    for (feed, runs) in &runs {
        if app
            .feeds
            .get(feed)
            .is_none_or(|feed| feed.fetching.pages == 0)
        {
            continue;
        }
        for (outcome, count) in [("read", runs.pages_read), ("failed", runs.pages_failed)] {
            out.sample(&[("feed", feed), ("outcome", outcome)], count);
        }
    }
    let Some(runner) = &app.runner else { return };
    let help = "When each feed runs next, in seconds since 1970.";
    let name = "iocd_feed_next_run_timestamp_seconds";
    out.family(name, Type::Gauge, help);
    for feed in runner.scheduled() {
        if let Some(at) = app.control.due_at(feed) {
            out.sample(&[("feed", feed)], at.as_second());
        }
    }
}
