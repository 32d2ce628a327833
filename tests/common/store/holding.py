"""Holding the writer lock of a log, so that a test decides when a batch goes on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg


@asynccontextmanager
async def log_held(database: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """Holds the writer lock, so that whatever is submitted meanwhile waits."""
    async with await psycopg.AsyncConnection.connect(database) as holder:
        await holder.execute("SELECT * FROM purse.head FOR UPDATE")
        yield holder


async def asking(holder: psycopg.AsyncConnection[Any]) -> int:
    """Waits until a batch waits for the writer lock; its backend."""
    while True:
        cursor = await holder.execute(
            "SELECT pid FROM pg_stat_activity WHERE usename = 'hubao_purse' AND wait_event_type = 'Lock'"
            " AND datname = current_database()"
        )
        if row := await cursor.fetchone():
            return int(row[0])
        await asyncio.sleep(0.01)
