"""A stream has one kind: whoever takes it for another finds nothing there, spoils nothing, and stores nothing."""

import asyncio
from time import monotonic
from uuid import UUID, uuid4

import psycopg
import pytest

from libs.common.application import Application
from libs.common.events import Kinds
from libs.common.rehearsal import rehearse
from libs.common.store import codec
from libs.common.store.reading import Log
from libs.common.store.requests import NewEvent
from libs.common.unit import Unit
from tests.common.store.domain import SERVICE, Box, BoxLabelled, BoxMade, Noted, Opened, Purse, PurseNotFound, PutIn
from tests.common.store.domain import not_found as no_purse
from tests.common.store.examples import AT
from tests.common.store.purses import Purses, a_call, purses_at


@pytest.fixture
async def box(purses: Purses) -> UUID:
    """A box of tenant t1, which this process has not loaded since it was stored."""
    stream = uuid4()

    async def plan(unit: Unit) -> None:
        unit.record(Box, stream, [BoxMade(label="a"), Noted(text="n")])

    await purses.application.execute(a_call(), Box, stream, plan)
    return stream


async def box_of(application: Application, stream: UUID) -> Box:
    return (await application.read(Box, stream, no_purse(stream), tenant="t1")).value


@pytest.mark.parametrize("tenant", ["t1", "t2"])
@pytest.mark.parametrize("etag", ["", "2", "7"])
async def test_another_kind_and_another_tenants_and_nothing_have_one_answer(
    purses: Purses, box: UUID, store_url: str, tenant: str, etag: str
) -> None:
    foreign = uuid4()
    await purses.open(foreign, call=a_call(tenant="t3"))
    async with purses_at(store_url) as cold:
        for stream in (box, foreign, uuid4()):
            started = monotonic()
            with pytest.raises(PurseNotFound):
                await cold.put_in(stream, 1, a_call(tenant=tenant), etag=etag)
            with pytest.raises(PurseNotFound):
                await cold.read(stream, tenant)
            with pytest.raises(PurseNotFound):
                await cold.application.history(Purse, stream, no_purse(stream), tenant=tenant)
            with pytest.raises(PurseNotFound):
                await rehearse(cold.application, a_call(tenant=tenant), _looking_for(stream))
            assert monotonic() - started < 5  # Nothing was decided again and again.

        assert await box_of(cold.application, box) == Box("a", 1)
        assert (await purses.application.log.head()).position == 3


async def test_what_was_taken_for_something_else_is_still_what_it_is(purses: Purses, box: UUID, store_url: str) -> None:
    async with purses_at(store_url) as cold:
        assert await Unit(a_call(), SERVICE, cold.application.cache, cold.application.log).find(Purse, box) is None
        with pytest.raises(PurseNotFound):
            await cold.put_in(box)

        done = await cold.application.change(
            a_call(), Box, box, lambda value: [BoxLabelled(label=f"{value.label}b")], no_purse(box)
        )

    assert (done.value, done.version) == (Box("ab", 1), 3)


async def test_a_unit_records_events_of_the_kind_only(purses: Purses, purse: UUID, box: UUID) -> None:
    before = await purses.application.log.head()

    async def wrong_event(unit: Unit) -> None:
        await unit.get(Purse, purse, no_purse(purse))
        unit.record(Purse, purse, [BoxLabelled(label="b")])

    async def wrong_beginning(unit: Unit) -> None:
        unit.record(Purse, uuid4(), [PutIn(amount=1, found=0)])

    async def wrong_stream(unit: Unit) -> None:
        await unit.find(Purse, box)
        unit.record(Purse, box, [Opened(holder="Bo")])

    for plan, what in (
        (wrong_event, "test.BoxLabelled does not change a test.Purse"),
        (wrong_beginning, "test.PutIn does not begin a test.Purse"),
        (wrong_stream, f"{box} is a test.Box, and no test.Purse"),
    ):
        with pytest.raises(TypeError, match=what):
            await purses.application.execute(a_call(), Purse, purse, plan)

    assert await purses.application.log.head() == before


async def test_a_fault_that_only_append_sees_is_a_bug_and_not_tried_again(
    purses: Purses, box: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def plan(unit: Unit) -> None:
        await unit.find(Box, box)
        unit.record(Box, box, [BoxLabelled(label="b")])
        name, schema_version, payload = codec.encode(PutIn(amount=1, found=0))
        unit.events[0] = NewEvent("t1", box, 3, name, schema_version, payload, "{}", AT)

    with pytest.raises(TypeError, match=r"holds test\.Noted and takes no test\.PutIn"):
        async with asyncio.timeout(5):
            await purses.application.execute(a_call(), Box, box, plan)

    assert await box_of(purses.application, box) == Box("a", 1)


async def test_a_log_that_knows_an_event_type_otherwise_is_not_written_to(
    purses: Purses, store_url: str, database: str
) -> None:
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute("UPDATE purse.event_type SET kinds = '{test.Box}' WHERE type = 'test.Opened'")
    application = Application(SERVICE, Log(store_url), store_url)

    with pytest.raises(ValueError, match=r"test\.Opened is an event of"):
        await application.open()

    await application.log.close()


async def test_a_snapshot_counts_in_a_stream_of_its_kind_only(purses: Purses, box: UUID, store_url: str) -> None:
    """As one would find it whose stream was taken for a purse by an older release."""
    snapshots = purses.application.cache.snapshots
    snapshots.make(Purse, box, 1, Purse("nobody"))
    await snapshots.settle()

    async with purses_at(store_url) as cold:
        with pytest.raises(PurseNotFound):
            await cold.read(box)
        assert await box_of(cold.application, box) == Box("a", 1)


def test_an_event_that_begins_a_kind_belongs_to_no_other() -> None:
    class Thief:
        KIND = "test.Thief"

        @classmethod
        def begin(cls, event: Opened) -> "Thief":
            return cls()

        def evolve(self, event: Noted) -> "Thief":
            return self

    with pytest.raises(
        ValueError, match=r"test\.Opened begins a stream and is an event of test\.Purse and test\.Thief"
    ):
        Kinds((Purse, Thief))


def test_kinds_know_whose_an_event_is() -> None:
    kinds = Kinds(SERVICE.aggregates)

    assert kinds.begun_by("test.BoxMade") is Box
    assert kinds.owners["test.Noted"] == ["test.Box", "test.Purse"]
    with pytest.raises(LookupError, match=r"test\.PutIn begins no kind"):
        kinds.begun_by("test.PutIn")


def _looking_for(stream: UUID) -> "object":
    async def plan(unit: Unit) -> None:
        await unit.get(Purse, stream, no_purse(stream))

    return plan
