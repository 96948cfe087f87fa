//! Which articles are waiting for their pages, for their feeds have only a
//! summary of them.
//!
//! An item is kept until its page was read or given up, so that pages do not
//! need the feed's document again. What was read is noted with the epoch of the
//! claim store: another store has not heard what the page says.

use iocd_core::article::Article;
use iocd_core::article::syndication::Item;
use iocd_core::claim::Source;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use super::recording::record_one;
use super::{Articles, ArticlesError};

/// Attempts at a page before it is given up.
const MAX_ATTEMPTS: u32 = 4;
/// After which time a page is tried again first; then four times that, and so on.
const FIRST_PAUSE: SignedDuration = SignedDuration::from_hours(1);
/// After which time a page that was read or given up is read anew at the
/// earliest, where the feed tells of the article otherwise than before.
const READ_AGAIN: SignedDuration = SignedDuration::from_hours(24);
/// Pages that a feed has waiting: more, and the oldest articles go without.
const MAX_WAITING: i64 = 500;
/// Longest item that is kept, as JSON, in bytes: markup without text may be longer.
const MAX_ITEM: usize = 64 << 10;

/// An article whose page is to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The article's id.
    pub article: String,
    /// What its feed says of it.
    pub item: Item,
}

/// What is known of an article's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageState {
    /// It was not read.
    Unread,
    /// What the article is here comes from its page.
    Read {
        /// Of the claim store that has its claims.
        epoch: u64,
    },
}

/// A page whose time has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DuePage {
    /// Of which article.
    pub wanted: Wanted,
    /// How often it was tried in vain.
    pub attempts: u32,
}

impl Articles {
    /// What is known of an article's page.
    pub fn page_state(&self, article: &str) -> Result<PageState, ArticlesError> {
        let connection = self.connection();
        let mut find = connection
            .prepare_cached("SELECT epoch FROM pages WHERE article = ?1 AND read_at IS NOT NULL")?;
        let epoch: Option<i64> = find.query_row([article], |row| row.get(0)).optional()?;
        Ok(epoch.map_or(PageState::Unread, |epoch| PageState::Read {
            epoch: epoch.cast_unsigned(),
        }))
    }

