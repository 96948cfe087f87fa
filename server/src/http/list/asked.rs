//! A list as it was asked for, and as the tier allows.

use iocd_core::export::Format;
use iocd_core::export::csv::Cells;
use iocd_core::query::{Filter, Page};
use jiff::{SignedDuration, Timestamp};

use super::cursor::{Cursor, NoCursor, Place};
use super::description::{FILTERS, PARAMETERS};
use super::narrowing::{KnownSources, each_filter, read_filter};
use crate::config::Tier;
use crate::http::code::Code;
use crate::http::error::ApiError;
use crate::http::escape::encode_into;
use crate::http::parameter::Parameters;

pub(super) const PATH: &str = "/api/v1/iocs";
/// Entries on a page where the client does not say.
const DEFAULT_LIMIT: u32 = 100;
/// How long a walk through a list may take without losing the end of it to the
/// tier's lookback.
const WALK: SignedDuration = SignedDuration::from_hours(1);

/// The list as it was asked for.
pub(in crate::http) struct Asked {
    /// As the client stated it.
    pub(super) stated: Filter,
    /// As it is applied: `since` may be the tier's lookback.
    pub(super) filter: Filter,
    pub(super) page: Page,
    pub(super) format: Format,
    /// Whether the client named the format: then what it accepts besides does
    /// not matter.
    pub(super) format_given: bool,
    pub(super) cells: Cells,
    pub(super) include_removed: bool,
    pub(super) cursor: Option<Cursor>,
}

impl Asked {
    pub(in crate::http) fn read(
        query: Option<&str>,
        api_key: bool,
        tier: &Tier,
        now: Timestamp,
        known: KnownSources<'_>,
    ) -> Result<Asked, ApiError> {
        let cap = tier.results;
        let mut asked = Asked {
            stated: Filter::default(),
            filter: Filter::default(),
            page: Page {
                offset: 0,
                limit: DEFAULT_LIMIT.min(cap),
            },
            format: Format::default(),
            format_given: false,
            cells: Cells::default(),
            include_removed: false,
            cursor: None,
        };
        let mut offset_given = false;
        let mut parameters = Parameters::new(query, &PARAMETERS, api_key);
        while let Some(parameter) = parameters.next()? {
            match parameter.name {
                "limit" => {
                    let limit = parameter.number()?.min(u64::from(cap));
                    asked.page.limit = u32::try_from(limit).unwrap_or(cap);
                }
                "offset" => {
                    asked.page.offset = parameter.number()?;
                    offset_given = true;
                }
                "format" => {
                    asked.format = parameter.one_of(|text| text.parse().ok())?;
                    asked.format_given = true;
                }
                "raw" => {
                    asked.cells = if parameter.switch()? {
                        Cells::Raw
                    } else {
                        Cells::Guarded
                    };
                }
                "include_removed" => asked.include_removed = parameter.switch()?,
                "cursor" => {
                    let text = parameter.text()?;
                    let expected = "a cursor from links.next or links.delta, unchanged";
                    let cursor = Cursor::decode(&text)
                        .map_err(|NoCursor| ApiError::invalid("cursor", &text, expected))?;
                    asked.cursor = Some(cursor);
                }
                _ => read_filter(&mut asked.stated, parameter, known)?,
            }
        }
        if asked.cursor.is_some() {
            asked.take_cursor(offset_given, known)?;
        }
        if asked.include_removed && asked.format != Format::Json {
            let expected = "format=json with include_removed=true";
            return Err(ApiError::invalid("format", asked.format.as_str(), expected));
        }
        asked.filter = asked.stated.clone();
        if let Some(days) = tier.lookback_days {
            let earliest = asked
                .begun_at(now)
                .checked_sub(SignedDuration::from_hours(24 * i64::from(days)))
                .unwrap_or(Timestamp::MIN);
            asked.filter.since = asked.filter.since.max(Some(earliest));
        }
        Ok(asked)
    }

    /// When the first page was told, from which the lookback counts: all pages
    /// of a walk are of one list. A cursor that is kept for longer, or made up,
    /// looks back no further; what it misses is at the end of the list.
    fn begun_at(&self, now: Timestamp) -> Timestamp {
        match self.cursor.as_ref().map(|cursor| cursor.place) {
            Some(Place::Page { at, .. }) => at.max(now.checked_sub(WALK).unwrap_or(at)),
            _ => now,
        }
    }

    /// Goes on from a place: with its filters, and no others.
    fn take_cursor(&mut self, offset_given: bool, known: KnownSources<'_>) -> Result<(), ApiError> {
        let Some(cursor) = &self.cursor else {
            return Ok(());
        };
        let mut filter = Filter::default();
        let mut parameters = Parameters::new(Some(&cursor.filters), FILTERS, false);
        while let Some(parameter) = parameters.next()? {
            read_filter(&mut filter, parameter, known)?;
        }
        let expected = "a cursor alone, or beside the filters that it was given for";
        let is_other = self.stated != Filter::default() && self.stated != filter;
        if is_other || offset_given {
            return Err(ApiError::invalid("cursor", &cursor.encode(), expected));
        }
        if let Place::Page { offset, .. } = cursor.place {
            self.page.offset = offset;
        }
        self.stated = filter;
        Ok(())
    }

    /// The filters as stated, as a query string.
    pub(super) fn filters(&self) -> String {
        let mut text = String::new();
        each_filter(&self.stated, &mut |name, value| {
            if !text.is_empty() {
                text.push('&');
            }
            text.push_str(name);
            text.push('=');
            encode_into(&mut text, value);
        });
        text
    }

    /// This list, to be asked for from a place on; as it was asked for if none
    /// is given.
    pub(super) fn link(&self, cursor: Option<&Cursor>) -> String {
        let limit = self.page.limit;
        let filters = self.filters();
        let mut link = if let Some(cursor) = cursor.or(self.cursor.as_ref()) {
            format!("{PATH}?limit={limit}&cursor={}", cursor.encode())
        } else {
            let and = if filters.is_empty() { "" } else { "&" };
            format!(
                "{PATH}?limit={limit}&offset={}{and}{filters}",
                self.page.offset
            )
        };
        if self.include_removed {
            link.push_str("&include_removed=true");
        }
        if self.format != Format::Json {
            link.push_str("&format=");
            link.push_str(self.format.as_str());
        }
        if self.cells == Cells::Raw {
            link.push_str("&raw=true");
        }
        link
    }

    /// The cursor means nothing in this store any more.
    pub(super) fn cursor_expired(&self) -> ApiError {
        let filters = self.filters();
        let query = if filters.is_empty() { "" } else { "?" };
        let message = format!(
            "The store has been restored, or its history was shortened, since this cursor was \
             given. Start anew with {PATH}{query}{filters}."
        );
        ApiError::new(Code::CursorExpired, message).about("cursor")
    }
}
