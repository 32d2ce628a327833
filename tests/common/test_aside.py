"""What the read tables can't take is set aside with its stream, and holds up nobody else."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from random import Random
from typing import Any, cast
from unittest.mock import Mock

import psycopg
import pytest
from hubao.feed.v1 import admin_service_pb2 as pb
from sqlalchemy import BigInteger, Column, Connection, MetaData, String, Table, Uuid, select

from libs.common import telemetry
from libs.common.changes import Recorded
from libs.common.gauges import Gauges
from libs.common.messaging.admin import AdminServicer, Context
from libs.common.messaging.parking import ParkingLot
from libs.common.outages import OutcomeUnknown
from libs.common.projection import projector as projecting
from libs.common.projection.aside import ShapeNotKnown, Standing, standing
from libs.common.projection.rows import RowChange, added, changed, put
from libs.common.projection.tables import SET_ASIDE
from libs.common.service import Projection, Service
from libs.common.store.leases import Leases
from libs.common.store.requests import AppendRequest, NewEvent
from tests.common.messaging.town import BELL, Cast, Node, Struck, bell_id

METADATA = MetaData()
BELLS = Table(
    "bells",
    METADATA,
    Column("stream", Uuid, primary_key=True),
    Column("name", String, nullable=False, index=True),
    Column("hours", BigInteger, nullable=False, default=0),
)
ALL = Table("all_strikes", METADATA, Column("place", String, primary_key=True), Column("hours", BigInteger))

TOO_MANY = 12
"""Hours that make a number beyond 64 bits."""
BUG = 11
"""Hours on which `project` fails by itself."""
WRONG = {"nul": "nul\0", "far": "far too long for an index " + "".join(map(str, range(30_000)))}
"""Names of which `project` makes what PostgreSQL does not take."""
MENDED: set[str] = set()


def project(recorded: Recorded[Any]) -> list[RowChange]:
    match recorded.event:
        case Cast(name=name):
            stored = name if "texts" in MENDED else WRONG.get(name[:3], name)
            return [added(BELLS, {"stream": recorded.stream, "name": stored})]
        case Struck(hours=hours):
            if hours == BUG and "bug" not in MENDED:
                raise KeyError("a secret of 瀚海")
            stored = 10**19 if hours == TOO_MANY and "numbers" not in MENDED else hours
            return [
                put(ALL, {"place": "town", "hours": hours}, adds={"hours": hours}),
                changed(BELLS, {"stream": recorded.stream}, adds={"hours": stored}),
            ]
    return []


RECKONED: Service = replace(BELL, projection=Projection(version=1, metadata=METADATA, project=project))


@pytest.fixture
async def bell(database: str) -> AsyncIterator[Node]:
    MENDED.clear()
    async with Node(RECKONED, database) as node:
        yield node


async def project_all(bell: Node) -> None:
    """Brings the read tables to the end of the log, within bounds: a projector that stands still fails the test."""
    async with asyncio.timeout(60):
        while await bell.projector.advance(bell.tables.schema):
            pass
    assert await bell.tables.position() == (await bell.log.head()).position


async def shown(bell: Node) -> dict[str, int]:
    async with bell.tables.connect() as connection:
        return dict((await connection.execute(select(BELLS.c.name, BELLS.c.hours))).all())


async def struck_in_all(bell: Node) -> int:
    async with bell.tables.connect() as connection:
        return int(await connection.scalar(select(ALL.c.hours)) or 0)


async def aside(bell: Node) -> list[tuple[int, int | None]]:
    """The positions that are set aside, and those that they wait behind."""
    columns = select(SET_ASIDE.c.position, SET_ASIDE.c.behind).order_by(SET_ASIDE.c.position)
    async with bell.tables.connect() as connection:
        return [(position, behind) for position, behind in await connection.execute(columns)]


async def ring(bell: Node, name: str, hours: Iterable[int]) -> None:
    await bell.cast(name)
    for each in hours:
        await bell.strike(name, each)


@pytest.mark.parametrize("name", WRONG)
async def test_a_text_that_can_not_be_stored_holds_up_its_own_stream_alone(bell: Node, name: str) -> None:
    await ring(bell, "before", [1])
    await ring(bell, name, [2, 3])
    await ring(bell, "after", [4])

    await project_all(bell)

    assert await shown(bell) == {"before": 1, "after": 4}
    assert await struck_in_all(bell) == 5
    assert await aside(bell) == [(3, None), (4, 3), (5, 3)]


async def test_a_number_beyond_its_column_is_set_aside_and_leaves_no_half_of_its_event(bell: Node) -> None:
    await ring(bell, "big", [1, TOO_MANY, 2])
    await ring(bell, "small", [5])

    await project_all(bell)

    # What the event would have added to a row that it shares with others is not there either.
    assert await shown(bell) == {"big": 1, "small": 5}
    assert await struck_in_all(bell) == 6
    assert await aside(bell) == [(3, None), (4, 3)]


async def test_a_bug_in_a_projection_is_told_by_its_place_and_by_nothing_of_the_data(
    bell: Node, caplog: pytest.LogCaptureFixture
) -> None:
    await ring(bell, "big", [1, BUG])

    with caplog.at_level(logging.INFO):
        await project_all(bell)

    found = await standing(bell.tables)
    (one,) = found.first
    assert (found.events, found.streams, 0 <= found.seconds < 60) == (1, 1, True)
    assert (one.position, one.stream, one.tenant) == (3, bell_id("lead", "big"), "lead")
    assert (one.type, one.error) == ("bell.Struck", "KeyError")
    assert one.reason.startswith("tests/common/test_aside.py:")
    assert one.reason.endswith(" in project")
    (line,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert line.getMessage() == "events are set aside, and need a person"
    assert "瀚海" not in caplog.text + str(vars(line))


async def test_the_status_the_gauges_and_a_rebuild_say_what_stands_aside(
    bell: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    gauges = {"SET_ASIDE": Mock(), "SET_ASIDE_SECONDS": Mock()}
    for name, gauge in gauges.items():
        monkeypatch.setattr(telemetry, name, gauge)
    await ring(bell, "nul", [1, 2])
    await ring(bell, "big", [BUG])
    await ring(bell, "small", [4])
    await project_all(bell)
    parking, leases = ParkingLot(bell.log, {}), Leases(bell.log, "one")
    admin = AdminServicer(bell.log, bell.tables, bell.projector, {}, parking, leases, bell.clock, bell.timer_waker, {})
    nothing = cast(Context, None)

    status = await admin.GetStatus(pb.GetStatusRequest(), nothing)
    await Gauges(bell.application, bell.tables, {}, bell.clock).read()
    MENDED.add("bug")
    rebuilt = await admin.RebuildProjection(pb.RebuildProjectionRequest(), nothing)

    assert status.projected_position == status.position == 7
    assert (status.set_aside, status.set_aside_streams) == (4, 2)
    assert [(one.position, one.type) for one in status.first_set_aside] == [(1, "bell.Cast"), (5, "bell.Struck")]
    assert gauges["SET_ASIDE"].set.call_args.args == (4,)
    assert 0 < gauges["SET_ASIDE_SECONDS"].set.call_args.args[0] < 60
    assert rebuilt == pb.RebuildProjectionResponse(position=7, equal=False, set_aside_before=4, set_aside=3)


async def test_what_comes_later_of_a_stream_waits_and_of_others_does_not(bell: Node) -> None:
    await ring(bell, "big", [BUG])
    await project_all(bell)
    await bell.strike("big", 1)
    await ring(bell, "small", [2])

    await project_all(bell)

    assert await shown(bell) == {"big": 0, "small": 2}
    assert await aside(bell) == [(2, None), (3, 2)]


async def test_a_rebuild_before_the_mend_sets_the_same_aside_and_one_after_it_brings_it_back(bell: Node) -> None:
    await ring(bell, "nul", [1, 2])
    await ring(bell, "big", [BUG, 3])
    await ring(bell, "small", [4])
    await project_all(bell)
    before = await aside(bell)

    assert await bell.projector.rebuild(batch=3) == (8, True)
    assert await aside(bell) == before == [(1, None), (2, 1), (3, 1), (5, None), (6, 5)]

    MENDED.update(("texts", "bug"))
    assert await bell.projector.rebuild(batch=3) == (8, False)
    assert await aside(bell) == []
    assert await shown(bell) == {"nul": 3, "big": BUG + 3, "small": 4}
    assert await bell.projector.rebuild() == (8, True)


async def test_what_is_written_while_a_rebuild_runs_may_fail_too(bell: Node) -> None:
    await ring(bell, "small", [1] * 20)

    async def fail() -> None:
        await ring(bell, "nul", [1])
        await ring(bell, "big", [BUG])

    (_, equal), _ = await asyncio.gather(bell.projector.rebuild(batch=2), fail())
    await project_all(bell)

    assert equal
    assert await shown(bell) == {"small": 20, "big": 0}


@pytest.mark.parametrize("sqlstate", ["53100", "53200", "25006", "57P01", "40P01", "58030"])
async def test_an_outage_is_the_fault_of_no_event(bell: Node, database: str, sqlstate: str) -> None:
    await ring(bell, "big", [1])
    with psycopg.connect(database, autocommit=True) as owner:
        owner.execute(
            "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION 'planted' USING ERRCODE = '{sqlstate}'; END $$"
        )
        owner.execute(f"CREATE TRIGGER fail BEFORE INSERT ON {bell.tables.schema}.bells EXECUTE FUNCTION fail()")

        with pytest.raises(OutcomeUnknown):
            await bell.projector.advance(bell.tables.schema)

        assert (await bell.tables.position(), await aside(bell)) == (0, [])
        owner.execute("DROP FUNCTION fail() CASCADE")
    await project_all(bell)
    assert await shown(bell) == {"big": 1}


@pytest.mark.parametrize(("kind", "version"), [("bell.Melted", 1), ("bell.Cast", 2)])
async def test_an_event_of_a_newer_program_waits_for_a_newer_process(bell: Node, kind: str, version: int) -> None:
    await ring(bell, "big", [1])
    newer = NewEvent("lead", bell_id("lead", "newer"), 1, kind, version, b"{}", "{}", bell.clock.now())
    await bell.application.committer.submit(AppendRequest(events=[newer]))

    with pytest.raises(ShapeNotKnown, match=f"{kind}, version {version}, at 3: a newer process reads it"):
        await bell.projector.advance(bell.tables.schema)

    assert (await bell.tables.position(), await aside(bell)) == (0, [])


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_fails_the_rest_is_as_if_it_had_not_happened(
    bell: Node, seed: int, monkeypatch: pytest.MonkeyPatch, copied_rows: None
) -> None:
    random = Random(seed)
    monkeypatch.setattr(projecting, "PART", random.choice([1, 3, 8, 1000]))
    names = [f"bell {number}" for number in range(8)]
    expected: dict[str, int] = {}
    whole, stopped = 0, set()
    for name in names:
        await bell.cast(name)
        expected[name] = 0
    for _ in range(60):
        name, hours = random.choice(names), random.choice([1, 2, 3, 4, 5, BUG, TOO_MANY])
        if (await bell.strike(name, hours)) and (name in stopped or hours in (BUG, TOO_MANY)):
            stopped.add(name)
            continue
        expected[name] += hours
        whole += hours

    while await bell.projector.advance(bell.tables.schema, limit=random.choice([1, 7, 100])):
        pass

    assert (await shown(bell), await struck_in_all(bell)) == (expected, whole)
    assert await bell.projector.rebuild(batch=random.choice([1, 5, 5000])) == (68, True)


# What only the database finds is halved down to single events: at most twice as many tries as there are events.
@pytest.mark.parametrize(("kind", "count", "most"), [("nul", 1500, 60), ("far", 300, 2 * 300 + 10)])
async def test_a_flood_of_events_that_fail_costs_a_few_tries_for_each(
    bell: Node, monkeypatch: pytest.MonkeyPatch, kind: str, count: int, most: int
) -> None:
    tries = 0
    change = projecting.Projector._change

    def counted(self: projecting.Projector, connection: Connection, schema: str, rows: Any) -> None:
        nonlocal tries
        tries += 1
        change(self, connection, schema, rows)

    monkeypatch.setattr(projecting.Projector, "_change", counted)
    names = [f"{kind} {number}" if number % 3 else f"well {number}" for number in range(count)]
    await asyncio.gather(*(bell.cast(name) for name in names))

    await project_all(bell)

    found: Standing = await standing(bell.tables)
    assert (found.events, len(await shown(bell))) == (count * 2 // 3, count // 3)
    assert tries <= most
