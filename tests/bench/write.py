"""The typical write: one aggregate, one event, one announcement, through everything that a command goes through.

It is CreateTreaty without a key and without a request id. The server then gives each call an id of its own, so the same
bytes, sent again and again, are a new command and a new event each time; a load generator needs nothing but the bytes.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import psycopg
from google.protobuf.message import Message
from google.type.date_pb2 import Date
from hubao.policy.v1 import treaty_service_pb2 as pb

from libs.common.changes import Recorded
from libs.common.grpc.convert import date_message, decimal_text
from libs.common.store.migrate import prepare
from libs.common.tokens import LocalIssuer
from services.policy.__main__ import SERVICE as POLICY
from services.policy.domain.treaty.treaty import Treaty
from tests.bench.driving import Aim
from tests.bench.place import Place
from tests.bench.targets import Target, server

METHOD = "/hubao.policy.v1.TreatyService/CreateTreaty"
EVENT = "policy.TreatyCreated"
TENANT = "insurer"
ROLES = ("underwriter",)
REQUEST = pb.CreateTreatyRequest(
    reinsurer_id="91310000MA1FL0000X",
    percent="30",
    commission_percent="27.5",
    starts_on=Date(year=2026, month=1, day=1),
    ends_on=Date(year=2027, month=1, day=1),
)
_ASKED = ("reinsurer_id", "percent", "commission_percent", "starts_on", "ends_on")


def announce(recorded: Recorded[Any]) -> Message | None:
    """Treaties are private; here they are announced, so that the outbox is part of what is measured."""
    treaty = recorded.value
    if not isinstance(treaty, Treaty):
        return None
    return pb.Treaty(
        treaty_id=str(recorded.stream),
        treaty_key=treaty.treaty_key,
        reinsurer_id=treaty.reinsurer_id,
        percent=decimal_text(treaty.percent),
        commission_percent=decimal_text(treaty.commission_percent),
        starts_on=date_message(treaty.period.inception),
        ends_on=date_message(treaty.period.expiry),
        etag=str(recorded.version),
    )


SERVICE = replace(POLICY, announce=announce)


def log(place: Place) -> str:
    """The URL of a new log that the write can go to."""
    return prepare(place.database(), SERVICE.name)


def good(answer: bytes) -> bool:
    """Whether an answer is a treaty as it was asked for."""
    treaty = pb.CreateTreatyResponse.FromString(answer).treaty
    asked = all(getattr(treaty, name) == getattr(REQUEST, name) for name in _ASKED)
    return asked and treaty.etag == "1" and treaty.treaty_id != ""


def kept_in(url: str) -> Callable[[], tuple[int, ...]]:
    """Counts positions, treaties, and announcements, of which each write makes one, from where the log stands now."""

    def counted(position: int, outbox_position: int) -> tuple[int, ...]:
        with psycopg.connect(url) as connection:
            row = connection.execute(
                "SELECT position, outbox_position, (SELECT count(*) FROM event WHERE type = %s AND position > %s),"
                " (SELECT count(*) FROM outbox WHERE position > %s) FROM head",
                [EVENT, position, outbox_position],
            ).fetchone()
        assert row is not None
        return row

    position, outbox_position, *_ = counted(0, 0)
    return lambda: counted(position, outbox_position)


@asynccontextmanager
async def writing(place: Place, url: str) -> AsyncIterator[Target]:
    """The write on a log, through a server process of its own."""
    directory = place.directory / "identity"
    token = LocalIssuer.create(directory).token("an", "org", TENANT, ROLES)
    async with server("write", url, str(directory)) as running:
        aim = Aim(running.port, METHOD, REQUEST.SerializeToString(), 0, token)
        yield Target(place, running, aim, good=good, kept=kept_in(url))


def payload_length(url: str) -> int:
    """How many bytes the event has in the log."""
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT length(payload) FROM event WHERE type = %s LIMIT 1", [EVENT]).fetchone()
    assert row is not None
    return int(row[0])
