"""All lists read sealed page tokens, and all watches cursors that name their log: none has a way of its own."""

import importlib
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from tests.contracts.protos import Rpc, modules, rpcs

IMPLEMENTED = (
    *(f"services.{name}.servicer" for name in ("policy", "vendor_gateway", "claims", "billing_subsidy")),
    "libs.common.messaging.admin",
    "libs.common.messaging.feed",
)


def servicers() -> dict[str, type]:
    """The generated servicers by name."""
    found = {}
    for module in modules("_pb2_grpc"):
        found |= {name: one for name, one in vars(module).items() if name.endswith("Servicer")}
    return found


def implementation(rpc: Rpc) -> Callable[..., Any]:
    """The method of ours that answers."""
    for name in IMPLEMENTED:
        importlib.import_module(name)
    generated = servicers()[f"{rpc.descriptor.containing_service.name}Servicer"]

    def below(cls: type) -> Iterator[type]:
        for one in cls.__subclasses__():
            yield from below(one)
            yield one

    ours = [cls for cls in below(generated) if cls.__module__.startswith(("services.", "libs."))]
    for cls in ours:
        method = getattr(cls, rpc.descriptor.name)
        if method is not getattr(generated, rpc.descriptor.name):
            return method  # type: ignore[no-any-return]
    raise AssertionError(f"nobody answers {rpc.name}")


def test_every_list_reads_a_sealed_token_and_gives_one() -> None:
    lists = [rpc for rpc in rpcs() if "page_token" in rpc.descriptor.input_type.fields_by_name]
    sources = {rpc.name: inspect.getsource(implementation(rpc)) for rpc in lists}

    assert len(lists) >= 21
    assert [name for name, text in sources.items() if "page_of(request" not in text or "next_token(" not in text] == []


def test_every_watch_reads_a_cursor_that_names_its_log_and_breaks_silence_with_one() -> None:
    watches = [rpc for rpc in rpcs() if rpc.descriptor.name.startswith("Watch")]

    assert len(watches) >= 2
    for rpc in watches:
        assert "cursor" in rpc.descriptor.input_type.fields_by_name, rpc.name
        assert "cursor" in rpc.descriptor.output_type.fields_by_name, rpc.name
        text = inspect.getsource(implementation(rpc))
        if "self._watching" in text:  # Handed on to the module of the same service that is about nothing else.
            package = implementation(rpc).__module__.rpartition(".")[0]
            text = inspect.getsource(importlib.import_module(f"{package}.watching"))
        assert all(word in text for word in ("position_of(", "cursor_of(", "heartbeat=watching.HEARTBEAT")), rpc.name
