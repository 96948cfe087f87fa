//! What else belongs to an answer: entries that share an article, a file, a
//! malware family or a campaign with it.

use crate::query::{Entry, Match, MatchKind};
use crate::value::hash::kind_of_length;
use crate::value::{Kind, Value, ValueRef};

/// Related entries that are told at most.
pub const MAX_RELATED: usize = 10;
/// Entries of an answer whose ties are followed, the first ones.
const ANCHORS: usize = 10;
/// Campaigns that are followed.
const MAX_CAMPAIGNS: usize = 10;

/// What ties two entries, the closest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Tie {
    /// Read from the same article.
    Article = 0,
    /// Hashes of one file.
    File = 1,
    /// Of one malware family.
    Malware = 2,
    /// Of one campaign.
    Campaign = 3,
}

impl Tie {
    /// How an entry that is tied so is labelled.
    pub const fn matched(self) -> Match {
        let kind = match self {
            Tie::Article => MatchKind::SameArticle,
            Tie::File => MatchKind::SameFile,
            Tie::Malware => MatchKind::SameMalware,
            Tie::Campaign => MatchKind::SameCampaign,
        };
        Match { kind, distance: 0 }
    }
}

/// The ties of an answer's first entries. A store tells for them, tie by tie,
/// the newest active entries about other values, of each value one, up to
/// [`MAX_RELATED`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ties {
    /// What the answer is about: not related to itself.
    pub answered: Vec<Value>,
    /// Ids of articles.
    pub articles: Vec<String>,
    /// Other hashes of the files.
    pub files: Vec<Value>,
    /// Malware families; ASCII letter case does not matter.
    pub malware: Vec<String>,
    /// Tags that name campaigns; ASCII letter case does not matter.
    pub campaigns: Vec<String>,
    entries: usize,
}

impl Ties {
    /// Takes in an entry of the answer.
    pub fn add(&mut self, entry: &Entry<'_>) {
        self.entries += 1;
        if self.entries > ANCHORS {
            return;
        }
        let value = ValueRef {
            kind: entry.kind,
            text: entry.value,
        };
        add(&mut self.answered, value.to_value());
        if let Some(article) = &entry.article {
            add(&mut self.articles, article.id.clone());
        }
        let texts = entry.context.iter().chain(&entry.references).copied();
        for hash in other_hashes(value, texts) {
            add(&mut self.files, hash);
        }
        if let Some(malware) = entry.malware {
            add(&mut self.malware, malware.to_ascii_lowercase());
        }
        for tag in entry.tags.iter().filter(|tag| is_campaign(tag)) {
            if self.campaigns.len() < MAX_CAMPAIGNS {
                add(&mut self.campaigns, tag.to_ascii_lowercase());
            }
        }
    }

    /// Whether nothing can be tied.
    pub fn is_empty(&self) -> bool {
        self.articles.is_empty()
            && self.files.is_empty()
            && self.malware.is_empty()
            && self.campaigns.is_empty()
    }
}

fn add<T: PartialEq>(list: &mut Vec<T>, item: T) {
    if !list.contains(&item) {
        list.push(item);
    }
}

/// Whether a tag names a campaign: `campaign:name`, also with another sign
/// behind the word, and `misp-galaxy:campaign="name"`.
pub fn is_campaign(tag: &str) -> bool {
    const WORD: &str = "campaign";
    let begins = |text: &str| {
        text.get(..WORD.len())
            .is_some_and(|word| word.eq_ignore_ascii_case(WORD))
            && matches!(
                text.as_bytes()[WORD.len()..],
                [b':' | b'=' | b'-' | b'_' | b'/' | b' ', _, ..]
            )
    };
    begins(tag) || tag.split_once(':').is_some_and(|(_, rest)| begins(rest))
}

/// The other hashes of the file that a hash is of, as the claim's own words
/// name them (feeds that give several hashes of a file name each beside the
/// others). Where they name two of one type, it is not known whose they are.
pub fn other_hashes<'a>(value: ValueRef<'_>, texts: impl Iterator<Item = &'a str>) -> Vec<Value> {
    let mut named: Vec<(Kind, &str)> = Vec::new();
    if !is_hash(value.kind) {
        return Vec::new();
    }
    for text in texts {
        for run in text.split(|c: char| !c.is_ascii_alphanumeric()) {
            if let Some(kind) = kind_of_length(run.len())
                && run.bytes().all(|byte| byte.is_ascii_hexdigit())
                && !named
                    .iter()
                    .any(|(_, known)| known.eq_ignore_ascii_case(run))
            {
                named.push((kind, run));
                // One of each type, and one more to see that it is too many.
                if named.len() > 8 {
                    return Vec::new();
                }
            }
        }
    }
    named.retain(|(_, run)| !run.eq_ignore_ascii_case(value.text));
    let is_ambiguous = named.iter().enumerate().any(|(at, (kind, _))| {
        *kind == value.kind || named[..at].iter().any(|(earlier, _)| earlier == kind)
    });
    if is_ambiguous {
        return Vec::new();
    }
    named
        .into_iter()
        .filter_map(|(kind, run)| Value::parse(kind, run).ok())
        .collect()
}

fn is_hash(kind: Kind) -> bool {
    matches!(kind, Kind::Md5 | Kind::Sha1 | Kind::Sha256 | Kind::Sha512)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_name_campaigns() {
        for tag in [
            "campaign:worm",
            "Campaign-2026",
            "campaign=x",
            "misp-galaxy:campaign=\"x\"",
        ] {
            assert!(is_campaign(tag), "{tag}");
        }
        for tag in [
            "campaign",
            "campaign:",
            "campaigns",
            "campaigner",
            "my-campaign",
            "\u{e4}",
        ] {
            assert!(!is_campaign(tag), "{tag}");
        }
    }

    #[test]
    fn hashes_named_beside_each_other_are_of_one_file() {
        let [md5, sha1, sha256] = [("a", 32), ("b", 40), ("c", 64)].map(|(c, n)| c.repeat(n));
        let context = format!("Malware sample x.exe, MD5 {md5}, SHA-1 {sha1}");
        let reference = format!("https://example.com/sample/{sha256}/");
        let found = |kind, text: &str, texts: &[&str]| -> Vec<String> {
            other_hashes(ValueRef { kind, text }, texts.iter().copied())
                .iter()
                .map(|value| value.as_str().to_owned())
                .collect()
        };
        let texts = [context.as_str(), reference.as_str()];
        assert_eq!(
            found(Kind::Md5, &md5, &texts),
            [sha1.clone(), sha256.clone()]
        );
        assert_eq!(
            found(Kind::Sha256, &sha256, &texts),
            [md5.clone(), sha1.clone()]
        );
        assert!(found(Kind::Domain, "example.com", &texts).is_empty());
        let other = format!("see {}", "d".repeat(64));
        assert!(found(Kind::Md5, &md5, &[&context, &reference, &other]).is_empty());
        assert!(found(Kind::Sha256, &sha256, &[&other]).is_empty());
    }
}
