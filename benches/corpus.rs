//! The synthetic corpus: the same every time, and shaped like feeds.

use std::time::{Duration, Instant};

use iocd::store::embedded::Embedded;
use iocd_core::claim::{Category, Claim, Extent, Origin, Source};
use iocd_core::value::{Kind, Value};
use jiff::Timestamp;

const BATCH: u64 = 10_000;
const SOURCES: u64 = 20;

/// Measures each size that the command line names, into one table.
pub(crate) fn for_each_size(measure: impl Fn(u64)) {
    // `cargo bench` adds flags of its own.
    let sizes = std::env::args()
        .skip(1)
        .filter_map(|argument| argument.parse().ok());
    println!("| entries | figure | value |");
    println!("| --- | --- | --- |");
    sizes.for_each(measure);
}

/// A number that looks random and is the same every time (`SplitMix64`).
pub(crate) fn scatter(n: u64) -> u64 {
    let mut z = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The n-th value: 40 % domains, 25 % URLs, 15 % IPv4, 12 % SHA-256, 5 % MD5,
/// the rest IPv6, e-mails and CVEs.
pub(crate) fn value(n: u64) -> Value {
    let r = scatter(n);
    let (kind, text) = match n % 100 {
        0..40 => (Kind::Domain, format!("h{r:x}.d{}.example.com", n % 9973)),
        40..65 => (
            Kind::Url,
            format!(
                "http://h{:x}.example.com/{:x}/{n}.php?id={}",
                r >> 40,
                r & 0xff_ffff,
                n % 977
            ),
        ),
        // A bijection of n, so that no two are the same.
        65..80 => {
            let bytes = u32::try_from(n % (1 << 32))
                .expect("below 2^32")
                .wrapping_mul(0x9e37_79b1)
                .to_be_bytes();
            (Kind::Ipv4, std::net::Ipv4Addr::from(bytes).to_string())
        }
        80..92 => (
            Kind::Sha256,
            format!("{r:016x}{:016x}{:016x}{n:016x}", scatter(r), scatter(!r)),
        ),
        92..97 => (Kind::Md5, format!("{r:016x}{n:016x}")),
        97 => (
            Kind::Ipv6,
            format!(
                "2a00:{:x}::{:x}:{:x}",
                r & 0xffff,
                n >> 16 & 0xffff | 1,
                n & 0xffff
            ),
        ),
        98 => (Kind::Email, format!("u{n}@h{r:x}.example.com")),
        _ => (Kind::Cve, format!("CVE-2024-{}", 10_000 + n)),
    };
    Value::parse(kind, &text).expect("the corpus is canonical")
}

fn source(number: u64) -> Source {
    Source {
        name: format!("feed-{number}"),
        title: format!("Feed {number}"),
        category: Category::ALL[usize::try_from(number).expect("small") % Category::ALL.len()],
        origin: Origin::Feed,
        extent: Extent::Events,
        list_non_global: true,
        expires_after: None,
        publisher: String::new(),
        weight: None,
        half_life: None,
    }
}

fn claim(n: u64) -> Claim {
    let r = scatter(!n);
    let mut claim = Claim::new(value(n), 40 + u8::try_from(r % 60).expect("below 60"));
    let seconds = 1_700_000_000 + i64::try_from(r % 10_000_000).expect("below 10^7");
    claim.first_seen = Timestamp::from_second(seconds).ok();
    claim.last_seen = Timestamp::from_second(seconds + 86_400).ok();
    // Few tags are common, many are rare.
    claim.tags = vec![
        format!("tag-{}", (r % 1000) * (r >> 32) % 1000 / 10),
        "malware".to_owned(),
    ];
    claim.malware = r.is_multiple_of(3).then(|| format!("family-{}", r % 50));
    claim.references = vec![format!("https://feeds.example.com/entry/{n}/")];
    claim
}

/// Processor time of this thread.
fn busy() -> Duration {
    let status = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanoseconds = status.split(' ').next().and_then(|n| n.parse().ok());
    Duration::from_nanos(nanoseconds.expect("a number"))
}

/// Loads the corpus and gives the time and the processor time that recording
/// took, without those that making the claims took.
pub(crate) fn load(store: &Embedded, entries: u64) -> (Duration, Duration) {
    let (mut recording, mut working) = (Duration::ZERO, Duration::ZERO);
    let heard_at = Timestamp::from_second(1_750_000_000).expect("in range");
    for first in (0..entries).step_by(usize::try_from(BATCH).expect("small")) {
        // Large feeds have more batches than small ones.
        let source = source((scatter(first) % SOURCES) * (scatter(!first) % SOURCES) / SOURCES);
        let claims = (first..entries.min(first + BATCH)).map(claim).collect();
        let (started, before) = (Instant::now(), busy());
        store
            .index()
            .record(&source, claims, heard_at)
            .expect("the batch is recorded");
        recording += started.elapsed();
        working += busy().saturating_sub(before);
    }
    (recording, working)
}
