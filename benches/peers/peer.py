"""What the scripts in this directory share: questions, cores, processor time, figures.

Each script measures one program over the files that `iocd bench corpus` wrote: `corpus.tsv`,
`hits.tsv`, `misses.tsv` (type, tab, value) or the same as `.txt` (value alone). What is measured
runs on the first core that this process may use and who asks on the last, as in `iocd bench`.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

CORES = sorted(os.sched_getaffinity(0))
# What each peer keeps beside type and value: an answer must have something to say.
SOURCE, CONFIDENCE = "bench-feed", 60


def arguments(about: str) -> argparse.Namespace:
    """The command line that all of these scripts have."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("corpus", type=Path, help="directory that `iocd bench corpus --out` wrote")
    parser.add_argument("--json", type=Path, help="write the figures to this file, too")
    parser.add_argument("--install", action="store_true", help="install what is missing (Debian, pip in a venv)")
    parser.add_argument("--questions", type=int, default=100_000, help="questions asked of each kind")
    return parser.parse_args()


def questions(path: Path, most: int) -> list[tuple[str, str]]:
    """Pairs of type and value."""
    with open(path) as lines:
        pairs = (line.rstrip("\n").split("\t", 1) for line in lines)
        return [(kind, value) for _, (kind, value) in zip(range(most), pairs)]


def count_rows(corpus: Path) -> int:
    """How many values the corpus has."""
    with open(corpus / "corpus.tsv") as lines:
        return sum(1 for _ in lines)


def pin(core: int) -> None:
    """Keeps this process, and those that it starts, on a core."""
    os.sched_setaffinity(0, {core})


def pin_first() -> None:
    """For what is measured: to be given as `preexec_fn`."""
    pin(CORES[0])


def processor_seconds(process: int) -> float:
    """Processor time of all threads of a process and of its children that live."""
    if process == os.getpid():
        return time.process_time()
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    tasks = Path(f"/proc/{process}/task").iterdir()
    own = sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)
    return own / 1e9 + sum(processor_seconds(int(child)) for child in children)


def install(*packages: str) -> None:
    """Installs Debian's packages without starting their services."""
    root = [] if os.geteuid() == 0 else ["sudo"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        subprocess.run([*root, "apt-get", *command], check=True, env=environment, stdout=subprocess.DEVNULL)


def need(command: str, package: str, may_install: bool) -> None:
    """Stops where a command is missing and may not be installed."""
    present = subprocess.run(["which", command], stdout=subprocess.DEVNULL).returncode == 0
    if not present and may_install:
        install(package)
    elif not present:
        sys.exit(f"{command} is missing: install {package}, or use --install")


class Figures:
    """Rows of name, value and unit."""

    def __init__(self) -> None:
        self.rows: list[dict] = []

    def add(self, name: str, value: float, unit: str) -> None:
        """Takes a figure and prints it."""
        self.rows.append({"name": name, "value": value, "unit": unit})
        print(f"{name:40} {value:16,.1f} {unit}", flush=True)

    def ask(self, name: str, count: int, work, process: int | None = None) -> None:
        """Runs the work, which is about so many values, and adds how many that is a second: as who
        asks sees it, and by the processor time of the process that answers."""
        before = processor_seconds(process) if process else 0.0
        started = time.perf_counter()
        work()
        elapsed = time.perf_counter() - started
        self.add(f"{name}.per_second", count / elapsed, "1/s")
        if process:
            self.add(f"{name}.per_cpu_second", count / (processor_seconds(process) - before), "1/s")

    def write(self, path: Path | None) -> None:
        """Writes them as `iocd bench --json` does."""
        if path:
            path.write_text(json.dumps({"figures": self.rows}, indent=2) + "\n")
