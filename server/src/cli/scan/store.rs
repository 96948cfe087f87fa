//! Who is asked about values: the store in this process, or a server.

use std::collections::HashSet;

use iocd_core::query::{Page, Question, Reach, StatusFilter};
use iocd_core::value::{Kind, Value};
use jiff::Timestamp;
use serde_json::Value as Json;

use super::ScanError;
use crate::cli::respondent::Respondent;
use crate::operation::Operation;
use crate::owner::Owner;
use crate::scan::Members;

/// The store, here or behind a server.
pub(super) struct Store<'a> {
    pub(super) respondent: &'a Respondent,
    pub(super) filter: StatusFilter,
    pub(super) status: Option<String>,
    pub(super) now: Timestamp,
}

/// Bytes of values in one request to a server.
const MAX_REQUEST: usize = 1 << 19;

impl Store<'_> {
    /// What is known about values, each known one once.
    pub(super) fn describe(&self, values: Vec<(Kind, String)>) -> Result<Vec<Json>, ScanError> {
        let owner = match self.respondent {
            Respondent::Owner(owner) => owner,
            Respondent::Server(client) => {
                let told = values.iter().filter_map(|(kind, value)| {
                    let described = client.describe(*kind, value, self.status.as_deref());
                    described.transpose()
                });
                return Ok(told.collect::<Result<_, _>>()?);
            }
        };
        let answer = owner.perform(Operation::Known {
            values,
            status: self.status.clone(),
        })?;
        Ok(match answer {
            Json::Array(known) => known,
            _ => Vec::new(),
        })
    }
}

impl Members for Store<'_> {
    type Error = ScanError;

    fn is_known(&self, value: &Value) -> Result<Option<bool>, ScanError> {
        let Respondent::Owner(Owner::Here(node, _)) = self.respondent else {
            return Ok(None);
        };
        let question = Question {
            readings: std::slice::from_ref(value),
            reach: Reach::Scope,
            status: self.filter,
            page: Page {
                offset: 0,
                limit: 1,
            },
            now: self.now,
            as_of: false,
        };
        Ok(Some(node.store.index().knows(&question)?))
    }

    fn known_of(&self, values: Vec<Value>) -> Result<HashSet<Value>, ScanError> {
        if let Respondent::Server(client) = self.respondent {
            let known = client.known_of(values, self.status.as_deref())?;
            return Ok(known.into_iter().collect());
        }
        let mut known = HashSet::new();
        let mut values = values.into_iter().peekable();
        while values.peek().is_some() {
            let mut size = 0;
            let request: Vec<(Kind, String)> = std::iter::from_fn(|| {
                values.next_if(|value| {
                    size += value.as_str().len() + 24;
                    size <= MAX_REQUEST
                })
            })
            .map(|value| (value.kind(), value.as_str().to_owned()))
            .collect();
            for told in self.describe(request)? {
                let kind = told["type"].as_str().and_then(|kind| kind.parse().ok());
                let text = told["value"].as_str();
                if let (Some(kind), Some(text)) = (kind, text)
                    && let Ok(value) = Value::parse(kind, text)
                {
                    known.insert(value);
                }
            }
        }
        Ok(known)
    }
}
