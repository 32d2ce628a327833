"""All refusals of all services, found by importing every module of every domain."""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache

from google.rpc.error_details_pb2 import ErrorInfo

import services
from libs.common.errors import DomainError, Invalid, InvalidFields, NotFound, Refused, Stale
from libs.common.grpc.errors import status_of
from libs.common.outages import Unanswered

COMMON = (
    "libs.common.errors",
    "libs.common.clock",
    "libs.common.cursors",
    "libs.common.messaging.parking",
    "libs.common.messaging.admin",
)
"""Where the platform has refusals of its own."""

ASKING = ("services.policy.application.billing",)
"""Where a service asks another one while its caller waits."""

KINDS = {Invalid: "invalid", NotFound: "not_found", Refused: "refused", Stale: "stale"}


@cache
def import_domains() -> tuple[str, ...]:
    """Imports every module under services/*/domain, and returns their names."""
    found = []
    for service in pkgutil.iter_modules(services.__path__, "services."):
        if not service.ispkg:
            continue
        domain = f"{service.name}.domain"
        if importlib.util.find_spec(domain) is None:
            continue
        package = importlib.import_module(domain)
        found.append(domain)
        for module in pkgutil.walk_packages(package.__path__, f"{domain}."):
            importlib.import_module(module.name)
            found.append(module.name)
    return tuple(found)


def home_of(cls: type) -> str:
    """The service whose word this is; `common` for all of them."""
    parts = cls.__module__.split(".")
    return parts[1] if parts[0] == "services" else "common"


def refusals() -> Iterator[type[DomainError]]:
    """Every class of refusal that is ours: in the services and in libs.common, not in a test."""
    import_domains()
    for module in COMMON:
        importlib.import_module(module)
    waiting = DomainError.__subclasses__()
    while waiting:
        cls = waiting.pop()
        waiting.extend(cls.__subclasses__())
        if (cls.__module__.startswith(("services.", "libs.")) and cls not in (*KINDS, InvalidFields)) or cls is Stale:
            yield cls


def unanswered() -> Iterator[type[Unanswered]]:
    """Every way in which another service may fail to answer."""
    for module in ASKING:
        importlib.import_module(module)
    yield from Unanswered.__subclasses__()


def reason_of(cls: type[DomainError]) -> str:
    """The reason as a client sees it."""
    return cls.__new__(cls).reason


@cache
def reasons() -> frozenset[tuple[str, str]]:
    """Each service's reasons."""
    told = [(home_of(cls), reason_of(cls)) for cls in refusals()]
    return frozenset([*told, *((home_of(cls), status_reason(cls())) for cls in unanswered())])


def status_reason(error: Exception) -> str:
    """The reason in the status of an error."""
    info = ErrorInfo()
    assert any(detail.Unpack(info) for detail in status_of(error, "any").details)
    return str(info.reason)
