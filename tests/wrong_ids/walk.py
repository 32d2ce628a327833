"""Finds the ids in every method's request, and asks with whatever they may be given."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from grpc_status import rpc_status

from libs.common.application import Application
from libs.common.context import SHARED
from libs.common.events import Kinds
from libs.common.grpc.access import role_names
from libs.common.grpc.auth import Authenticator
from libs.common.grpc.edge import Edge
from libs.common.grpc.server import EdgeServer
from libs.common.projection.tables import ReadTables
from libs.common.store.reading import Log
from libs.common.tokens import LocalIssuer
from tests.contracts.protos import Rpc
from tests.wrong_ids.requests import BESIDE, REST, TOGETHER, fit
from tests.wrong_ids.scenes import Scene

STRANGER = "stranger"
ETAGS = ("etag", "policy_etag", "submission_etag")
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Path_ = tuple[str, ...]


def ids_in(message: Descriptor, above: Path_ = (), seen: frozenset[str] = frozenset()) -> Iterator[Path_]:
    """The paths of all fields that hold an id: named so, or a UUID by its rule; but for request ids."""
    for field in message.fields:
        path = (*above, field.name)
        if field.message_type is not None:
            if field.message_type.full_name not in seen:
                yield from ids_in(field.message_type, path, seen | {field.message_type.full_name})
        elif field.name != "request_id" and (field.name.endswith(("_id", "_ids")) or _is_uuid(field)):
            yield path


def _is_uuid(field: FieldDescriptor) -> bool:
    option: Any = validate_pb2.field
    rule = field.GetOptions().Extensions[option]
    return bool((rule.repeated.items if field.is_repeated else rule).string.uuid)


def is_needed_id(field: FieldDescriptor) -> bool:
    """Whether a request can't be without this id."""
    option: Any = validate_pb2.field
    rule = field.GetOptions().Extensions[option]
    needed = _is_uuid(field) and not field.is_repeated
    return bool(needed and rule.ignore != validate_pb2.IGNORE_IF_ZERO_VALUE) or field.name == "vendor_id"


def put(message: Any, path: Path_, value: str) -> None:
    """Sets a field, and makes what is on the way to it."""
    *above, last = path
    for name in above:
        field = message.DESCRIPTOR.fields_by_name[name]
        found = getattr(message, name)
        message = (found[0] if found else found.add()) if field.is_repeated else found
    if message.DESCRIPTOR.fields_by_name[last].is_repeated:
        del getattr(message, last)[:]
        getattr(message, last).append(value)
    else:
        setattr(message, last, value)


@dataclass(frozen=True)
class Answer:
    """What a caller is told, with all ids taken out; and the fields that it names as wrong."""

    code: str
    reason: str
    told: str
    fields: tuple[str, ...] = ()


