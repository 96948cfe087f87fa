//! Why a text is no value.

use super::Kind;

/// What is wrong with a text, and what to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Reason {
    /// More than [`super::MAX_VALUE`] bytes.
    #[error("it is longer than 4,096 bytes; give one value at a time")]
    TooLong,
    /// Nothing but blanks, quotes or punctuation.
    #[error("it is empty")]
    Empty,
    /// NUL or another control character inside.
    #[error("it holds a control character; remove it")]
    ControlCharacter,
    /// No type of value is written like this.
    #[error("no type of value is written like this")]
    NoReading,
    /// Not four decimal numbers.
    #[error("an IPv4 address is four numbers from 0 to 255 with dots between")]
    NotIpv4,
    /// An octet above 255.
    #[error("a part of the address is greater than 255")]
    OctetRange,
    /// `010.0.0.1` is 10 to some readers and 8 to others.
    #[error(
        "leading zeros in an address are read as decimal by some and as octal by others; leave them out"
    )]
    LeadingZeros,
    /// `2130706433` is more often an id or a phone number.
    #[error("a bare number is not read as an address; write it with dots")]
    BareInteger,
    /// `192.168.1`.
    #[error("the address has fewer than four parts; write all four")]
    TooFewParts,
    /// A prefix length that is none.
    #[error("the prefix length must be a number from 0 to 32 (IPv4) or 128 (IPv6), given once")]
    PrefixLength,
    /// Wider than the policy takes.
    #[error("the network is too wide to be an indicator; the widest are /9 (IPv4) and /16 (IPv6)")]
    TooWide,
    /// Not an IPv6 address.
    #[error("an IPv6 address is eight groups of hexadecimal digits, or fewer around one '::'")]
    NotIpv6,
    /// The range ends before it starts.
    #[error("the range ends before it starts")]
    RangeOrder,
    /// Not `first-last` with two addresses of one family.
    #[error("a range is two addresses of one family with a hyphen between")]
    NotRange,
    /// More than one network; only `read_range` gives several.
    #[error("the range is no single network; give it as networks")]
    RangeOfSeveral,
    /// One label.
    #[error("a domain has at least two labels with a dot between")]
    SingleLabel,
    /// `a..b`.
    #[error("there is an empty label between two dots")]
    EmptyLabel,
    /// More than 63 bytes.
    #[error("a label is longer than 63 bytes")]
    LabelTooLong,
    /// More than 253 bytes.
    #[error("the name is longer than 253 bytes")]
    NameTooLong,
    /// The last label begins with a digit, is one letter, or has an underscore.
    #[error(
        "the last label must have at least two characters, begin with a letter and have no underscore"
    )]
    BadTld,
    /// A character that no host name has.
    #[error("it holds a character that no host name has")]
    BadCharacter,
    /// Not valid under UTS 46.
    #[error("a label is not valid under IDNA (UTS 46)")]
    InvalidIdn,
    /// `setup.exe`.
    #[error("it ends like a file name, and there is no such top-level domain")]
    FileExtension,
    /// `.invalid`, `.test`, `.localhost`.
    #[error("names under .invalid, .test and .localhost never exist")]
    SpecialUseName,
    /// Prose only: the ending is no top-level domain.
    #[error("there is no such top-level domain")]
    UnknownTld,
    /// An address where a domain is asked for.
    #[error("it is an IP address, not a domain")]
    AddressNotDomain,
    /// A port that is none.
    #[error("the port must be a number from 0 to 65535")]
    BadPort,
    /// Not a URL.
    #[error("it is not a URL as the WHATWG URL standard reads one")]
    UrlSyntax,
    /// `file:`, `mailto:`, `data:` and the like.
    #[error("URLs of this scheme name no host")]
    UrlScheme,
    /// `hxxp://` where only plain spellings are taken.
    #[error("the scheme is defanged; write http:// or https://")]
    DefangedScheme,
    /// No host.
    #[error("the URL has no host")]
    UrlHost,
    /// `/admin/login.php`.
    #[error("it is a path without a host")]
    BarePath,
    /// Host and path are not clear enough to add `http://`.
    #[error("the scheme is missing and cannot be told; begin with http:// or https://")]
    MissingScheme,
    /// More than 2,048 bytes, not from a feed.
    #[error("the URL is longer than 2,048 bytes")]
    UrlTooLong,
    /// Not `local@domain`.
    #[error("an e-mail address is a mailbox, one '@' and a domain")]
    EmailSyntax,
    /// `a@127.0.0.1`.
    #[error("the domain of an e-mail address is a bare IP address; write it in brackets")]
    EmailAddress,
    /// More than 64 bytes before the '@'.
    #[error("the part before the '@' is longer than 64 bytes")]
    MailboxTooLong,
    /// Wrong number of digits.
    #[error(
        "the number of hexadecimal digits fits no such hash (md5 32, sha1 40, sha256 64, sha512 128)"
    )]
    HashLength,
    /// Something else than hexadecimal digits.
    #[error("a hash is made of hexadecimal digits only")]
    HashDigits,
    /// imphash, TLSH, ssdeep, JA3, ….
    #[error("it is named as a fuzzy, import or fingerprint hash, which is no hash of a file")]
    NotFileHash,
    /// Not `CVE-YYYY-NNNN`.
    #[error("a CVE id is written CVE-YYYY-N with 4 to 19 digits at the end")]
    CveSyntax,
    /// Before 1999 or after 2099.
    #[error("the year of a CVE id is from 1999 to 2099")]
    CveYear,
    /// Not an ATT&CK id.
    #[error("an ATT&CK id is written T1234, T1234.001, TA1234, G1234, S1234 or M1234")]
    AttackSyntax,
}

