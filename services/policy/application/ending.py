"""Foresees what ends with a park policy: the same decisions that will end its certificates, only summed."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from libs.common.unit import Unit
from services.policy.application.certificates import AT_ONCE, roll_of
from services.policy.domain.park.certificate import Certificate
from services.policy.domain.park.ending import EndingSum
from services.policy.domain.park.roll import Roll
from services.policy.domain.policy.policy import Policy


@dataclass(frozen=True)
class ParkEnding:
    """`members` are those of the certificates whose member is in."""

    members: int
    sums: EndingSum


async def foresee_end(unit: Unit, policy_id: UUID, policy: Policy) -> ParkEnding | None:
    """What a cancelled policy would take along; None if it has no roll.

    The unit looks at every certificate, so whoever joins or leaves meanwhile has it reckoned again. Nothing is kept of
    them but the sum.
    """
    roll = await unit.find(Roll, roll_of(unit.call.tenant, policy_id))
    if roll is None:
        return None
    sums = EndingSum()
    going = sorted(roll.inside | roll.outside)
    for start in range(0, len(going), AT_ONCE):
        some = [UUID(each) for each in going[start : start + AT_ONCE]]
        for certificate in await asyncio.gather(*(unit.find(Certificate, each) for each in some)):
            assert certificate is not None  # The roll names what was issued.
            sums = sums.plus(certificate.end(policy, unit.call.now))
        await asyncio.sleep(0)  # Others have their turn.
    return ParkEnding(roll.members, sums)
