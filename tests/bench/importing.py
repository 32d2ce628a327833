"""Policies per second into the log by an import, against the same events saved by the plain eventsourcing library.

Ours is `ImportPolicies` of one service process through the whole edge: each row is decoded, checked, decided, encoded
with its announcement, its timers, its draw on a capacity and its request id, and stored with fsync on. The library
saves aggregates whose events hold the same facts, as plain values, 100 events at a time, on its own recorder for
PostgreSQL: no check, no announcement.
"""

import asyncio
from collections.abc import Sequence
from itertools import islice
from time import perf_counter, process_time
from typing import Any
from uuid import UUID

import msgspec
import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate
from hubao.policy.v1 import policy_import_pb2 as pb

from tests.bench.books import IMPORT, TENANT, Office, messages, office, policies
from tests.bench.driving import WrongAnswers
from tests.bench.figures import Figure, Size, alternate
from tests.bench.place import Place, cpu_seconds
from tests.bench.servers.library import environment

EVENTS_A_POLICY = 3
"""The contract, the beginning of its file, and what it draws on the capacity for what it depends on."""
TIMERS_A_POLICY = 2
"""The end of the policy, and the day on which it draws less."""
BATCH = 100
STORED = ("policy.Bound", "policy.FileOpened", "policy.ExposureFollowed")


class Contract(Aggregate):
    def __init__(self, bound: dict[str, Any]) -> None:
        self.bound = bound


class File(Aggregate):
    def __init__(self, opened: dict[str, Any]) -> None:
        self.opened = opened


class Exposed(Aggregate):
    def __init__(self, followed: dict[str, Any]) -> None:
        self.followed = followed


class Book(Application[UUID]):
    name = "book"


async def import_vs_library(place: Place, size: Size) -> Figure:
    count = size.events // 4
    async with office(place) as opened:
        reference = place.database()
        library = Book(environment(reference))
        costs: dict[str, list[dict[str, float]]] = {"ours": [], "reference": []}
        numbers = iter(range(0, 10**9, count))
        facts = await _facts(opened, next(numbers), count)

        async def ours() -> float:
            sent = messages(policies(next(numbers), count))
            before = await asyncio.to_thread(_kept, opened.url)
            meter = Meter({"server": opened.running.pid, "database": place.database_pid})
            answers = await _imported(opened, sent)
            costs["ours"].append(meter.read(count))
            _check(answers, count)
            grown = [now - old for now, old in zip(await asyncio.to_thread(_kept, opened.url), before, strict=True)]
            if grown != [count * EVENTS_A_POLICY, count, count * TIMERS_A_POLICY]:
                raise WrongAnswers(f"{count} policies were imported, and what is kept grew by {grown}")
            return count / meter.seconds

        async def reference_side() -> float:
            before = _saved(reference)
            meter = Meter({"database": place.database_pid})
            await asyncio.to_thread(_save, library, facts)
            costs["reference"].append(meter.read(count))
            if _saved(reference) - before != count * EVENTS_A_POLICY:
                raise WrongAnswers(f"the library keeps {_saved(reference) - before} events of {count} policies")
            return count / meter.seconds

        await _imported(opened, messages(policies(next(numbers), count)))  # What is done once only is done before.
        await asyncio.to_thread(_save, library, facts)
        figure = await alternate(Figure("policies/s"), size.rounds, ours, reference_side)
        figure.notes |= {"policies": count, "cpu_us_a_policy": costs}
        library.close()
        return figure


class Meter:
    """Wall time and CPU time of one side; `client` is this process, in which the library works, too."""

    def __init__(self, pids: dict[str, int]) -> None:
        self._pids = pids
        self._before = {who: cpu_seconds(pid) for who, pid in pids.items()}
        self._client = process_time()
        self._started = perf_counter()
        self.seconds = 0.0

    def read(self, count: int) -> dict[str, float]:
        """Microseconds of CPU for one of `count`."""
        self.seconds = perf_counter() - self._started
        used = {who: cpu_seconds(pid) - self._before[who] for who, pid in self._pids.items()}
        return {who: took / count * 1e6 for who, took in (used | {"client": process_time() - self._client}).items()}


async def _imported(opened: Office, sent: Sequence[bytes]) -> list[bytes]:
    """The answers of a stream, as bytes: they are looked into when the time has been taken."""
    stream: Any = opened.channel.stream_stream(IMPORT)
    return [answer async for answer in stream(iter(sent), metadata=opened.metadata)]


def _check(answers: Sequence[bytes], count: int) -> None:
    """Each row was accepted, in order, as a policy of its own, and the premiums sum to what was sent."""
    *parts, last = [pb.ImportPoliciesResponse.FromString(answer) for answer in answers]
    results = [result for part in parts for result in part.results.results]
    accepted = [result.row for result in results if result.outcome == pb.IMPORT_OUTCOME_ACCEPTED]
    distinct = len({result.policy_id for result in results})
    summary = last.summary
    if accepted != list(range(1, count + 1)) or distinct != count:
        raise WrongAnswers(f"{len(accepted)} of {count} rows were accepted: {results[:1]}")
    if (summary.accepted, summary.premium.units) != (count, 98_000 * count):
        raise WrongAnswers(f"the summary is {summary}")


def _kept(url: str) -> tuple[int, ...]:
    """Events, announcements and timers."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT position, outbox_position, (SELECT count(*) FROM timer) FROM head").fetchone()
    assert row is not None
    return row


Facts = list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]]


async def _facts(opened: Office, first: int, count: int) -> Facts:
    """The events of an import, policy by policy, as plain values, for the library to save."""
    await _imported(opened, messages(policies(first, count)))
    bound, begun, followed = [await asyncio.to_thread(_stored, opened.url, kind) for kind in STORED]
    return list(zip(bound, begun, followed, strict=True))


def _stored(url: str, kind: str) -> list[dict[str, Any]]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "SELECT payload FROM event WHERE type = %s AND tenant = %s ORDER BY position", [kind, TENANT]
        ).fetchall()
    return [msgspec.json.decode(payload) for (payload,) in rows]


def _save(library: Book, facts: Facts) -> None:
    events = (one for bound, opened, followed in facts for one in (Contract(bound), File(opened), Exposed(followed)))
    while batch := list(islice(events, BATCH)):
        library.save(*batch)


def _saved(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT count(*) FROM book_events").fetchone()
    assert row is not None
    return int(row[0])
