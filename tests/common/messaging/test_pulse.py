"""The pulse: what other processes change is noticed, soon if somebody says so, and in bounded time if nobody does."""

import asyncio
from datetime import timedelta

import pytest

from deploy.local.servers import Nats
from libs.common import pulse
from libs.common.messaging import relay
from libs.common.messaging.jetstream import Hint
from libs.common.store import timers
from tests.common.messaging.town import BELL, Bell, NoBell, Node, bell_id
from tests.common.messaging.waiting import published_all, until, working

NEVER = 3600.0
NOWHERE = "nats://127.0.0.1:1"


async def connected(*nodes: Node) -> None:
    async def all_are() -> bool:
        return all(node.bus.connected for node in nodes)

    await until(all_are)


async def test_what_another_process_writes_is_noticed_without_any_hint(database: str) -> None:
    async with Node(BELL, database, NOWHERE) as one, Node(BELL, database, NOWHERE) as other, working(one.pulse.run):
        alarm = one.waker.alarm()
        await alarm.wait(5)  # The first beat.

        await other.cast("big")

        async with asyncio.timeout(15):
            await alarm.wait(NEVER)


async def test_another_process_is_told_at_once_and_need_not_ask(
    database: str, nats: Nats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse.Pulse, "_until_next", lambda self: NEVER)
    async with (
        Node(BELL, database, nats.url) as one,
        Node(BELL, database, nats.url) as other,
        working(one.bus.keep, other.bus.keep),
    ):
        await connected(one, other)
        async with working(one.pulse.run, other.pulse.run):

            async def at(position: int) -> None:
                async def reached() -> bool:
                    return one.pulse.seen.position == other.pulse.seen.position == position

                await until(reached)

            await one.cast("before")
            await at(1)
            alarm = one.waker.alarm()
            await other.cast("big")
            await at(2)

            async with asyncio.timeout(15):
                await alarm.wait(NEVER)


async def test_while_nothing_happens_it_is_asked_less_often(database: str, nats: Nats) -> None:
    async with Node(BELL, database, nats.url) as bell, working(bell.bus.keep):
        await connected(bell)
        async with working(bell.pulse.run):
            await asyncio.sleep(pulse.AWAKE + 2)
            before = bell.pulse.beats
            await asyncio.sleep(5)

            assert 1 <= bell.pulse.beats - before <= 6


async def test_while_nats_is_away_it_is_asked_as_often_as_it_may_be(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pulse, "AWAKE", 0.0)
    monkeypatch.setattr(pulse, "LONGEST", NEVER)
    async with Node(BELL, database, NOWHERE) as bell, working(bell.pulse.run):

        async def asked() -> bool:
            return bell.pulse.beats >= 10  # Doubled from one to the next, the tenth would come after a minute.

        await until(asked)


async def test_a_hint_that_is_old_or_can_not_be_read_does_nothing(database: str, nats: Nats) -> None:
    async with Node(BELL, database, nats.url) as bell, working(bell.bus.keep):
        await connected(bell)
        await bell.cast("big")
        heard: list[Hint] = []
        async with working(bell.pulse.run), bell.bus.listening("bell", heard.append):
            client = await bell.bus.connect()
            for text in (b"", b"x", b"1", b"-1 2", b"1 2 3", b"0 0"):
                await client.publish("hubao_pulse.bell", text)
            await bell.bus.tell("bell", Hint(7, 7))

            async def last() -> bool:
                return Hint(7, 7) in heard

            await until(last)
            assert {hint for hint in heard if hint.position != 1} == {Hint(0, 0), Hint(7, 7)}


async def test_a_timer_fires_when_it_is_due_and_not_before(
    database: str, nats: Nats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers, "LONGEST_SLEEP", NEVER)
    async with Node(BELL, database, nats.url) as bell, working(bell.bus.keep):
        await connected(bell)
        async with working(bell.pulse.run, bell.timers.run):
            await bell.cast("big")
            due = bell.clock.now() + timedelta(seconds=3)
            await bell.strike("big", 1, again_at=due)

            async def fired() -> bool:
                loaded = await bell.application.read(Bell, bell_id("lead", "big"), NoBell(name="big"), tenant="lead")
                return loaded.value.strikes == 2

            await until(fired)
            (last,) = (await bell.log.events(2, 10))[:1]
            assert last.recorded_at >= due


async def test_a_time_that_another_process_was_told_fires_timers_here(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timers, "LONGEST_SLEEP", NEVER)
    async with Node(BELL, database, NOWHERE) as bell, working(bell.pulse.run, bell.timers.run):
        await bell.cast("big")
        await bell.strike("big", 1, again_at=bell.clock.now() + timedelta(days=30))
        offset = timedelta(days=31) // timedelta(microseconds=1)
        await bell.log.run("INSERT INTO setting (key, value) VALUES ('clock.offset', %s)", (str(offset),))

        async def fired() -> bool:
            return (await bell.log.head()).position == 3

        await until(fired)
        assert bell.clock.offset == timedelta(days=31)


async def test_a_cursor_that_another_process_has_turned_back_is_noticed(
    database: str, nats: Nats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "LONGEST_SLEEP", NEVER)
    async with Node(BELL, database, nats.url) as bell, working(bell.relay.run, bell.pulse.run):
        await bell.cast("big")
        await bell.strike("big")
        await until(published_all(bell))

        async def seen() -> bool:
            return bell.pulse.published == 2

        await until(seen)
        await bell.log.run("UPDATE cursor SET position = 0 WHERE name = 'relay'")

        await until(published_all(bell))


async def test_a_generation_that_another_process_has_switched_to_is_read(database: str) -> None:
    async with Node(BELL, database, NOWHERE) as one, Node(BELL, database, NOWHERE) as other, working(one.pulse.run):
        before = one.tables.schema

        await other.projector.rebuild()

        async def follows() -> bool:
            return one.tables.schema == other.tables.schema != before

        await until(follows)
