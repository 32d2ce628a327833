"""A change that somebody considers: as a value it can be previewed, drafted, compared and made.

Making it is the decision of the policy itself, the same by whatever way the change comes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from libs.common.errors import InvalidField
from services.policy.domain.policy.events import Cancelled, Endorsed
from services.policy.domain.policy.life import NoKnownLosses, Reinstated
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.reinstating import Wish, reinstate
from services.policy.domain.policy.values import Change
from services.policy.domain.product.terms import CancellationMethod, ProductTerms


class ProposalKind(StrEnum):
    ENDORSE = "endorse"
    CANCEL = "cancel"
    REINSTATE = "reinstate"


@dataclass(frozen=True)
class Moment:
    """When a change is made, by which request, and what is known of losses: by claim, the first day they may be of.

    `claimed` are the claims that are paid or open, also those of no known day; `chief` says who decides.
    """

    request_id: str
    today: date
    at: datetime
    losses: Mapping[str, date]
    claimed: Mapping[str, date | None] = field(default_factory=dict)
    chief: bool = False


@dataclass(frozen=True)
class Proposal:
    """What would change from a day on, and why.

    `changes` are an endorsement's, `method` and `despite_claims` a cancellation's, `statement` a reinstatement's.
    """

    kind: ProposalKind
    effective_date: date
    reason: str
    changes: tuple[Change, ...] = ()
    method: CancellationMethod | None = None
    statement: NoKnownLosses | None = None
    despite_claims: str = ""

    @property
    def part_codes(self) -> frozenset[str]:
        """The parts that it names; none of a cancellation, or of an answer, which touch all parts."""
        return frozenset(change.part_code for change in self.changes if change.part_code)

    @property
    def touches_all_parts(self) -> bool:
        """A cancellation ends them all, a reinstatement puts them back, and an answer rates them all anew."""
        return self.kind is not ProposalKind.ENDORSE or any(not change.part_code for change in self.changes)

    def make(self, policy: Policy, terms: ProductTerms, moment: Moment) -> Sequence[Endorsed | Cancelled | Reinstated]:
        """The policy's own decision."""
        effective, reason, at = self.effective_date, self.reason, moment.at
        match self.kind:
            case ProposalKind.ENDORSE:
                return policy.endorse(terms, effective, self.changes, reason, moment.request_id, at)
            case ProposalKind.CANCEL:
                if self.method is None:
                    raise InvalidField(field="cancellation.method", problem="is missing")
                despite = self.despite_claims if moment.chief else ""
                return policy.cancel(effective, self.method, reason, at, moment.claimed, despite)
            case ProposalKind.REINSTATE:
                wish = Wish(effective, reason, self.statement, moment.losses)
                return reinstate(policy, terms, wish, moment.today, at)
