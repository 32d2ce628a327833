"""The commands on claims: get, decide, save. What a decision takes from the limits is saved with it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.common.application import Application, Done, Loaded
from libs.common.context import Call
from libs.common.errors import InvalidField
from libs.common.unit import Unit
from services.claims.application.authorities import deciding_actor
from services.claims.application.streams import (
    account_stream,
    claim_stream,
    cover_of,
    notices_stream,
    payment_id,
)
from services.claims.domain.account import CoverageAccount, Drawn
from services.claims.domain.claim import deciding, ending, noticing, paying, reserving
from services.claims.domain.claim.events import DecisionApproved, PaymentApproved
from services.claims.domain.claim.parts import Actor, Outcome, Reason
from services.claims.domain.claim.paying import PaymentRequest
from services.claims.domain.claim.value import Claim
from services.claims.domain.costs import Reserve
from services.claims.domain.cover import Cover
from services.claims.domain.coverage.results import Check
from services.claims.domain.errors import ClaimNotFound, PolicyNotKnown
from services.claims.domain.facts import Question
from services.claims.domain.loss import AssessedLoss, drawn_by
from services.claims.domain.member import MemberCover
from services.claims.domain.notice import Notice
from services.claims.domain.notices import InsuredNotices, file_notice


@dataclass(frozen=True)
class Noticed:
    """A claim, and whether its notice had been taken before."""

    done: Done[Claim]
    repeated: bool


class Claims:
    """Everything that can be asked of claims."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def notify(self, call: Call, notice: Notice) -> Noticed:
        """Takes a first notice; the same reference with the same payload is the same claim."""
        claim_id = claim_stream(call, notice.reference)
        known = False

        async def plan(unit: Unit) -> None:
            nonlocal known
            account = await cover_of(unit, notice.policy_id, notice.insured_uscc)
            claim = await unit.find(Claim, claim_id)
            known = claim is not None
            if claim is not None:
                unit.record(Claim, claim_id, noticing.notify_again(claim_id, claim, notice))
                return
            index = notices_stream(call.tenant, account.terms.insured_uscc)
            notices = await unit.find(InsuredNotices, index) or InsuredNotices()
            unit.record(Claim, claim_id, noticing.notify(claim_id, notice, account, notices, actor_of(call)))
            unit.record(InsuredNotices, index, file_notice(claim_id, notice))

        done = await self._application.execute(call, Claim, claim_id, plan)
        return Noticed(done, known or done.repeated)

    async def answer(
        self, call: Call, claim_id: UUID, answers: Sequence[tuple[Question, str, str]], etag: str
    ) -> Done[Claim]:
        async def plan(unit: Unit) -> None:
            claim, account = await _both(unit, claim_id)
            unit.record(Claim, claim_id, noticing.answer(claim_id, claim, answers, account, actor_of(call)))

        return await self._application.execute(call, Claim, claim_id, plan, etag=etag)

    async def set_reserves(
        self, call: Call, claim_id: UUID, lines: Sequence[Reserve], reason: str, etag: str
    ) -> Done[Claim]:
        async def plan(unit: Unit) -> None:
            claim, account = await _both(unit, claim_id)
            events = reserving.set_reserves(claim, lines, reason, account, await deciding_actor(unit))
            unit.record(Claim, claim_id, events)

        return await self._application.execute(call, Claim, claim_id, plan, etag=etag)

    async def approve_reserves(self, call: Call, claim_id: UUID, number: int, etag: str) -> Done[Claim]:
        async def plan(unit: Unit) -> None:
            claim = await unit.get(Claim, claim_id, ClaimNotFound(claim_id=claim_id))
            unit.record(Claim, claim_id, reserving.approve_reserves(claim, number, await deciding_actor(unit)))

        return await self._application.execute(call, Claim, claim_id, plan, etag=etag)

    async def propose_decision(
        self,
        call: Call,
        claim_id: UUID,
        outcome: Outcome,
        reasons: Sequence[Reason],
        losses: Sequence[AssessedLoss],
        etag: str,
    ) -> Done[Claim]:
        async def plan(unit: Unit) -> None:
            claim, account = await _both(unit, claim_id)
            events = deciding.propose(claim_id, claim, outcome, reasons, losses, account, actor_of(call))
            unit.record(Claim, claim_id, events)

        return await self._application.execute(call, Claim, claim_id, plan, etag=etag)

    async def approve_decision(self, call: Call, claim_id: UUID, number: int, etag: str) -> Done[Claim]:
        """Lets a decision hold, and draws what it pays on the limits."""

        async def plan(unit: Unit) -> None:
            claim, account = await _both(unit, claim_id)
            events = deciding.approve(claim_id, claim, number, account, await deciding_actor(unit))
            after = unit.record(Claim, claim_id, events)
            if after and after.decision and any(isinstance(event, DecisionApproved) for event in events):
                wanted = drawn_by(after.decision.lines, claim.currency)
                _record(unit, account.draws_of(claim_id, wanted, call.now))

        return await self._application.execute(call, Claim, claim_id, plan, etag=etag)

    async def request_payment(
        self, call: Call, claim_id: UUID, wanted: Callable[[UUID], PaymentRequest], etag: str
    ) -> Done[Claim]:
        request = wanted(payment_id(call, claim_id))
        return await self._change(
            call, claim_id, lambda claim: paying.request_payment(claim, request, actor_of(call)), etag
        )

    async def approve_payment(
        self, call: Call, claim_id: UUID, payment: UUID, override_code: str, etag: str
    ) -> Done[Claim]:
        """Lets a payment go out, within what its decision has drawn."""

        async def plan(unit: Unit) -> None:
            claim, account = await _both(unit, claim_id)
            events = paying.approve_payment(claim, payment, override_code, await deciding_actor(unit))
            unit.record(Claim, claim_id, events)
            for event in events:
                if isinstance(event, PaymentApproved):
                    paid = event.payment
                    line = paying.decided_line(claim, paid.part_code, paid.cost_type)
                    limits = line.limits if line else ()
                    _record(unit, account.payments_of(claim_id, paid.payment_id, limits, paid.amount, call.now))

        return await self._application.execute(call, Claim, claim_id, plan, etag=etag)

    async def reject_payment(self, call: Call, claim_id: UUID, payment: UUID, reason: str, etag: str) -> Done[Claim]:
        return await self._change(
            call, claim_id, lambda claim: paying.reject_payment(claim, payment, reason, actor_of(call)), etag
        )

    async def close(self, call: Call, claim_id: UUID, etag: str) -> Done[Claim]:
        return await self._change(call, claim_id, lambda claim: ending.close(claim, actor_of(call)), etag)

    async def reopen(self, call: Call, claim_id: UUID, reason: str, etag: str) -> Done[Claim]:
        return await self._change(call, claim_id, lambda claim: ending.reopen(claim, reason, actor_of(call)), etag)

    async def withdraw(self, call: Call, claim_id: UUID, reason: str, etag: str) -> Done[Claim]:
        """Ends a claim that the insured takes back, and gives back what it had drawn."""

        async def plan(unit: Unit) -> None:
            claim, account = await _both(unit, claim_id)
            events = ending.withdraw(claim, reason, actor_of(call))
            unit.record(Claim, claim_id, events)
            if events:
                _record(unit, account.draws_of(claim_id, {}, call.now))

        return await self._application.execute(call, Claim, claim_id, plan, etag=etag)

    async def get(self, call: Call, claim_id: UUID) -> Loaded[Claim]:
        return await self._application.read(Claim, claim_id, ClaimNotFound(claim_id=claim_id), tenant=call.tenant)

    async def get_account(self, call: Call, policy_id: UUID) -> Loaded[CoverageAccount]:
        stream = account_stream(call.tenant, policy_id)
        missing = PolicyNotKnown(policy_id=policy_id)
        return await self._application.read(CoverageAccount, stream, missing, tenant=call.tenant)

    async def check(self, call: Call, claim_id: UUID, as_known: datetime | None) -> Check:
        """The coverage check as known at a time, now if none is given."""
        if as_known and as_known > call.now:
            raise InvalidField(field="as_known_time", problem="lies in the future")
        claim = (await self.get(call, claim_id)).value
        account: Cover = (await self.get_account(call, claim.policy_id)).value
        if claim.certificate_id:
            certificate = (await self.get_account(call, claim.certificate_id)).value
            account = MemberCover(certificate, (await self.get_account(call, claim.policy_id)).value)
        return noticing.check_coverage(claim_id, claim, account, as_known or account.known_by(call.now))

    async def _change(
        self, call: Call, claim_id: UUID, decide: Callable[[Claim], Sequence[object]], etag: str
    ) -> Done[Claim]:
        missing = ClaimNotFound(claim_id=claim_id)
        return await self._application.change(call, Claim, claim_id, decide, missing, etag=etag)


def actor_of(call: Call) -> Actor:
    return Actor(call.principal, call.today, call.now)


async def _both(unit: Unit, claim_id: UUID) -> tuple[Claim, Cover]:
    """A claim and the cover that it is under."""
    claim = await unit.get(Claim, claim_id, ClaimNotFound(claim_id=claim_id))
    return claim, await cover_of(unit, claim.policy_id, claim.insured_uscc)


def _record(unit: Unit, events: Drawn) -> None:
    for policy_id, drawn in events:
        unit.record(CoverageAccount, account_stream(unit.call.tenant, policy_id), drawn)
