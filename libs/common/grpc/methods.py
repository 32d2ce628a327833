"""How a servicer's method is called: found out once per method, so that a call has nothing left to look up.

Methods that answer with a stream are asynchronous generators. They are driven from a coroutine here, not from another
generator, so that a client that goes away ends them in the task and the context in which they began.
"""

import inspect
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import grpc
from google.rpc.code_pb2 import Code

from libs.common.grpc.access import Access, access_to, largest_request
from libs.common.grpc.errors import EdgeRefusal
from libs.common.grpc.limits import Limit, TimeIsUp
from libs.common.grpc.validation import Parse

Context = grpc.aio.ServicerContext[Any, Any]
"""What grpc hands to a method beside its request. The services' own look at `current_call` instead."""

Respond = Callable[[Any, Any], Coroutine[Any, Any, Any]]
"""Answers a request in its grpc context; for a stream, writes the answers and returns None."""


@dataclass(frozen=True, slots=True)
class Method:
    """What the edge knows of one method."""

    path: str
    access: Access
    streams_in: bool
    endless: bool
    """Ends only with its client or this process: a stream whose method is named `Watch…`."""
    attributes: dict[str, str]
    largest: int
    """How many bytes one message of a request may have."""
    parse: Parse
    respond: Respond


def method_of(path: str, handler: Any, default_seconds: float) -> Method:
    """Describes the method that a grpc handler belongs to."""
    service, _, name = path.strip("/").partition("/")
    streams_out = bool(handler.response_streaming)
    behaviour = getattr(handler, _kind(handler))
    respond: Respond
    if streams_out:
        respond = _stream(behaviour) if inspect.isasyncgenfunction(behaviour) else _not_implemented
    else:
        respond = _single(behaviour, default_seconds) if inspect.iscoroutinefunction(behaviour) else _not_implemented
    return Method(
        path=path,
        access=access_to(path),
        streams_in=bool(handler.request_streaming),
        endless=streams_out and name.startswith("Watch"),
        attributes={"rpc.system": "grpc", "rpc.service": service, "rpc.method": name},
        largest=largest_request(path),
        parse=handler.request_deserializer,
        respond=respond,
    )


def handler_like(handler: Any, respond: Respond) -> Any:
    """A grpc handler of the same form that answers with `respond`, to which requests come as they were sent.

    To grpc all of them take streams: so it hands the call over before it has the request, of which nothing is read
    as long as it is not known who sends it, and nothing kept longer than `respond` keeps it.
    """

    async def answer(request: Any, context: Any) -> Any:
        return await respond(request, context)  # grpc looks whether this is a coroutine function.

    make = getattr(grpc, f"stream_{'stream' if handler.response_streaming else 'unary'}_rpc_method_handler")
    return make(answer, None, handler.response_serializer)


def _kind(handler: Any) -> str:
    directions = (handler.request_streaming, handler.response_streaming)
    return "_".join("stream" if streams else "unary" for streams in directions)


def _single(behaviour: Respond, default_seconds: float) -> Respond:
    """A method with one answer gets a deadline if its client sets none."""

    limit = Limit(default_seconds)

    async def respond(request: Any, context: Any) -> Any:
        if context.time_remaining() is not None:
            return await behaviour(request, context)
        try:
            return await limit.run(behaviour(request, context))
        except TimeIsUp:
            problem = f"No answer within {default_seconds:g} s, the time for a call without a deadline of its own."
            raise EdgeRefusal(Code.DEADLINE_EXCEEDED, "DEADLINE_PASSED", problem) from None

    return respond


def _stream(behaviour: Callable[[Any, Any], Any]) -> Respond:
    async def respond(request: Any, context: Any) -> None:
        async with aclosing(behaviour(request, context)) as answers:
            async for answer in answers:
                await context.write(answer)

    return respond


async def _not_implemented(request: Any, context: Any) -> Any:
    """For a stub's own method: ours are all asynchronous."""
    raise EdgeRefusal(Code.UNIMPLEMENTED, "NOT_IMPLEMENTED", "This service does not implement the method.")
