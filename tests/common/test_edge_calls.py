import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import UUID

import grpc
import pytest
from grpc import StatusCode

from libs.common.grpc.server import STREAMS_PER_CONNECTION
from tests.common.failing import failure
from tests.common.probe import NOW, SERVICE, Request, Response, Served, served


@pytest.fixture
async def good(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path) as running:
        yield running


async def until(condition: Any) -> None:
    """Waits for something that another task does."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)


async def test_a_command_knows_who_asks_and_when(good: Served) -> None:
    answer = await good.call("Ask", Request(name="x", request_id=str(UUID(int=5)).upper()))

    assert (answer.tenant, answer.organisation, answer.principal) == ("pingan", "org-1", "user:wang")
    assert answer.roles == "underwriter"
    assert answer.request_id == str(UUID(int=5))
    assert answer.now == NOW.isoformat()


async def test_the_servicer_gets_the_request_as_it_was_sent(good: Served) -> None:
    request = Request(name="x", request_id=str(UUID(int=5)), payload=b"1")

    await good.call("Ask", request)

    assert good.probe.seen == [request]


async def test_the_same_payload_has_the_same_fingerprint_whatever_its_request_id(good: Served) -> None:
    async def fingerprint(method: str = "Ask", request_id: str = "", **fields: Any) -> str:
        more = {"token": good.token(roles=("underwriter", "auditor"))}
        answer = await good.call(method, Request(name="x", request_id=request_id, **fields), **more)
        return str(answer.fingerprint)

    first = await fingerprint(request_id=str(UUID(int=1)))

    assert len(first) == 64
    assert await fingerprint(request_id=str(UUID(int=2))) == first
    assert await fingerprint() == first
    assert await fingerprint(payload=b"2") != first
    assert await fingerprint("Look") != first


@pytest.mark.parametrize(("name", "form"), [("Ask", "stream_unary"), ("ListAll", "stream_stream")])
async def test_of_two_messages_for_a_method_that_takes_one_only_the_first_is_read(
    good: Served, name: str, form: str
) -> None:
    async def two() -> AsyncIterator[Any]:
        yield Request(name="first")
        yield Request(name="second", items=[{"count": 10**6}])  # It would be refused.

    method = getattr(good.channel, form)(f"/{SERVICE}/{name}", Request.SerializeToString, Response.FromString)
    call = method(two(), metadata=[("authorization", f"Bearer {good.token()}")], timeout=5)
    answers = [(await call).text] if name == "Ask" else [answer.text async for answer in call]

    assert (await call.code(), answers) == (StatusCode.OK, ["first"] if name == "Ask" else [])
    assert [request.name for request in good.probe.seen] == (["first"] if name == "Ask" else [])
    await until(lambda: good.edge.in_flight == 0)


async def test_a_request_without_an_id_gets_a_new_one(good: Served) -> None:
    first, second = await good.call("Ask"), await good.call("Ask")

    assert UUID(first.request_id) != UUID(second.request_id)


async def test_a_correlation_id_is_the_callers_or_the_traces_or_the_requests(good: Served) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    theirs = await good.call("Ask", metadata=[("hubao-correlation-id", "case-7"), ("traceparent", trace)])
    traced = await good.call("Ask", metadata=[("traceparent", trace)])

    assert theirs.correlation_id == "case-7"
    assert traced.correlation_id in traced.traceparent or traced.correlation_id == traced.request_id
    assert traced.traceparent.split("-")[1] == "0af7651916cd43dd8448eb211c80319c"


async def test_a_damaged_trace_context_begins_a_new_trace(good: Served) -> None:
    for wrong in (
        "",
        "x",
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ):
        assert (await good.call("Ask", metadata=[("traceparent", wrong)])).text == "x"


async def test_a_write_tells_how_far_the_log_has_come(good: Served) -> None:
    for method, behaviour, position in (("Ask", "write 7 8", "8"), ("ListAll", "write 9", "9")):
        call = good.call(method, Request(name="x", behaviour=behaviour))
        if method == "Ask":
            await call
        else:
            assert [answer async for answer in call] == []

        assert ("hubao-position", position) in tuple(await call.trailing_metadata())


async def test_calls_beyond_the_streams_of_a_connection_wait_and_are_answered(good: Served) -> None:
    answers = await asyncio.gather(*(good.call("Ask") for _ in range(3 * STREAMS_PER_CONNECTION)))

    assert {answer.text for answer in answers} == {"x"}


async def test_a_call_that_writes_nothing_tells_no_position(good: Served) -> None:
    call = good.call("Ask")
    await call

    assert "hubao-position" not in dict(tuple(await call.trailing_metadata()))


async def test_a_read_waits_for_the_position_that_its_caller_has_seen(good: Served) -> None:
    assert (await good.call("Ask", metadata=[("hubao-min-position", "100")])).text == "x"
    failed = await failure(good.call("Ask", metadata=[("hubao-min-position", "101")], timeout=2))

    assert (failed.code, failed.reason) == (StatusCode.UNAVAILABLE, "POSITION_NOT_REACHED")
    assert [position for position, _ in good.waited] == [100, 101]
    assert good.waited[0][1] == 10.0
    assert 0 < good.waited[1][1] < 2.0
    assert len(good.probe.seen) == 1


async def test_answers_are_streamed_as_they_come(good: Served) -> None:
    answers = [
        answer.text async for answer in good.call("ListAll", Request(name="x", items=[{"count": 4}, {"count": 5}]))
    ]

    assert answers == ["1: 4", "2: 5"]
    assert good.probe.ended == ["user:wang"]


async def test_a_clients_stream_is_read_to_its_end(good: Served) -> None:
    answer = await good.call("Collect", [Request(name="a"), Request(name="b")])

    assert (answer.text, answer.tenant) == ("a,b", "pingan")
    assert UUID(answer.request_id)


async def test_both_sides_may_stream_at_once(good: Served) -> None:
    chat = good.method("Chat")(metadata=[("authorization", f"Bearer {good.token()}")])
    for word in ("ni", "hao"):
        await chat.write(Request(name=word))
        assert (await chat.read()).text == word
    await chat.done_writing()
    assert await chat.read() == grpc.aio.EOF


async def test_a_client_that_leaves_a_stream_ends_it(good: Served) -> None:
    call = good.call("ListAll", Request(name="x", items=[{"count": 1}], behaviour="wait"))
    assert (await call.read()).text == "1: 1"

    call.cancel()

    await until(lambda: good.probe.ended == ["user:wang"])
    await until(lambda: good.edge.in_flight == 0)


async def test_a_client_that_leaves_between_two_answers_ends_the_stream(good: Served) -> None:
    call = good.call("ListAll", Request(name="x", items=[{"count": 1}] * 5000))
    await call.read()

    call.cancel()

    await until(lambda: good.probe.ended == ["user:wang"])
    await until(lambda: good.edge.in_flight == 0)


async def test_a_clients_deadline_ends_its_call(good: Served) -> None:
    failed = await failure(good.call("Ask", Request(name="x", behaviour="wait"), timeout=0.2))

    assert failed.code == StatusCode.DEADLINE_EXCEEDED
    await until(lambda: good.probe.ended == ["cancelled"])


async def test_a_call_whose_deadline_has_passed_is_not_begun(good: Served) -> None:
    failed = await failure(good.call("Ask", timeout=0.0))

    assert failed.code == StatusCode.DEADLINE_EXCEEDED
    assert good.probe.seen == []


async def test_a_call_without_a_deadline_gets_one(tmp_path: Path) -> None:
    async with served(tmp_path, default_seconds=0.2) as good:
        started = monotonic()
        failed = await failure(good.call("Ask", Request(name="x", behaviour="wait")))

        assert (failed.code, failed.reason) == (StatusCode.DEADLINE_EXCEEDED, "DEADLINE_PASSED")
        assert monotonic() - started < 2
        assert good.probe.ended == ["cancelled"]


async def test_a_stream_may_last_as_long_as_its_client_wants(tmp_path: Path) -> None:
    async with served(tmp_path, default_seconds=0.1) as good:
        call = good.call("ListAll", Request(name="x", items=[{"count": 1}], behaviour="wait"))
        await call.read()
        await asyncio.sleep(0.3)
        good.probe.release.set()

        assert await call.read() == grpc.aio.EOF


async def test_too_much_at_once_is_refused_at_once(tmp_path: Path) -> None:
    async with served(tmp_path, limit=2) as good:
        waiting = [asyncio.ensure_future(good.call("Ask", Request(name="x", behaviour="wait"))) for _ in range(2)]
        await until(lambda: good.edge.in_flight == 2)

        failed = await failure(good.call("Ask"))
        good.probe.release.set()

        assert (failed.code, failed.reason) == (StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert [answer.text for answer in await asyncio.gather(*waiting)] == ["x", "x"]
        assert (await good.call("Ask")).text == "x"
