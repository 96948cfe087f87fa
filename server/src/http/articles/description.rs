//! What the routes of articles take and answer.

use iocd_core::article::{Severity, Topic};
use iocd_core::sector::SECTORS;
use serde_json::{Value as Json, json};

use super::asked::Format;
use super::fields::EXPANSIONS;
use crate::articles::Sort;
use crate::http::code::Code;
use crate::http::describe::schema::{
    always, list, maybe, number, object, one_of, or_null, percent, shared, switch, text, texts,
    time,
};
use crate::http::describe::{Example, Form, Operation, Tag};
use crate::http::parameter::{Known, Shape, join};
use crate::http::sealed::MAX_TEXT;

/// Longest text that is searched for, in characters.
pub(super) const MAX_NAME: usize = 200;

const fn severity(name: &'static str, meaning: &'static str) -> Known {
    let names = || Severity::ALL.map(Severity::as_str).to_vec();
    Known::new(name, Shape::OneOf(names), meaning)
}

/// What narrows a list.
pub(super) const FILTERS: &[Known] = &[
    Known::new(
        "q",
        Shape::Label(MAX_NAME),
        "Words that title, summary or tags have, all of them; `ransom*` stands for words that begin so.",
    )
    .example("ransomware"),
    Known::new(
        "category",
        Shape::OneOf(|| Topic::ALL.map(Topic::as_str).to_vec()),
        "Only articles about this.",
    )
    .example("vulnerabilities"),
    severity("severity", "Only with this label.").example("critical"),
    severity("min_severity", "Only with this label or a higher one.").example("high"),
    Known::new(
        "since",
        Shape::Time,
        "Only published at this time or later. What is before the tier's lookback becomes that, and \
         `meta.filters.since` tells.",
    )
    .example("2026-01-02T03:04:05Z"),
    Known::new(
        "modified_since",
        Shape::Time,
        "Only added or changed in this store at this time or later.",
    )
    .example("2026-01-02"),
    Known::new(
        "has_iocs",
        Shape::Switch,
        "Only with indicators or CVEs, or only without.",
    )
    .example("true"),
    Known::new(
        "threat_actor",
        Shape::Label(MAX_NAME),
        "Only naming this group, by any of its known names, in any letter case.",
    )
    .example("APT28"),
    Known::new(
        "industry",
        Shape::OneOf(|| SECTORS.to_vec()),
        "Only about this sector of industry, by CISA's names.",
    )
    .example("energy"),
    Known::new(
        "mitre_technique",
        Shape::Pattern("^T[0-9]{4}(\\.[0-9]{3})?$", "ATT&CK id of a technique"),
        "Only naming this technique of ATT&CK or one of its sub-techniques.",
    )
    .example("T1059"),
];

/// How a list is told.
const TELLING: &[Known] = &[
    Known::new(
        "limit",
        Shape::Number(1),
        "Articles on a page. More than the key's tier allows, or 1,000, is reduced, and `meta.limit` \
         tells.",
    )
    .default("30")
    .example("10"),
    Known::new(
        "cursor",
        Shape::Text(MAX_TEXT),
        "A place in a list, from `meta.next_cursor`, unchanged: alone, or beside the filters and the \
         order that it was given for.",
    ),
    Known::new(
        "expand",
        Shape::Pattern(
            "^(iocs|cves|threat_actors|mitre)(,(iocs|cves|threat_actors|mitre))*$",
            "names with commas between them: iocs, cves, threat_actors, mitre",
        ),
        "Also tells these of each article.",
    )
    .example("iocs,cves"),
    Known::new(
        "fields",
        Shape::Pattern(
            "^(id|title|url|source_name|published_at|fetched_at|modified_at|summary|category|\
             severity_label|severity_score|tags|industry_tags|malware|threat_actors|iocs|cve_ids|\
             mitre_techniques|has_iocs|ioc_count)(,(id|title|url|source_name|published_at|\
             fetched_at|modified_at|summary|category|severity_label|severity_score|tags|\
             industry_tags|malware|threat_actors|iocs|cve_ids|mitre_techniques|has_iocs|\
             ioc_count))*$",
            "names of fields with commas between them",
        ),
        "Only these fields, and the id, besides what `expand` adds; any field of an article may be named.",
    )
    .example("title,url"),
    Known::new(
        "sort",
        Shape::OneOf(|| Sort::ALL.map(Sort::as_str).to_vec()),
        "The order. With `modified_at`, what changes comes last: with `modified_since`, a way to follow.",
    )
    .default("-published_at")
    .example("-published_at"),
    Known::new(
        "format",
        Shape::OneOf(|| Format::ALL.map(Format::as_str).to_vec()),
        "How the page is written. `ndjson` and `csv` need tier pro and scope `read:articles:export`.",
    )
    .default("json")
    .example("json"),
];

pub(super) const PARAMETERS: [Known; FILTERS.len() + TELLING.len()] = join(FILTERS, TELLING);

/// What one article is shown by.
pub(super) const SHOWING: &[Known] = &[Known::new(
    "include_archived",
    Shape::Switch,
    "Tells an archived article, too.",
)
.default("false")
.example("true")];

