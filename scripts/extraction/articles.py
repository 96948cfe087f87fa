"""Recall and precision of what articles claim, by vendor and type.

Usage: articles.py ARTICLE_BINARY EXTRACT_BINARY CORPORA REPORTS [--misses]

The truth is the vendors' own lists. A vendor's list of a type says which values of it are indicators, so
precision counts the types that a document's list has. Values told that are not on the list may still be
indicators (reports name more than they list): --misses prints them for a look.
"""

import collections
import json
import pathlib
import sys

import rules
from canon import ORDER, Canon, ask, host, ratio, spellings

VENDORS = ["talos", "eset", "unit42"]


def load(directory):
    for vendor in VENDORS:
        path = pathlib.Path(directory) / f"{vendor}.jsonl"
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                case = json.loads(line)
                if case["kind"] == "document":
                    yield vendor, case


def claims(binary, cases):
    answers = ask(binary, [{"id": case["id"], "text": case["text"]} for case in cases])
    return [{(claim["type"], claim["value"]) for claim in answer["claims"]} for answer in answers]


def score(article, extract, corpora, misses):
    cases = list(load(corpora))
    canon = Canon(extract)
    canon.learn((rules.kind_of(e), str(e["value"])) for _, case in cases for e in case["expect"] if rules.kind_of(e))
    recall, precision = (collections.defaultdict(lambda: [0, 0]) for _ in range(2))
    left_out, rows = collections.Counter(), []
    for (vendor, case), got in zip(cases, claims(article, [case for _, case in cases])):
        wanted, allowed = set(), set()
        for expectation in case["expect"]:
            kind = rules.kind_of(expectation)
            pair = (kind, str(expectation["value"]))
            expectation["canonical"] = value = canon[pair] if kind else None
            expectation["unknown_tld"] = pair in canon.warned
            if value:
                allowed.update(spellings(kind, value))
            if rule := rules.excluded(case, expectation):
                left_out[rule] += 1
            else:
                wanted.add((kind, value))
        # The host of a URL that was claimed is not a wrong one.
        hosts = {host(kind, value) for kind, value in got | wanted if kind in ("url", "email")}
        for kind, value in wanted:
            hit = any(spelling in got for spelling in spellings(kind, value))
            for key in ((vendor, kind), ("all", kind)):
                recall[key][0] += hit
                recall[key][1] += 1
            if not hit:
                rows.append(("missed", vendor, case["id"], kind, value, around(case["text"], value)))
        listed = {kind for kind, _ in allowed}
        for kind, value in got:
            if kind not in listed or kind in ("domain", "ipv4") and value in hosts and (kind, value) not in allowed:
                continue
            right = any(spelling in allowed for spelling in spellings(kind, value))
            if not right and rules.is_written_whole(case, kind, value):
                continue
            for key in ((vendor, kind), ("all", kind)):
                precision[key][0] += right
                precision[key][1] += 1
            if not right:
                rows.append(("not listed", vendor, case["id"], kind, value, around(case["text"], value)))
    for title, scores in (("Recall", recall), ("Precision", precision)):
        print(f"\n### {title}\n\n| type | all | " + " | ".join(VENDORS) + " |\n| --- | --- " + "| --- " * len(VENDORS) + "|")
        for kind in ORDER:
            if ("all", kind) in scores:
                print(f"| {kind} | " + " | ".join(ratio(scores.get((v, kind))) for v in ["all", *VENDORS]) + " |")
    print("\n### Expectations not scored\n")
    for rule, count in left_out.items():
        print(f"- {count}: {rule.__doc__}")
    if misses:
        print("\n### Misses\n")
        for row in sorted(rows):
            print("\t".join(str(cell) for cell in row))


def around(text, value):
    """The line that writes the value, defanged or not."""
    bare = value.split("://")[-1].rstrip("/").replace(".", "").lower()
    for line in text.splitlines():
        if bare in line.replace("[", "").replace("]", "").replace(".", "").lower():
            return repr(line.strip()[:160])
    return "''"


def count_reports(article, folder):
    """What is claimed of reports that have no list to compare with."""
    totals = collections.Counter()
    for path in sorted(path for path in pathlib.Path(folder).rglob("*") if path.is_file() and path.suffix != ".csv"):
        text = path.read_bytes().decode("utf-8", errors="replace")
        for kind, _ in claims(article, [{"id": path.name, "text": text}])[0]:
            totals[(path.relative_to(folder).parts[0], kind)] += 1
    folders = sorted({folder for folder, _ in totals})
    kinds = [kind for kind in ORDER if any((folder, kind) in totals for folder in folders)]
    print("\n### Reports without a list: claims\n\n| reports | " + " | ".join(kinds) + " |\n| --- " * 1 + "| --- " * len(kinds) + "|")
    for name in folders:
        print(f"| {name} | " + " | ".join(str(totals[(name, kind)]) for kind in kinds) + " |")


def main():
    article, extract, corpora, reports = sys.argv[1:5]
    score(article, extract, corpora, "--misses" in sys.argv)
    if pathlib.Path(reports).is_dir():
        count_reports(article, reports)


if __name__ == "__main__":
    main()