impl Reason {
    /// A short, stable name for counting.
    pub const fn code(self) -> &'static str {
        match self {
            Reason::TooLong => "too_long",
            Reason::Empty => "empty",
            Reason::ControlCharacter => "control_character",
            Reason::NoReading => "no_reading",
            Reason::NotIpv4 => "not_ipv4",
            Reason::OctetRange => "octet_range",
            Reason::LeadingZeros => "leading_zeros",
            Reason::BareInteger => "bare_integer",
            Reason::TooFewParts => "too_few_parts",
            Reason::PrefixLength => "prefix_length",
            Reason::TooWide => "too_wide",
            Reason::NotIpv6 => "not_ipv6",
            Reason::RangeOrder => "range_order",
            Reason::NotRange => "not_range",
            Reason::RangeOfSeveral => "range_of_several",
            Reason::SingleLabel => "single_label",
            Reason::EmptyLabel => "empty_label",
            Reason::LabelTooLong => "label_too_long",
            Reason::NameTooLong => "name_too_long",
            Reason::BadTld => "bad_tld",
            Reason::BadCharacter => "bad_character",
            Reason::InvalidIdn => "invalid_idn",
            Reason::FileExtension => "file_extension",
            Reason::SpecialUseName => "special_use_name",
            Reason::UnknownTld => "unknown_tld",
            Reason::AddressNotDomain => "address_not_domain",
            Reason::BadPort => "bad_port",
            Reason::UrlSyntax => "url_syntax",
            Reason::UrlScheme => "url_scheme",
            Reason::DefangedScheme => "defanged_scheme",
            Reason::UrlHost => "url_host",
            Reason::BarePath => "bare_path",
            Reason::MissingScheme => "missing_scheme",
            Reason::UrlTooLong => "url_too_long",
            Reason::EmailSyntax => "email_syntax",
            Reason::EmailAddress => "email_address",
            Reason::MailboxTooLong => "mailbox_too_long",
            Reason::HashLength => "hash_length",
            Reason::HashDigits => "hash_digits",
            Reason::NotFileHash => "not_file_hash",
            Reason::CveSyntax => "cve_syntax",
            Reason::CveYear => "cve_year",
            Reason::AttackSyntax => "attack_syntax",
        }
    }
}

/// A text that is no value of the kind asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read {given:?} as {}: {reason}", self.wanted())]
pub struct ValueError {
    /// The kind asked for; none where any kind would have done.
    pub kind: Option<Kind>,
    /// What was given, cut after 128 characters.
    pub given: String,
    /// What is wrong with it.
    pub reason: Reason,
}

impl ValueError {
    pub(crate) fn new(kind: Option<Kind>, given: &str, reason: Reason) -> ValueError {
        ValueError {
            kind,
            given: given.chars().take(128).collect(),
            reason,
        }
    }

    /// A short, stable name of the reason, for counting.
    pub fn code(&self) -> &'static str {
        self.reason.code()
    }

    fn wanted(&self) -> &'static str {
        self.kind.map_or("a value", Kind::as_str)
    }
}
