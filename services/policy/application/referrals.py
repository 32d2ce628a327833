"""What changes, certificates and imports are referred for, and releases in advance."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from libs.common.application import Application, Done
from libs.common.context import Call
from libs.common.money import Money
from libs.common.streams import stream_id
from libs.common.unit import Unit
from services.policy.application.accumulations import declared_dependencies, least_room
from services.policy.application.authorities import authority_of_caller
from services.policy.application.predecessors import file_of_policy
from services.policy.domain.errors import PolicyNotFound
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.proposal import Proposal, ProposalKind
from services.policy.domain.policy.renewing import experience_of
from services.policy.domain.policy_file import PolicyFile
from services.policy.domain.product.terms import ProductTerms
from services.policy.domain.referral import Known, Referral, adds_risk, check_released, referral_of_change
from services.policy.domain.release import Release, release
from services.policy.domain.submission.submission import Submission


class Releases:
    def __init__(self, application: Application) -> None:
        self._application = application

    async def release(self, call: Call, subject: str, limit: Money, reasons: Sequence[str], note: str) -> Done[Release]:
        """Of a subject that this insurer may not have yet: an import is released before its first row comes."""
        stream = release_id(call.tenant, subject)

        async def plan(unit: Unit) -> None:
            known = await unit.find(Release, stream)
            held = await authority_of_caller(unit)
            given = release(known, subject, limit, reasons, note, held, call.principal, call.today)
            unit.record(Release, stream, given)

        return await self._application.execute(call, Release, stream, plan)


async def referred(
    unit: Unit, policy_id: UUID, before: Policy, after: Policy, proposal: Proposal, terms: ProductTerms
) -> Referral | None:
    """Why a change needs a release now; None if whoever makes it may make it alone."""
    if after is before or proposal.kind is ProposalKind.CANCEL or not adds_risk(before, after, proposal):
        return None
    bound = before.bound
    submission = await unit.find(Submission, UUID(bound.submission_id)) if bound.submission_id else None
    file_id = file_of_policy(unit.call.tenant, policy_id)
    file = await unit.get(PolicyFile, file_id, PolicyNotFound(policy_id=policy_id))
    known = Known(
        inputs=replace(bound.cover.inputs, experience=experience_of(before, file, unit.call.today)),
        asked=submission.asked if submission else None,
        critical=bound.insured.critical_infrastructure,
        assessment=submission.assessment if submission else None,
        room=await least_room(unit, await declared_dependencies(unit, bound)),
    )
    return referral_of_change(terms.underwriting, before, after, proposal, known, unit.call.today)


async def check_released_in_advance(unit: Unit, subject: str, referral: Referral | None) -> None:
    """Refuses a row or certificate that is referred, unless somebody else has released such ones."""
    if referral is None:
        return
    known = await unit.find(Release, release_id(unit.call.tenant, subject))
    check_released(referral, known.for_one(unit.call.principal, referral) if known else None)


def release_id(tenant: str, subject: str) -> UUID:
    return stream_id(tenant, Release.KIND, subject)


def import_subject(import_key: str) -> str:
    return f"import/{import_key}"


def park_subject(policy_id: UUID) -> str:
    return f"park/{policy_id}"
