//! What a column holds, by its name.

use crate::feed::vocabulary::{Meaning, bare, meaning};
use crate::value::Kind;

/// What a column is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Values of any type.
    Value,
    /// Values of these types.
    Typed(&'static [Kind]),
    /// Values, or what they are: publishers disagree about the word.
    Indicator,
    /// What the value is.
    Type,
    /// A name, which may be all that stands for a value.
    Name,
    Context,
    FileName,
    FirstSeen,
    LastSeen,
    Expires,
    Malware,
    Tags,
    Confidence,
    Reference,
    Port,
    Tlp,
    Technique,
    Withdrawn,
    /// Known, and of no use.
    Nothing,
}

/// Names without their signs.
const NAMES: &[(Role, &[&str])] = &[
    (
        Role::Indicator,
        &[
            "indicator",
            "indicators",
            "ioc",
            "iocs",
            "indicatorofcompromise",
        ],
    ),
    (
        Role::Value,
        &[
            "value",
            "values",
            "data",
            "observable",
            "observables",
            "artifact",
            "artefact",
            "indicatorvalue",
            "iocvalue",
            "observablevalue",
            "entity",
            "entry",
            "item",
            "element",
            "content",
            "pattern",
            "stixpattern",
            "threatvalue",
            "attributevalue",
        ],
    ),
    (
        Role::Type,
        &[
            "type",
            "indicatortype",
            "ioctype",
            "entitytype",
            "observabletype",
            "observabletypes",
            "datatype",
            "kind",
            "valuetype",
            "attributetype",
            "artifacttype",
            "class",
            "category",
            "ioccategory",
            "indicatorcategory",
            "hashtype",
        ],
    ),
    (Role::Name, &["name", "label", "title"]),
    (
        Role::Context,
        &[
            "note",
            "notes",
            "description",
            "desc",
            "comment",
            "comments",
            "context",
            "details",
            "detail",
            "info",
            "information",
            "remark",
            "remarks",
            "reason",
            "summary",
            "othercontext",
            "usage",
            "role",
            "purpose",
            "threat",
            "campaign",
            "activity",
            "stage",
            "message",
            "explanation",
            "annotation",
        ],
    ),
    (
        Role::FileName,
        &[
            "filename",
            "filenames",
            "originalfilename",
            "filepath",
            "path",
        ],
    ),
    (
        Role::FirstSeen,
        &[
            "firstseen",
            "firstseenutc",
            "firstseenat",
            "datefirstseen",
            "validfrom",
            "date",
            "dateadded",
            "dateaddedutc",
            "added",
            "addedat",
            "created",
            "createdat",
            "createddate",
            "creationdate",
            "timestamp",
            "time",
            "datetime",
            "published",
            "publishedat",
            "publicationdate",
            "discovered",
            "discoverydate",
            "detectiondate",
            "detected",
            "listed",
            "listingdate",
            "seen",
            "observed",
            "observedat",
            "submissiontime",
            "reportdate",
            "start",
            "starttime",
            "firstobserved",
        ],
    ),
    (
        Role::LastSeen,
        &[
            "lastseen",
            "lastseenutc",
            "lastseenat",
            "datelastseen",
            "lastonline",
            "updated",
            "updatedat",
            "lastupdated",
            "lastupdate",
            "modified",
            "lastmodified",
            "modifiedat",
            "lastactive",
            "lastobserved",
        ],
    ),
    (
        Role::Expires,
        &[
            "validuntil",
            "validto",
            "expires",
            "expiresat",
            "expiration",
            "expirationdate",
            "expiry",
            "expirydate",
            "end",
            "endtime",
        ],
    ),
    (
        Role::Malware,
        &[
            "malware",
            "malwarefamily",
            "malwarename",
            "family",
            "signature",
            "threatname",
            "malwareprintable",
            "malwarealias",
        ],
    ),
    (
        Role::Tags,
        &[
            "tag",
            "tags",
            "labels",
            "keywords",
            "attributetag",
            "threattype",
            "threattypes",
        ],
    ),
    (
        Role::Confidence,
        &[
            "confidence",
            "confidencelevel",
            "confidencescore",
            "iocconfidence",
            "reliability",
            "certainty",
        ],
    ),
    (
        Role::Reference,
        &[
            "reference",
            "references",
            "ref",
            "refs",
            "link",
            "links",
            "source",
            "sources",
            "sourceurl",
            "report",
            "reporturl",
            "referenceurl",
            "externalreferences",
            "blog",
            "article",
            "href",
            "permalink",
            "homepage",
            "apiroots",
            "image",
            "logo",
            "avatar",
            "schema",
        ],
    ),
    (
        Role::Port,
        &[
            "port",
            "ports",
            "dstport",
            "dport",
            "destinationport",
            "c2port",
        ],
    ),
    (Role::Tlp, &["tlp", "tlpmarking", "tlplevel", "marking"]),
    (
        Role::Technique,
        &[
            "technique",
            "techniques",
            "techniqueid",
            "techniqueids",
            "mitre",
            "mitreattack",
            "attack",
            "attackid",
            "attackids",
            "ttp",
            "ttps",
            "mitretechnique",
            "mitretechniques",
            "mitreid",
            "mitreattackid",
        ],
    ),
    (Role::Withdrawn, &["revoked", "withdrawn"]),
    (
        Role::Nothing,
        &[
            "id",
            "uuid",
            "eventid",
            "objectuuid",
            "version",
            "author",
            "reporter",
            "sha3",
            "email_domain",
        ],
    ),
];

