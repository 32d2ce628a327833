"""Policies: bound from quotes, endorsed, cancelled; and read as of any day and any knowledge."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from libs.common.application import Application, Done
from libs.common.context import Call
from libs.common.errors import Stale
from libs.common.unit import Unit
from services.policy.application.accumulations import follow_exposure
from services.policy.application.ceding import Wish, carried_over, chosen_cessions, policy_of_submission
from services.policy.application.changing import make_change
from services.policy.application.predecessors import expiring_of, file_of_policy, renew_predecessor
from services.policy.application.products import product_of
from services.policy.application.submissions import submission_of
from services.policy.domain.errors import PolicyNotFound
from services.policy.domain.policy.bind import bind_policy
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.proposal import Proposal, ProposalKind
from services.policy.domain.policy.values import Change, Share
from services.policy.domain.policy_file import FileOpened, PolicyFile
from services.policy.domain.product.terms import CancellationMethod
from services.policy.domain.submission.submission import Submission


@dataclass(frozen=True)
class PolicyView:
    """A policy with its file, as they were known at some time."""

    policy_id: UUID
    policy: Policy
    version: int
    file: PolicyFile


class Policies:
    def __init__(self, application: Application) -> None:
        self._application = application

    async def bind(
        self,
        call: Call,
        submission_id: UUID,
        quote_number: int,
        shares: Sequence[Share],
        wish: Wish,
        submission_etag: str,
    ) -> PolicyView:
        """Binds quote and policy in one append, so that neither is without the other."""
        policy_id = policy_of_submission(call.tenant, submission_id)

        async def plan(unit: Unit) -> None:
            submission = await submission_of(unit, submission_id)
            _check_etag(unit, submission_id, submission_etag)
            accepted = submission.bind(quote_number, str(policy_id), call.today)
            quote = submission.quote_number(quote_number)
            product = await product_of(unit, submission.asked.product_id)
            version = product.on_sale(quote.product_version)
            chosen, divided = carried_over(wish, shares, await expiring_of(unit, submission))
            cessions = await chosen_cessions(unit, submission_id, submission, version.terms.line, chosen)
            bound = bind_policy(
                policy_id,
                submission_id,
                submission,
                quote_number,
                version,
                divided,
                cessions,
                call.tenant,
                call.now,
            )
            unit.record(Submission, submission_id, accepted)
            unit.record(Policy, policy_id, bound)
            unit.record(PolicyFile, file_of_policy(call.tenant, policy_id), [FileOpened(policy_id=str(policy_id))])
            await renew_predecessor(unit, submission, policy_id, bound[0])
            await follow_exposure(unit, policy_id)

        return await self._view(call, await self._application.execute(call, Policy, policy_id, plan))

    async def endorse(
        self, call: Call, policy_id: UUID, effective: date, changes: Sequence[Change], reason: str, etag: str
    ) -> PolicyView:
        proposal = Proposal(ProposalKind.ENDORSE, effective, reason, changes=tuple(changes))
        return await self._make(call, policy_id, proposal, etag)

    async def cancel(
        self,
        call: Call,
        policy_id: UUID,
        effective: date,
        method: CancellationMethod,
        reason: str,
        despite_claims: str,
        etag: str,
    ) -> PolicyView:
        proposal = Proposal(ProposalKind.CANCEL, effective, reason, method=method, despite_claims=despite_claims)
        return await self._make(call, policy_id, proposal, etag)

    async def get(self, call: Call, policy_id: UUID, known_at: datetime | None = None) -> PolicyView:
        """The policy as it is known, or was known at a time; not found if it was not bound by then."""
        missing = PolicyNotFound(policy_id=policy_id)
        file_id = file_of_policy(call.tenant, policy_id)
        if known_at is None:
            loaded = await self._application.read(Policy, policy_id, missing, tenant=call.tenant)
            file = await self._application.read(PolicyFile, file_id, missing, tenant=call.tenant)
            return PolicyView(policy_id, loaded.value, loaded.version, file.value)
        events = await self._application.history(
            Policy, policy_id, missing, tenant=call.tenant, recorded_until=known_at
        )
        notes = await self._application.history(
            PolicyFile, file_id, missing, tenant=call.tenant, recorded_until=known_at
        )
        if not events or not notes:
            raise missing
        return PolicyView(policy_id, events[-1].value, events[-1].version, notes[-1].value)

    async def _make(self, call: Call, policy_id: UUID, proposal: Proposal, etag: str) -> PolicyView:
        async def plan(unit: Unit) -> None:
            await make_change(unit, policy_id, proposal)

        return await self._view(call, await self._application.execute(call, Policy, policy_id, plan, etag=etag))

    async def _view(self, call: Call, done: Done[Policy]) -> PolicyView:
        return await view_of(self._application, call, done)


async def view_of(application: Application, call: Call, done: Done[Policy]) -> PolicyView:
    """What a command led to, with the file as it is now."""
    missing = PolicyNotFound(policy_id=done.stream)
    file = await application.read(PolicyFile, file_of_policy(call.tenant, done.stream), missing, tenant=call.tenant)
    return PolicyView(done.stream, done.value, done.version, file.value)


def _check_etag(unit: Unit, submission_id: UUID, etag: str) -> None:
    entry = unit.entry(submission_id)
    current = str(entry.version) if entry else "0"
    if etag and etag != current:
        raise Stale(current=current, given=etag)
