"""One caller's calls and streams take no other's place, and a silent stream ends."""

import asyncio
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import RetryInfo
from grpc import StatusCode
from grpc_status import rpc_status

from libs.common.grpc.auth import Identity
from libs.common.grpc.places import Places
from libs.common.outages import Overloaded, ShareUsed
from libs.common.settings import Most
from tests.common.failing import failure
from tests.common.probe import Request, Served, served
from tests.common.test_edge_server import until


def somebody(subject: str = "wang", tenant: str = "pingan") -> Identity:
    return Identity(subject, f"user:{subject}", "org-1", tenant, frozenset({"underwriter"}), 0.0)


def a_task() -> Any:
    return object()


def silent(good: Served, token: str, name: str = "Chat") -> Any:
    """A client's stream on which nothing is sent."""
    return good.method(name)(metadata=[("authorization", f"Bearer {token}")])


async def open_streams(good: Served, token: str, count: int) -> list[Any]:
    before = good.edge.in_flight
    calls = [silent(good, token) for _ in range(count)]
    for call in calls:
        asyncio.ensure_future(call.initial_metadata())  # noqa: RUF006
    await until(lambda: good.edge.in_flight >= before + count)
    return calls


def test_a_caller_has_a_share_and_what_it_gives_back_is_free() -> None:
    places = Places(Most(4, 3, 2), Most(1, 1, 1))
    first, second = a_task(), a_task()
    places.take(first, somebody(), lasts=False)
    places.take(second, somebody(), lasts=False)

    with pytest.raises(ShareUsed):
        places.take(a_task(), somebody(), lasts=False)
    places.take(a_task(), somebody("li"), lasts=False)
    with pytest.raises(ShareUsed):
        places.take(a_task(), somebody("zhou"), lasts=False)
    places.take(a_task(), somebody("zhou", "other"), lasts=False)
    with pytest.raises(Overloaded):
        places.take(a_task(), somebody("zhou", "third"), lasts=False)
    places.leave(second)
    places.leave(second)
    places.take(a_task(), somebody(), lasts=False)


def test_streams_take_no_place_of_calls() -> None:
    places = Places(Most(1, 1, 1), Most(2, 2, 2))
    for _ in range(2):
        places.take(a_task(), somebody(), lasts=True)

    places.take(a_task(), somebody(), lasts=False)


def test_the_same_name_in_another_organisation_is_somebody_else() -> None:
    places = Places(Most(9, 9, 1))
    places.take(a_task(), somebody("wang", "a"), lasts=False)

    places.take(a_task(), somebody("wang", "b"), lasts=False)


async def test_silent_streams_of_one_take_no_place_of_another(tmp_path: Path) -> None:
    async with served(tmp_path, limit=4, streams=Most(8, 4, 3)) as good:
        calls = await open_streams(good, good.token(), 3)

        refused = await failure(silent(good, good.token()).read())
        assert (refused.code, refused.reason) == (StatusCode.RESOURCE_EXHAUSTED, "SHARE_USED")
        assert (await good.call("Ask")).text == "x"
        other = good.token("other", organisation="org-2")
        answered = good.method("Chat")(metadata=[("authorization", f"Bearer {other}")])
        await answered.write(Request(name="hello"))
        assert (await answered.read()).text == "hello"
        for call in calls:
            call.cancel()
        await until(lambda: good.edge.in_flight == 1)
        answered.cancel()


async def test_a_share_that_is_used_says_when_to_come_again(tmp_path: Path) -> None:
    async with served(tmp_path, streams=Most(1, 1, 1)) as good:
        (call,) = await open_streams(good, good.token(), 1)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await silent(good, good.token()).read()

        status: Any = rpc_status.from_call(refused.value)  # type: ignore[arg-type]
        retry = RetryInfo()
        assert any(detail.Unpack(retry) for detail in status.details)
        assert retry.retry_delay.ToMilliseconds() > 0
        call.cancel()


async def test_a_stream_on_which_nothing_comes_ends(tmp_path: Path) -> None:
    async with served(tmp_path, idle_seconds=0.2) as good:
        call = silent(good, good.token())
        await call.write(Request(name="hello"))
        assert (await call.read()).text == "hello"

        ended = await failure(call.read())

        assert (ended.code, ended.reason) == (StatusCode.DEADLINE_EXCEEDED, "STREAM_IDLE")
        await until(lambda: good.edge.in_flight == 0)
