"""A poisoned announcement: one that its owner numbers like any other, and that nobody can read."""

import random
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg

from deploy.local.market import TENANT

if TYPE_CHECKING:
    from tests.faults.rig import Rig

OWNER, TYPE = "policy", "hubao.policy.v1.PolicyBound"
HEARERS = ("vendor_gateway", "claims", "billing_subsidy")
DATA = b"\xff\xff\xff not protobuf"

_POISON = """
WITH moved AS (UPDATE policy.head SET outbox_position = outbox_position + 1 RETURNING outbox_position, position)
INSERT INTO policy.outbox
SELECT outbox_position, position, %s, %s, %s, now(), '', '', %s FROM moved RETURNING position
"""


def poison(rig: "Rig", dice: random.Random) -> str:
    """Puts one into the outbox of policy; each service that hears of policies must park it, and nothing else."""
    subject = UUID(int=dice.getrandbits(128))
    with psycopg.connect(rig.postgres.url, autocommit=True) as admin:
        row = admin.execute(_POISON, (TYPE, TENANT, subject, DATA)).fetchone()
    assert row is not None
    rig.poisoned |= {(hearer, OWNER, int(row[0])) for hearer in HEARERS}
    return OWNER
