"""Asks about what is stored, which random questions hardly ever hit, and holds every answer against
the description: a field that it does not name is a failure. Usage: answers.py URL KEY"""

import json
import sys
import urllib.error
import urllib.parse
import urllib.request

import jsonschema_rs

from closed import close

URL, KEY = sys.argv[1:]
# Values of each type that are asked about.
VALUES = 25


def fetch(target, body=None, media_type="text/plain"):
    headers = {"X-API-Key": KEY} | ({"Content-Type": media_type} if body is not None else {})
    request = urllib.request.Request(URL + target, body, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as error:
        raise SystemExit(f"answers: {target}: {error.code} {error.read()[:300]!r}")


def target(path, query):
    return f"{path}?{urllib.parse.urlencode(query)}" if query else path


class Description:
    def __init__(self):
        self.document = json.loads(fetch("/openapi.json"))
        close(self.document["components"]["schemas"])
        self.validators, self.checked = {}, 0

    def validator(self, path, method):
        """Of an answer's body, or of each of its lines."""
        if (path, method) not in self.validators:
            content = self.document["paths"][path][method]["responses"]["200"]["content"]
            schema = next(iter(content.values()))["schema"]
            close(schema)
            whole = schema | {"components": self.document["components"]}
            self.validators[path, method] = jsonschema_rs.validator_for(whole, validate_formats=True)
        return self.validators[path, method]

    def check(self, path, query, body=None, media_type="text/plain"):
        text = fetch(target(path, query), body, media_type)
        validator = self.validator(path, "get" if body is None else "post")
        answers = [text] if body is None else [line for line in text.split("\n") if line]
        for answer in map(json.loads, answers):
            for error in validator.iter_errors(answer):
                raise SystemExit(f"answers: {target(path, query)}: {error}\n{json.dumps(answer)[:2000]}")
            self.checked += 1
        return answers if body is not None else json.loads(text)


def main():
    description = Description()
    search, values = "/api/v1/iocs/search", []
    types = description.document["components"]["schemas"]["Type"]["enum"]
    for kind in types:
        query = {"type": kind, "limit": VALUES, "include_expired": "true", "include_warned": "true"}
        values += [entry["value"] for entry in description.check("/api/v1/iocs", query)["data"]]
    if len(values) < VALUES:
        raise SystemExit("answers: there is nothing stored to ask about")
    for value in values:
        query = {"q": value, "match": "cascade", "explain": "true", "include_related": "true", "status": "any"}
        found = description.check(search, query)
        if found["meta"]["total"] < 1:
            raise SystemExit(f"answers: {value} is listed and not found")
        description.check(search, {"q": value[:40], "match": "contains", "limit": 5})
        description.check("/api/v1/lookup", {"value": value})
        description.check("/api/v1/lookup", {"value": f"no-{value}"})
    body = "\n".join(values + ["no value", "1.1.1.1", "nobody.example.org"]).encode()
    for query in ({}, {"extract": "true"}, {"type": "domain"}, {"limit": 0, "status": "any"}):
        description.check(search, query, body)
    for query in ({}, {"extract": "true"}, {"type": "domain"}):
        description.check("/api/v1/normalize", query, body)
    description.check(search, {}, json.dumps(values).encode(), "application/json")
    for path in ("/healthz", "/readyz"):
        description.check(path, {})
    print(f"answers: {description.checked} answers about {len(values)} stored values are as described")


main()
