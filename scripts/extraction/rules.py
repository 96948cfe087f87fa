"""Which expectations of the corpora are not scored, by rule.

Each rule looks at a case and one of its expectations, never at a case's id,
and gives the reason of its exclusion or nothing. The corpora record what
tools do and contradict each other in places; the rules are what iocd's policy
for prose says (docs/extraction.md).
"""

import re

KINDS = {
    "ipv4": "ipv4", "ipv4_cidr": "ipv4", "ipv6": "ipv6", "domain": "domain",
    "onion_address": "domain", "url": "url", "url_complete": "url",
    "md5": "md5", "sha1": "sha1", "sha256": "sha256", "sha512": "sha512",
    "cve": "cve", "email": "email", "email_complete": "email",
    "attack_technique": "mitre-attack", "attack_tactic": "mitre-attack",
    "attack_mitigation": "mitre-attack", "xmpp": "email",
}

RULES = []


def kind_of(expectation):
    """iocd's type of an expectation, if it has one: a "URL" that is nothing but a host is that host."""
    kind = KINDS.get(expectation["type"])
    value = str(expectation["value"])
    if kind == "url" and not re.search(r"[/\\?#_@]|%3a", value, re.I):
        return "ipv4" if re.fullmatch(r"[\d.\[\](){} ]+(?::\d+)?", value) else "domain"
    return kind


def is_written_whole(case, kind, value):
    """an address or hash that a report has as a whole word is no mistake of reading, listed by the vendor or not"""
    if kind not in ("ipv4", "md5", "sha1", "sha256", "sha512"):
        return False
    return re.search(r"(?<![\w.])" + re.escape(value) + r"(?![\w]|\.\w)", plain(case["text"]), re.I) is not None


def plain(text):
    """A text without the usual defanging."""
    return re.sub(r"h(?:xx|XX)p", "http", re.sub(r"\[(\.|:|://)\]", r"\1", text))


def is_address_after_all(kind, value):
    """one corpus wants `::1` and another does not: it is an address (non_global)"""
    return kind == "ipv6" and value == "::1"


def rule(function):
    RULES.append(function)
    return function


@rule
def no_extraction(case, expectation):
    """the case is about defanging, whole output texts or predicates, not about extraction"""
    return case["kind"] in ("defang", "predicate", "normalize", "url_part", "refang_document") \
        or expectation["type"] in ("text", "any")


@rule
def other_type(case, expectation):
    """the type is none of iocd's (ssdeep, registry keys, wallets, file names, ...)"""
    return expectation["type"] not in KINDS


@rule
def disabled_upstream(case, expectation):
    """the upstream test is disabled"""
    return case["mode"] == "aspirational"


@rule
def encoded(case, expectation):
    """base64 and hexadecimal are not decoded: what an encoded text says is not what the text mentions"""
    return case["kind"] == "encoded"


@rule
def blank_inside(case, expectation):
    """a URL ends at a blank; blanks are undone only around a bracketed sign"""
    if expectation["type"] not in ("url", "url_complete"):
        return False
    def undone(text):
        return re.sub(r" *[\[({] *(?:\.|dot) *[\])}] *", ".", text)
    return re.search(r"\s", undone(expectation["value"])) is not None or \
        case["kind"] == "refang" and re.search(r"\w\s+\.\w|://\s", undone(case["text"])) is not None


@rule
def one_sided(case, expectation):
    """one-sided brackets are undone in a question, not in prose"""
    if kind_of(expectation) in ("md5", "sha1", "sha256", "sha512", "cve", "mitre-attack"):
        return False
    written = expectation["value"] if case["mode"] == "contains_raw" else case["text"]
    # pairs around signs and words, and an address literal, are no leftovers
    host = re.split(r"[?#]", written.split("://", 1)[-1] if case["mode"] == "contains_raw" else written)[0]
    host = re.sub(r"[\[({]\s*(?:\.|dot|punkt|@|at|:|/|://|:/)\s*[\])}]", "", host, flags=re.I)
    host = re.sub(r"\[[0-9a-f:.]+\]", "", host, flags=re.I)
    near = case["mode"] == "contains_raw" or len(case["text"]) < 100
    return near and re.search(r"[A-Za-z0-9][\[({\])}]+[.@]|[.@][\[({\])}]+|\w[\[({]+/|\w[\[({]+\w*[.]?\w|\w\][.]?\w|://\[\w+\.", host) is not None


@rule
def words_for_signs(case, expectation):
    """bare words for signs (`a at b dot c`, `aATbDOTc`) are undone in a question, not in prose"""
    written = expectation["value"] if case["mode"] == "contains_raw" else case["text"]
    return kind_of(expectation) in ("email", "domain", "url", "ipv4") and len(written) < 60 and re.search(
        r"\w[ /_-]+(?:at|dot)[ /_-]+\w|\w(?:AT|DOT)\w|\b(?:AT|DOT)\b(?![\])}])|\b(?:at|dot) ?[\[({]|[\])}] ?(?:at|dot)\b",
        written) is not None


@rule
def odd_separator(case, expectation):
    """`http__host`, `http:__host` and commas for dots are undone in a question, not in prose"""
    return re.search(r"(?:https?|ftp|hxxps?|s?ftp|ftx):?_{1,2}\w|\d,\d{1,3},\d{1,3},\d|://\w+,\w", case["text"], re.I) is not None \
        and kind_of(expectation) in ("url", "ipv4", "domain")


