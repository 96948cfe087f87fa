"""Recall and precision of iocd and three Python tools, by corpus and type.

Usage: score.py EXTRACT_BINARY CORPORA [--misses]
"""

import collections
import contextlib
import json
import pathlib
import sys
import time

import rules
import tools
from canon import ORDER, Canon, ask, host, ratio, spellings

NAMES = ["iocd", *tools.TOOLS]


def load(directory):
    """The cases, each with the name of its corpus."""
    for path in sorted(pathlib.Path(directory).glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield path.stem, json.loads(line)


def main():
    binary, corpora = sys.argv[1:3]
    cases = list(load(corpora))
    found = {"iocd": []}
    seconds = collections.Counter()
    start = time.monotonic()
    plain = ask(binary, [{"id": case["id"], "text": case["text"]} for _, case in cases], "--hosts")
    seconds["iocd"] = time.monotonic() - start
    found["iocd"] = [[(item["type"], item["value"]) for item in answer["found"]] for answer in plain]
    for name, tool in tools.TOOLS.items():
        found[name] = []
        for _, case in cases:
            start = time.monotonic()
            with contextlib.suppress(Exception):
                found[name].append(list(tool(case["text"], case.get("options") or {})))
                seconds[name] += time.monotonic() - start
                continue
            found[name].append([])
    canon = Canon(binary)
    canon.learn(pair for name in tools.TOOLS for pairs in found[name] for pair in pairs)
    canon.learn((rules.kind_of(e), str(e["value"])) for _, case in cases for e in case["expect"]
                if rules.kind_of(e))

    recall = collections.defaultdict(lambda: [0, 0])
    precision = collections.defaultdict(lambda: [0, 0])
    left_out = collections.Counter()
    wrong = []
    for index, (corpus, case) in enumerate(cases):
        wanted, allowed = set(), set()
        for expectation in case["expect"]:
            kind = rules.kind_of(expectation)
            expectation["canonical"] = canon[(kind, str(expectation["value"]))] if kind else None
            expectation["unknown_tld"] = (kind, str(expectation["value"])) in canon.warned
            function = rules.excluded(case, expectation)
            value = expectation["canonical"]
            if value:
                allowed.update(spellings(kind, value))
            if function:
                left_out[function] += 1
            else:
                wanted.add((kind, value))
        scored_types = {rules.KINDS[name] for name, count in (case["counts"] or {}).items()
                        if count == 0 and name in rules.KINDS}
        for name in NAMES:
            if name == "iocd":
                got = set(found[name][index])
            else:
                got = {(kind, canon[(kind, value)]) for kind, value in found[name][index] if canon[(kind, value)]}
                # a value of which nothing can be made is a wrong one
                got |= {(kind, "?" + value) for kind, value in found[name][index] if not canon[(kind, value)]}
            for kind, value in wanted:
                hit = any(spelling in got for spelling in spellings(kind, value))
                for key in ((corpus, kind, name), ("all", kind, name)):
                    recall[key][0] += hit
                    recall[key][1] += 1
                if not hit and name == "iocd":
                    wrong.append(("missed", corpus, case["id"], kind, value, case["text"][:100]))
            hosts = {host(kind, value) for kind, value in got | wanted if kind in ("url", "email")}
            judged = "exact" == case["mode"] and case["kind"] in ("extract", "refang") and wanted
            document = case["kind"] == "document"
            # a vendor's list says nothing about types that it does not have
            listed = {kind for kind, _ in allowed}
            for kind, value in got:
                if kind in ("domain", "ipv4", "ipv6") and value in hosts and (kind, value) not in allowed:
                    continue  # the host of a URL that was found: told or not, it is neither right nor wrong
                right = any(spelling in allowed for spelling in spellings(kind, value))
                if not right and (rules.is_address_after_all(kind, value)
                                  or document and rules.is_written_whole(case, kind, value)):
                    continue
                if judged or document and kind in listed or kind in scored_types:
                    key = "documents" if document else "exact"
                    precision[(key, kind, name)][0] += right
                    precision[(key, kind, name)][1] += 1
                    if not right and name == "iocd":
                        wrong.append((f"wrong in {key}", corpus, case["id"], kind, value, case["text"][:100]))
    report(recall, precision, left_out, seconds, cases)
    if "--misses" in sys.argv:
        for row in sorted(wrong):
            print("\t".join(repr(cell) if index == 5 else str(cell) for index, cell in enumerate(row)))


def table(title, rows, scores):
    print(f"\n### {title}\n")
    print("| | type | " + " | ".join(NAMES) + " |")
    print("| --- " * (len(NAMES) + 2) + "|")
    for corpus, kind in rows:
        cells = [scores.get((corpus, kind, name)) for name in NAMES]
        if any(cell and cell[1] for cell in cells):
            print(f"| {corpus} | {kind} | " + " | ".join(map(ratio, cells)) + " |")


def report(recall, precision, left_out, seconds, cases):
    corpora = sorted({corpus for corpus, _ in cases})
    table("Recall (expectations scored)", [("all", kind) for kind in ORDER], recall)
    table("Recall by corpus", [(corpus, kind) for corpus in corpora for kind in ORDER], recall)
    table("Precision (values told)", [(part, kind) for part in ("exact", "documents") for kind in ORDER], precision)
    size = sum(len(case["text"].encode()) for _, case in cases)
    print("\n### Time for all texts\n")
    for name in NAMES:
        print(f"- {name}: {seconds[name]:.2f} s, {size / 1e6 / seconds[name]:.2f} MB/s")
    print("\n### Expectations not scored\n")
    for function in rules.RULES:
        print(f"- {left_out[function]}: {function.__doc__}")


if __name__ == "__main__":
    main()
