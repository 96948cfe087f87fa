"""What schemathesis has to be told: what the server says in words only, and how lines of JSON are
written. SCHEMATHESIS_HOOKS names this module; CURSOR is a cursor of the list without filters, KEY_ID
the key that all this is asked with."""

import datetime
import json
import os

import schemathesis

from contract.closed import close

NDJSON = "application/x-ndjson"


@schemathesis.serializer(NDJSON)
def write_lines(context, value):
    lines = value if isinstance(value, list) else [value]
    return "".join(f"{json.dumps(line)}\n" for line in lines).encode()


@schemathesis.deserializer(NDJSON)
def read_lines(context, response):
    # Not splitlines: a line may have other characters that end lines elsewhere.
    return [json.loads(line) for line in response.content.decode().split("\n") if line]


@schemathesis.hook
def before_load_schema(context, raw_schema):
    """The description, held to the letter: a field that it does not name is a failure here,
    although clients are told to expect some. Bodies of lines are lists of what each line is."""
    close(raw_schema["components"]["schemas"])
    for path in raw_schema["paths"].values():
        for operation in path.values():
            for media_type, media in operation.get("requestBody", {}).get("content", {}).items():
                if media_type == NDJSON:
                    # Whatever it is, it is answered: as invalid, if need be.
                    media["schema"] = {}
                    media.pop("examples", None)
            for status, response in operation["responses"].items():
                for media_type, media in response.get("content", {}).items():
                    if status in ("200", "201", "202") and media_type == "application/json" and operation["operationId"] != "openapi":
                        close(media["schema"])
                    if media_type == NDJSON:
                        close(media["schema"])
                        media["schema"] = {"type": "array", "items": media["schema"]}
                        media.pop("examples", None)


def is_positive(case):
    return case.meta is not None and case.meta.generation.mode.is_positive


@schemathesis.hook
def map_case(context, case):
    """Values that only a server can give, or only a clock can tell."""
    query = case.query
    if is_positive(case) and operation_id(case) == "createKey" and isinstance(case.body, dict):
        # Tiers are the operator's, networks have a form that no schema has.
        if case.body.get("tier") is not None:
            case.body["tier"] = "free"
        if case.body.get("allowed_networks") is not None:
            case.body["allowed_networks"] = ["127.0.0.0/8", "2001:db8::1"]
        # What the caller's own key may.
        if case.body.get("scopes") is not None:
            case.body["scopes"] = ["read:iocs"]
    if query and is_positive(case) and operation_id(case) in ("articles", "changes"):
        # It carries its filters, and stands for a place that only the server knows.
        query.pop("cursor", None)
    if query and is_positive(case):
        if "source" in query:
            query["source"] = "urlhaus,Spamhaus DROP"
        if "cursor" in query:
            # It carries its filters, and stands for a place.
            kept = {"limit", "format", "raw", "include_removed"}
            case.query = {name: value for name, value in query.items() if name in kept}
            case.query["cursor"] = os.environ["CURSOR"]
        as_of = query.get("as_of")
        if isinstance(as_of, str) and as_of[:10] > datetime.date.today().isoformat():
            # A leap year, so that every day of the calendar is in it.
            query["as_of"] = "2020" + as_of[4:]
    return case


@schemathesis.hook
def before_call(context, case, kwargs):
    """Whatever is revoked, not the key that all the rest is asked with."""
    if operation_id(case) == "revokeKey" and case.path_parameters.get("id") == os.environ["KEY_ID"]:
        case.path_parameters["id"] = "key_0000000000000000"


@schemathesis.hook
def filter_case(context, case):
    """Parameters that depend on each other, which OpenAPI cannot say: such requests are refused."""
    query = case.query or {}
    name = operation_id(case)
    if not is_positive(case):
        return True
    if name == "search":
        match = query.get("match", "exact")
        seen = [char for char in str(query.get("q", "")) if char.isprintable() and not char.isspace()]
        if match == "contains" and len(seen) < 3:
            return False
        if match != "exact" and int(query.get("offset", 0)) + min(int(query.get("limit", 100)), 100_000) > 100_000:
            return False
        return len(str(query.get("q", "")).encode(errors="surrogatepass")) <= 4096
    if name == "lookup":
        return ("value" in query) != ("ioc" in query)
    if name == "list":
        return not (truth(query.get("include_removed")) and query.get("format", "json") != "json")
    if name in ("searchMany", "normalize"):
        return not truth(query.get("extract")) or (case.media_type or "").startswith("text/")
    return True


def operation_id(case):
    return case.operation.definition.raw["operationId"]


def truth(value):
    return value is True or value in ("true", "1")
