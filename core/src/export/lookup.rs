//! What `GET /api/v1/lookup` tells of a value, as JSON.

use super::json::{write_explanation, write_string, write_text_field, write_time_field};
use super::write_number;
use crate::attack;
use crate::claim::{Confidence, Status};
use crate::hunting::Hunt;
use crate::lookup::{Finding, Reporter};
use crate::score::RiskLevel;
use jiff::Timestamp;

/// Appends the members of `data` that are about the value, without the braces:
/// whoever answers may have more to tell. Of the sources, `limit` at most.
pub fn write_finding(out: &mut Vec<u8>, finding: &Finding, now: Timestamp, limit: usize) {
    let explanation = finding.explain(now);
    let level = finding
        .is_known()
        .then(|| RiskLevel::from_score(explanation.score));
    let reporters = finding.reporters();
    let techniques = finding.techniques();
    write_head(out, finding.value.as_str(), finding.is_known());
    out.extend_from_slice(b",\"ioc_type\":\"");
    out.extend_from_slice(finding.value.kind().as_str().as_bytes());
    out.push(b'"');
    write_risk(out, explanation.score, level);
    let status = finding.status().map(Status::as_str);
    write_text_field(out, ",\"status\":", status);
    let confidence = finding.confidence().map(Confidence::as_str);
    write_text_field(out, ",\"confidence\":", confidence);
    write_time_field(out, ",\"first_seen\":\"", finding.first_seen());
    write_time_field(out, ",\"last_seen\":\"", finding.last_seen());
    let occurrences = reporters.iter().map(|reporter| reporter.statements).sum();
    write_counts(out, occurrences, reporters.len());
    write_text_field(out, ",\"threat_type\":", finding.threat_type());
    write_text_field(out, ",\"malware_family\":", finding.malware());
    write_array(out, b",\"tags\":[", &finding.tags(), |out, tag| {
        write_string(out, tag);
    });
    write_array(out, b",\"mitre_techniques\":[", &techniques, |out, id| {
        out.extend_from_slice(b"{\"id\":");
        write_string(out, id);
        write_text_field(out, ",\"name\":", attack::name(id));
        out.push(b'}');
    });
    let told = &reporters[..reporters.len().min(limit)];
    write_array(out, b",\"sources\":[", told, write_reporter);
    if finding.is_known() {
        out.extend_from_slice(b",\"explanation\":");
        write_explanation(out, &explanation);
    }
    write_hunt(out, &Hunt::new(finding.value.as_ref(), level, &techniques));
}

/// The same of a text that is no indicator in any reading.
pub fn write_unread(out: &mut Vec<u8>, text: &str) {
    write_head(out, text, false);
    write_risk(out, 0, None);
    write_counts(out, 0, 0);
    out.extend_from_slice(b",\"tags\":[],\"mitre_techniques\":[],\"sources\":[]");
}

fn write_head(out: &mut Vec<u8>, value: &str, found: bool) {
    out.extend_from_slice(b"\"found\":");
    out.extend_from_slice(if found { b"true" } else { b"false" });
    out.extend_from_slice(b",\"ioc_value\":");
    write_string(out, value);
}

/// What nobody says anything of has no level: it may be bad all the same.
fn write_risk(out: &mut Vec<u8>, score: u8, level: Option<RiskLevel>) {
    out.extend_from_slice(b",\"risk\":{\"score\":");
    write_number(out, u64::from(score));
    out.extend_from_slice(b",\"level\":\"");
    let level = level.map_or("unknown", RiskLevel::as_str);
    out.extend_from_slice(level.as_bytes());
    out.extend_from_slice(b"\"}");
}

fn write_counts(out: &mut Vec<u8>, occurrences: usize, sources: usize) {
    out.extend_from_slice(b",\"total_occurrences\":");
    write_number(out, occurrences as u64);
    out.extend_from_slice(b",\"reporting_sources\":");
    write_number(out, sources as u64);
}

fn write_reporter(out: &mut Vec<u8>, reporter: &Reporter<'_>) {
    let statement = reporter.statement;
    out.extend_from_slice(b"{\"source_feed\":");
    write_string(out, &statement.source.title);
    out.extend_from_slice(b",\"source_category\":\"");
    out.extend_from_slice(statement.source.category.as_str().as_bytes());
    out.push(b'"');
    let reference = statement.reference.as_deref();
    write_text_field(out, ",\"reference_url\":", reference);
    write_time_field(out, ",\"first_seen\":\"", reporter.first_seen);
    write_time_field(out, ",\"last_seen\":\"", reporter.last_seen);
    out.extend_from_slice(b",\"occurrence_count\":");
    write_number(out, reporter.statements as u64);
    out.extend_from_slice(b",\"confidence\":\"");
    let confidence = Confidence::from_score(statement.confidence);
    out.extend_from_slice(confidence.as_str().as_bytes());
    out.push(b'"');
    write_text_field(out, ",\"context\":", statement.context.as_deref());
    out.extend_from_slice(b",\"status\":\"");
    out.extend_from_slice(statement.status.as_str().as_bytes());
    out.extend_from_slice(b"\",\"ioc_value\":");
    write_string(out, &statement.value);
    out.extend_from_slice(b",\"match\":{\"kind\":\"");
    out.extend_from_slice(statement.matched.kind.as_str().as_bytes());
    out.extend_from_slice(b"\",\"distance\":");
    write_number(out, u64::from(statement.matched.distance));
    out.extend_from_slice(b"}}");
}

fn write_hunt(out: &mut Vec<u8>, hunt: &Hunt) {
    out.extend_from_slice(b",\"hunting\":{\"detection_guidance\":");
    write_string(out, hunt.guidance);
    write_text_field(out, ",\"splunk_query\":", hunt.splunk.as_deref());
    write_text_field(out, ",\"kql_query\":", hunt.kusto.as_deref());
    write_text_field(out, ",\"elastic_query\":", hunt.elastic.as_deref());
    write_text_field(out, ",\"sigma\":", hunt.sigma.as_deref());
    out.push(b'}');
}

fn write_array<T>(
    out: &mut Vec<u8>,
    opening: &[u8],
    items: &[T],
    write: impl Fn(&mut Vec<u8>, &T),
) {
    out.extend_from_slice(opening);
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}
