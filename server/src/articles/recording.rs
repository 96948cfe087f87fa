//! Articles into the store.

use iocd_core::article::Article;
use iocd_core::claim::Source;
use iocd_core::claim::held::Outcome;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension as _, Transaction, params};

use super::body::Body;
use super::{Articles, ArticlesError};

impl Articles {
    /// Takes up articles of one source, all or none; tells of each whether it
    /// is new, says something else than before, or is known.
    pub fn record(
        &self,
        source: &Source,
        articles: &[Article],
        now: Timestamp,
    ) -> Result<Vec<Outcome>, ArticlesError> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        let recorded = articles
            .iter()
            .map(|article| record_one(&transaction, source, article, now))
            .collect::<Result<_, _>>()?;
        transaction.commit()?;
        Ok(recorded)
    }

    /// Archives what was first read before the time for which lists have an
    /// article; gives how many.
    pub fn archive_old(
        &self,
        kept: SignedDuration,
        now: Timestamp,
    ) -> Result<usize, ArticlesError> {
        let cutoff = now.checked_sub(kept).unwrap_or(Timestamp::MIN);
        let archived = self.connection().execute(
            "UPDATE articles SET archived_at = ?2 WHERE archived_at IS NULL AND fetched_at < ?1",
            params![cutoff.as_millisecond(), now.as_millisecond()],
        )?;
        Ok(archived)
    }
}

pub(super) fn record_one(
    transaction: &Transaction<'_>,
    source: &Source,
    article: &Article,
    now: Timestamp,
) -> Result<Outcome, ArticlesError> {
    let body = Body::of(article);
    let json = serde_json::to_string(&body).expect("lists of texts are JSON");
    let digest = digest(article, &json);
    let mut find =
        transaction.prepare_cached("SELECT sequence, digest FROM articles WHERE id = ?1")?;
    let known: Option<(i64, Vec<u8>)> = find
        .query_row([&article.id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let now = now.as_millisecond();
    let (sequence, outcome) = match known {
        Some((_, stored)) if stored == digest => return Ok(Outcome::Unchanged),
        Some((sequence, _)) => (Some(sequence), Outcome::Merged),
        None => (None, Outcome::Added),
    };
    let published = article.published_at.map_or(now, Timestamp::as_millisecond);
    // When it was published and first read stays as it was.
    let mut put = transaction.prepare_cached(
        "INSERT INTO articles (sequence, id, source, source_name, title, url, published_at, fetched_at,
                               modified_at, change, summary, topic, severity, indicators, body, digest)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?8,
                 (SELECT coalesce(max(change), 0) + 1 FROM articles), ?9, ?10, ?11, ?12, ?13, ?14)
         ON CONFLICT (id) DO UPDATE SET
             source_name = excluded.source_name, title = excluded.title, url = excluded.url,
             modified_at = excluded.modified_at, change = excluded.change,
             summary = excluded.summary, topic = excluded.topic, severity = excluded.severity,
             indicators = excluded.indicators, body = excluded.body, digest = excluded.digest
         RETURNING sequence",
    )?;
    let indicators = i64::try_from(body.accused()).unwrap_or(i64::MAX);
    let values = params![
        sequence,
        article.id,
        source.name,
        source.title,
        article.title,
        article.url,
        published.min(now),
        now,
        article.summary,
        article.topic.as_str(),
        article.severity,
        indicators,
        json,
        digest,
    ];
    let sequence: i64 = put.query_row(values, |row| row.get(0))?;
    index(
        transaction,
        sequence,
        article,
        &body,
        outcome == Outcome::Merged,
    )?;
    Ok(outcome)
}

/// What filters and the full-text search find it by.
fn index(
    transaction: &Transaction<'_>,
    sequence: i64,
    article: &Article,
    body: &Body,
    was_known: bool,
) -> rusqlite::Result<()> {
    if was_known {
        transaction.execute("DELETE FROM labels WHERE article = ?1", [sequence])?;
        transaction.execute("DELETE FROM articles_text WHERE rowid = ?1", [sequence])?;
    }
    let mut label = transaction
        .prepare_cached("INSERT OR IGNORE INTO labels (kind, name, article) VALUES (?1, ?2, ?3)")?;
    for (kind, name) in body.labels() {
        label.execute(params![kind, name, sequence])?;
    }
    transaction
        .prepare_cached(
            "INSERT INTO articles_text (rowid, title, summary, tags) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            sequence,
            article.title,
            article.summary,
            body.tags.join(", ")
        ])?;
    Ok(())
}

/// Of everything that an article says here.
fn digest(article: &Article, body: &str) -> Vec<u8> {
    let mut hasher = blake3::Hasher::new();
    let parts = [
        &*article.title,
        &article.url,
        &article.summary,
        article.topic.as_str(),
        body,
    ];
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.update(&[article.severity]);
    hasher.finalize().as_bytes()[..16].to_vec()
}
