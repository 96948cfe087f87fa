"""Makes a synthetic access log and the indicators to find in it.

Usage: make_log.py MEGABYTES INDICATORS LOG PATTERNS
"""

import random
import sys

megabytes, indicators, log_path, patterns_path = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
rng = random.Random(20240510)
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def word(low, high):
    return "".join(rng.choices(LETTERS, k=rng.randint(low, high)))


def domain():
    return f"{word(4, 12)}-{word(3, 9)}.{rng.choice(['com', 'net', 'org', 'info', 'ru', 'top', 'co.uk'])}"


def address():
    while True:
        first = rng.randint(1, 223)
        if first not in (10, 127, 169, 172, 192, 198, 203):
            return f"{first}.{rng.randint(0, 255)}.{rng.randint(0, 255)}.{rng.randint(1, 254)}"


values = {"domain": set(), "ipv4": set(), "url": set()}
for kind, share, make in (("domain", 0.4, domain), ("ipv4", 0.3, address),
                          ("url", 0.3, lambda: f"http://{domain()}/{word(3, 9)}/{word(4, 10)}.php")):
    while len(values[kind]) < int(indicators * share):
        values[kind].add(make())
values = {kind: sorted(group) for kind, group in values.items()}
with open(patterns_path, "w", encoding="ascii") as out:
    for group in values.values():
        out.writelines(value + "\n" for value in group)

clients = [address() for _ in range(300_000)]
weights = [1 / (rank + 10) for rank in range(len(clients))]
sites = [f"https://{word(4, 9)}.example.{rng.choice(['com', 'org', 'net'])}/" for _ in range(2_000)]
agents = [
    f"Mozilla/5.0 ({rng.choice(['Windows NT 10.0; Win64; x64', 'X11; Linux x86_64', 'Macintosh; Intel Mac OS X 10_15_7'])}) "
    f"AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{rng.randint(90, 125)}.0.{rng.randint(0, 6500)}.{rng.randint(0, 200)} Safari/537.36"
    for _ in range(300)
]
paths = [f"/{word(3, 9)}/{word(3, 9)}" for _ in range(5_000)] + \
    [f"/static/{word(3, 9)}.{rng.randrange(16 ** 8):08x}.{kind}" for kind in ("js", "css", "png") for _ in range(500)]

size, number = 0, 0
with open(log_path, "w", encoding="ascii") as out:
    while size < megabytes * 1_000_000:
        lines = []
        for client in rng.choices(clients, weights, k=50_000):
            number += 1
            referer = rng.choice(sites) + (f"{word(3, 8)}?id={rng.randrange(10 ** 6)}" if rng.random() < 0.5 else "")
            if rng.random() < 0.4:
                referer = "-"
            if number % 500 == 0:
                kind = rng.choice(("domain", "ipv4", "url"))
                value = rng.choice(values[kind])
                if kind == "ipv4":
                    client = value
                else:
                    referer = f"https://{value}/{word(3, 8)}" if kind == "domain" else value
            query = f"?q={word(3, 8)}&v={rng.randrange(100)}.{rng.randrange(10)}" if rng.random() < 0.3 else ""
            lines.append(
                f'{client} - - [{number // 86400000 % 28 + 1:02}/May/2024:{number // 3600000 % 24:02}:{number // 60000 % 60:02}:{number // 1000 % 60:02} +0000] '
                f'"GET {rng.choice(paths)}{query} HTTP/1.1" {rng.choice((200, 200, 200, 304, 404))} {rng.randrange(90_000)} '
                f'"{referer}" "{rng.choice(agents)}"\n')
        text = "".join(lines)
        out.write(text)
        size += len(text)