pub(in crate::http) const LIST: Operation = Operation {
    id: "articles",
    tag: Tag::Articles,
    is_coded: true,
    summary: "Security news and reports, with what they say",
    description: "Articles of the feeds that are read, latest first. `meta.next_cursor` leads \
                  through the list: nothing that is there is skipped or told twice, whatever is \
                  read meanwhile. What is found in an article, and by which rules, is in \
                  `docs/articles.md`.",
    parameters: &PARAMETERS,
    gives: &[
        Form {
            media_type: "application/json",
            schema: answer,
            example: Some(include_str!("example.json")),
        },
        Form {
            media_type: "application/x-ndjson",
            schema: || shared("Article"),
            example: None,
        },
        Form {
            media_type: "text/csv",
            schema: || {
                text(
                    "With `format=csv`: a header line, then id, title, url, source_name, published_at, \
                     category, severity_label, severity_score, ioc_count, cve_ids, threat_actors, tags.",
                )
            },
            example: None,
        },
    ],
    revalidates: true,
    errors: &[Code::TierRequired, Code::NotAcceptable],
    examples: &[
        Example {
            title: "What is most severe",
            query: &[("min_severity", "high"), ("expand", "cves"), ("limit", "2")],
            body: None,
        },
        Example {
            title: "Reports on a group, with their indicators",
            query: &[("threat_actor", "Fancy Bear"), ("expand", "iocs,mitre")],
            body: None,
        },
    ],
    ..Operation::NOTHING
};

pub(in crate::http) const SHOW: Operation = Operation {
    id: "article",
    tag: Tag::Articles,
    is_coded: true,
    summary: "One article with everything that was found in it",
    description: "All expansions are on.",
    segments: &[Known::new(
        "id",
        Shape::Text(64),
        "The article's `id`, as lists and entries (`source.article_id`) tell it.",
    )
    .required()
    .example("00000000-0000-8000-8000-000000000000")],
    parameters: SHOWING,
    gives: &[Form::json(|| {
        let meta = object([
            always("generated_at", time("When.")),
            always("source", text("The server's name.")),
        ]);
        object([always("meta", meta), always("data", shared("Article"))])
    })],
    revalidates: true,
    errors: &[
        Code::ArticleNotFound,
        Code::LookbackExceeded,
        Code::ArticleArchived,
        Code::NotAcceptable,
    ],
    examples: &[Example::plain("Ask for one")],
    ..Operation::NOTHING
};

fn answer() -> Json {
    let meta = object([
        always(
            "total",
            number("Articles that the filters admit, on all pages."),
        ),
        always("limit", number("The page's size as applied.")),
        always(
            "next_cursor",
            or_null(text("The place of the next page; null on the last one.")),
        ),
        always("generated_at", time("When.")),
        always("source", text("The server's name.")),
        always(
            "filters",
            json!({"type": "object", "additionalProperties": {"type": "string"},
                "description": "As applied."}),
        ),
    ]);
    object([
        always("meta", meta),
        always("data", list(shared("Article"), "The page.")),
    ])
}

/// An article.
pub(in crate::http) fn article() -> Json {
    debug_assert!(
        EXPANSIONS
            .iter()
            .all(|(_, field)| super::fields::FIELDS.contains(field))
    );
    let ioc = object([
        always("type", shared("Type")),
        always("value", text("In canonical form.")),
        maybe("context", text("The sentence that names it.")),
    ]);
    let technique = object([
        always("id", text("Its id.")),
        always("name", or_null(text("Its name in ATT&CK."))),
        always("tactic", or_null(text("The first tactic that it serves."))),
    ]);
    let mut article = object([
        always(
            "id",
            json!({"type": "string", "format": "uuid",
                "description": "Made from source and the publisher's name for it: the same everywhere."}),
        ),
        maybe("title", text("As plain text.")),
        maybe("url", text("Where it can be read.")),
        maybe("source_name", text("The feed's title.")),
        maybe(
            "published_at",
            time("When it was published, or first read where nobody says."),
        ),
        maybe("fetched_at", time("When it was first read.")),
        maybe("modified_at", time("When what it says last changed here.")),
        maybe("summary", text("Its most telling sentences.")),
        maybe(
            "category",
            one_of(Topic::ALL.map(Topic::as_str), "What it is about."),
        ),
        maybe(
            "severity_label",
            one_of(
                Severity::ALL.map(Severity::as_str),
                "By its score: from 90 critical, 70 high, 40 medium.",
            ),
        ),
        maybe("severity_score", percent("How severe what it reports is.")),
        maybe("tags", texts("As the publisher files it.")),
        maybe("industry_tags", texts("Sectors of industry.")),
        maybe("malware", texts("Malware that it names.")),
        maybe("threat_actors", texts("Groups that it names.")),
        maybe("iocs", list(ioc, "Its indicators, but for CVEs.")),
        maybe("cve_ids", texts("Vulnerabilities that it names.")),
        maybe(
            "mitre_techniques",
            list(technique, "Techniques that it names."),
        ),
        maybe("has_iocs", switch("Whether it has indicators or CVEs.")),
        maybe("ioc_count", number("How many.")),
        maybe("archived", switch("Whether it is archived.")),
    ]);
    article["description"] = json!("An article and what was found in it.");
    article
}
