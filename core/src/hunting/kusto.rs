//! KQL of Microsoft: Defender XDR's advanced hunting and Sentinel.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::literal::quote;
use super::{AttackObject, is_hash};
use crate::value::{Kind, ValueRef};

/// A union over the tables that have such values; those that a workspace does
/// not have are passed over (`isfuzzy`). The value stands in it once.
pub(super) fn query(value: ValueRef<'_>) -> Option<String> {
    let tables = tables(value)?;
    let literal = literal(value.text);
    Some(format!(
        "let ioc = {literal};\nunion isfuzzy=true\n    {}",
        tables.replace('\n', "\n    ")
    ))
}

/// A literal may not run over the end of a line.
fn literal(text: &str) -> String {
    quote(text, |c, literal| match c {
        '"' | '\\' => {
            literal.push('\\');
            literal.push(c);
        }
        '\n' => literal.push_str("\\n"),
        '\r' => literal.push_str("\\r"),
        '\t' => literal.push_str("\\t"),
        c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => {
            write!(literal, "\\u{:04x}", u32::from(c)).expect("writing to a String cannot fail");
        }
        c => literal.push(c),
    })
}

fn tables(value: ValueRef<'_>) -> Option<Cow<'static, str>> {
    Some(Cow::Borrowed(match value.kind {
        Kind::Ipv4 if value.is_network() => NETWORK_V4,
        Kind::Ipv6 if value.is_network() => NETWORK_V6,
        Kind::Ipv4 | Kind::Ipv6 => ADDRESS,
        Kind::Domain => DOMAIN,
        Kind::Url => URL,
        Kind::Sha512 => "(CommonSecurityLog | where FileHash =~ ioc)",
        kind if is_hash(kind) => return Some(hash_tables(kind).into()),
        Kind::Cve => {
            "(DeviceTvmSoftwareVulnerabilities | where CveId =~ ioc),\n\
             (AlertInfo | where Title has ioc)"
        }
        Kind::Email => {
            "(EmailEvents | where SenderFromAddress =~ ioc or SenderMailFromAddress =~ ioc or RecipientEmailAddress =~ ioc)"
        }
        _ if AttackObject::of(value.text).is_technique() => {
            "(AlertInfo | where AttackTechniques has ioc),\n\
             (SecurityAlert | where Techniques has ioc or SubTechniques has ioc)"
        }
        _ => return None,
    }))
}

const ADDRESS: &str = "(DeviceNetworkEvents | where RemoteIP =~ ioc or LocalIP =~ ioc),
(EmailEvents | where SenderIPv4 =~ ioc or SenderIPv6 =~ ioc),
(CommonSecurityLog | where DestinationIP =~ ioc or SourceIP =~ ioc)";

const NETWORK_V4: &str =
    "(DeviceNetworkEvents | where ipv4_is_in_range(RemoteIP, ioc) or ipv4_is_in_range(LocalIP, ioc)),
(EmailEvents | where ipv4_is_in_range(SenderIPv4, ioc)),
(CommonSecurityLog | where ipv4_is_in_range(DestinationIP, ioc) or ipv4_is_in_range(SourceIP, ioc))";

const NETWORK_V6: &str =
    "(DeviceNetworkEvents | where ipv6_is_in_range(RemoteIP, ioc) or ipv6_is_in_range(LocalIP, ioc)),
(EmailEvents | where ipv6_is_in_range(SenderIPv6, ioc)),
(CommonSecurityLog | where ipv6_is_in_range(DestinationIP, ioc) or ipv6_is_in_range(SourceIP, ioc))";

// RemoteUrl holds a host or a URL.
const DOMAIN: &str =
    "(DeviceNetworkEvents | where RemoteUrl =~ ioc or tostring(parse_url(RemoteUrl).Host) =~ ioc),
(EmailUrlInfo | where UrlDomain =~ ioc),
(UrlClickEvents | where tostring(parse_url(Url).Host) =~ ioc),
(DnsEvents | where Name =~ ioc),
(CommonSecurityLog | where DestinationHostName =~ ioc)";

const URL: &str = "(DeviceNetworkEvents | where RemoteUrl =~ ioc),
(EmailUrlInfo | where Url =~ ioc),
(UrlClickEvents | where Url =~ ioc),
(CommonSecurityLog | where RequestURL =~ ioc)";

/// The columns have the names of the hashes.
fn hash_tables(kind: Kind) -> String {
    let hash = kind.as_str().to_ascii_uppercase();
    let mut tables = format!(
        "(DeviceFileEvents | where {hash} =~ ioc),\n\
         (DeviceProcessEvents | where {hash} =~ ioc or InitiatingProcess{hash} =~ ioc),\n\
         (DeviceImageLoadEvents | where {hash} =~ ioc),\n"
    );
    if kind == Kind::Sha256 {
        tables.push_str("(EmailAttachmentInfo | where SHA256 =~ ioc),\n");
    }
    tables.push_str("(CommonSecurityLog | where FileHash =~ ioc)");
    tables
}
