"""Writes the logs that are worth keeping: `make.py YEAR TESTS OUT`; see `stored`.

YEAR is the URL of the database in which the demo was played, TESTS that of a server with all databases of the tests.
"""

import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

sys.path.insert(0, str(Path(__file__).parent))
from stored import StoredLog, stored, write

SERVICES = ("policy", "vendor_gateway", "claims", "billing_subsidy")
LONGEST = 400
"""Events of a log; more would say little more."""


def main(year: str, tests: str, out: Path) -> None:
    """Those of the demo, and then, one by one, the log with the most types that none before it has."""
    with psycopg.connect(tests) as connection:
        names = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'test%' ORDER BY 1").fetchall()
    types: dict[tuple[str, str], frozenset[str]] = {}
    for url in (year, *(on(tests, name) for (name,) in names)):
        with psycopg.connect(url) as connection:
            for service in SERVICES:
                if connection.execute("SELECT to_regclass(%s)", [f"{service}.event"]).fetchone() != (None,):
                    rows = connection.execute(f"SELECT type, count(*) FROM {service}.event GROUP BY 1").fetchall()
                    if rows and sum(row[1] for row in rows) <= LONGEST:
                        types[url, service] = frozenset(row[0] for row in rows)
    chosen = [key for key in types if key[0] == year]
    while True:
        have = frozenset().union(*(types[key] for key in chosen))
        best = max(types, key=lambda key: (len(types[key] - have), -len(types[key]), key))
        if types[best] <= have:
            break
        chosen.append(best)
    logs: list[StoredLog] = []
    for number, (url, service) in enumerate(chosen):
        with psycopg.connect(url) as connection:
            logs.append(stored(connection, "year" if url == year else f"test {number}", service))
    write(out, logs)
    print(f"{len(logs)} logs with {len(have)} types of events")


def on(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