    /// Has pages waited for, but for those that were read or given up and whose
    /// items say what they said then. `epoch`: of the claim store.
    pub fn want_pages(
        &self,
        source: &Source,
        wanted: &[Wanted],
        epoch: u64,
        now: Timestamp,
    ) -> Result<(), ArticlesError> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        for wanted in wanted {
            want(&transaction, source, wanted, epoch, now)?;
        }
        // Nobody waits for what has no end.
        transaction.execute(
            "UPDATE pages SET item = NULL, due_at = NULL WHERE article IN (
                 SELECT pages.article FROM pages JOIN articles ON articles.id = pages.article
                 WHERE pages.source = ?1 AND due_at IS NOT NULL
                 ORDER BY published_at DESC, sequence DESC LIMIT -1 OFFSET ?2)",
            params![source.name, MAX_WAITING],
        )?;
        transaction.commit()?;
        Ok(())
    }

    /// The pages of a source that are due, those of the newest articles first.
    pub fn due_pages(
        &self,
        source: &str,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<DuePage>, ArticlesError> {
        let connection = self.connection();
        let mut find = connection.prepare_cached(
            "SELECT article, item, attempts FROM pages JOIN articles ON articles.id = article
             WHERE pages.source = ?1 AND due_at <= ?2 AND archived_at IS NULL
             ORDER BY published_at DESC, sequence DESC LIMIT ?3",
        )?;
        let rows = find.query_map(params![source, now.as_millisecond(), limit], |row| {
            let item: String = row.get(1)?;
            let item = serde_json::from_str(&item).map_err(|error| {
                rusqlite::Error::FromSqlConversionFailure(
                    1,
                    rusqlite::types::Type::Text,
                    error.into(),
                )
            })?;
            let article = row.get(0)?;
            Ok(DuePage {
                wanted: Wanted { article, item },
                attempts: row.get(2)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Takes up an article as its page has it. After the claims of it, as with
    /// [`record`](Articles::record): then it is not read again.
    pub fn record_page(
        &self,
        source: &Source,
        page: &DuePage,
        article: &Article,
        epoch: u64,
        now: Timestamp,
    ) -> Result<(), ArticlesError> {
        let mut connection = self.connection();
        let transaction = connection.transaction()?;
        record_one(&transaction, source, article, now)?;
        transaction.execute(
            "UPDATE pages SET item = NULL, attempts = 0, due_at = NULL, epoch = ?2,
                              tried_at = ?3, read_at = ?3 WHERE article = ?1",
            params![
                page.wanted.article,
                epoch.cast_signed(),
                now.as_millisecond()
            ],
        )?;
        transaction.commit()?;
        Ok(())
    }

    /// Notes that a page could not be read. It is tried again some times, each
    /// after a longer while. Gives whether it will be. `epoch`: of the claim
    /// store; where that has no claims of the page, the article is then what
    /// its feed says.
    pub fn page_failed(
        &self,
        page: &DuePage,
        epoch: u64,
        now: Timestamp,
    ) -> Result<bool, ArticlesError> {
        let attempts = page.attempts + 1;
        let is_given_up = attempts >= MAX_ATTEMPTS;
        let pause = FIRST_PAUSE * 4_i32.pow(page.attempts.min(MAX_ATTEMPTS));
        let due = (!is_given_up).then(|| after(now, pause));
        self.connection().execute(
            "UPDATE pages SET attempts = ?2, due_at = ?3, tried_at = ?4,
                              item = CASE WHEN ?3 IS NULL THEN NULL ELSE item END,
                              read_at = CASE WHEN ?3 IS NULL AND epoch <> ?5 THEN NULL ELSE read_at END
             WHERE article = ?1",
            params![
                page.wanted.article,
                attempts,
                due,
                now.as_millisecond(),
                epoch.cast_signed()
            ],
        )?;
        Ok(!is_given_up)
    }

    /// Has none of a source's pages asked for until then: its server said so.
    pub fn postpone_pages(&self, source: &str, until: Timestamp) -> Result<(), ArticlesError> {
        self.connection().execute(
            "UPDATE pages SET due_at = max(due_at, ?2) WHERE source = ?1 AND due_at IS NOT NULL",
            params![source, until.as_millisecond()],
        )?;
        Ok(())
    }
}

fn want(
    transaction: &Transaction<'_>,
    source: &Source,
    wanted: &Wanted,
    epoch: u64,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let item = serde_json::to_string(&wanted.item).expect("an item is texts and times");
    if item.len() > MAX_ITEM {
        return Ok(());
    }
    let digest = digest(&wanted.item);
    let epoch = epoch.cast_signed();
    if let Some(due) = due_of(transaction, &wanted.article, &digest, epoch, now)? {
        // An item that changes while it waits has the attempts that it had.
        transaction
            .prepare_cached(
                "INSERT INTO pages (article, source, item, digest, epoch, due_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (article) DO UPDATE SET
                     attempts = CASE WHEN due_at IS NULL THEN 0 ELSE attempts END,
                     item = excluded.item, digest = excluded.digest, due_at = excluded.due_at",
            )?
            .execute(params![
                wanted.article,
                source.name,
                item,
                digest,
                epoch,
                due
            ])?;
    }
    Ok(())
}

/// When a page is to be read; `None` where what is known of it holds.
fn due_of(
    connection: &Connection,
    article: &str,
    digest: &[u8],
    epoch: i64,
    now: Timestamp,
) -> rusqlite::Result<Option<i64>> {
    type Known = (Vec<u8>, i64, Option<i64>, Option<i64>, bool);
    let mut find = connection.prepare_cached(
        "SELECT digest, epoch, due_at, tried_at, read_at IS NOT NULL FROM pages WHERE article = ?1",
    )?;
    let known: Option<Known> = find
        .query_row([article], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
            ))
        })
        .optional()?;
    let now_or_later = |tried_at: Option<i64>| {
        let tried_at = tried_at.and_then(|at| Timestamp::from_millisecond(at).ok());
        let again = tried_at.map_or(i64::MIN, |at| after(at, READ_AGAIN));
        again.max(now.as_millisecond())
    };
    Ok(match known {
        None => Some(now.as_millisecond()),
        // The claims of the page are in another store.
        Some((_, of, None, _, true)) if of != epoch => Some(now.as_millisecond()),
        Some((known, _, _, _, _)) if known == digest => None,
        Some((_, _, Some(due), _, _)) => Some(due),
        Some((_, _, None, tried_at, _)) => Some(now_or_later(tried_at)),
    })
}

/// Of what an item says, but for its guid and its tags.
fn digest(item: &Item) -> Vec<u8> {
    let updated = item.updated.map(|at| at.to_string()).unwrap_or_default();
    let said = [
        &*item.title,
        &item.link,
        &item.summary.text,
        &item.content.text,
        &updated,
    ];
    blake3::hash(said.join("\0").as_bytes()).as_bytes()[..16].to_vec()
}

/// In milliseconds since 1970.
fn after(time: Timestamp, span: SignedDuration) -> i64 {
    let later = time.checked_add(span).unwrap_or(Timestamp::MAX);
    later.as_millisecond()
}

#[cfg(test)]
mod tests;