@rule
def odd_scheme(case, expectation):
    """a masked scheme that stands for no scheme of the web is not guessed at (`ftx`)"""
    return kind_of(expectation) == "url" and re.match(r"(?:ftx|fxx|stp)", expectation["value"], re.I) is not None


@rule
def wallet_word(case, expectation):
    """a chat address is an e-mail address in form: only what is expected as an e-mail address counts"""
    return expectation["type"] == "xmpp"


@rule
def in_longer_hex(case, expectation):
    """a hexadecimal run inside a longer word is no hash"""
    if kind_of(expectation) not in ("md5", "sha1", "sha256", "sha512"):
        return False
    return re.search(r"(?<![A-Za-z0-9])" + re.escape(expectation["value"]) + r"(?![A-Za-z0-9])",
                     case["text"], re.I) is None and expectation["value"].lower() in case["text"].lower()


@rule
def other_hash(case, expectation):
    """imphash, TLSH, ssdeep and JA3 are no hashes of files"""
    return kind_of(expectation) == "md5" and re.search(
        r"(?:imphash|authentihash|ja3s?|jarm)\W{0,6}" + re.escape(expectation["value"]), case["text"], re.I) is not None


@rule
def mentioned_in_url(case, expectation):
    """a URL is one value: what its path or query mentions is no second one"""
    kind = kind_of(expectation)
    if kind not in ("domain", "url", "ipv4", "md5", "sha1", "sha256", "email", "ipv6"):
        return False
    value, text = re.escape(expectation["value"]), plain(case["text"])
    inside = re.search(r"://[^\s\"'<>]+[/?=&]\S*?" + value, text, re.I)
    bare = re.search(r"(?:^|[\s\"'(<|,\[`*])(?:[a-z]+://)?(?:[\w.+-]+@)?" + value, text, re.I)
    return inside is not None and bare is None


@rule
def quoted_mailbox(case, expectation):
    """a quotation mark ends a mailbox: the part behind it is the address"""
    return expectation["type"] == "email_complete" and ("\"" in expectation["value"] or "(" in expectation["value"])


@rule
def cut_url(case, expectation):
    """the whole URL is the value: ioc-finder's `url`, cut at a comma, is not"""
    return expectation["type"] == "url" and any(
        other["type"] == "url_complete" and other["value"] != expectation["value"]
        and other["value"].startswith(expectation["value"]) for other in case["expect"])


@rule
def refused(case, expectation):
    """the policy refuses the value: special ending, octal octets, too wide a network, year of a CVE, single label"""
    return expectation["canonical"] is None


@rule
def unknown_ending(case, expectation):
    """an ending that is not in the public suffix list is refused in prose"""
    return expectation["unknown_tld"]


@rule
def part_of_network(case, expectation):
    """a network is one value: its first address is no second one"""
    return expectation["type"] == "ipv4" and re.search(re.escape(expectation["value"]) + r"/\d", case["text"]) is not None \
        and any(other["type"] == "ipv4_cidr" for other in case["expect"])


@rule
def octal(case, expectation):
    """`01.02.3.4` is refused bare: readers disagree about what it is"""
    return expectation["type"] == "ipv4" and case["kind"] == "extract" \
        and re.search(r"(?<!\d)" + re.escape(expectation["value"]), case["text"]) is None \
        and re.search(r"\b0\d+\.|\.0\d+\b", case["text"]) is not None


@rule
def in_mailbox_literal(case, expectation):
    """the address of a mail literal (`a@[192.0.2.1]`) is part of the e-mail address"""
    return expectation["type"] == "ipv4" and "@[" + expectation["value"] + "]" in case["text"]


@rule
def file_name(case, expectation):
    """a file's name behind a directory is no domain (`~/Desktop/test.py`)"""
    return expectation["type"] == "domain" and re.search(
        r"[~\w]/" + re.escape(expectation["value"]) + r"\b", case["text"]) is not None and "://" not in case["text"]


@rule
def bare_at(case, expectation):
    """an `@` between blanks is prose unless in brackets"""
    return kind_of(expectation) == "email" and re.search(r"\s@\s", case["text"]) is not None \
        and len(case["text"]) < 100


@rule
def escaped_dots(case, expectation):
    """a dot behind one backslash is undone, behind several it is not"""
    return re.search(r"\\\\+\.", case["text"]) is not None and len(case["text"]) < 100


@rule
def other_dot(case, expectation):
    """the katakana middle dot is a letter's neighbour, not a dot"""
    return "\u30fb" in case["text"]


@rule
def written_longer(case, expectation):
    """the vendor's list has the beginning of a URL that the text writes longer: the text mentions another URL"""
    if case["kind"] != "document" or kind_of(expectation) != "url":
        return False
    value, text = re.escape(expectation["value"]), plain(case["text"])
    return re.search(value, text) is not None and \
        re.search(value + r"(?![\w\-.~/?&=%#:]*[\w/=])", text) is None


def excluded(case, expectation):
    """The rule that excludes an expectation, if one does."""
    for function in RULES:
        if function(case, expectation):
            return function
    return None
