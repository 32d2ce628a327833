"""Limits whose sum is beyond what is recorded are refused by a rule with a name, and harm nobody else's."""

from uuid import UUID

import pytest

from libs.common.errors import AmountOutOfRange
from tests.claims.desk import Desk
from tests.claims.examples import POLICY

LARGE = UUID(int=77)


async def test_limits_of_nine_quadrillion_and_more_do_not_stop_the_read_tables(desk: Desk) -> None:
    with pytest.raises(AmountOutOfRange):
        await desk.bind(LARGE, aggregate=90_000_000_000_000_000)
    await desk.bind(POLICY)
    await desk.project()

    assert await desk.tables.position() == (await desk.log.head()).position
    assert (await desk.account()).policy_id == str(POLICY)
