"""Canonical forms of values, as the project itself makes them, and what says the same."""

import json
import subprocess

ORDER = ["ipv4", "ipv6", "domain", "url", "email", "md5", "sha1", "sha256", "sha512", "cve", "mitre-attack"]


def ask(binary, objects, *flags):
    """The binary's answers, one for each object."""
    text = "".join(json.dumps(item) + "\n" for item in objects)
    done = subprocess.run([binary, *flags], input=text, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


class Canon:
    """Canonical forms, asked for once each."""

    def __init__(self, binary):
        self.binary, self.known, self.warned = binary, {}, set()

    def learn(self, pairs):
        new = sorted({pair for pair in pairs if pair not in self.known})
        answers = ask(self.binary, [{"type": kind, "value": value} for kind, value in new], "--normalize")
        self.known.update(zip(new, (answer["value"] for answer in answers)))
        self.warned.update(pair for pair, answer in zip(new, answers) if "unknown_tld" in answer["warnings"])

    def __getitem__(self, pair):
        return self.known.get(pair)


def host(kind, value):
    """The host of a canonical URL or e-mail address."""
    if kind == "email":
        return value.rsplit("@", 1)[-1].strip("[]")
    authority = value.split("://", 1)[-1].split("/", 1)[0].split("?", 1)[0].rsplit("@", 1)[-1]
    return authority[1:].split("]")[0] if authority.startswith("[") else authority.split(":", 1)[0]


def spellings(kind, value):
    """What says the same: a URL of nothing but a host, and that host."""
    yield kind, value
    if kind in ("domain", "ipv4"):
        yield "url", f"http://{value}/"
    if kind == "url" and value.startswith("http://") and value.count("/") == 3 and value.endswith("/"):
        yield "domain", host(kind, value)
        yield "ipv4", host(kind, value)


def ratio(pair):
    return "-" if not pair or not pair[1] else f"{pair[0] / pair[1]:.3f} ({pair[1]})"
