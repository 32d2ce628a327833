"""A log read from outside, by docs/operations.md alone: nothing here is the engine's own.

Numbering, versions, chain and guards are recomputed from the stored columns, so that the engine's check of itself is
checked, too; and each announcement that a service reacts to must have left its mark there, once.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import psycopg

from services.billing_subsidy.reactions import REACTIONS as BILLING_SUBSIDY
from services.claims.reactions import REACTIONS as CLAIMS
from services.policy.reactions import REACTIONS as POLICY
from services.vendor_gateway.reactions import REACTIONS as VENDOR_GATEWAY

REACTIONS = {
    "policy": POLICY,
    "vendor_gateway": VENDOR_GATEWAY,
    "claims": CLAIMS,
    "billing_subsidy": BILLING_SUBSIDY,
}
REACTED = UUID("6f4d5f0e-2f3b-5b1e-9c55-6875626f0002")
"""The name space of the request ids of reactions. They are stored for ever, so this never changes."""
FEW = 5

_EVENTS = """
SELECT position, tenant, stream::text, version, type, schema_version,
    (extract(epoch FROM recorded_at) * 1000000)::bigint, metadata, payload, chain
FROM {}.event ORDER BY position
"""


@dataclass
class Recomputed:
    """What the events say, as far as they have been read."""

    service: str
    position: int = 0
    chain: bytes = sha256(b"").digest()
    versions: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    used: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    limits: dict[str, int] = field(default_factory=dict)
    refuted: list[str] = field(default_factory=list)
    """What is wrong, each with its position."""

    def read(self, row: tuple[Any, ...]) -> None:
        """The next event."""
        position, tenant, stream, version, kind, schema, recorded, metadata, payload, chain = row
        self.position += 1
        self.versions[stream] += 1
        parts = (position, tenant, stream, version, kind, schema, recorded, metadata)
        self.chain = sha256(self.chain + "".join(f"{part}\x1f" for part in parts).encode() + payload).digest()
        if position != self.position:
            self._wrong(f"is read where {self.position} should be")
        if version != self.versions[stream]:
            self._wrong(f"version {version} of {stream} follows {self.versions[stream] - 1}")
        if chain != self.chain:
            self._wrong("the chain is not what the events make")
        for change in json.loads(metadata).get("guards", ()):
            self._guard(*change)

    def _guard(self, key: str, amount: int | None, limit: int = 0) -> None:
        """A draw is `[key, amount]`, a limit `[key, null, limit]`."""
        if amount is None:
            self.limits[key] = limit
            return
        self.used[key] += amount
        if self.used[key] < 0 or (amount > 0 and self.used[key] > self.limits.get(key, -1)):
            self._wrong(f"guard {key} stands at {self.used[key]} of {self.limits.get(key)}")

    def _wrong(self, what: str) -> None:
        self.refuted.append(f"{self.service} position {self.position}: {what}")


def recomputed(service: str, admin: psycopg.Connection[Any]) -> Recomputed:
    """The whole log of a service, recomputed, and compared with its head and its guards as they stand."""
    found = Recomputed(service)
    with admin.transaction(), admin.cursor(name="history") as rows:
        for row in rows.execute(_EVENTS.format(service)):
            found.read(row)
    head = admin.execute(f"SELECT position, chain FROM {service}.head").fetchone()
    if head != (found.position, found.chain):
        found.refuted.append(f"{service} position {found.position}: the head is not the end of the events")
    for key, used, limit in admin.execute(f'SELECT key, used, "limit" FROM {service}.guard').fetchall():
        if (used, limit) != (found.used.get(key, 0), found.limits.get(key)):
            told = f"{found.used.get(key, 0)} of {found.limits.get(key)}"
            found.refuted.append(f"{service}: guard {key} stands at {used} of {limit}, and the events say {told}")
    return found


def fullest(found: Iterable[Recomputed]) -> Mapping[str, tuple[int, int]]:
    """By kind of guard: how many were used up to nine tenths or more, and how many there are with a limit above 0."""
    counts: dict[str, tuple[int, int]] = {}
    for one in found:
        for key, limit in one.limits.items():
            kind, (full, count) = key.partition(":")[0], counts.get(key.partition(":")[0], (0, 0))
            if limit > 0:
                counts[kind] = (full + (one.used.get(key, 0) * 10 >= limit * 9), count + 1)
    return counts


def orphans(service: str, admin: psycopg.Connection[Any]) -> list[str]:
    """Every event belongs to a request that is there, so none is a part of one that is not."""
    rows = admin.execute(
        f"SELECT position FROM {service}.event e WHERE NOT EXISTS (SELECT FROM {service}.request r"
        " WHERE r.request_id = e.metadata::json->>'request_id') ORDER BY position LIMIT %s",
        (FEW,),
    ).fetchall()
    return [f"{service} position {position}: its request is not there" for (position,) in rows]


def unheard(service: str, admin: psycopg.Connection[Any]) -> list[str]:
    """Each announcement that a service reacts to was reacted to, once, or is parked; none was passed over."""
    requests = {row[0] for row in admin.execute(f"SELECT request_id FROM {service}.request").fetchall()}
    parked = set(admin.execute(f"SELECT upstream, position FROM {service}.parked").fetchall())
    lost = []
    for upstream, reactions in REACTIONS[service].items():
        types = [kind.DESCRIPTOR.full_name for kind in reactions]
        rows = admin.execute(
            f"SELECT position, type FROM {upstream}.outbox WHERE type = ANY(%s) ORDER BY position", (types,)
        ).fetchall()
        for position, kind in rows:
            reacted = str(uuid5(REACTED, f"react/{upstream}/{position}")) in requests
            if reacted == ((upstream, position) in parked):
                what = "both done and parked" if reacted else "neither done nor parked"
                lost.append(f"{service}: the reaction to {upstream}/{position}, {kind}, is {what}")
    return lost[:FEW]
