import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import pytest
from hubao.feed.v1 import admin_service_pb2 as admin

from libs.common.grpc.client import TokenUnreadable, channel, identified, token_file
from tests.common.probe import SERVICE, Request, Response, Served, served


def ask(ours: grpc.aio.Channel, request: Any) -> Any:
    return ours.unary_unary(f"/{SERVICE}/Ask", Request.SerializeToString, Response.FromString)(request, timeout=10)


def channel_to(good: Served, source: Callable[[], str]) -> grpc.aio.Channel:
    return channel(f"127.0.0.1:{good.port}", source)


async def test_a_channel_brings_the_token_of_the_moment(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        path = tmp_path / "token"
        path.write_text(good.issuer.token("wang", "org-1", "pingan", ["underwriter"]) + "\n")
        async with channel_to(good, token_file(path)) as ours:
            assert (await ask(ours, Request(name="x"))).principal == "user:wang"

            fresh = tmp_path / "fresh"
            fresh.write_text(good.issuer.token("li", "org-1", "pingan", ["underwriter"]))
            os.replace(fresh, path)

            assert (await ask(ours, Request(name="x"))).principal == "user:li"


async def test_streams_bring_the_token_too(tmp_path: Path) -> None:
    async with served(tmp_path) as good, channel_to(good, good.token) as ours:
        listed = ours.unary_stream(f"/{SERVICE}/ListAll", Request.SerializeToString, Response.FromString)
        collect = ours.stream_unary(f"/{SERVICE}/Collect", Request.SerializeToString, Response.FromString)
        chat = ours.stream_stream(f"/{SERVICE}/Chat", Request.SerializeToString, Response.FromString)
        words = [Request(name="a"), Request(name="b")]

        assert [answer.text async for answer in listed(Request(name="x", items=[{"count": 1}]))] == ["1: 1"]
        assert (await collect(iter(words))).text == "a,b"
        assert [answer.text async for answer in chat(iter(words))] == ["a", "b"]


def test_a_missing_token_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(TokenUnreadable) as error:
        token_file(tmp_path / "none")()

    assert str(tmp_path / "none") in str(error.value)


async def test_a_command_is_repeated_with_its_request_id_when_the_outcome_is_unknown(tmp_path: Path) -> None:
    async with served(tmp_path) as good, channel_to(good, good.token) as ours:
        answer = await ask(ours, Request(name="x", behaviour="fail twice"))

        ids = {request.request_id for request in good.probe.seen}
        assert len(good.probe.seen) == 3
        assert ids == {answer.request_id}
        assert UUID(answer.request_id)


async def test_a_refusal_is_not_repeated(tmp_path: Path) -> None:
    async with served(tmp_path) as good, channel_to(good, good.token) as ours:
        for behaviour in ("refuse", "overload", "bug"):
            with pytest.raises(grpc.aio.AioRpcError):
                await ask(ours, Request(name="x", behaviour=behaviour))

        assert len(good.probe.seen) == 3


def test_a_request_keeps_its_own_id_and_the_callers_message_is_left_alone() -> None:
    own, empty, none = Request(request_id="mine"), Request(), admin.GetStatusRequest()

    assert identified(own) is own
    assert UUID(identified(empty).request_id)  # type: ignore[attr-defined]
    assert empty.request_id == ""
    assert identified(none) is none


async def test_a_restarted_service_is_found_again_at_once(tmp_path: Path) -> None:
    async with served(tmp_path) as first:
        address, token = f"127.0.0.1:{first.port}", first.token()
        ours = channel(address, lambda: token)
        await ask(ours, Request(name="x"))
    async with served(tmp_path, address=address), asyncio.timeout(8), ours:
        assert (await ask(ours, Request(name="again"))).text == "again"