/// What a column of this name is for; `None` if the name says nothing.
pub(super) fn role(name: &str) -> Option<Role> {
    let name = name.rsplit('.').next().unwrap_or(name);
    let word = bare(name);
    if let Some(role) = known(&word) {
        return Some(role);
    }
    match meaning(name) {
        Some(Meaning::Kinds(kinds)) => return Some(Role::Typed(kinds)),
        Some(Meaning::NoIndicator) => return Some(Role::Nothing),
        None => {}
    }
    // `Ransomware Incident IOCs`, `Attacker IP`, `ExpirationDateTime`
    let mut words = name.split(|char: char| !char.is_alphanumeric());
    if words
        .clone()
        .any(|word| known(&bare(word)) == Some(Role::Indicator))
    {
        return Some(Role::Value);
    }
    if word.contains("expir") || word.contains("validuntil") {
        return Some(Role::Expires);
    }
    if ["lastseen", "lastup", "modified"]
        .iter()
        .any(|part| word.contains(part))
    {
        return Some(Role::LastSeen);
    }
    let last = words.rfind(|word| !word.is_empty())?;
    match meaning(last) {
        Some(Meaning::Kinds(kinds)) if words.count() < MAX_WORDS => Some(Role::Typed(kinds)),
        _ => None,
    }
}

/// Words that may stand before the one that says what a column holds.
const MAX_WORDS: usize = 4;

fn known(word: &str) -> Option<Role> {
    let (role, _) = NAMES.iter().find(|(_, names)| names.contains(&word))?;
    Some(*role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_many_spellings() {
        for (names, expected) in [
            ("Indicator,IOC,iocs", Role::Indicator),
            (
                "value,Data,indicator_value,Ransomware Incident IOCs",
                Role::Value,
            ),
            (
                "type,Indicator_type,Indicator type,entity_type,observable_types",
                Role::Type,
            ),
            ("Note,Notes,description,Other context", Role::Context),
            (
                "Valid From,first_seen,First Seen (UTC),dateadded",
                Role::FirstSeen,
            ),
            ("Valid Until,expiration,ExpirationDateTime", Role::Expires),
            ("Link,reference,sources", Role::Reference),
            (
                "SHA-256,sha256_hash,details.sha256",
                Role::Typed(&[Kind::Sha256]),
            ),
            ("md5,MD5 Hash", Role::Typed(&[Kind::Md5])),
            (
                "ip,IP Address,src_ip,dst_ip",
                Role::Typed(&[Kind::Ipv4, Kind::Ipv6]),
            ),
            ("user-agent,mutex,uuid", Role::Nothing),
        ] {
            for name in names.split(',') {
                assert_eq!(role(name), Some(expected), "{name}");
            }
        }
        for name in ["", "whatever", "kill_chain"] {
            assert_eq!(role(name), None, "{name}");
        }
    }
}
