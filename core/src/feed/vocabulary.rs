//! What publishers call the types of their values.
//!
//! Vendors' tables, MISP, STIX, OTX and others each have words of their own;
//! a word is found whatever its letter case and the signs in it are.

use crate::value::Kind;

/// What a word in a type column says of the value beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// It is one of these, which are tried in this order.
    Kinds(&'static [Kind]),
    /// It is something that the project has no type for.
    NoIndicator,
}

const IP: &[Kind] = &[Kind::Ipv4, Kind::Ipv6];
const HOST: &[Kind] = &[Kind::Ipv4, Kind::Ipv6, Kind::Domain];
const NAME: &[Kind] = &[Kind::Domain];
const URL: &[Kind] = &[Kind::Url];
const PLACE: &[Kind] = &[Kind::Url, Kind::Ipv4, Kind::Ipv6, Kind::Domain];
const EMAIL: &[Kind] = &[Kind::Email];
const HASH: &[Kind] = &[Kind::Md5, Kind::Sha1, Kind::Sha256, Kind::Sha512];
const MD5: &[Kind] = &[Kind::Md5];
const SHA1: &[Kind] = &[Kind::Sha1];
const SHA256: &[Kind] = &[Kind::Sha256];
const SHA512: &[Kind] = &[Kind::Sha512];
const CVE: &[Kind] = &[Kind::Cve];
const ATTACK: &[Kind] = &[Kind::MitreAttack];

/// Words without their signs.
const WORDS: &[(&str, &[Kind])] = &[
    ("ip", IP),
    ("ips", IP),
    ("ipv4", IP),
    ("ipv6", IP),
    ("ipaddr", IP),
    ("ipaddress", IP),
    ("ipaddresses", IP),
    ("ipv4addr", IP),
    ("ipv6addr", IP),
    ("ipv4address", IP),
    ("ipv6address", IP),
    ("ipsrc", IP),
    ("ipdst", IP),
    ("srcip", IP),
    ("dstip", IP),
    ("address", IP),
    ("addr", IP),
    ("cidr", IP),
    ("netblock", IP),
    ("subnet", IP),
    ("network", IP),
    ("iprange", IP),
    ("ipport", HOST),
    ("ipv4port", HOST),
    ("ipv6port", HOST),
    ("hostport", HOST),
    ("domainport", HOST),
    ("socket", HOST),
    ("domainip", HOST),
    ("host", HOST),
    ("hosts", HOST),
    ("server", HOST),
    ("domain", NAME),
    ("domains", NAME),
    ("domainname", NAME),
    ("hostname", HOST),
    ("hostnames", HOST),
    ("fqdn", HOST),
    ("dns", NAME),
    ("onion", NAME),
    ("subdomain", NAME),
    ("url", URL),
    ("urls", URL),
    ("uri", URL),
    ("uris", URL),
    ("urlpath", PLACE),
    ("website", PLACE),
    ("site", PLACE),
    ("c2", PLACE),
    ("c2s", PLACE),
    ("c2server", PLACE),
    ("c2servers", PLACE),
    ("cnc", PLACE),
    ("cc", PLACE),
    ("c2ip", IP),
    ("c2ips", IP),
    ("c2domain", NAME),
    ("c2domains", NAME),
    ("c2url", URL),
    ("c2urls", URL),
    ("email", EMAIL),
    ("emails", EMAIL),
    ("mail", EMAIL),
    ("emailaddr", EMAIL),
    ("emailaddress", EMAIL),
    ("emailaddresses", EMAIL),
    ("emailsrc", EMAIL),
    ("emaildst", EMAIL),
    ("emailsender", EMAIL),
    ("emailfrom", EMAIL),
    ("emailreplyto", EMAIL),
    ("sender", EMAIL),
    ("senderemail", EMAIL),
    ("whoisregistrantemail", EMAIL),
    ("registrantemail", EMAIL),
    ("hash", HASH),
    ("hashes", HASH),
    ("filehash", HASH),
    ("filehashes", HASH),
    ("file", HASH),
    ("files", HASH),
    ("sample", HASH),
    ("samples", HASH),
    ("checksum", HASH),
    ("md5", MD5),
    ("md5s", MD5),
    ("md5sum", MD5),
    ("md5hash", MD5),
    ("md5hashes", MD5),
    ("malwaresample", MD5),
    ("sha1", SHA1),
    ("sha1s", SHA1),
    ("sha1hash", SHA1),
    ("sha1hashes", SHA1),
    ("sha256", SHA256),
    ("sha256s", SHA256),
    ("sha256hash", SHA256),
    ("sha256hashes", SHA256),
    ("sha512", SHA512),
    ("sha512hash", SHA512),
    ("cve", CVE),
    ("cves", CVE),
    ("cveid", CVE),
    ("vulnerability", CVE),
    ("vulnerabilities", CVE),
    ("technique", ATTACK),
    ("techniques", ATTACK),
    ("mitreattack", ATTACK),
    ("attackpattern", ATTACK),
];

/// Ends of words that say the type: `SILKLOADER_SHA256`, `FileHash-MD5`.
const ENDS: &[(&str, &[Kind])] = &[
    ("sha256", SHA256),
    ("sha512", SHA512),
    ("sha1", SHA1),
    ("md5", MD5),
    ("url", URL),
    ("domain", NAME),
    ("domains", NAME),
    ("hostname", HOST),
    ("ipaddress", IP),
    ("ipv4", IP),
    ("ipv6", IP),
    ("emailaddress", EMAIL),
    ("addr", IP),
];