@dataclass
class Walker:
    """Calls one service's methods over the network, as its owner or as a stranger."""

    scene: Scene
    application: Application
    channel: grpc.aio.Channel
    issuer: LocalIssuer
    streams: dict[str, str]
    """An aggregate of each kind that the owner has or that all share."""
    all_streams: list[tuple[str, str, str]]
    """Kind, id and tenant of every aggregate."""

    def right(self, field: str) -> str:
        """The id that belongs into a field of this name; empty for one that names nothing here."""
        return self.scene.keys.get(field) or self.streams.get(self.kind_of(field), "")

    def kind_of(self, field: str) -> str:
        """The kind of aggregate that a field of this name names here, if it is named by its stream's id."""
        kind = field.removesuffix("s").removesuffix("_id").title().replace("_", "")
        kind = {"Draft": "ChangeDraft", "Case": "SubsidyCase", "Order": "ServiceOrder"}.get(kind, kind)
        return f"{self.scene.service.name}.{kind}"

    def of_kind(self, field: str) -> set[str]:
        """The ids of all aggregates that a field of this name may name."""
        return {stream for kind, stream, _ in self.all_streams if kind == self.kind_of(field)}

    def is_shared(self, stream: str) -> bool:
        """Whether an aggregate belongs to everybody."""
        return any(stream == one and tenant == SHARED for _, one, tenant in self.all_streams)

    def name_of(self, stream: str) -> str:
        """What an id names."""
        keys = {value: f"the key {name}" for name, value in self.scene.keys.items()}
        return {**keys, **{one: kind for kind, one, _ in self.all_streams}}[stream]

    def request(self, rpc: Rpc, path: Path_, value: str, etag: str = "") -> Message:
        """A request that is right in everything but the field at `path`."""
        message: Any = GetMessageClass(rpc.descriptor.input_type)()
        for rest in REST:
            if rest.DESCRIPTOR is message.DESCRIPTOR:
                message.CopyFrom(rest)
        for name, part in BESIDE.get((message.DESCRIPTOR.name, ".".join(path)), {}).items():
            getattr(message, name).CopyFrom(part)
        together = TOGETHER.get(message.DESCRIPTOR.name, {})
        for field in message.DESCRIPTOR.fields:
            needed = is_needed_id(field) or field.name == together.get(".".join(path), "")
            if needed and self.right(field.name):
                put(message, (field.name,), self.right(field.name))
        if "request_id" in message.DESCRIPTOR.fields_by_name:
            message.ClearField("request_id")
        if path:
            put(message, path, value)
        fit(message, ".".join(path), value or self.right("policy_id"))
        for name in ETAGS:
            if etag and name in message.DESCRIPTOR.fields_by_name:
                setattr(message, name, etag)
        return message  # type: ignore[no-any-return]

    async def ask(self, rpc: Rpc, request: Message, *, role: str, stranger: bool) -> Answer:
        of_tenant = role not in ("vendor", "operator", "authority")
        organisation = self.scene.organisations.get(role, self.scene.tenant)
        if stranger:
            organisation = STRANGER
        token = self.issuer.token("an", organisation, organisation if of_tenant else "", (role,))
        metadata = [("authorization", f"Bearer {token}")]
        streams = rpc.descriptor.server_streaming
        make = self.channel.unary_stream if streams else self.channel.unary_unary
        output = GetMessageClass(rpc.descriptor.output_type)
        call: Any = make(rpc.path, type(request).SerializeToString, output.FromString)(
            request, metadata=metadata, timeout=20
        )
        try:
            answers = [one async for one in call] if streams else [await call]
        except grpc.aio.AioRpcError as error:
            return _refusal(error)
        told = json.dumps([MessageToDict(one) for one in answers], sort_keys=True, ensure_ascii=False)
        return Answer("OK", "", _without_ids(told))

    async def position(self) -> int:
        return (await self.application.log.head()).position


def _without_ids(told: str) -> str:
    return _UUID.sub("<id>", told)


def _refusal(error: grpc.aio.AioRpcError) -> Answer:
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    info, wrong = ErrorInfo(), BadRequest()
    for detail in status.details if status else ():
        detail.Unpack(info)
        detail.Unpack(wrong)
    told = _without_ids(json.dumps([error.details(), dict(info.metadata)], sort_keys=True, ensure_ascii=False))
    return Answer(error.code().name, info.reason, told, tuple(violation.field for violation in wrong.field_violations))


def has_etag(rpc: Rpc) -> bool:
    return any(name in rpc.descriptor.input_type.fields_by_name for name in ETAGS)


def roles_of(rpc: Rpc) -> list[str]:
    return [role_names()[role] for role in rpc.access.roles]


async def begun(log: Log, kinds: Kinds) -> list[tuple[str, str, str]]:
    """Kind, id and tenant of every aggregate, the first that began last."""
    rows = await log.all("SELECT type, stream, tenant FROM event WHERE version = 1 ORDER BY position DESC")
    return [(kinds.begun_by(name).KIND, str(stream), tenant) for name, stream, tenant in rows]


@asynccontextmanager
async def walking(scene: Scene, url: str, directory: Path) -> AsyncIterator[Walker]:
    """The service as it is after a restart: nothing is in memory."""
    application, tables = Application(scene.service, Log(url), url), ReadTables(scene.service, url)
    await application.open()
    await tables.open()
    issuer = LocalIssuer.create(directory)
    authenticator = Authenticator(str(issuer.jwks), issuer.issuer)
    await authenticator.open()
    edge = Edge(scene.service.name, authenticator, scene.now, tables.wait_for)
    server = EdgeServer("127.0.0.1:0", edge, scene.servicers(application, tables))
    port = await server.start()
    try:
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
            found = await begun(application.log, application.kinds)
            streams = {kind: stream for kind, stream, tenant in found if tenant in (scene.tenant, SHARED)}
            yield Walker(scene, application, channel, issuer, streams, found)
    finally:
        await server.drain(0.0)
        await application.close()
        await tables.close()
