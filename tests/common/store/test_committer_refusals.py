"""What a refused or poisonous request does to others: those built on it fall with it, its neighbours stand."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from libs.common.changes import SetLimit
from libs.common.store.committer import Committer
from libs.common.store.requests import AppendRequest, Verdict
from tests.common.store.examples import Connection, a_request, an_event, append, versions, with_guards, words
from tests.common.store.holding import asking, log_held


@pytest.mark.parametrize(
    "poison",
    [
        replace(a_request(an_event(uuid4())), tenant="a\x00b"),
        replace(a_request(an_event(uuid4(), announced="a")), correlation_id="\ud800"),
        with_guards(SetLimit("nul\x00", 1)),
        with_guards(SetLimit("huge", 2**70)),
        a_request(an_event(uuid4()), request_id="".join(str(uuid4()) for _ in range(300))),
        a_request(an_event(uuid4(), tenant="a\nb")),
        replace(a_request(an_event(uuid4(), announced="a")), traceparent="\x00"),
    ],
    ids=[
        "nul in text",
        "half a character",
        "nul in a guard",
        "too large a number",
        "too long a request id",
        "refused by a check",
        "nul in outbox",
    ],
)
async def test_a_poisonous_request_hurts_only_itself(
    database: str, committer: Committer, poison: AppendRequest, connection: Connection
) -> None:
    one, two = uuid4(), uuid4()
    async with log_held(database) as holder:
        first = committer.submit(a_request(an_event(one)))
        await asking(holder)
        answers = [
            committer.submit(request)
            for request in (a_request(an_event(one, 2)), poison, a_request(an_event(two)), a_request(an_event(one, 3)))
        ]

    assert (await first).verdict == "ok"
    results = await asyncio.gather(*answers, return_exceptions=True)
    good = [result for result in results if isinstance(result, Verdict)]
    assert words(good) == ["ok", "ok", "ok"]
    assert isinstance(results[1], psycopg.Error | UnicodeEncodeError)
    assert versions(connection, one) == [1, 2, 3]
    assert (await committer.submit(a_request(an_event(two, 2)))).verdict == "ok"


async def test_what_was_decided_on_a_poisonous_request_falls_with_it(
    database: str, committer: Committer, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if another process, at the very moment, writes an event with the version that the poison would have had."""
    stream = uuid4()
    fail = Committer._fail

    async def overtaken(self: Committer, batch: Sequence[Any], error: Exception) -> None:
        if not versions(connection, stream):
            append(connection, a_request(an_event(stream)))
        await fail(self, list(batch), error)

    monkeypatch.setattr(Committer, "_fail", overtaken)
    async with log_held(database) as holder:
        first = committer.submit(a_request(an_event(uuid4())))
        await asking(holder)
        poison = committer.submit(replace(a_request(an_event(stream)), tenant="\x00"))
        built_on_it = committer.submit(a_request(an_event(stream, 2)))
        looked_at_it = committer.submit(a_request(an_event(uuid4()), looked_at=[(stream, 1)]))

    assert (await first).verdict == "ok"
    with pytest.raises(psycopg.DataError):
        await poison
    assert words([await built_on_it, await looked_at_it]) == ["conflict", "conflict"]
    assert versions(connection, stream) == [1]


async def test_whoever_waits_on_a_refused_request_is_told_so(store_url: str, database: str) -> None:
    """In the batch itself and in the queue behind it, through other streams too; before anyone hears of a verdict."""
    told: list[UUID] = []
    committer = Committer(store_url, refused=told.extend)
    await committer.open()
    first, second, other, free = uuid4(), uuid4(), uuid4(), uuid4()
    async with log_held(database) as holder:
        answers = [committer.submit(a_request(an_event(first, 7)))]
        await asking(holder)
        answers += [
            committer.submit(a_request(an_event(first, 8), an_event(second))),
            committer.submit(a_request(an_event(other), looked_at=[(second, 1)])),
            committer.submit(a_request(an_event(other, 2))),
            committer.submit(a_request(an_event(free))),
        ]
        answers[0].add_done_callback(lambda _: told.append(UUID(int=0)))

    assert words([await answer for answer in answers]) == ["conflict", "conflict", "conflict", "conflict", "ok"]
    assert {first, second, other} <= set(told[: told.index(UUID(int=0))])
    assert free not in told
    await committer.close()


async def test_a_conflict_over_what_was_looked_at_is_told_too(store_url: str) -> None:
    told: list[UUID] = []
    committer = Committer(store_url, refused=told.extend)
    await committer.open()
    looked = uuid4()

    verdict = await committer.submit(a_request(an_event(uuid4()), looked_at=[(looked, 3)]))

    assert verdict.verdict == "conflict"
    assert looked in told
    await committer.close()
