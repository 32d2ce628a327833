"""What must be true when everything has come to rest, each check with the first place at which it is not."""

import asyncio
import random
import re
import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import psycopg
from hubao.feed.v1 import admin_service_pb2 as pb

from deploy.local.checks import Check, Invariant, failed
from deploy.local.clients import SERVICES, Refusal
from deploy.local.cluster import NotDrained, Parked, unsettled
from deploy.local.invariants import invariants
from libs.common.store.recomputed import FEW as TOLD
from libs.common.store.recomputed import differences
from tests.faults.history import FEW, orphans, recomputed, unheard
from tests.faults.journal import Entry
from tests.faults.poison import OWNER
from tests.faults.rig import Rig

DRAIN_WITHIN = 120.0
ASK_WITHIN = 1200.0
"""A log of ten minutes is verified, rebuilt and asked for again in a few minutes, on a busy machine in some more."""
REPEATED = 4_000
"""How many changes are asked for again, if there are more."""
MEMORY_LIMIT = 400 * 1024
"""KiB that a process may take; one that has just started takes about a quarter of it."""

ERROR = re.compile(r"[0-9:.]{12} (ERROR|CRITICAL) ")
PARKED = "libs.common.messaging.hearing: announcement parked"

FOREIGN = "tenant, subject or time is not that of its event"
"""What verification says of an announcement that was put beside an event of somebody else's."""

Rows = list[tuple[Any, ...]]


def check(rig: Rig, drain_within: float = DRAIN_WITHIN) -> float:
    """All checks, in the order in which one would look; the seconds that the drain took."""
    begun = time.monotonic()
    left = rig.run(_drained(rig, drain_within), drain_within + 60)
    drained = time.monotonic() - begun
    rig.violations += [f"not drained within {drain_within:.0f} s: {one}" for one in left]
    for service in SERVICES:
        with psycopg.connect(rig.postgres.url, autocommit=True) as admin:
            events = admin.execute(
                "SELECT position, tenant, metadata::json->>'request_id', metadata::json->>'causation_id',"
                f" metadata::json->>'organisation' FROM {service}.event ORDER BY position"
            ).fetchall()
            requests = admin.execute(f"SELECT request_id, position FROM {service}.request").fetchall()
            outboxes = {
                name: admin.execute(f"SELECT coalesce(max(position), 0) FROM {name}.outbox").fetchone()
                for name in SERVICES
            }
            tracking = admin.execute(f"SELECT upstream, position FROM {service}.tracking").fetchall()
            rig.histories.append(recomputed(service, admin))
            rig.violations += rig.histories[-1].refuted[:FEW]
            rig.violations += orphans(service, admin)
            rig.violations += tables(rig, service)
            rig.violations += unheard(service, admin)
        rig.violations += gaps(service, events)
        rig.violations += halves(service, events, requests)
        rig.violations += reactions(service, events)
        rig.violations += acknowledged(service, rig.journal.acknowledged, events, requests)
        rig.violations += [
            f"{service} has heard {position} of {outboxes[upstream]} announcements of {upstream}"
            for upstream, position in tracking
            if (position,) != outboxes[upstream]
        ]
    if rig.journal.on_disk() != {entry.key for entry in rig.journal.acknowledged}:
        rig.violated("the journal on disk is not what its clients know")
    try:
        rig.run(_ask(rig, at_rest=not left), ASK_WITHIN)
    except (Refusal, NotDrained, Parked, TimeoutError) as error:  # What was found before it stands, and is told.
        rig.violated(f"the checks could not end: {type(error).__name__}: {error}")
    _answers(rig)
    for process, child in rig.cluster.services.items():
        rig.violations += errors(process, child.log.read_text("utf-8", "replace").splitlines())
    return drained


def tables(rig: Rig, service: str) -> list[str]:
    """The tables say what the events say, but for the poison: all differences, of which verification tells a few."""
    with psycopg.connect(rig.postgres.url) as admin:
        admin.execute(f"SET search_path = {service}")
        found = set(differences(admin, {}, most=len(rig.poisoned) + FEW))
    expected = foreign(rig) if service == OWNER else set()
    wrong = [f"{service}: {one}" for one in sorted(found - expected)]
    return (wrong + [f"{service}: the poison is not seen, {one}" for one in sorted(expected - found)])[:FEW]


def foreign(rig: Rig) -> set[str]:
    """What verification says of the poison, which was put into the outbox around `append`."""
    return {f"outbox {at}: {FOREIGN}" for _, _, at in rig.poisoned}


def gaps(service: str, events: Rows) -> list[str]:
    """Positions are 1, 2, 3 …"""
    for expected, (position, *_) in enumerate(events, start=1):
        if position != expected:
            return [f"{service} position {expected}: missing, the next event is at {position}"]
    return []


def halves(service: str, events: Rows, requests: Rows) -> list[str]:
    """The events of one request stand together and end where the request says: whole, once, or not at all."""
    ends = dict(requests)
    places: dict[str, list[int]] = defaultdict(list)
    for position, _, request, *_ in events:
        places[request].append(position)
    return [
        f"{service} position {found[0]}: request {request} stands at {found}, and should end at {ends.get(request)}"
        for request, found in places.items()
        if found[-1] - found[0] + 1 != len(found) or (request in ends and ends[request] != found[-1])
    ]


