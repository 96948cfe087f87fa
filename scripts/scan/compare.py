"""Runs `iocd scan`, grep and ripgrep on the same log and prints a table.

Usage: compare.py IOCD DATA PATTERNS LOG
"""

import json
import os
import re
import subprocess
import sys
import time

iocd, data, patterns, log = sys.argv[1:5]
size = os.path.getsize(log) / 1e6
commands = {
    "grep -F -f": ["grep", "-n", "-F", "-f", patterns, log],
    "rg -F -f": ["rg", "-n", "-j1", "--no-heading", "--no-filename", "-F", "-f", patterns, log],
    "iocd scan, 1 thread": [iocd, "--data", data, "scan", "--threads", "1", "--json", log],
    "iocd scan": [iocd, "--data", data, "scan", "--json", log],
}
seconds, output = {}, {}
with open(log, "rb") as file:  # into the page cache, for whoever comes first
    while file.read(1 << 24):
        pass
for name, command in commands.items():
    best = None
    for _ in range(1 if "-f" in name and size > 300 else 2):
        start = time.monotonic()
        done = subprocess.run(command, stdout=subprocess.PIPE, env={**os.environ, "LC_ALL": "C"}, check=False)
        took = time.monotonic() - start
        if done.returncode not in (0, 1):
            sys.exit(f"{name} failed")
        best = took if best is None else min(best, took)
    seconds[name], output[name] = best, done.stdout

# what is paid once: an empty log
empty = {}
with open(log + ".empty", "w", encoding="ascii") as file:
    file.write("-\n")
for name, command in commands.items():
    start = time.monotonic()
    subprocess.run([*command[:-1], log + ".empty"], stdout=subprocess.DEVNULL, check=False)
    empty[name] = time.monotonic() - start

ours = {json.loads(line)["line"] for line in output["iocd scan"].splitlines()}
theirs = {}
for line in output["rg -F -f"].splitlines():
    number, text = line.split(b":", 1)
    theirs[int(number)] = text.decode()
grep = {int(line.split(b":", 1)[0]) for line in output["grep -F -f"].splitlines()}
with open(patterns, encoding="ascii") as file:
    known = {line.rstrip("\n") for line in file}


def has_exact(text):
    """Whether a line has a pattern as a whole token, or as the host of a URL."""
    for token in re.split(r'[\s"]+', text):
        host = re.match(r"https?://([^/:?#]+)", token)
        if token in known or host and host.group(1) in known:
            return True
    return False


missed = [number for number, text in theirs.items() if number not in ours and has_exact(text)]
fastest = min(seconds[name] for name in ("grep -F -f", "rg -F -f"))
print(f"log: {size:.0f} MB, {len(known):,} indicators\n")
print("| | seconds | of which before the first line | MB/s | times the faster of grep and ripgrep | lines found |")
print("| --- | --- | --- | --- | --- | --- |")
for name in commands:
    lines = {"grep -F -f": len(grep), "rg -F -f": len(theirs)}.get(name, len(ours))
    print(f"| `{name}` | {seconds[name]:.2f} | {empty[name]:.2f} | {size / seconds[name]:.0f} | {fastest / seconds[name]:.1f} | {lines:,} |")
print(f"\nlines where ripgrep found an indicator as a whole token, or as the host of a URL, and iocd did not: {len(missed)}")
print(f"lines where ripgrep found only a part of a longer token: {sum(number not in ours for number in theirs) - len(missed)}")
print(f"lines that only iocd found: {len(ours - theirs.keys())}")
for number in missed[:5]:
    print(f"missed: {number}: {theirs[number]}")
