"""The committer when the database goes away: nothing is lost, nothing is stored twice, and nobody waits for ever."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.local.servers import Postgres
from libs.common.outages import OutcomeUnknown
from libs.common.store.committer import Committer
from libs.common.store.migrate import prepare
from libs.common.store.reading import Log
from tests.common.store.examples import a_request, an_event, words
from tests.common.store.holding import asking, log_held
from tests.common.store.proxy import Proxy


@pytest.fixture
async def proxy(store_url: str) -> AsyncIterator[Proxy]:
    async with Proxy(store_url) as running:
        yield running


@pytest.fixture
async def far(proxy: Proxy) -> AsyncIterator[Committer]:
    """A committer behind the proxy."""
    committer = Committer(proxy.url)
    await committer.open()
    yield committer
    await committer.close()


@pytest.fixture
def own_server(server_directory: Path) -> Iterator[Postgres]:
    """A server for this test alone, which it may stop and start."""
    with Postgres(server_directory / f"own-{uuid4().hex[:8]}", fsync=False) as server:
        yield server


async def test_a_lost_answer_is_had_by_asking_again(proxy: Proxy, far: Committer, log: Log) -> None:
    stream = uuid4()
    await far.submit(a_request(an_event(stream)))

    proxy.lose_answer()
    answers = [far.submit(a_request(an_event(stream, version))) for version in (2, 3)]
    verdicts = [await answer for answer in answers]

    assert proxy.lost == 1
    assert set(words(verdicts)) <= {"ok", "repeated"}
    assert [(one.stream, one.version, one.last_position) for one in verdicts] == [(stream, 2, 2), (stream, 3, 3)]
    assert [row.version for row in await log.stream(stream)] == [1, 2, 3]


async def test_what_had_been_done_long_before_is_never_taken_for_the_lost_append(
    proxy: Proxy, far: Committer, log: Log
) -> None:
    """A caller told `ok` would believe in the events of its second sending, which were never stored."""
    done = a_request(an_event(uuid4()), request_id="r")
    await far.submit(done)

    proxy.lose_answer()
    verdict = await far.submit(a_request(an_event(uuid4()), request_id="r"))

    assert proxy.lost == 1
    assert (verdict.verdict, verdict.stream) == ("repeated", done.stream)
    assert (await log.head()).position == 1


async def test_many_lost_answers_lose_and_double_nothing(proxy: Proxy, far: Committer, log: Log) -> None:
    streams = [uuid4() for _ in range(8)]
    verdicts = []
    for version in range(1, 16):
        if version % 3 == 0:
            proxy.lose_answer()
        verdicts += await asyncio.gather(*(far.submit(a_request(an_event(stream, version))) for stream in streams))

    assert proxy.lost == 5
    assert set(words(verdicts)) <= {"ok", "repeated"}
    assert sorted(one.last_position or 0 for one in verdicts) == list(range(1, 121))
    assert (await log.head()).position == 120


async def test_a_connection_cut_before_the_commit_is_made_anew(
    database: str, proxy: Proxy, far: Committer, log: Log
) -> None:
    async with log_held(database) as holder:
        answer = far.submit(a_request(an_event(uuid4())))
        await asking(holder)
        proxy.cut()

    assert (await answer).verdict in ("ok", "repeated")
    assert (await log.head()).position == 1


async def test_a_killed_backend_is_replaced(database: str, committer: Committer, log: Log) -> None:
    async with log_held(database) as holder:
        answer = committer.submit(a_request(an_event(uuid4())))
        backend = await asking(holder)
        await holder.execute("SELECT pg_terminate_backend(%s)", (backend,))

    assert (await answer).verdict == "ok"
    assert (await log.head()).position == 1


async def test_a_server_that_falls_silent_is_asked_again_on_another_connection(proxy: Proxy, log: Log) -> None:
    committer = Committer(proxy.url, answer_within=0.3)
    await committer.open()

    proxy.silent = True
    verdict = await committer.submit(a_request(an_event(uuid4())))

    assert (proxy.lost, verdict.verdict) == (1, "ok")
    assert (await log.head()).position == 1
    await committer.close()


async def test_a_restart_of_the_server_only_delays(own_server: Postgres) -> None:
    committer = Committer(prepare(own_server.url, "purse"))
    await committer.open()
    stream = uuid4()
    await committer.submit(a_request(an_event(stream)))

    await asyncio.to_thread(own_server.stop)
    answer = committer.submit(a_request(an_event(stream, 2)))
    await asyncio.sleep(0.5)
    assert not answer.done()
    await asyncio.to_thread(own_server.start)

    assert (await answer).verdict == "ok"
    await committer.close()


async def test_a_long_outage_is_an_unknown_outcome_and_afterwards_all_is_well(own_server: Postgres) -> None:
    told: list[object] = []
    committer = Committer(prepare(own_server.url, "purse"), refused=told.extend, patience=0.5)
    await committer.open()
    stream = uuid4()
    request = a_request(an_event(stream))

    await asyncio.to_thread(own_server.stop)
    with pytest.raises(OutcomeUnknown):
        await committer.submit(request)
    assert told == [stream]
    await asyncio.to_thread(own_server.start)

    assert (await committer.submit(request)).verdict == "ok"
    await committer.close()
