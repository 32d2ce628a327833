"""Which cessions a policy takes along when it is bound."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from libs.common.streams import stream_id
from libs.common.unit import Unit
from services.policy.domain.errors import FacultativeNotFound, TreatyNotFound
from services.policy.domain.policy.cession import Cession
from services.policy.domain.policy.policy import Policy
from services.policy.domain.product.terms import ProductLine
from services.policy.domain.submission.submission import Submission
from services.policy.domain.treaty.facultative import Facultative
from services.policy.domain.treaty.treaty import Treaty


@dataclass(frozen=True)
class Wish:
    """The treaties and the facultative placements that the caller has chosen."""

    treaty_ids: Sequence[UUID] = ()
    facultative_ids: Sequence[UUID] = ()


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
