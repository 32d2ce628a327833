"""A poisoned announcement: one that its owner numbers like any other, and that nobody can read."""

import random
from uuid import UUID

import psycopg

from deploy.local.market import TENANT

OWNER, TYPE = "policy", "hubao.policy.v1.PolicyBound"
HEARERS = ("vendor_gateway", "claims", "billing_subsidy")
DATA = b"\xff\xff\xff not protobuf"

_POISON = """
WITH moved AS (UPDATE policy.head SET outbox_position = outbox_position + 1 RETURNING outbox_position, position)
INSERT INTO policy.outbox
SELECT outbox_position, position, %s, %s, %s, now(), '', '', %s FROM moved RETURNING position
"""


def poison(url: str, dice: random.Random) -> set[tuple[str, str, int]]:
    """Puts one into the outbox of policy; who must park it: hearer, upstream, position."""
    subject = UUID(int=dice.getrandbits(128))
    with psycopg.connect(url, autocommit=True, connect_timeout=10) as admin:
        row = admin.execute(_POISON, (TYPE, TENANT, subject, DATA)).fetchone()
    assert row is not None
    return {(hearer, OWNER, int(row[0])) for hearer in HEARERS}
