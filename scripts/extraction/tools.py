"""The three Python tools, each giving (type, value) pairs for a text."""

import iocextract
import ioc_finder
from ioc_finder.ioc_finder import SUPPORTED_IOC_TYPES
from iocsearcher.searcher import Searcher

_searcher = Searcher()


def of_iocextract(text, options):
    yield from (("url", value) for value in iocextract.extract_urls(text, refang=True))
    yield from (("ipv4", value) for value in iocextract.extract_ipv4s(text, refang=True))
    yield from (("ipv6", value) for value in iocextract.extract_ipv6s(text))
    yield from (("email", value) for value in iocextract.extract_emails(text, refang=True))
    yield from (("md5", value) for value in iocextract.extract_md5_hashes(text))
    yield from (("sha1", value) for value in iocextract.extract_sha1_hashes(text))
    yield from (("sha256", value) for value in iocextract.extract_sha256_hashes(text))
    yield from (("sha512", value) for value in iocextract.extract_sha512_hashes(text))


_FINDER = {
    "urls_complete": "url", "domains": "domain", "ipv4s": "ipv4", "ipv6s": "ipv6",
    "ipv4_cidrs": "ipv4", "ipv6_cidrs": "ipv6", "email_addresses": "email", "md5s": "md5", "sha1s": "sha1",
    "sha256s": "sha256", "sha512s": "sha512", "cves": "cve",
    "attack_techniques": "mitre-attack", "attack_tactics": "mitre-attack",
    "attack_mitigations": "mitre-attack",
}
_TYPES = [name for name in SUPPORTED_IOC_TYPES if name in _FINDER]


def of_ioc_finder(text, options):
    flags = {name: value for name, value in options.items() if name.startswith("parse_")}
    for name, values in ioc_finder.find_iocs(text, included_ioc_types=_TYPES, **flags).items():
        if isinstance(values, dict):
            values = [value for group in values.values() for value in group]
        yield from ((_FINDER[name], value) for value in values)


_SEARCHER = {
    "url": "url", "fqdn": "domain", "onionAddress": "domain", "ip4": "ipv4", "ip6": "ipv6",
    "ip4Net": "ipv4", "ip6Net": "ipv6", "email": "email", "md5": "md5", "sha1": "sha1", "sha256": "sha256",
    "sha512": "sha512", "cve": "cve", "ttp": "mitre-attack",
}


def of_iocsearcher(text, options):
    for ioc in _searcher.search_data(text):
        if ioc.name in _SEARCHER:
            yield _SEARCHER[ioc.name], ioc.value


TOOLS = {"iocextract": of_iocextract, "ioc-finder": of_ioc_finder, "iocsearcher": of_iocsearcher}
