"""What is over every single authority: approved by two members of the committee, one after the other."""

from collections.abc import Sequence
from uuid import UUID

from libs.common.names import same
from services.claims.domain.authority.profile import Act
from services.claims.domain.claim.events import CommitteeApproved
from services.claims.domain.claim.parts import Actor


def committee(
    act: Act, before: Sequence[str], actor: Actor, *, number: int = 0, payment_id: UUID | None = None
) -> list[CommitteeApproved]:
    """One member's approval; nothing if it was given before."""
    if any(same(member, actor.principal) for member in before):
        return []
    return [CommitteeApproved(act=act, number=number, payment_id=payment_id, approved_by=actor.principal)]
