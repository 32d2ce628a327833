"""Logs that an older version wrote are opened, understood, proved and continued by this one."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.local.checks import failed
from deploy.local.incidents import HAND_MADE
from deploy.local.players import Players
from deploy.local.scene import play
from deploy.local.stack import Stack
from libs.common.errors import NotFound
from libs.common.events import Kinds
from libs.common.projection.aside import standing
from libs.common.store.migrate import prepare
from libs.common.store.verify import verify
from services.billing_subsidy import __main__ as billing_subsidy
from services.claims import __main__ as claims
from services.policy import __main__ as policy
from services.vendor_gateway import __main__ as vendor_gateway
from tests.common.engine import Engine
from tests.older_log.stored import REVISION, StoredLog, load, read

SERVICES = {main.SERVICE.name: main for main in (policy, vendor_gateway, claims, billing_subsidy)}
LOGS = read()
YEAR = [log for log in LOGS if log.name == "year"]
MUCH_LATER = datetime(2032, 1, 1, tzinfo=UTC)
ENTERPRISES = 4


class Missing(NotFound):
    message = "There is no such stream."


def opened(database: str, log: StoredLog) -> Engine:
    prepare(database, log.service, REVISION)
    load(database, log)
    main = SERVICES[log.service]
    return Engine(main.SERVICE, main.servicers, database, MUCH_LATER)


def test_the_logs_have_nearly_all_types_that_there_were() -> None:
    """Those that are missing can't be written by any test of then."""
    types = {line.split("\t")[0] for log in LOGS for line in rows_of(log, "event", "type")}

    assert len(types) >= 159


def rows_of(log: StoredLog, table: str, column: str) -> list[str]:
    at = log.tables[table].columns.index(column)
    return [row.split("\t")[at] for row in log.tables[table].rows.splitlines()]


@pytest.mark.parametrize("log", LOGS, ids=lambda log: f"{log.service}-{log.name}")
async def test_an_older_log_is_whole_and_all_in_it_is_understood(database: str, log: StoredLog) -> None:
    async with opened(database, log) as engine:
        kinds = Kinds(engine.service.aggregates)
        events = await engine.log.events(0, 10_000)

        assert await verify(engine.log, kinds.owners) == (len(events), [])
        for row in events:
            if row.version == 1:
                kind = kinds.begun_by(row.type)
                await engine.application.read(kind, row.stream, Missing(), tenant=None)
        await engine.project()
        assert await engine.projector.rebuild() == (len(events), True)
        assert (await standing(engine.tables)).events == 0
        assert len(await engine.announced()) == len(rows_of(log, "outbox", "position"))


@pytest.mark.parametrize("log", LOGS, ids=lambda log: f"{log.service}-{log.name}")
async def test_an_older_log_goes_on(database: str, log: StoredLog) -> None:
    """All timers that run in it fire, which are commands on old streams, and the log is whole after that, too."""
    async with opened(database, log) as engine:
        before = (await engine.log.head()).position
        running = rows_of(log, "timer", "id")

        await engine.fire()

        position, wrong = await verify(engine.log, Kinds(engine.service.aggregates).owners)
        assert wrong == []
        assert position >= before + bool(running)
        assert await engine.log.all("SELECT id FROM timer WHERE id::text = ANY(%s)", [running]) == []
        await engine.project()
        assert (await engine.projector.rebuild())[1]


async def test_the_year_that_an_older_version_has_played_is_the_same_year(database: str, tmp_path: Path) -> None:
    """Four processes of today on its logs: everything that is asked for again is answered as it was."""
    for log in YEAR:
        prepare(database, log.service, REVISION)
        load(database, log)
    with Stack(tmp_path / "data", {"DATABASE_URL": database}) as stack:
        players = Players.on(stack)
        try:
            before = {name: one.position for name, one in (await players.cluster.status()).items()}
            outcome = await play(players, Quiet(), ENTERPRISES, HAND_MADE)
            after = {name: one.position for name, one in (await players.cluster.status()).items()}
        finally:
            await players.channels.close()

    assert failed(outcome.checks) == []
    assert before == after
    assert set(before) == {log.service for log in YEAR}


class Quiet:
    """Nobody watches."""

    def stage(self, title: str, steps: int) -> "Quiet":
        return self

    def tell(self, text: str) -> None:
        """Nor listens."""

    def __call__(self) -> None:
        """Another step is done."""
