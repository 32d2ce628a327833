"""What the gauges say of each queue, and that nobody reads them where nobody takes them."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from libs.common import telemetry
from libs.common.gauges import Gauges
from libs.common.messaging.consumer import Consumer
from tests.common.messaging.town import BELL, TOWER_SERVICE, LocalFeed, Node, verifier_of

WAITED = timedelta(minutes=10)


class Kept:
    """An instrument that keeps what it is set to, by its labels."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}

    def set(self, value: float, attributes: Mapping[str, str] | None = None) -> None:
        self.values["/".join((attributes or {}).values())] = value


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> dict[str, Kept]:
    names = (
        *("QUEUE_DEPTH", "RELAY_LAG", "RELAY_LAG_SECONDS", "CONSUMER_LAG", "CONSUMER_LAG_SECONDS", "PARKED"),
        *("PARKED_SECONDS", "TIMERS_OVERDUE", "TIMERS_OVERDUE_SECONDS", "PROJECTION_LAG", "PROJECTION_LAG_SECONDS"),
        "GUARD_USED",
        "SET_ASIDE",
        "SET_ASIDE_SECONDS",
    )
    instruments = {name: Kept() for name in names}
    for name, instrument in instruments.items():
        monkeypatch.setattr(telemetry, name, instrument)
    return instruments


async def test_where_nothing_waits_every_gauge_says_so(database: str, kept: dict[str, Kept]) -> None:
    async with Node(BELL, database) as bell:
        await Gauges(bell.application, bell.tables, {}, bell.clock).read()

        names = ["QUEUE_DEPTH"]
        for queue in ("RELAY_LAG", "PROJECTION_LAG", "SET_ASIDE", "TIMERS_OVERDUE"):
            names += [queue, f"{queue}_SECONDS"]
        assert {name: one.values for name, one in kept.items() if one.values} == {name: {"": 0} for name in names}


async def test_what_waits_is_counted_and_has_an_age_by_the_services_clock(database: str, kept: dict[str, Kept]) -> None:
    async with Node(BELL, database) as bell:
        await bell.cast("big")
        await bell.strike("big", 5, again_at=bell.clock.now())
        await bell.projector.advance(bell.tables.schema, limit=1)
        await bell.log.run("INSERT INTO cursor (name, position) VALUES ('relay', 1)")
        bell.clock.set(bell.clock.now() + WAITED)

        await Gauges(bell.application, bell.tables, {}, bell.clock).read()

        for name in ("RELAY_LAG", "PROJECTION_LAG", "TIMERS_OVERDUE"):
            assert kept[name].values == {"": 1}, name
            age = kept[f"{name}_SECONDS"].values[""]
            assert WAITED.total_seconds() <= age < 2 * WAITED.total_seconds(), name
        assert kept["GUARD_USED"].values == {"strikes": 0.05}


async def test_what_an_upstream_has_parked_and_is_ahead_is_shown_by_upstream(
    database: str, kept: dict[str, Kept]
) -> None:
    async with Node(BELL, database) as bell, Node(TOWER_SERVICE, database) as tower:
        feed = LocalFeed(bell)
        consumer = Consumer("tower", tower.hearing("bell"), feed, tower.bus, tower.log, verifier_of("bell"))
        await bell.cast("poison: a gauge")
        await bell.strike("poison: a gauge", 1)
        await bell.strike("poison: a gauge", 1)
        await consumer.take(await feed.read(0))
        tower.clock.set(tower.clock.now() + WAITED)

        await Gauges(tower.application, tower.tables, {"bell": consumer}, tower.clock).read()

        assert kept["PARKED"].values == {"bell": 2}
        assert WAITED.total_seconds() <= kept["PARKED_SECONDS"].values["bell"] < 2 * WAITED.total_seconds()
        assert kept["CONSUMER_LAG"].values == {"bell": 0}
        assert kept["CONSUMER_LAG_SECONDS"].values == {"bell": 0.0}