/// What the project has no type for, and rows that are remarks.
const NONE: &[&str] = &[
    "as",
    "asn",
    "attachment",
    "authentihash",
    "behaviour",
    "behavior",
    "bitcoin",
    "bitcoinaddress",
    "boolean",
    "btc",
    "certificate",
    "cmd",
    "command",
    "commandline",
    "commandlines",
    "comment",
    "cookie",
    "counter",
    "country",
    "cryptocurrencyaddress",
    "datetime",
    "description",
    "directory",
    "emailattachment",
    "emailbody",
    "emailheader",
    "emailmessageid",
    "emailsubject",
    "emailthreadindex",
    "emailxmailer",
    "eventid",
    "filename",
    "filenames",
    "filepath",
    "filepathname",
    "filesize",
    "folder",
    "fuzzyhash",
    "hassh",
    "hex",
    "imphash",
    "impfuzzy",
    "info",
    "information",
    "ja3",
    "ja3fingerprintmd5",
    "ja3s",
    "jarm",
    "link",
    "macaddress",
    "mobileapplicationid",
    "mutex",
    "mutant",
    "name",
    "namedpipe",
    "note",
    "notes",
    "other",
    "packagename",
    "path",
    "pattern",
    "patterninfile",
    "patterninmemory",
    "patternintraffic",
    "pdb",
    "pdbpath",
    "pehash",
    "person",
    "phone",
    "phonenumber",
    "pipe",
    "port",
    "process",
    "processname",
    "processes",
    "registry",
    "registrykey",
    "registryvalue",
    "regkey",
    "regkeyvalue",
    "regvalue",
    "richhash",
    "scheduledtask",
    "service",
    "servicename",
    "sigma",
    "sizeinbytes",
    "snort",
    "ssdeep",
    "string",
    "strings",
    "subject",
    "suricata",
    "targetuser",
    "text",
    "threatactor",
    "timestamp",
    "title",
    "tlsh",
    "tool",
    "useragent",
    "username",
    "vhash",
    "wallet",
    "whoisregistrantname",
    "whoisregistrar",
    "windowsregistrykey",
    "x509serial",
    "xmr",
    "yara",
    "yararule",
];

/// Ends of words for such.
const NONE_ENDS: &[&str] = &[
    "commandline",
    "filename",
    "filepath",
    "mutex",
    "pathkey",
    "phone",
    "registrykey",
    "useragent",
];

/// What a word of a type column means; `None` if it is not known.
///
/// Of a composite of MISP's (`domain|ip`, `filename|sha256`, `ip-dst|port`) the
/// parts that are indicators count.
pub(super) fn meaning(word: &str) -> Option<Meaning> {
    // No word of a vocabulary is longer.
    if word.len() > 64 {
        return None;
    }
    if let Some((first, second)) = word.split_once('|') {
        return match (bare(first).as_str(), bare(second).as_str()) {
            ("domain", "ip") => Some(Meaning::Kinds(HOST)),
            ("filename" | "malware-sample", hash) => simple(hash),
            (first, "port") => simple(first).map(|meaning| match meaning {
                Meaning::Kinds(_) => Meaning::Kinds(HOST),
                Meaning::NoIndicator => Meaning::NoIndicator,
            }),
            _ => Some(Meaning::NoIndicator),
        };
    }
    simple(&bare(word))
}

fn simple(word: &str) -> Option<Meaning> {
    if let Some((_, kinds)) = WORDS.iter().find(|(known, _)| *known == word) {
        return Some(Meaning::Kinds(kinds));
    }
    if NONE.contains(&word) || NONE_ENDS.iter().any(|end| word.ends_with(end)) {
        return Some(Meaning::NoIndicator);
    }
    let (_, kinds) = ENDS.iter().find(|(end, _)| word.ends_with(end))?;
    Some(Meaning::Kinds(kinds))
}

/// The word in lower case, without signs and blanks.
pub(super) fn bare(word: &str) -> String {
    word.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|char| char.to_ascii_lowercase())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_many_vocabularies() {
        for (words, kinds) in [
            ("ip IP Ip ipv4-addr ip-dst IPv4 ip_address", IP),
            ("domain domain-name Domain DOMAIN Intel::DOMAIN", NAME),
            ("hostname ip-dst|port domain|ip ip:port", HOST),
            (
                "sha256 SHA-256 SILKLOADER_SHA256 FileHash-SHA256 filename|sha256",
                SHA256,
            ),
            ("email-src Email-Addr email-sender", EMAIL),
            ("url URL uri", URL),
        ] {
            for word in words.split(' ') {
                assert_eq!(meaning(word), Some(Meaning::Kinds(kinds)), "{word}");
            }
        }
        for word in
            "Description filename file_path_name mutex regkey|value user-agent Name".split(' ')
        {
            assert_eq!(meaning(word), Some(Meaning::NoIndicator), "{word}");
        }
        for word in ["indicator", "malware", "", "something else"] {
            assert_eq!(meaning(word), None, "{word}");
        }
    }
}
