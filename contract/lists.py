"""Walks a list of 50,000 entries as a client does: by offset while nobody writes, by `next` and
by delta while others write. No entry may be skipped or told twice, and every total is exact."""

import threading

from served import Served, names

ENTRIES = 50_000
# Entries on a page, and batches that are written during a walk.
PAGE, BATCHES, BATCH = 1_000, 20, 500
LIST = "/api/v1/iocs"


def check(condition, problem):
    if not condition:
        raise SystemExit(f"lists: {problem}")


def walk_by_offset(served):
    """Every entry once, in the same order at every size of a page; past the end there is none."""
    connection, walks = served.connect(), []
    for size in (PAGE, 777):
        told = []
        while True:
            page = served.get(connection, f"{LIST}?limit={size}&offset={len(told)}")
            check(page["meta"]["total"] == ENTRIES, f"total {page['meta']['total']} at {len(told)}")
            told += [entry["id"] for entry in page["data"]]
            check(len(page["data"]) == min(size, ENTRIES - len(told) + len(page["data"])), "a short page")
            if len(told) == ENTRIES:
                break
        check(len(set(told)) == ENTRIES, "an entry was told twice")
        check(served.get(connection, f"{LIST}?offset={ENTRIES}")["data"] == [], "more than all")
        walks.append(told)
    check(walks[0] == walks[1], "two walks differ")


class Writer(threading.Thread):
    """Adds, changes and removes entries, batch by batch."""

    def __init__(self, served, first):
        super().__init__()
        self.served, self.first, self.error = served, first, None

    def run(self):
        try:
            for batch in range(self.first, self.first + BATCHES):
                new = ENTRIES + batch * BATCH
                self.served.ingest("window", names(range(new, new + BATCH)))
                # Some of what is listed is told again, with more.
                self.served.ingest("window", names(range(batch * 97, batch * 97 + 50), tag="again"))
                # A list that rolls: entries leave it, and come.
                rolling = range(10 * batch, 10 * batch + 1_000)
                rows = (f"r{n}.contract-example.com,2026-01-02T03:04:05Z,r" for n in rolling)
                self.served.ingest("list", rows, snapshot=True)
        except SystemExit as error:
            self.error = error

    def finish(self):
        self.join()
        check(self.error is None, f"the writer failed: {self.error}")


def walk_by_next(served, before):
    """The list as it was on its first page, however much is written meanwhile."""
    writer = Writer(served, 0)
    connection = served.connect()
    page = served.get(connection, f"{LIST}?limit={PAGE // 2}")
    total, delta = page["meta"]["total"], page["links"]["delta"]
    check(total == before, f"total {total}, not {before}")
    writer.start()
    told = {}
    while True:
        check(page["meta"]["total"] == total, "the total changed on the way")
        for entry in page["data"]:
            check(entry["id"] not in told, f"{entry['value']} was told twice")
            told[entry["id"]] = entry
        if "next" not in page["links"]:
            break
        page = served.get(connection, page["links"]["next"])
    check(len(told) == total, f"{len(told)} told of {total}")
    return told, delta, writer


def follow(served, held, target):
    """Applies what happened to a copy of a list, until there is no more."""
    connection = served.connect()
    joint = "&" if "?" in target else "?"
    target += "" if "include_removed" in target else f"{joint}include_removed=true"
    while True:
        page = served.get(connection, target)
        for entry in page["data"]:
            if "removed" in entry:
                held.pop(entry["id"], None)
            else:
                held[entry["id"]] = entry
        if "next" not in page["links"]:
            return page["links"]["delta"]
        target = page["links"]["next"]


def fetch(served, query):
    """A list, fresh."""
    connection, told = served.connect(), {}
    page = served.get(connection, f"{LIST}?limit={PAGE}{query}")
    while True:
        told |= {entry["id"]: entry for entry in page["data"]}
        if "next" not in page["links"]:
            check(len(told) == page["meta"]["total"], "a fresh list is not whole")
            return told, page["links"]["delta"]
        page = served.get(connection, page["links"]["next"])


def same(held, fresh, what):
    missing, more = fresh.keys() - held.keys(), held.keys() - fresh.keys()
    check(not missing and not more, f"{what}: {len(missing)} missing, {len(more)} too many")
    told = [name for name in fresh if held[name]["updated_at"] != fresh[name]["updated_at"]]
    check(not told, f"{what}: {len(told)} are not as they are now")


def main():
    filters = ["", "&confidence=high", "&type=domain&category=community", "&include_expired=true"]
    with Served({"window": ("window", 60), "list": ("snapshot", 90)}) as served:
        served.ingest("window", names(range(ENTRIES)))
        walk_by_offset(served)
        print(f"lists: {ENTRIES} entries by offset, none skipped, none twice")

        held, delta, writer = walk_by_next(served, ENTRIES)
        # The copy keeps up while the writer goes on, then to the end.
        while writer.is_alive():
            delta = follow(served, held, delta)
        writer.finish()
        delta = follow(served, held, delta)
        same(held, fetch(served, "")[0], "the delta")
        check(follow(served, dict(held), delta) == delta, "no news, and another cursor")
        print(f"lists: by next and by delta while {3 * BATCHES} batches were written")

        copies = {query: fetch(served, query) for query in filters}
        writer = Writer(served, BATCHES)
        writer.start()
        copies = {query: (held, follow(served, held, delta)) for query, (held, delta) in copies.items()}
        writer.finish()
        for query, (held, delta) in copies.items():
            follow(served, held, delta)
            same(held, fetch(served, query)[0], f"the delta of {query or 'all'}")
        print(f"lists: filtered deltas of {len(filters)} lists end where fresh lists do")


main()
