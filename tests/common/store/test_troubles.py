"""What is the matter with the database is said, and it is still an outage: tried again, and no error of ours."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from libs.common.grpc.errors import status_of
from libs.common.messaging.admin import AdminServicer
from libs.common.messaging.parking import ParkingLot
from libs.common.outages import OutcomeUnknown, Trouble, is_outage, trouble_of
from libs.common.store.committer import Committer
from libs.common.store.leases import Leases
from libs.common.store.reading import Log
from tests.common.messaging.test_admin import ask, pb
from tests.common.messaging.town import BELL, Node

FULL, NO_MORE, READ_ONLY = (
    "the database's disk is full",
    "the database takes no more connections",
    "the database is read only",
)


@contextmanager
def failing(database: str, sqlstate: str) -> Iterator[None]:
    """Lets every append fail as the server would."""
    with psycopg.connect(database, autocommit=True) as admin:
        admin.execute(
            "CREATE FUNCTION public.fail() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION 'planted' USING ERRCODE = '{sqlstate}'; END $$"
        )
        admin.execute("CREATE TRIGGER fail BEFORE INSERT ON bell.event EXECUTE FUNCTION public.fail()")
        yield
        admin.execute("DROP FUNCTION public.fail() CASCADE")


@pytest.mark.parametrize(("sqlstate", "said"), [("53100", FULL), ("25006", READ_ONLY), ("53200", "out of memory")])
async def test_a_write_that_the_server_can_not_do_says_why_and_is_done_when_it_can(
    database: str, sqlstate: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with Node(BELL, database) as bell:
        admin = AdminServicer(
            *(bell.log, bell.tables, bell.projector, {}, ParkingLot(bell.log, {}), Leases(bell.log, "one")),
            *(bell.clock, bell.waker, {}),
        )
        bell.application.committer._patience = 0.3
        with failing(database, sqlstate):
            with caplog.at_level(logging.INFO), pytest.raises(OutcomeUnknown) as outage:
                await bell.cast("big")
            during = await ask(bell, admin, pb.GetStatusRequest())
            bell.application.committer._patience = 15
            waiting = asyncio.create_task(bell.cast("big"))
            await asyncio.sleep(0.3)
            assert not waiting.done()
        await waiting
        after = await ask(bell, admin, pb.GetStatusRequest())

    assert said in status_of(outage.value, "bell").message
    assert said in caplog.text
    assert {record.levelno for record in caplog.records} <= {logging.INFO, logging.WARNING}
    assert said in during.database_trouble
    assert after.database_trouble == ""


async def test_a_database_that_takes_no_more_connections_says_so(database: str) -> None:
    async with Node(BELL, database) as bell:
        with psycopg.connect(database, autocommit=True) as admin:
            admin.execute("ALTER ROLE hubao_bell CONNECTION LIMIT 0")
            try:
                late, committer = Log(bell.url, patience=0.5), Committer(bell.url, patience=0.5)
                with pytest.raises(OutcomeUnknown, match=NO_MORE):
                    await late.open()
                with pytest.raises(psycopg.OperationalError) as refused:
                    await committer.open()
                assert (is_outage(refused.value), trouble_of(refused.value)) == (True, NO_MORE)
                admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'hubao_bell'")
                with pytest.raises(OutcomeUnknown, match=NO_MORE):
                    await bell.projector.rebuild()
            finally:
                admin.execute("ALTER ROLE hubao_bell CONNECTION LIMIT -1")


async def test_read_tables_on_a_full_disk_say_so(database: str) -> None:
    async with Node(BELL, database) as bell:
        await bell.cast("big")
        await bell.strike("big", 1)
        with psycopg.connect(database, autocommit=True) as admin:
            admin.execute(
                "CREATE FUNCTION public.full() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'planted' USING ERRCODE = 'disk_full'; END $$"
            )
            place = f"{bell.tables.schema}.strikes"
            admin.execute(f"CREATE TRIGGER f BEFORE INSERT ON {place} EXECUTE FUNCTION public.full()")
            with pytest.raises(OutcomeUnknown, match=FULL):
                await bell.projector.advance(bell.tables.schema)
            admin.execute("DROP FUNCTION public.full() CASCADE")

        assert bell.tables.trouble.now == FULL
        assert await bell.projector.advance(bell.tables.schema) == 2


def test_a_trouble_is_forgotten_when_it_is_not_met_again(monkeypatch: pytest.MonkeyPatch) -> None:
    trouble = Trouble()
    trouble.note(psycopg.OperationalError("the connection is lost"))
    assert trouble.now == ""

    trouble.note(psycopg.errors.DiskFull())
    assert trouble.now == FULL
    monkeypatch.setattr(Trouble, "LASTS", 0.0)
    trouble.note(psycopg.errors.DiskFull())
    assert trouble.now == ""