def reactions(service: str, events: Rows) -> list[str]:
    """What was done for an announcement was done once, and for those of one upstream in their order."""
    last: dict[str, tuple[int, int]] = {}
    wrong = []
    for position, _, _, causation, *_ in events:
        upstream, _, number = (causation or "").rpartition("/")
        if upstream not in SERVICES or not number.isdigit():
            continue
        heard, at = last.get(upstream, (0, 0))
        if int(number) < heard or (int(number) == heard and position != at + 1):
            wrong.append(f"{service} position {position}: reacts to {causation} again, or after {upstream}/{heard}")
        last[upstream] = (int(number), position)
    return wrong[:FEW]


def errors(process: str, lines: Iterable[str]) -> list[str]:
    """An outage is a warning; an error in a log is a bug, but for what is said of the poison."""
    found = [line for line in lines if ERROR.match(line) and not line.endswith(PARKED)]
    return [f"{process} logged: {line}" for line in found[:FEW]]


def acknowledged(service: str, entries: Iterable[Entry], events: Rows, requests: Rows) -> list[str]:
    """Each acknowledged change has its place in the log, and its events are there."""
    ends, present = dict(requests), {row[0] for row in events}
    wrong = []
    for entry in entries:
        if entry.service != service:
            continue
        end = ends.get(entry.request_id)
        if end is None:
            wrong.append(f"{service}: {entry.key} was acknowledged, and its request is not there")
        elif end not in present:
            wrong.append(f"{service} position {end}: {entry.key} was acknowledged, and its event is not there")
    return wrong[:FEW]


async def _drained(rig: Rig, within: float) -> list[str]:
    """Waits until all that was announced is heard, every timer fired, every read table up to date; what is left."""
    await rig.services.set_clock(await rig.services.now() + timedelta(minutes=1))
    deadline = time.monotonic() + within
    before: dict[str, int] = {}
    while True:
        status = await rig.services.status()
        left = unsettled(status)
        positions = {name: one.position for name, one in status.items()}
        if not left and positions == before:
            return []
        if time.monotonic() > deadline:
            return left or ["positions keep moving"]
        before = {} if left else positions
        await asyncio.sleep(0.1)


async def _ask(rig: Rig, *, at_rest: bool) -> None:
    """What the services say of themselves: parked announcements, logs, read tables, sums; and the answers again."""
    parked = {
        (name, one.upstream, one.position): one.error
        for name in SERVICES
        for one in (await rig.operator(pb.ListParkedRequest(page_size=1000), at=name)).parked
    }
    rig.violations += [
        f"{name} parked {upstream}/{position}, which was not poisoned: {error}"
        for (name, upstream, position), error in sorted(parked.items())
        if (name, upstream, position) not in rig.poisoned
    ]
    rig.violations += [f"{name} did not park the poison {up}/{at}" for name, up, at in rig.poisoned - parked.keys()]
    for name, upstream, position in parked:
        drop = pb.DropParkedRequest(upstream=upstream, position=position, reason="put there by the fault rig")
        await rig.operator(drop, at=name)
    for name in SERVICES:
        rebuilt = await rig.operator(pb.RebuildProjectionRequest(), at=name)
        if not rebuilt.equal:
            rig.violated(f"{name}: its read tables were not what a rebuild to position {rebuilt.position} makes")
    if not at_rest:
        return  # The sums would wait for a rest that may never come.
    before = {name: one.position for name, one in (await rig.services.status()).items()}
    await _repeat(rig)
    after = {name: one.position for name, one in (await rig.services.status()).items()}
    if after != before:
        rig.violated(f"repeating what was acknowledged changed something: {before} became {after}")
    for wrong in failed(await invariants(rig.cast, rig.services)):
        if not _only_poison(rig, wrong):
            rig.violated(f"{wrong.name}: {wrong}")


def _only_poison(rig: Rig, wrong: Check) -> bool:
    """Whether what a log's own check found is nothing but the poison, of which it tells a few."""
    if not isinstance(wrong, Invariant):
        return False
    found = dict(wrong.sums).get("violations found", "").split("; ")
    poison = foreign(rig)
    return len(found) == min(len(poison), TOLD) and poison.issuperset(found)


async def _repeat(rig: Rig) -> None:
    """An acknowledged change, asked for again, is answered as it was the first time; many are, drawn by the seed."""
    entries = rig.journal.acknowledged
    waiting = iter(random.Random(rig.seed).sample(entries, min(len(entries), REPEATED)))

    async def worker() -> None:
        for entry in waiting:
            try:
                same = await entry.caller.repeat(entry) == entry.answer
            except Refusal as refusal:
                rig.violated(f"{entry.service}: {entry.key} was acknowledged, and asked for again: {refusal}")
                continue
            if not same:
                rig.violated(f"{entry.service}: {entry.key} is answered otherwise when it is asked for again")

    await asyncio.gather(*(worker() for _ in range(16)))


def _answers(rig: Rig) -> None:
    """No client met a bug, and no process grew without bound."""
    bugs = ("INTERNAL", "UNKNOWN", "UNIMPLEMENTED", "REQUEST_ID_REUSED")
    for entry in rig.journal.entries.values():
        if entry.refused.split()[:1] and entry.refused.split()[0] in bugs:
            rig.violated(f"{entry.service}: {entry.key} was answered {entry.refused}")
    for process, size in rig.memory.items():
        if size > MEMORY_LIMIT:
            rig.violated(f"{process} took {size // 1024} MiB")
