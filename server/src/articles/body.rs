//! What an article has of lists, as it is stored: JSON.

use iocd_core::article::{Article, Indicator};
use serde::{Deserialize, Serialize};

/// The lists of an article, see [`Article`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[allow(missing_docs)] // as in Article
pub struct Body {
    pub tags: Vec<String>,
    pub sectors: Vec<String>,
    pub actors: Vec<String>,
    pub malware: Vec<String>,
    pub cves: Vec<String>,
    pub techniques: Vec<String>,
    pub indicators: Vec<Indicator>,
}

impl Body {
    pub(super) fn of(article: &Article) -> Body {
        Body {
            tags: article.tags.clone(),
            sectors: article.sectors.clone(),
            actors: article.actors.clone(),
            malware: article.malware.clone(),
            cves: article.cves.clone(),
            techniques: article.techniques.clone(),
            indicators: article.indicators.clone(),
        }
    }

    /// Indicators and CVEs together.
    pub fn accused(&self) -> usize {
        self.indicators.len() + self.cves.len()
    }

    /// By what filters find the article: kind and name, in lower case.
    pub(super) fn labels(&self) -> impl Iterator<Item = (&'static str, String)> {
        let lists = [
            ("tag", &self.tags),
            ("sector", &self.sectors),
            ("actor", &self.actors),
            ("malware", &self.malware),
            ("cve", &self.cves),
            ("technique", &self.techniques),
        ];
        lists
            .into_iter()
            .flat_map(|(kind, names)| names.iter().map(move |name| (kind, name.to_lowercase())))
    }
}
