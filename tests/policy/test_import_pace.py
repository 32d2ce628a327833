"""Rows of an import come in turns of the event loop: many if they are quick, one by one if they are slow."""

import asyncio
from time import sleep

from services.policy.servicer.importing import MOST_AT_ONCE, TURN, Pace


async def rows_in_turns(seconds: float, rows: int) -> list[int]:
    """How many of these rows, each of which takes so long, were read in each turn."""
    pace, turns, read = Pace(), [], 0

    async def row() -> None:
        nonlocal read
        sleep(seconds)
        read += 1

    for _ in range(rows):
        before = read
        task = asyncio.create_task(row())
        await pace.begun()
        if read > before:
            turns.append(read - before)
    await task
    return turns


async def test_quick_rows_come_together() -> None:
    turns = await rows_in_turns(0, 1_000)

    assert max(turns) == MOST_AT_ONCE
    assert len(turns) < 100


async def test_slow_rows_leave_others_a_turn_between_two() -> None:
    assert max(await rows_in_turns(2 * TURN, 10)) == 1


async def test_rows_that_become_slow_become_few() -> None:
    pace = Pace()
    pace.rows = MOST_AT_ONCE
    asyncio.get_running_loop().call_soon(sleep, MOST_AT_ONCE * TURN)
    for _ in range(MOST_AT_ONCE):
        await pace.begun()

    assert pace.rows == 1
