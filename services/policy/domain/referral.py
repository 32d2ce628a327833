"""Referral of what is done after a quote: a change, a certificate, an imported policy.

The rules are those of the product version by which a quote is referred, and so is what follows: who does it does not do
it alone, and it waits until somebody else releases it who is trusted with the sum of limits and the reasons. A change
that adds neither cover nor premium needs nobody; that its inception is past is no reason where cover had begun before.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from libs.common.money import CNY, Money, total
from services.policy.domain.assessment import Assessment
from services.policy.domain.cover import PartTerms, RatingInputs
from services.policy.domain.enterprise import Enterprise
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.proposal import Proposal, ProposalKind
from services.policy.domain.policy.values import ChangeKind, Segment
from services.policy.domain.product.terms import UnderwritingRules
from services.policy.domain.submission.declared import declared_reasons
from services.policy.domain.submission.events import SubmissionCreated
from services.policy.domain.submission.quoting import Held
from services.policy.domain.underwriting import ReferralReason, infrastructure_reasons, referral_reasons
from services.policy.domain.underwriting_errors import ActReferred, ReleaseBeyondAuthority

NOTHING = Money(CNY, 0)


@dataclass(frozen=True)
class Referral:
    """Why something waits for a release, and up to which sum of limits whoever releases it has to be trusted."""

    reasons: tuple[ReferralReason, ...]
    needed: Money

    def is_within(self, released: "Referral") -> bool:
        """Whether a release covers it."""
        return self.needed <= released.needed and set(self.reasons) <= set(released.reasons)


@dataclass(frozen=True)
class Known:
    """What is known of an insured when something is done for it. `asked` is None of what had no submission; then
    `critical` says whether it is declared critical infrastructure.

    `room` is by how much limits may grow before a declared dependency is too full; None if none has a capacity.
    """

    inputs: RatingInputs
    asked: SubmissionCreated | None = None
    critical: bool = False
    assessment: Assessment | None = None
    room: Money | None = None


def referral_of_change(
    rules: UnderwritingRules, before: Policy, after: Policy, proposal: Proposal, known: Known, on: date
) -> Referral | None:
    """Why a change of a policy needs a release; None if whoever makes it may make it alone."""
    if not adds_risk(before, after, proposal):
        return None
    cover = [segment for segment in after.segments if segment.end > proposal.effective_date]
    needed = max((_limits(segment.parts) for segment in cover), default=NOTHING)
    was = [segment for segment in before.segments if segment.end > proposal.effective_date]
    had = max((_limits(segment.parts) for segment in was), default=NOTHING)
    cap = before.bound.aggregate_cap
    added = needed - had if cap is None else min(needed, cap) - min(had, cap)
    return _referral(rules, known, needed, max(added, NOTHING), on)


def referral_of_cover(
    rules: UnderwritingRules, insured: Enterprise, parts: Sequence[PartTerms], inputs: RatingInputs, on: date
) -> Referral | None:
    """Why cover that begins without a quote needs a release: of a member of a park policy, of an imported policy."""
    needed = _limits(parts)
    return _referral(rules, Known(inputs, critical=insured.critical_infrastructure), needed, needed, on)


def adds_risk(before: Policy, after: Policy, proposal: Proposal) -> bool:
    """Whether a change puts more at stake: more cover on some day, or other answers for more premium."""
    match proposal.kind:
        case ProposalKind.CANCEL:
            return False
        case ProposalKind.REINSTATE:
            return True
        case ProposalKind.ENDORSE:
            answers = any(change.kind is ChangeKind.SET_ANSWER for change in proposal.changes)
            more = any(_is_more(before.segment_on(segment.first), segment) for segment in _cut(before, after))
            return more or (answers and after.premium > before.premium)


def check_released(referral: Referral | None, released: Referral | None) -> None:
    """Refuses what waits for a release that it has not, or that does not go so far."""
    if referral is not None and not (released is not None and referral.is_within(released)):
        raise ActReferred(reasons=", ".join(referral.reasons), needed=referral.needed)


def check_trusted(held: Held, referral: Referral, principal: str) -> None:
    """Refuses a release by somebody who is not trusted with this sum, or with one of these reasons."""
    enough = held.limit is None or referral.needed <= held.limit
    if not enough or (held.reasons and not set(referral.reasons) <= set(held.reasons)):
        reasons = ", ".join(referral.reasons)
        raise ReleaseBeyondAuthority(principal=principal, held=held, needed=referral.needed, reasons=reasons)


def _referral(rules: UnderwritingRules, known: Known, needed: Money, added: Money, on: date) -> Referral | None:
    inputs = replace(known.inputs, rated_for=max(known.inputs.rated_for, on))
    reasons = list(referral_reasons(rules, inputs, needed, known.assessment, on))
    if known.asked is not None:
        reasons += declared_reasons(rules, known.asked, inputs, added, known.room, on)
    else:
        reasons += infrastructure_reasons(rules, known.critical, inputs)
        if known.room is not None and added > known.room:
            reasons.append(ReferralReason.ACCUMULATION)
    return Referral(tuple(dict.fromkeys(reasons)), needed) if reasons else None


def _limits(parts: Sequence[PartTerms]) -> Money:
    return total(part.limit for part in parts if not part.sub_limit_parent)


def _cut(before: Policy, after: Policy) -> list[Segment]:
    """The segments after a change, cut where those before it begin, so that each has one before it or none."""
    firsts = {segment.first for segment in before.segments}
    return [
        replace(segment, first=first)
        for segment in after.segments
        for first in sorted({segment.first, *(day for day in firsts if segment.first < day < segment.end)})
    ]


def _is_more(was: Segment | None, now: Segment) -> bool:
    known = {part.code: part for part in was.parts} if was else {}
    return any(
        part.code not in known or part.limit > known[part.code].limit or part.deductible < known[part.code].deductible
        for part in now.parts
    )
