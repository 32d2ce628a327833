"""Claims as policy notes them: whose loss a payment or a reserve is, decided once, when it is heard of."""

from dataclasses import replace
from datetime import date
from uuid import UUID

from hubao.claims.v1 import events_pb2 as claims

from libs.common.grpc.convert import date_value, enum_name, money_value
from libs.common.money import Money
from libs.common.unit import Unit
from services.policy.application.policies import file_of_policy
from services.policy.domain.claim_notes import ClaimPaymentNoted, ClaimReserveNoted
from services.policy.domain.errors import PolicyNotFound
from services.policy.domain.policy.ceding import divide_loss
from services.policy.domain.policy.cession import CededAmount, difference
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.values import InsurerAmount
from services.policy.domain.policy_file import PolicyFile

RECOVERY = "recovery"


async def payment_note(unit: Unit, heard: claims.PaymentApproved) -> ClaimPaymentNoted:
    amount = money_value("amount", heard.amount)
    shares, cessions = await _divided(unit, heard.policy_id, heard.claim_id, amount)
    return ClaimPaymentNoted(
        claim_id=heard.claim_id,
        payment_id=heard.payment_id,
        part_code=heard.part_code,
        amount=amount,
        cost_type=enum_name("cost_type", claims.CostType, heard.cost_type),
        effective_date=date_value("approved_on", heard.approved_on),
        shares=shares,
        cessions=cessions,
    )


async def reserve_note(unit: Unit, heard: claims.ReserveChanged) -> ClaimReserveNoted:
    """The change of everybody's part, as the difference of rounded totals. An expected recovery lowers the reserve."""
    cost_type = enum_name("cost_type", claims.CostType, heard.cost_type)
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


async def _divided(
    unit: Unit, policy_id: str, claim_id: str, amount: Money
) -> tuple[tuple[InsurerAmount, ...], tuple[CededAmount, ...]]:
    missing = PolicyNotFound(policy_id=policy_id)
    policy = await unit.get(Policy, UUID(policy_id), missing)
    file = await unit.get(PolicyFile, file_of_policy(unit.call.tenant, UUID(policy_id)), missing)
    claim = file.claims.get(claim_id)
    happened: date | None = claim.occurred_from if claim else None
    return divide_loss(policy.bound, policy.segments, happened or policy.bound.period.inception, amount)
