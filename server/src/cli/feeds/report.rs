//! What `iocd feeds try` tells of a document.

use std::fmt::Write as _;

use iocd_core::article::Article;
use iocd_core::claim::{Claim, Confidence};
use serde_json::{Value as Json, json};

use crate::cli::table;
use crate::ingest::Refusal;
use crate::trial::Trial;

/// Longest cell of the preview, in characters.
const MAX_CELL: usize = 80;

/// As one JSON object.
pub(super) fn json(trial: &Trial) -> Json {
    let by_type: serde_json::Map<String, Json> = trial
        .by_type
        .iter()
        .map(|(kind, count)| (kind.as_str().to_owned(), json!(count)))
        .collect();
    json!({
        "name": trial.name,
        "error": trial.error,
        "connector": trial.connector,
        "feed": trial.feed,
        "rows": trial.rows,
        "articles_total": trial.articles,
        "indicators_total": trial.count(),
        "refused_total": trial.refused,
        "withdrawn_total": trial.withdrawn,
        "skipped": trial.skipped,
        "repeated": trial.repeated,
        "by_type": by_type,
        "articles": trial.headlines.iter().map(article).collect::<Vec<_>>(),
        "indicators": trial.indicators.iter().map(indicator).collect::<Vec<_>>(),
        "withdrawn": trial.taken_back,
        "refused": trial.refusals,
        "warnings": trial.warnings,
        "toml": trial.toml,
    })
}

fn article(article: &Article) -> Json {
    json!({
        "title": article.title,
        "url": article.url,
        "published_at": article.published_at,
        "summary": article.summary,
        "category": article.topic.as_str(),
        "severity_score": article.severity,
        "tags": article.tags,
        "threat_actors": article.actors,
        "malware": article.malware,
        "cve_ids": article.cves,
        "mitre_techniques": article.techniques,
        "industry_tags": article.sectors,
    })
}

fn indicator(claim: &Claim) -> Json {
    json!({
        "type": claim.value.kind().as_str(),
        "value": claim.value.as_str(),
        "raw": claim.raw,
        "scope": claim.scope,
        "confidence": claim.confidence,
        "confidence_level": Confidence::from_score(claim.confidence).as_str(),
        "first_seen": claim.first_seen,
        "last_seen": claim.last_seen,
        "expires_at": claim.expires_at,
        "malware": claim.malware,
        "tags": claim.tags,
        "techniques": claim.techniques,
        "sectors": claim.sectors,
        "ports": claim.ports,
        "references": claim.references,
        "tlp": claim.tlp,
        "context": claim.context,
    })
}

/// As text for a person, with at most `limit` indicators and refused rows.
pub(super) fn text(trial: &Trial, limit: usize) -> String {
    let mut out = String::new();
    let mut line = |text: String| {
        out.push_str(&text);
        out.push('\n');
    };
    let name = trial.name.escape_debug();
    match (&trial.error, trial.connector) {
        (Some(error), None) => {
            line(format!("{name}: cannot be read: {error}"));
            return out.trim_end().to_owned();
        }
        (error, connector) => {
            let connector = connector.unwrap_or_default();
            line(match &trial.feed {
                Some(feed) => format!("{name}: the feed {feed}, connector {connector}"),
                None => format!("{name}: no known feed, read with the connector {connector}"),
            });
            line(counts(trial));
            if let Some(error) = error {
                line(format!("cannot be read to its end: {error}"));
            }
        }
    }
    for warning in &trial.warnings {
        line(format!("warning: {warning}"));
    }
    for article in trial.headlines.iter().take(limit) {
        let day = article.published_at.map(|at| at.strftime("%Y-%m-%d"));
        let day = day.map_or_else(String::new, |day| format!("{day} "));
        line(format!(
            "article: {day}{}",
            cell(&article.title.escape_debug().to_string())
        ));
    }
    let more = trial.articles.saturating_sub(limit as u64);
    if more > 0 && limit > 0 {
        line(format!("… and {more} more articles"));
    }
    if limit > 0 && !trial.indicators.is_empty() {
        line(preview(&trial.indicators, limit));
    }
    let more = trial.indicators.len().saturating_sub(limit);
    if more > 0 && limit > 0 {
        line(format!("… and {more} more indicators"));
    }
    for refusal in trial.refusals.iter().take(limit) {
        line(refused(refusal));
    }
    let more = trial.refusals.len().saturating_sub(limit);
    if more > 0 && limit > 0 {
        line(format!("… and {more} more refused"));
    }
    out.trim_end().to_owned()
}

fn counts(trial: &Trial) -> String {
    let mut text = match trial.articles {
        0 => format!("{} rows", trial.rows),
        articles => format!("{articles} articles"),
    };
    write!(text, ", {} indicators", trial.count())
        .expect("a String takes all that is written to it");
    let kinds: Vec<String> = trial
        .by_type
        .iter()
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    if !kinds.is_empty() {
        text = format!("{text} ({})", kinds.join(", "));
    }
    for (count, what) in [
        (trial.refused, "refused"),
        (trial.withdrawn, "withdrawn"),
        (trial.repeated, "repeated"),
        (trial.skipped, "lines skipped"),
    ] {
        if count > 0 {
            write!(text, ", {count} {what}").expect("a String takes all that is written to it");
        }
    }
    text
}

fn preview(indicators: &[Claim], limit: usize) -> String {
    let headings = [
        "TYPE",
        "VALUE",
        "CONFIDENCE",
        "FIRST SEEN",
        "TAGS",
        "CONTEXT",
    ];
    let rows = indicators.iter().take(limit).map(|claim| {
        let date = claim
            .first_seen
            .map(|date| date.strftime("%Y-%m-%d").to_string());
        let mut tags = claim.tags.clone();
        tags.extend(claim.malware.clone());
        vec![
            claim.value.kind().to_string(),
            cell(claim.value.as_str()),
            claim.confidence.to_string(),
            date.unwrap_or_default(),
            cell(&tags.join(", ")),
            cell(claim.context.as_deref().unwrap_or_default()),
        ]
    });
    table::render(&headings, rows)
}

fn refused(refusal: &Refusal) -> String {
    let Refusal { line, text, reason } = refusal;
    format!(
        "refused: line {line}: {reason}: {}",
        cell(&text.escape_debug().to_string())
    )
}

/// A text short enough for a table.
fn cell(text: &str) -> String {
    match text.char_indices().nth(MAX_CELL) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
