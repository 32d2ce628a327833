"""A history that is made is one that could have been written."""

from pathlib import Path

import psycopg
import pytest

from libs.common.store.migrate import prepare
from libs.common.store.reading import Log
from libs.common.store.verify import verify
from tests.bench import write
from tests.bench.history import check_tail, multiply
from tests.bench.place import Place

SERVICE = write.SERVICE.name


async def test_a_multiplied_log_verifies_whole_and_takes_the_next_write(postgres_url: str, tmp_path: Path) -> None:
    place, heard = Place(tmp_path, postgres_url), list[int]()
    admin_url = place.database()
    url = prepare(admin_url, SERVICE)
    async with write.writing(place, url) as target:
        await target.run(39, 8)

    assert multiply(admin_url, SERVICE, 50, heard.append) == 2_000

    await check_tail(url)
    assert heard[-1] == 2_000
    async with write.writing(place, url) as target:
        await target.run(20, 4)
    log = Log(url)
    await log.open()
    assert await verify(log) == (2_021, [])
    outbox, events = await log.outbox(0, 3_000), await log.events(0, 3_000)
    for announced, event in zip(outbox, events, strict=True):
        stored = await log.request(event.tenant, event.metadata.split('"request_id":"')[1][:36])
        assert (announced.log_position, announced.subject) == (event.position, event.stream)
        assert stored is not None and (stored.stream, stored.position) == (event.stream, event.position)
        assert str(event.stream).encode() in announced.data
    await log.close()
    place.clear()


async def test_a_broken_tail_is_found(postgres_url: str, tmp_path: Path) -> None:
    place = Place(tmp_path, postgres_url)
    admin_url = place.database()
    url = prepare(admin_url, SERVICE)
    async with write.writing(place, url) as target:
        await target.run(9, 3)
    with psycopg.connect(admin_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(f"UPDATE {SERVICE}.event SET tenant = 'another' WHERE position = 7")

    with pytest.raises(AssertionError, match="position 7"):
        await check_tail(url)
    place.clear()
