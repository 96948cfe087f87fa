//! Sites that articles name without accusing them.

/// Social networks, hosts of code and pictures, publishers, shorteners of
/// publishers' links, and everybody's search and shops: registrable domains.
const SITES: [&str; 96] = [
    "abuse.ch",
    "adobe.com",
    "akamai.com",
    "amazon.com",
    "android.com",
    "any.run",
    "apache.org",
    "apple.com",
    "archive.org",
    "arxiv.org",
    "bbc.com",
    "bing.com",
    "bitbucket.org",
    "bleepingcomputer.com",
    "bsky.app",
    "checkpoint.com",
    "chromium.org",
    "cisa.gov",
    "cisco.com",
    "cloudflare.com",
    "crowdstrike.com",
    "cve.org",
    "darkreading.com",
    "debian.org",
    "discord.com",
    "discord.gg",
    "docker.com",
    "dropbox.com",
    "duckduckgo.com",
    "eset.com",
    "facebook.com",
    "fbi.gov",
    "first.org",
    "flickr.com",
    "fortinet.com",
    "github.com",
    "githubusercontent.com",
    "gitlab.com",
    "google.com",
    "googleapis.com",
    "gravatar.com",
    "hackerone.com",
    "hybrid-analysis.com",
    "ibm.com",
    "ietf.org",
    "imgur.com",
    "infosec.exchange",
    "instagram.com",
    "kaspersky.com",
    "krebsonsecurity.com",
    "linkedin.com",
    "mandiant.com",
    "mastodon.social",
    "medium.com",
    "microsoft.com",
    "misp-project.org",
    "mitre.org",
    "mozilla.org",
    "ncsc.gov.uk",
    "nist.gov",
    "npmjs.com",
    "nytimes.com",
    "oracle.com",
    "owasp.org",
    "paloaltonetworks.com",
    "paypal.com",
    "pinterest.com",
    "proofpoint.com",
    "pypi.org",
    "python.org",
    "reddit.com",
    "redhat.com",
    "reuters.com",
    "securelist.com",
    "securityweek.com",
    "shodan.io",
    "slack.com",
    "sophos.com",
    "sourceforge.net",
    "stackoverflow.com",
    "substack.com",
    "t.co",
    "talosintelligence.com",
    "techcrunch.com",
    "telegram.org",
    "thehackernews.com",
    "theregister.com",
    "trendmicro.com",
    "twitter.com",
    "virustotal.com",
    "vmware.com",
    "w3.org",
    "welivesecurity.com",
    "wikipedia.org",
    "x.com",
    "youtube.com",
];

/// Whether a registrable domain is that of such a site.
pub(super) fn is_known(registrable: &str) -> bool {
    SITES.binary_search(&registrable).is_ok()
}

/// Whether a host is such a site itself, and not what somebody put below it.
pub(super) fn is_known_host(host: &str) -> bool {
    is_known(host.strip_prefix("www.").unwrap_or(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_in_order() {
        assert!(SITES.is_sorted_by(|one, other| one < other));
        assert!(is_known("github.com") && is_known_host("www.github.com"));
        assert!(!is_known_host("evil.github.com") && !is_known("example.com"));
    }
}
