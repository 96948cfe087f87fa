"""An iocd of one's own: a data directory, feeds, a key, a server on a free port."""

import http.client
import json
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# No test leaves this machine.
os.environ["IOCD_FETCH"] = "off"
IOCD = Path(os.environ.get("BINARY", ROOT / "target" / "release" / "iocd")).absolute()

FEED = """name = "{name}"
title = "{name}"
publisher = "contract"
category = "community"
confidence = {confidence}
extent = "{extent}"

[[format]]
name = "csv"
connector = "csv"
settings = {{ columns = ["value", "last_seen", "tags"] }}
value = [{{ column = "value", type = "auto" }}]
last_seen = "last_seen"
tags = "tags"
tag_separators = " "
"""


class Served:
    """A server over an empty store; feeds by name, each with its extent and confidence."""

    def __init__(self, feeds):
        self.folder = tempfile.TemporaryDirectory(prefix="iocd-contract-")
        self.path = Path(self.folder.name)
        (self.path / "feeds").mkdir()
        for name, (extent, confidence) in feeds.items():
            text = FEED.format(name=name, extent=extent, confidence=confidence)
            (self.path / "feeds" / f"{name}.toml").write_text(text)
        made = self.iocd("key", "create", "--name", "contract", "--tier", "unlimited")
        self.key = re.search(r"sk_live_[\w-]+", made)[0]

    def iocd(self, command, *arguments):
        """Runs a command over the data directory."""
        base = [IOCD, command, "--data", self.path / "data", "--feeds", self.path / "feeds"]
        done = subprocess.run([*base, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"iocd {command} {arguments}: {done.stdout}{done.stderr}")
        return done.stdout

    def ingest(self, feed, rows, snapshot=False):
        """Reads rows of CSV as a feed's document; `snapshot`: they are its whole list."""
        path = self.path / f"{feed}.csv"
        path.write_text("".join(f"{row}\n" for row in rows))
        whole = ["--snapshot"] if snapshot else []
        self.iocd("ingest", *whole, "--feed", feed, "--file", path)

    def __enter__(self):
        log = self.path / "serve.log"
        base = [IOCD, "serve", "--data", self.path / "data", "--feeds", self.path / "feeds"]
        with log.open("w") as out:
            self.process = subprocess.Popen([*base, "--listen", "127.0.0.1:0"], stdout=out, stderr=out)
        for _ in range(600):
            found = re.search(r"http://([\d.]+:\d+)", log.read_text())
            if found:
                self.address = found[1]
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        raise SystemExit(f"the server does not come up: {log.read_text()}")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.folder.cleanup()

    def connect(self):
        return http.client.HTTPConnection(self.address, timeout=120)

    def get(self, connection, target):
        """The JSON that a target answers with 200."""
        connection.request("GET", target, headers={"X-API-Key": self.key})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"GET {target[:200]}: {answer.status} {body[:300]!r}")
        return json.loads(body)

    def memory(self):
        """Bytes of anonymous memory that the server has in RAM."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return 1024 * int(re.search(r"RssAnon:\s+(\d+)", status)[1])


def names(numbers, seen="2026-01-02T03:04:05Z", tag="t"):
    """Rows that list a domain for each number."""
    return (f"n{number}.contract-example.com,{seen},{tag}{number % 7}" for number in numbers)
