"""Names of streams: a UUID (version 5) of tenant, kind and business key, so that everyone finds the same one."""

from uuid import UUID, uuid5

_NAMESPACE = UUID("6f4d5f0e-2f3b-5b1e-9c55-6875626f0001")


def stream_id(tenant: str, kind: str, key: str) -> UUID:
    """The stream of the aggregate `kind` with this key; what all insurers share has the tenant `SHARED`."""
    return uuid5(_NAMESPACE, "\x1f".join((tenant, kind, key)))


def derived_id(parent: UUID, name: str) -> UUID:
    """An id that follows from another one, such as a timer's from its aggregate's."""
    return uuid5(parent, name)
