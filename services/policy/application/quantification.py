"""What risks may cost: finds the policies and quotes, and lets threads beside the event loop simulate them.

Nothing is recorded. A simulation that nobody waits for any more ends at its next block of years.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TypeVar
from uuid import UUID

from libs.common.application import Application
from libs.common.context import Call
from libs.common.money import Money
from libs.common.workers import Stop, Workers
from services.policy.domain.answers import Answer
from services.policy.domain.cover import PartTerms
from services.policy.domain.enterprise import Enterprise
from services.policy.domain.errors import EffectiveDateOutsideTerm, PolicyNotFound, SubmissionNotFound
from services.policy.domain.policy.ceding import fractions_on
from services.policy.domain.policy.events import Bound
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.timeline import in_order
from services.policy.domain.policy.values import ChangeKind
from services.policy.domain.submission.submission import Submission
from services.policy.domain.submission.values import DeclaredDependency
from services.policy.quantification.calibration import Profile

T = TypeVar("T")

PLACES = 18
"""Simulations that run or wait at once, half of them of one insurer at most."""


@dataclass(frozen=True)
class Terms:
    """The terms of one risk, and whose it is."""

    profile: Profile
    parts: tuple[PartTerms, ...]
    aggregate: Money | None
    dependencies: tuple[DeclaredDependency, ...] = ()
    retained: Fraction = Fraction(1)
    """What the tenant keeps of each payment: its own share among co-insurers, less what is ceded on that day."""


class Quantification:
    def __init__(self, application: Application) -> None:
        self._application = application
        self._workers = Workers("simulation", threads=2, places=PLACES, share=PLACES // 2)

    async def run(self, owner: str, work: Callable[[Stop], T]) -> T:
        """Does it in a thread; refused if too many wait already."""
        return await self._workers.run(owner, work)

    async def of_quote(self, call: Call, submission_id: UUID, quote_number: int) -> Terms:
        submission = await self._submission(call, submission_id)
        quote = submission.quote_number(quote_number)
        inputs = quote.cover.inputs
        key = f"{submission_id}/{quote_number}"
        profile = Profile(key, inputs.industry_code, inputs.size, inputs.answers)
        return Terms(profile, quote.parts, submission.asked.aggregate_limit, submission.asked.dependencies)

    async def of_policy(self, call: Call, policy_id: UUID, on: date) -> Terms:
        missing = PolicyNotFound(policy_id=policy_id)
        policy = (await self._application.read(Policy, policy_id, missing, tenant=call.tenant)).value
        segment, bound = policy.segment_on(on), policy.bound
        if segment is None or not segment.parts:
            period = bound.period
            raise EffectiveDateOutsideTerm(effective_date=on, inception=period.inception, expiry=period.expiry)
        declared = await self._declared(call, bound)
        lead = next(share.percent for share in bound.shares if share.lead)
        ceded = sum(fractions_on(bound, policy.segments, on), Fraction(0))
        return Terms(
            profile_of(str(policy_id), bound.insured, answers_on(policy, on)),
            segment.parts,
            policy.aggregate_limit,
            declared,
            Fraction(lead) / 100 * (1 - ceded),
        )

    async def _declared(self, call: Call, bound: Bound) -> tuple[DeclaredDependency, ...]:
        if bound.imported is not None:
            return bound.imported.dependencies
        return (await self._submission(call, UUID(bound.submission_id))).asked.dependencies

    async def _submission(self, call: Call, submission_id: UUID) -> Submission:
        missing = SubmissionNotFound(submission_id=submission_id)
        return (await self._application.read(Submission, submission_id, missing, tenant=call.tenant)).value


def profile_of(key: str, insured: Enterprise, answers: Sequence[Answer]) -> Profile:
    return Profile(key, insured.industry_code, insured.size, tuple(answers))


def answers_on(policy: Policy, on: date) -> tuple[Answer, ...]:
    """The answers that hold on a day: those of the contract, with what endorsements have changed by then."""
    answers = {answer.question: answer for answer in policy.bound.cover.inputs.answers}
    for endorsement in in_order(policy.endorsements):
        if endorsement.effective_date <= on:
            for change in endorsement.changes:
                if change.kind is ChangeKind.SET_ANSWER and change.answer is not None:
                    answers[change.answer.question] = change.answer
    return tuple(answers.values())
