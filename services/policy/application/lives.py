"""What may happen to a policy after it was bound: lapsed, reinstated, reported on for longer."""

from datetime import date
from uuid import UUID

from libs.common.application import Application
from libs.common.context import Call
from libs.common.money import Money
from libs.common.unit import Unit
from services.policy.application.accumulations import follow_exposure
from services.policy.application.changing import file_of, known_losses, make_change
from services.policy.application.policies import PolicyView, view_of
from services.policy.application.products import product_of
from services.policy.domain.errors import PolicyNotFound
from services.policy.domain.policy.lapsing import Debt, lapse, lapse_if_due
from services.policy.domain.policy.life import NoKnownLosses
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.proposal import Proposal, ProposalKind
from services.policy.domain.policy.reinstating import cure, withdraw_lapse
from services.policy.domain.policy.reporting import extend_reporting
from services.policy.domain.product.terms import ProductTerms


class PolicyLives:
    def __init__(self, application: Application) -> None:
        self._application = application

    async def reinstate(
        self,
        call: Call,
        policy_id: UUID,
        effective: date,
        reason: str,
        statement: NoKnownLosses | None,
        etag: str,
    ) -> PolicyView:
        proposal = Proposal(ProposalKind.REINSTATE, effective, reason, statement=statement)

        async def plan(unit: Unit) -> None:
            await make_change(unit, policy_id, proposal)

        done = await self._application.execute(call, Policy, policy_id, plan, etag=etag)
        return await view_of(self._application, call, done)

    async def lapse(self, call: Call, policy_id: UUID, etag: str) -> PolicyView:
        async def plan(unit: Unit) -> None:
            policy, terms = await _sold(unit, policy_id)
            file = await file_of(unit, policy_id)
            debt = None
            if file.grace_expired_on is not None:
                debt = Debt(file.premium_overdue, file.grace_received, file.grace_expired_on, file.tolerance)
            rule = terms.lapse_rule(policy.bound.period.inception)
            unit.record(Policy, policy_id, lapse(policy, rule, debt, call.now))
            await follow_exposure(unit, policy_id)

        done = await self._application.execute(call, Policy, policy_id, plan, etag=etag)
        return await view_of(self._application, call, done)

    async def extend_reporting(self, call: Call, policy_id: UUID, days: int, etag: str) -> PolicyView:
        async def plan(unit: Unit) -> None:
            policy, terms = await _sold(unit, policy_id)
            unit.record(Policy, policy_id, extend_reporting(policy, terms, days, call.today, call.now))

        done = await self._application.execute(call, Policy, policy_id, plan, etag=etag)
        return await view_of(self._application, call, done)


async def lapse_unpaid(unit: Unit, policy_id: UUID, debt: Debt) -> None:
    """Grace ran out: the policy lapses by itself, if its product says so. A member's certificate does not."""
    if (await file_of(unit, policy_id)).master_policy_id:
        return
    policy, terms = await _sold(unit, policy_id)
    rule = terms.lapse_rule(policy.bound.period.inception)
    unit.record(Policy, policy_id, lapse_if_due(policy, rule, debt, unit.call.now))
    await follow_exposure(unit, policy_id)


async def cure_paid(unit: Unit, policy_id: UUID, received: Money, received_on: date) -> None:
    """Money came in: it cures a lapse if nothing is missing any more of what was, and it came in time."""
    file = await file_of(unit, policy_id)
    if file.master_policy_id:
        return
    policy = await unit.get(Policy, policy_id, PolicyNotFound(policy_id=policy_id))
    missing = policy.life.lapse
    if missing is None or not missing.is_cured_by(received):
        return
    losses = known_losses(file)
    unit.record(Policy, policy_id, cure(policy, received_on, losses, unit.call.today, unit.call.now))
    await follow_exposure(unit, policy_id)


async def withdraw_unfounded_lapse(unit: Unit, policy_id: UUID, expired_on: date) -> None:
    """Grace that was said to have run out on a day never did: a lapse for it is undone, also with losses since."""
    if (await file_of(unit, policy_id)).master_policy_id:
        return
    policy = await unit.get(Policy, policy_id, PolicyNotFound(policy_id=policy_id))
    unit.record(Policy, policy_id, withdraw_lapse(policy, expired_on, unit.call.now))
    await follow_exposure(unit, policy_id)


async def _sold(unit: Unit, policy_id: UUID) -> tuple[Policy, ProductTerms]:
    """A policy, and the product version that it was sold on."""
    policy = await unit.get(Policy, policy_id, PolicyNotFound(policy_id=policy_id))
    product = await product_of(unit, policy.bound.product_id)
    return policy, product.taxed_today(policy.bound.product_version)
