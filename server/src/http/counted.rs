//! Counts of the whole store, which are kept for a few seconds.

use std::sync::Arc;

use iocd_core::query::Stats;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;

use super::App;
use super::apart::run_at_once;
use super::error::ApiError;
use crate::store::{ClaimStore, StoreError};

/// How old counts may be that are told.
const FRESH_FOR: SignedDuration = SignedDuration::from_secs(5);

/// Counts, and when they were taken.
pub(super) struct Counted {
    pub(super) stats: Stats,
    pub(super) at: Timestamp,
}

/// The latest counts. Locked while they are taken: nobody counts beside.
#[derive(Default)]
pub(super) struct Counter(Arc<Mutex<Option<Arc<Counted>>>>);

impl Counter {
    /// Counts of now, or of a few seconds ago.
    pub(super) async fn counted<S: ClaimStore>(
        &self,
        app: &App<S>,
        now: Timestamp,
    ) -> Result<Arc<Counted>, ApiError> {
        let mut latest = Arc::clone(&self.0).lock_owned().await;
        if let Some(counted) = &*latest {
            let age = now.duration_since(counted.at);
            if !age.is_negative() && age < FRESH_FOR {
                return Ok(Arc::clone(counted));
            }
        }
        let store = Arc::clone(&app.store);
        // Held until it is done, also where the client has gone; nobody has to
        // wait for a turn behind questions that walk.
        run_at_once(async move {
            let stats = store.stats(now).await?;
            let counted = Arc::new(Counted { stats, at: now });
            *latest = Some(Arc::clone(&counted));
            Ok::<_, StoreError>(counted)
        })
        .await
    }
}
