"""A hundred clients that follow a list of 300,000 entries: no error, little memory."""

import http.client
import threading
import time

from served import Served, names

ENTRIES, POLLERS, SECONDS = 300_000, 100, 20
# What they may take together, over what the server had before them.
MEMORY = 200 << 20


class Poller(threading.Thread):
    """Asks for what happened, again and again."""

    def __init__(self, served, target, end):
        super().__init__()
        self.served, self.target, self.end = served, target, end
        self.polls, self.told, self.error = 0, 0, None

    def run(self):
        try:
            connection = self.served.connect()
            while time.monotonic() < self.end or self.polls == 0:
                page = self.served.get(connection, self.target)
                self.polls += 1
                self.told += len(page["data"])
                self.target = page["links"].get("next", page["links"]["delta"])
        except (SystemExit, OSError, http.client.HTTPException) as error:
            self.error = error


def main():
    with Served({"window": ("window", 60)}) as served:
        served.ingest("window", names(range(ENTRIES // 2)))
        page = served.get(served.connect(), "/api/v1/iocs?limit=1000")
        served.ingest("window", names(range(ENTRIES // 2, ENTRIES)))
        before = peak = served.memory()
        end = time.monotonic() + SECONDS
        pollers = [Poller(served, page["links"]["delta"], end) for _ in range(POLLERS)]
        for poller in pollers:
            poller.start()
        while any(poller.is_alive() for poller in pollers):
            peak = max(peak, served.memory())
            time.sleep(0.2)
        errors = [poller.error for poller in pollers if poller.error]
        if errors:
            raise SystemExit(f"pollers: {len(errors)} of {POLLERS} failed: {errors[0]}")
        polls, told = sum(poller.polls for poller in pollers), sum(poller.told for poller in pollers)
        more = peak - before
        print(f"pollers: {POLLERS} clients, {polls} answers, {told} entries, {more >> 20} MiB more")
        if more > MEMORY:
            raise SystemExit(f"pollers: {more >> 20} MiB more than before, allowed are {MEMORY >> 20}")


main()
