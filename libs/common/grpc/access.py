"""Who may call what: reads the access option that stands beside each method in the protos, and applies it."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from google.protobuf import descriptor_pool
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.rpc.code_pb2 import Code
from hubao.common.v1 import access_pb2, bounds_pb2

from libs.common.grpc.auth import Identity
from libs.common.grpc.errors import EdgeRefusal


@dataclass(frozen=True, slots=True)
class Access:
    """The roles of which one is needed, and whose data a method touches."""

    roles: frozenset[str]
    scope: int

    def check(self, identity: Identity) -> None:
        """Refuses whoever may not call."""
        if self.scope == access_pb2.SCOPE_UNSPECIFIED or not self.roles:
            raise EdgeRefusal(Code.PERMISSION_DENIED, "METHOD_CLOSED", "Nobody may call this method.")
        if self.roles.isdisjoint(identity.roles):
            needed = ", ".join(sorted(self.roles))
            raise EdgeRefusal(
                Code.PERMISSION_DENIED,
                "ROLE_MISSING",
                f"This method needs one of the roles {needed}.",
                {"roles": needed},
            )
        if self.scope == access_pb2.SCOPE_TENANT and not identity.tenant:
            raise EdgeRefusal(
                Code.PERMISSION_DENIED,
                "TENANT_MISSING",
                "This method works on an insurer's data; the token names none.",
            )
        if self.scope == access_pb2.SCOPE_ORGANISATION and not identity.organisation:
            raise EdgeRefusal(
                Code.PERMISSION_DENIED,
                "ORGANISATION_MISSING",
                "This method works on an organisation's data; the token names none.",
            )


LARGEST_REQUEST = 256 << 10
"""Bytes, where a method does not say: a command is a few kilobytes, and a byte of a message may cost a hundred here."""
CLOSED = Access(frozenset(), access_pb2.SCOPE_UNSPECIFIED)


@cache
def role_names() -> dict[int, str]:
    """The roles as tokens and calls name them: `underwriter` for `ROLE_UNDERWRITER`."""
    values = access_pb2.Role.DESCRIPTOR.values
    return {value.number: value.name.removeprefix("ROLE_").lower() for value in values if value.number}


def access_of(method: MethodDescriptor) -> Access:
    """What the method's option says; a method without one is closed to everyone."""
    options = method.GetOptions()
    option: Any = access_pb2.access
    if not options.HasExtension(option):
        return CLOSED
    declared: access_pb2.Access = options.Extensions[option]
    names = role_names()
    return Access(frozenset(names[role] for role in declared.roles if role in names), declared.scope)


def access_to(path: str) -> Access:
    """The access of a method by its path, `/hubao.policy.v1.PolicyService/BindPolicy`, from the loaded protos."""
    method = _method(path)
    return CLOSED if method is None else access_of(method)


def largest_request(path: str) -> int:
    """How many bytes a message of the method's requests may have."""
    method = _method(path)
    option: Any = bounds_pb2.largest_request
    if method is None or not method.GetOptions().HasExtension(option):
        return LARGEST_REQUEST
    return int(method.GetOptions().Extensions[option])


def largest_request_of(services: Iterable[str]) -> int:
    """How many bytes a message of any request to these services may have."""
    found = [LARGEST_REQUEST]
    for name in services:
        service = _service(name)
        if service is not None:
            found.extend(largest_request(f"/{name}/{method.name}") for method in service.methods)
    return max(found)


def _method(path: str) -> MethodDescriptor | None:
    service, _, name = path.lstrip("/").partition("/")
    found = _service(service)
    return None if found is None else found.methods_by_name.get(name)


def _service(name: str) -> ServiceDescriptor | None:
    try:
        return descriptor_pool.Default().FindServiceByName(name)
    except KeyError:
        return None
