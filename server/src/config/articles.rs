//! What the article store keeps.

use std::fmt::Write as _;

use jiff::SignedDuration;
use serde::Deserialize;

use super::ConfigError;

const HOURS_A_DAY: i64 = 24;

/// What the article store keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArticleSettings {
    /// Days after which an article is archived: left out of lists.
    pub archive_after: u16,
}

impl Default for ArticleSettings {
    fn default() -> Self {
        ArticleSettings { archive_after: 730 }
    }
}

/// The table `[articles]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WrittenArticles {
    /// See [`ArticleSettings::archive_after`]: a number and `d`, `730d`.
    pub archive_after: Option<String>,
}

impl WrittenArticles {
    pub(super) fn overridden_by(self, other: WrittenArticles) -> WrittenArticles {
        WrittenArticles {
            archive_after: other.archive_after.or(self.archive_after),
        }
    }

    pub(super) fn resolve(self) -> Result<ArticleSettings, ConfigError> {
        let Some(text) = self.archive_after else {
            return Ok(ArticleSettings::default());
        };
        let days = text.trim().strip_suffix('d').map(str::parse);
        let Some(Ok(archive_after @ 1..)) = days else {
            return Err(ConfigError::Value {
                key: "articles.archive_after".into(),
                given: text,
                expected: "days, 1d to 65535d".into(),
            });
        };
        Ok(ArticleSettings { archive_after })
    }
}

impl ArticleSettings {
    /// How long lists have an article.
    pub fn kept(self) -> SignedDuration {
        SignedDuration::from_hours(i64::from(self.archive_after) * HOURS_A_DAY)
    }

    pub(super) fn write_toml(self, out: &mut String) {
        let days = self.archive_after;
        writeln!(out, "\n[articles]\narchive_after = \"{days}d\"")
            .expect("writing to a String cannot fail");
    }
}
