"""Names of streams: a UUID (version 5) of tenant, kind and business key, so that everyone finds the same one."""

from hashlib import sha1
from uuid import UUID

_NAMESPACE_BYTES = UUID("6f4d5f0e-2f3b-5b1e-9c55-6875626f0001").bytes


def stream_id(tenant: str, kind: str, key: str) -> UUID:
    """The stream of the aggregate `kind` with this key; what all insurers share has the tenant `SHARED`."""
    return _named(_NAMESPACE_BYTES, f"{tenant}\x1f{kind}\x1f{key}")


def derived_id(parent: UUID, name: str) -> UUID:
    """An id that follows from another one, such as a timer's from its aggregate's."""
    return _named(parent.bytes, name)


def _named(namespace: bytes, name: str) -> UUID:
    """What `uuid5` does, in half of its time: every command asks for some."""
    return UUID(bytes=sha1(namespace + name.encode(), usedforsecurity=False).digest()[:16], version=5)
