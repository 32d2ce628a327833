"""Claims as policy notes them: who bears a claim is fixed when it is opened, and each amount is divided accordingly."""

from dataclasses import replace
from fractions import Fraction
from uuid import UUID

from hubao.claims.v1 import events_pb2 as claims

from libs.common.grpc.convert import date_value, enum_name, money_value, optional, partial_date_value
from libs.common.money import Money
from libs.common.unit import Unit
from services.policy.application.predecessors import file_of_policy
from services.policy.domain.claim_notes import ClaimNoted, ClaimPaymentNoted, ClaimReserveNoted
from services.policy.domain.errors import PolicyNotFound
from services.policy.domain.policy.ceding import divide_loss, fractions_on
from services.policy.domain.policy.cession import CededAmount, difference
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.values import InsurerAmount
from services.policy.domain.policy_file import RECOVERY, PolicyFile


async def claim_note(unit: Unit, heard: claims.ClaimOpened) -> ClaimNoted:
    """A claim without a day of loss is taken as one of the first day of the term."""
    policy = await unit.get(Policy, UUID(heard.policy_id), PolicyNotFound(policy_id=heard.policy_id))
    occurred = optional(heard, "occurred_on", partial_date_value)
    day = occurred.earliest if occurred else None
    found = fractions_on(policy.bound, policy.segments, day or policy.bound.period.inception)
    return ClaimNoted(
        claim_id=heard.claim_id,
        occurred_from=day,
        fractions=tuple(str(each) for each in found),
        occurred=str(occurred or ""),
    )


async def payment_note(unit: Unit, heard: claims.PaymentApproved) -> ClaimPaymentNoted:
    amount = money_value("amount", heard.amount)
    shares, cessions = await _divided(unit, heard.policy_id, heard.claim_id, amount)
    return ClaimPaymentNoted(
        claim_id=heard.claim_id,
        payment_id=heard.payment_id,
        part_code=heard.part_code,
        amount=amount,
        cost_type=_cost_type(heard.cost_type),
        effective_date=optional(heard, "approved_on", date_value),
        shares=shares,
        cessions=cessions,
    )


async def reserve_note(unit: Unit, heard: claims.ReserveChanged) -> ClaimReserveNoted:
    """The change of everybody's part, as the difference of rounded totals. An expected recovery lowers the reserve."""
    cost_type = _cost_type(heard.cost_type)
    outstanding, delta = money_value("outstanding", heard.outstanding), money_value("delta", heard.delta)
    sign = -1 if cost_type == RECOVERY else 1
    now = await _divided(unit, heard.policy_id, heard.claim_id, outstanding.times(sign))
    before = await _divided(unit, heard.policy_id, heard.claim_id, (outstanding - delta).times(sign))
    return ClaimReserveNoted(
        claim_id=heard.claim_id,
        part_code=heard.part_code,
        cost_type=cost_type,
        outstanding=outstanding,
        delta=delta,
        effective_date=date_value("effective_date", heard.effective_date),
        shares=tuple(replace(new, amount=new.amount - old.amount) for new, old in zip(now[0], before[0], strict=True)),
        cessions=tuple(difference(new, old) for new, old in zip(now[1], before[1], strict=True)),
    )


def _cost_type(number: int) -> str:
    """Empty if it was not said."""
    return enum_name("cost_type", claims.CostType, number) if number else ""


async def _divided(
    unit: Unit, policy_id: str, claim_id: str, amount: Money
) -> tuple[tuple[InsurerAmount, ...], tuple[CededAmount, ...]]:
    missing = PolicyNotFound(policy_id=policy_id)
    policy = await unit.get(Policy, UUID(policy_id), missing)
    file = await unit.get(PolicyFile, file_of_policy(unit.call.tenant, UUID(policy_id)), missing)
    claim = file.claims.get(claim_id)
    if claim and claim.fractions:
        found = [Fraction(text) for text in claim.fractions]
    else:  # It was noted before fractions were, or nothing is ceded.
        found = fractions_on(policy.bound, policy.segments, policy.bound.period.inception)
    return divide_loss(policy.bound, found, amount)
