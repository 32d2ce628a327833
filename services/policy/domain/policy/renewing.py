"""How a policy is renewed: from when, by what term, with which retroactive dates and which experience."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from libs.common.dates import add_days
from libs.common.money import total
from services.policy.domain.answers import Answer
from services.policy.domain.cover import WantedPart
from services.policy.domain.enterprise import Enterprise
from services.policy.domain.errors import PolicyNotInForce
from services.policy.domain.experience import Experience
from services.policy.domain.policy.events import Bound
from services.policy.domain.policy.life import Renewed
from services.policy.domain.policy.life_errors import (
    InsuredChanged,
    PolicyRenewedAlready,
    RenewalTooEarly,
    RetroactiveDateLost,
    TermsNotContinuous,
    TermsOverlap,
)
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.timeline import in_order
from services.policy.domain.policy.values import ChangeKind, PolicyStatus
from services.policy.domain.policy_file import PolicyFile
from services.policy.domain.product.terms import ProductTerms
from services.policy.domain.submission.renewal import Renewal

OFFER_DAYS = 90
"""How long before its expiry a policy's renewal may be offered."""


def renewal_of(
    policy_id: str, policy: Policy, file: PolicyFile, inception: date, continuous: bool, today: date
) -> Renewal:
    """What a submission keeps of the policy that it renews; refuses one that can't be renewed so, or not yet."""
    expiry = policy.bound.period.expiry
    check_renewable(policy)
    offered_from = add_days(expiry, -OFFER_DAYS)
    if today < offered_from:
        raise RenewalTooEarly(expiry=expiry, offered_from=offered_from)
    if inception < expiry:
        raise TermsOverlap(inception=inception, expiry=expiry)
    if inception > expiry and continuous:
        raise TermsNotContinuous(inception=inception, expiry=expiry)
    return Renewal(policy_id, policy.bound.policy_number, expiry, continuous, experience_of(policy, file, today))


def renew(policy: Policy, bound: Bound, policy_id: str, continuous: bool) -> list[Renewed]:
    """The successor is bound. A policy has one at most, and none if it ended early."""
    check_renewable(policy)
    number, inception = bound.policy_number, bound.period.inception
    return [Renewed(policy_id=policy_id, policy_number=number, inception=inception, continuous=continuous)]


def experience_of(policy: Policy, file: PolicyFile, today: date) -> Experience:
    """Claims and duties as the other services announced them; the premium is that of the whole timeline."""
    claims = file.claims.values()
    return Experience(
        policy_number=policy.bound.policy_number,
        claims=len(claims),
        open_claims=sum(1 for claim in claims if not claim.outcome),
        paid=total(claim.paid for claim in claims),
        outstanding=total(claim.outstanding for claim in claims),
        premium=policy.premium,
        breached_duties=sum(1 for duty in file.duties.values() if duty.breached_on is not None),
        known_on=today,
    )


def carried_parts(policy: Policy, wanted: Sequence[WantedPart], continuous: bool) -> tuple[WantedPart, ...]:
    """The wanted parts, or those of the last day. A retroactive date is kept, or may be earlier; it is never lost."""
    last = policy.segments[-1].parts
    if not wanted:
        wanted = [WantedPart(part.code, part.limit, part.deductible, None) for part in last]
    if not continuous:
        return tuple(wanted)
    carried = {part.code: part.retroactive_date for part in last if part.retroactive_date is not None}
    return tuple(_with_date(part, carried.get(part.part_code)) for part in wanted)


def carried_answers(policy: Policy, terms: ProductTerms, changed: Sequence[Answer]) -> tuple[Answer, ...]:
    """The answers of the last day to what is still asked, with those that have changed or are new."""
    answers = {answer.question: answer for answer in policy.bound.cover.inputs.answers}
    for endorsement in in_order(policy.endorsements):
        for change in endorsement.changes:
            if change.kind is ChangeKind.SET_ANSWER and change.answer is not None:
                answers[change.answer.question] = change.answer
    asked = {question.code for question in terms.questions}
    answers = {question: answer for question, answer in answers.items() if question in asked}
    answers.update((answer.question, answer) for answer in changed)
    return tuple(answers.values())


def same_insured(policy: Policy, insured: Enterprise | None) -> Enterprise:
    """Its particulars may change, not who it is."""
    if insured is None:
        return policy.bound.insured
    if insured.uscc != policy.bound.insured.uscc:
        raise InsuredChanged(uscc=policy.bound.insured.uscc, other_uscc=insured.uscc)
    return insured


def _with_date(part: WantedPart, carried: date | None) -> WantedPart:
    if carried is None:
        return part
    if part.retroactive_date is not None and part.retroactive_date > carried:
        raise RetroactiveDateLost(part_code=part.part_code, carried=carried, retroactive_date=part.retroactive_date)
    return replace(part, retroactive_date=part.retroactive_date or carried)


def check_renewable(policy: Policy) -> None:
    """Refuses a policy that ended early, or has a successor."""
    if policy.status in (PolicyStatus.CANCELLED, PolicyStatus.LAPSED):
        raise PolicyNotInForce(status=policy.status)
    if policy.life.renewed_by:
        raise PolicyRenewedAlready(policy_id=policy.life.renewed_by)
