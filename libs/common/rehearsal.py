"""A plan run for what it would do: nothing of it is stored, announced, drawn or scheduled."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, TypeVar
from uuid import UUID

from libs.common.application import PATIENCE, Application
from libs.common.context import Call
from libs.common.outages import Conflict, Outage
from libs.common.store import codec
from libs.common.unit import Unit

T = TypeVar("T")


async def rehearse(application: Application, call: Call, plan: Callable[[Unit], Awaitable[T]]) -> T:
    """What a plan answers in a unit that is then thrown away.

    All aggregates that it looked at are so at one position of the log, or it is run again; what is left of a guard may
    have changed by then. Raises what the plan raises; Conflict if others are faster for too long.
    """
    until = monotonic() + PATIENCE
    while True:
        unit = Unit(call, application.service, application.cache, application.log)
        try:
            answer = await plan(unit)
        except Outage:
            raise
        except Exception:
            if await application.stands(unit):
                raise
        else:
            if await application.stands(unit):
                return answer
        if monotonic() > until:
            raise Conflict("others kept changing it")
        await asyncio.sleep(0)


def recorded_in(unit: Unit) -> list[tuple[UUID, Any]]:
    """The events that a unit has recorded so far, each with its stream, as they would be read from the log."""
    return [(new.stream, codec.decode(new.type, new.schema_version, new.payload)) for new in unit.events]
