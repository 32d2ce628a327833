"""Clocks that jump: one service's ahead of all others', or one replica's back behind the other's."""

import random
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import psycopg
from google.protobuf.timestamp_pb2 import Timestamp
from hubao.feed.v1 import admin_service_pb2 as pb

from tests.faults.harm import SOON, Steps

if TYPE_CHECKING:
    from tests.faults.rig import Rig

MICROSECOND = timedelta(microseconds=1)


def ahead(rig: "Rig", service: str, dice: random.Random) -> Steps:
    """One service's clock jumps ahead of the others'."""
    moving = rig.begin(_move(rig, service, timedelta(hours=dice.randrange(1, 7))), 120)
    while not moving.done():
        yield SOON
    moving.result()


def back(rig: "Rig", process: str, dice: random.Random) -> Steps:
    """A process is killed, and the one in its place runs some minutes behind the other replica's clock."""
    rig.cluster.services[process].kill()
    minutes = timedelta(minutes=dice.randrange(1, 30))
    with psycopg.connect(rig.postgres.url, autocommit=True, connect_timeout=10) as admin:
        admin.execute(
            f"UPDATE {process.removesuffix('-2')}.setting SET value = (value::bigint - %s)::text"
            " WHERE key = 'clock.offset'",
            (minutes // MICROSECOND,),
        )
    yield SOON
    rig.cluster.start_service(process)


async def _move(rig: "Rig", service: str, step: timedelta) -> None:
    status = await rig.operator(pb.GetStatusRequest(), at=service)
    moment = Timestamp()
    moment.FromDatetime(status.now.ToDatetime(UTC) + step)
    await rig.operator(pb.SetClockRequest(now=moment), at=service)
