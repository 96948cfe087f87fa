//! Names of what reading a value may change. They go into `changes`.

/// Letters were brought into the case of the canonical form.
pub const CASE_FOLDED: &str = "case_folded";
/// Zero-width and text-direction characters were removed.
pub const INVISIBLE_REMOVED: &str = "invisible_removed";
/// Quotes or brackets around the value were removed.
pub const UNQUOTED: &str = "unquoted";
/// Punctuation before or behind the value was removed.
pub const PUNCTUATION_REMOVED: &str = "punctuation_removed";
/// Something that stood for a dot became one.
pub const DOT_REFANGED: &str = "dot_refanged";
/// Something that stood for an `@` became one.
pub const AT_REFANGED: &str = "at_refanged";
/// Something that stood for a colon became one.
pub const COLON_REFANGED: &str = "colon_refanged";
/// Something that stood for a slash became one.
pub const SLASH_REFANGED: &str = "slash_refanged";
/// Commas between four octets became dots.
pub const COMMAS_TO_DOTS: &str = "commas_to_dots";
/// Full-width characters became ASCII.
pub const FULL_WIDTH: &str = "full_width";
/// Brackets that say nothing were removed.
pub const BRACKETS_REMOVED: &str = "brackets_removed";
/// `hxxp` and the like became the scheme that was meant.
pub const SCHEME_REFANGED: &str = "scheme_refanged";
/// There was no scheme: `http` or `https` was assumed.
pub const SCHEME_INFERRED: &str = "scheme_inferred";
/// A wholly percent-encoded URL was decoded, once.
pub const PERCENT_DECODED: &str = "percent_decoded";
/// Brought into the spelling of the URL standard.
pub const URL_NORMALIZED: &str = "url_normalized";
/// What follows `#` is no part of the key.
pub const FRAGMENT_REMOVED: &str = "fragment_removed";
/// Labels beyond ASCII became A-labels.
pub const IDN_ENCODED: &str = "idn_encoded";
/// The dot of the DNS root was removed.
pub const ROOT_DOT_REMOVED: &str = "root_dot_removed";
/// `*.` or a leading dot was removed; the reading has `subtree` set.
pub const WILDCARD_REMOVED: &str = "wildcard_removed";
/// A port was taken off the host.
pub const PORT_REMOVED: &str = "port_removed";
/// The host was taken out of a URL.
pub const HOST_OF_URL: &str = "host_of_url";
/// The id was taken out of the URL of its page.
pub const ID_OF_URL: &str = "id_of_url";
/// Another spelling of the same address.
pub const ADDRESS_NORMALIZED: &str = "address_normalized";
/// Bits behind the prefix became zero.
pub const HOST_BITS_MASKED: &str = "host_bits_masked";
/// First and last address became a network.
pub const RANGE_TO_NETWORK: &str = "range_to_network";
/// A zone id was removed from an IPv6 address.
pub const ZONE_REMOVED: &str = "zone_removed";
/// `sha256:`, `mailto:` and the like were removed.
pub const PREFIX_REMOVED: &str = "prefix_removed";
/// A comment or display name was removed from an e-mail address.
pub const COMMENT_REMOVED: &str = "comment_removed";
/// The other part of a composite (`filename|md5`, `domain|ip`) was removed.
pub const PART_OF_COMPOSITE: &str = "part_of_composite";
/// Other signs between the parts of an id became hyphens or dots.
pub const SEPARATORS_NORMALIZED: &str = "separators_normalized";
