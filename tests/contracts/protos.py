"""Every method of the public contract, as generated code and as the comments beside it have it."""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from hubao.common.v1 import access_pb2

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "build" / "gen"
IMAGE = ROOT / "build" / "image.binpb"
READS = ("Get", "List", "Read", "Watch", "Check", "Preview", "Simulate", "SelfCheck", "Develop", "Export")
ON_THE_PROCESS = "hubao.feed.v1."
"""FeedService and AdminService work on a process, not on the log: no command, so no request id; each is idempotent."""


def modules(suffix: str) -> Iterator[ModuleType]:
    """The generated modules of ours, `_pb2` or `_pb2_grpc`."""
    for path in sorted((GENERATED / "hubao").rglob(f"*{suffix}.py")):
        yield importlib.import_module(".".join(path.relative_to(GENERATED).with_suffix("").parts))


@dataclass(frozen=True)
class Rpc:
    """One method."""

    descriptor: MethodDescriptor

    @property
    def name(self) -> str:
        return str(self.descriptor.full_name)

    @property
    def path(self) -> str:
        service = self.descriptor.containing_service
        return f"/{service.full_name}/{self.descriptor.name}"

    @property
    def access(self) -> Any:
        option: Any = access_pb2.access
        return self.descriptor.GetOptions().Extensions[option]

    @property
    def reads(self) -> bool:
        return self.descriptor.name.startswith(READS) or self.name == "hubao.feed.v1.AdminService.VerifyLog"


@cache
def rpcs() -> tuple[Rpc, ...]:
    """All methods of all services under hubao."""
    found = []
    for module in modules("_pb2"):
        for service in module.DESCRIPTOR.services_by_name.values():
            found.extend(Rpc(method) for method in service.methods)
    return tuple(found)


@cache
def comments() -> dict[str, str]:
    """The leading comment of each method, by its full name."""
    found = {}
    for file in FileDescriptorSet.FromString(IMAGE.read_bytes()).file:
        if not file.package.startswith("hubao."):
            continue
        for location in file.source_code_info.location:
            match list(location.path):
                case [6, service, 2, method]:  # The file's service, and the method in it.
                    of = file.service[service]
                    name = f"{file.package}.{of.name}.{of.method[method].name}"
                    found[name] = location.leading_comments.strip()
    return found
