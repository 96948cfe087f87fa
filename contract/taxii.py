"""A collection of a TAXII server of others (medallion) is read whole, however often that is broken off.

5,000 objects, many of them added at one time. `iocd feeds run` is killed at random moments, and
connections are cut between pages, until it gets through: every object is there once, and a run
after that finds nothing new. What is added later, at the time of the last one, comes too.
Usage: contract/taxii.py (BINARY names the program)
"""

import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from served import IOCD

COUNT = 5000
COLLECTION = "91a7b528-80eb-42ed-a74d-c6fbd5a26116"
FEED = f"""name = "taxii"
title = "taxii"
publisher = "contract"
category = "community"
confidence = 50
extent = "events"
allow_private = true
auth = {{ kind = "basic", user = "reader", secret_env = "TAXII_SECRET" }}

[[format]]
name = "collection"
url = "http://127.0.0.1:PORT/api1/collections/{COLLECTION}/"
collector = "taxii"
connector = "stix"
"""

# medallion compares every object with every other one, and reads their times each time: what it
# has read it may remember, or a page takes a minute.
MEDALLION = """
import functools
import medallion.common
medallion.common.string_to_datetime = functools.lru_cache(None)(medallion.common.string_to_datetime)
from medallion.scripts.run import main
main()
"""


def value(number):
    return f"n{number}.taxii-example.com"


def generate(random):
    """The data of a server: objects, and when each was added."""
    objects, manifest, second = [], [], 0
    left = 0
    for number in range(COUNT):
        if left == 0:
            left = random.choice([1, 1, 2, 30, 100, 101, 700])
            second += 1
        left -= 1
        made = "2024-01-01T00:00:00.000Z"
        thing = {
            "type": "indicator",
            "spec_version": "2.1",
            "id": f"indicator--{random.getrandbits(32):08x}-0000-4000-8000-{number:012}",
            "created": made,
            "modified": made,
            "pattern": f"[domain-name:value = '{value(number)}']",
            "pattern_type": "stix",
            "valid_from": made,
        }
        added = f"2024-02-01T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.123456Z"
        objects.append(thing)
        manifest.append({
            "id": thing["id"],
            "date_added": added,
            "version": made,
            "media_type": "application/stix+json;version=2.1",
        })
    collection = {
        "id": COLLECTION,
        "title": "contract",
        "can_read": True,
        "can_write": False,
        "media_types": ["application/stix+json;version=2.1"],
        "objects": objects,
        "manifest": manifest,
    }
    return {
        "/discovery": {"title": "contract", "api_roots": ["http://127.0.0.1/api1/"]},
        "api1": {
            "information": {"title": "contract", "versions": ["application/taxii+json;version=2.1"], "max_content_length": 9765625},
            "status": [],
            "collections": [collection],
        },
    }


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def serve(path, data):
    """medallion over the data, on a port."""
    port = free_port()
    (path / "data.json").write_text(json.dumps(data))
    (path / "medallion.json").write_text(json.dumps({
        "backend": {
            "module": "medallion.backends.memory_backend",
            "module_class": "MemoryBackend",
            "filename": str(path / "data.json"),
        },
        "users": {"reader": "secret"},
        "taxii": {"max_page_size": 100},
    }))
    log = (path / "medallion.log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-c", MEDALLION, "--port", str(port), str(path / "medallion.json")], stdout=log, stderr=log
    )
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process, port
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"medallion does not come up: {(path / 'medallion.log').read_text()}")


class Wire:
    """Hands connections on to a server, and cuts some of them."""

    def __init__(self, port, random):
        self.port, self.random, self.share, self.pages = port, random, 0.0, 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.own = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            server = socket.create_connection(("127.0.0.1", self.port))
            is_cut = self.random.random() < self.share
            room = [self.random.randrange(20_000) if is_cut else 1 << 40]
            for source, sink, budget in ((client, server, [1 << 40]), (server, client, room)):
                threading.Thread(target=self.pump, args=(source, sink, budget), daemon=True).start()

    def pump(self, source, sink, budget):
        try:
            while piece := source.recv(4096):
                self.pages += piece.startswith(b"HTTP/1.1 200")
                budget[0] -= len(piece)
                if budget[0] < 0:
                    break
                sink.sendall(piece)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def main():
    chance = random.Random(7)
    with tempfile.TemporaryDirectory(prefix="iocd-contract-") as folder:
        path = Path(folder)
        process, port = serve(path, generate(chance))
        try:
            check(path, Wire(port, chance), chance)
        finally:
            process.terminate()
            process.wait()


def check(path, wire, chance):
    (path / "feeds").mkdir()
    (path / "feeds" / "taxii.toml").write_text(FEED.replace("PORT", str(wire.own)))
    (path / "iocd.toml").write_text("[fetch]\nhost_pause_seconds = 0\n")
    base = ["--data", str(path / "data"), "--feeds", str(path / "feeds")]
    environment = {**os.environ, "TAXII_SECRET": "secret"}

    def start(*arguments):
        return subprocess.Popen(
            [IOCD, *arguments, *base], cwd=path, env=environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )

    def run():
        out, err = start("feeds", "run", "taxii", "--json").communicate()
        try:
            return json.loads(out)
        except ValueError:
            raise SystemExit(f"taxii: {out}{err}") from None

    def listed():
        out, err = start("list", "--format", "txt", "--limit", str(2 * COUNT)).communicate()
        if err:
            raise SystemExit(f"taxii: {err}")
        return sorted(out.split())

    killed = 0
    for _ in range(3):
        process = start("feeds", "run", "taxii", "--json")
        until = wire.pages + chance.randrange(1, 45)
        while process.poll() is None and wire.pages < until:
            time.sleep(0.01)
        killed += process.poll() is None
        process.kill()
        process.communicate()
    if not killed:
        raise SystemExit("taxii: no run could be killed before it was through")
    wire.share = 0.05
    cut = 0
    for _ in range(30):
        outcome = run()
        if outcome["outcome"] != "failed":
            break
        cut += 1
        # In the end it gets through.
        wire.share *= 0.7
    else:
        raise SystemExit(f"taxii: it does not get through: {outcome}")
    expected = sorted(value(number) for number in range(COUNT))
    found = listed()
    if found != expected:
        raise SystemExit(f"taxii: {len(found)} of {COUNT} objects: {sorted(set(expected) ^ set(found))[:10]}")
    wire.share = 0
    again = run()
    if again["outcome"] != "unchanged":
        raise SystemExit(f"taxii: nothing is new, and yet: {again}")
    print(f"taxii: {COUNT} objects, each once, after {killed} kills and {cut} runs that broke off")


if __name__ == "__main__":
    main()
