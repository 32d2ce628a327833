"""Which cessions a policy takes along when it is bound."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from libs.common.streams import stream_id
from libs.common.unit import Unit
from services.policy.domain.errors import FacultativeNotFound, TreatyNotFound
from services.policy.domain.policy.cession import Cession, CessionKind
from services.policy.domain.policy.charge import cessions_of
from services.policy.domain.policy.events import Bound
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.values import Share
from services.policy.domain.product.terms import ProductLine
from services.policy.domain.submission.submission import Submission
from services.policy.domain.treaty.facultative import Facultative
from services.policy.domain.treaty.treaty import Treaty


@dataclass(frozen=True)
class Wish:
    """The treaties and the facultative placements that the caller has chosen, or that there is to be no treaty."""

    treaty_ids: Sequence[UUID] = ()
    facultative_ids: Sequence[UUID] = ()
    without_treaties: bool = False


def carried_over(wish: Wish, shares: Sequence[Share], expiring: Bound | None) -> tuple[Wish, Sequence[Share]]:
    """What a renewal takes over where nothing is said: the co-insurers, and the treaties of the expiring policy.

    A treaty that does not take the new term is refused by its name, so that nobody renews without it unawares. What was
    placed facultatively was placed for one risk, and is not carried over.
    """
    if expiring is None:
        return wish, shares
    kept = (each.source_id for each in cessions_of(expiring) if each.kind is not CessionKind.FACULTATIVE)
    silent = not wish.treaty_ids and not wish.without_treaties
    carried = replace(wish, treaty_ids=[UUID(each) for each in kept]) if silent else wish
    return carried, shares or expiring.shares


async def chosen_cessions(
    unit: Unit, submission_id: UUID, submission: Submission, line: ProductLine, wish: Wish
) -> list[Cession]:
    cessions: list[Cession] = []
    for facultative_id in dict.fromkeys(wish.facultative_ids):
        missing = FacultativeNotFound(facultative_id=facultative_id)
        facultative = await unit.get(Facultative, facultative_id, missing)
        cessions.append(facultative.cession(str(facultative_id), str(submission_id)))
    for treaty_id in dict.fromkeys(wish.treaty_ids):
        treaty = await unit.get(Treaty, treaty_id, TreatyNotFound(treaty_id=treaty_id))
        treaty.takes(submission.asked.period.inception, line)
        cessions.append(treaty.cession(str(treaty_id)))
    return cessions


def policy_of_submission(tenant: str, submission_id: UUID) -> UUID:
    """A submission becomes one policy at most, so the policy's id follows from it."""
    return stream_id(tenant, Policy.KIND, str(submission_id))
