"""The committer: many callers, few commits, in order; one bad request hurts nobody else."""

import asyncio
from uuid import uuid4

import psycopg
import pytest

from libs.common import telemetry
from libs.common.changes import Draw, SetLimit
from libs.common.outages import Fenced, Overloaded
from libs.common.store import committer as module
from libs.common.store.committer import Committer
from libs.common.store.reading import Log
from libs.common.store.requests import AppendRequest, Position, Verdict
from tests.common.store.examples import a_request, an_event, with_guards, words
from tests.common.store.holding import asking, log_held


@pytest.fixture
def sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many requests were in each commit."""
    recorded: list[int] = []

    class Histogram:
        def record(self, value: int) -> None:
            recorded.append(value)

    monkeypatch.setattr(telemetry, "COMMIT_BATCH_SIZE", Histogram())
    return recorded


async def all_of(committer: Committer, *requests: AppendRequest) -> list[Verdict]:
    return await asyncio.gather(*(committer.submit(request) for request in requests))


async def test_what_waits_is_committed_together_and_in_order(
    database: str, committer: Committer, log: Log, sizes: list[int]
) -> None:
    stream = uuid4()
    async with log_held(database) as holder:
        first = committer.submit(a_request(an_event(stream)))
        await asking(holder)
        rest = [committer.submit(a_request(an_event(stream, version))) for version in range(2, 500)]

    verdicts = [await answer for answer in (first, *rest)]

    assert words(verdicts) == ["ok"] * 499
    assert [one.last_position for one in verdicts] == list(range(1, 500))
    assert [row.version for row in await log.stream(stream)] == list(range(1, 500))
    assert sizes == [1, 256, 242]


async def test_what_comes_in_the_next_turns_of_the_loop_is_waited_for(committer: Committer, sizes: list[int]) -> None:
    async def after(turns: int) -> Verdict:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await committer.submit(a_request(an_event(uuid4())))

    verdicts = await asyncio.gather(*(after(turns) for turns in range(5)))

    assert words(verdicts) == ["ok"] * 5
    assert sizes == [5]


async def test_many_callers_that_come_one_by_one_are_committed_together(committer: Committer, sizes: list[int]) -> None:
    async def caller() -> None:
        for _ in range(5):
            assert (await committer.submit(a_request(an_event(uuid4())))).verdict == "ok"

    await asyncio.gather(*(caller() for _ in range(64)))

    assert sum(sizes) == 320
    assert len(sizes) <= 40


async def test_the_same_request_twice_is_stored_once(committer: Committer) -> None:
    request = a_request(an_event(uuid4()))

    verdicts = await all_of(committer, request, request)

    assert words(verdicts) == ["ok", "repeated"]
    assert [one.last_position for one in verdicts] == [1, 1]


async def test_a_full_queue_is_refused_at_once(
    database: str, committer: Committer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_QUEUE", 3)
    async with log_held(database) as holder:
        answers = [committer.submit(a_request(an_event(uuid4())))]
        await asking(holder)
        answers += [committer.submit(a_request(an_event(uuid4()))) for _ in range(3)]

        with pytest.raises(Overloaded):
            committer.submit(a_request(an_event(uuid4())))
        assert committer.depth == 3

    assert words([await answer for answer in answers]) == ["ok"] * 4
    assert (await committer.submit(a_request(an_event(uuid4())))).verdict == "ok"


async def test_closing_stores_what_was_submitted_and_takes_no_more(store_url: str, log: Log) -> None:
    committer = Committer(store_url)
    await committer.open()
    answers = [committer.submit(a_request(an_event(uuid4()))) for _ in range(600)]

    await committer.close()

    assert words([await answer for answer in answers]) == ["ok"] * 600
    assert (await log.head()).position == 600
    with pytest.raises(Overloaded):
        committer.submit(a_request(an_event(uuid4())))


async def test_a_caller_that_hangs_up_does_not_cancel_the_append(database: str, committer: Committer, log: Log) -> None:
    async with log_held(database) as holder:
        answer = committer.submit(a_request(an_event(uuid4())))
        await asking(holder)

        async def caller() -> None:
            await answer

        task = asyncio.create_task(caller())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert (await committer.submit(a_request(an_event(uuid4())))).verdict == "ok"
    assert (await log.head()).position == 2


async def test_even_a_cancelled_answer_hurts_nobody(database: str, committer: Committer, log: Log) -> None:
    async with log_held(database) as holder:
        answer = committer.submit(a_request(an_event(uuid4())))
        await asking(holder)
        answer.cancel()

    assert (await committer.submit(a_request(an_event(uuid4())))).verdict == "ok"
    assert (await log.head()).position == 2


async def test_a_fenced_committer_says_so_and_never_writes_again(database: str, committer: Committer, log: Log) -> None:
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as admin:
        await admin.execute("UPDATE purse.head SET epoch = epoch + 1")

    results = await asyncio.gather(
        *(committer.submit(a_request(an_event(uuid4()))) for _ in range(3)), return_exceptions=True
    )

    assert [type(result) for result in results] == [Fenced] * 3
    with pytest.raises(Fenced):
        committer.submit(a_request(an_event(uuid4())))
    assert isinstance(committer.failed, Fenced)
    assert (await log.head()).position == 0


async def test_guards_and_tracking_hold_across_batches(committer: Committer) -> None:
    opened = await all_of(committer, with_guards(SetLimit("budget", 100)))
    drawn = await all_of(committer, *(with_guards(Draw("budget", 1)) for _ in range(300)))
    heard = await all_of(
        committer, *(a_request(an_event(uuid4()), tracking=Position("claims", n, n + 1)) for n in range(300))
    )

    assert words(opened) == ["ok"]
    assert words(drawn) == ["ok"] * 100 + ["guard"] * 200
    assert words(heard) == ["ok"] * 300
