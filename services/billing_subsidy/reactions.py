"""Other services' announcements to own events."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from hubao.claims.v1 import events_pb2 as claims_pb
from hubao.common.v1.party_pb2 import EnterpriseSize
from hubao.policy.v1 import events_pb2 as policy_pb
from hubao.policy.v1 import terms_pb2 as terms_pb
from hubao.vendor_gateway.v1 import events_pb2 as vendor_pb

from libs.common.dates import Period, date_in_shanghai
from libs.common.grpc.convert import (
    date_value,
    enum_name,
    money_value,
    optional,
    partial_date_value,
    percent_value,
    timestamp_value,
    uuid_value,
)
from libs.common.money import Money
from libs.common.service import Reaction
from libs.common.unit import Unit
from services.billing_subsidy.application import accounts, settlement
from services.billing_subsidy.application.heard_cessions import cession_values, reinsurers_parts
from services.billing_subsidy.application.heard_members import member_facts
from services.billing_subsidy.domain.account.events import Cause, ClaimPaymentNoted, ClaimReserveNoted, CostType
from services.billing_subsidy.domain.account.premium import (
    Insurer,
    Movement,
    MovementKind,
    PartOfPremium,
    PolicyFacts,
    QuotaShare,
)
from services.billing_subsidy.domain.vendor_account import CreditAccrued, FeeAccrued, FeeBorneByClaim

BY_PAYMENT = ("PREMIUM_PAID", "PREMIUM_PAID_IN_TIME")
"""The reasons for which policy puts a policy back in force without a person's decision."""


async def open_account(unit: Unit, heard: policy_pb.PolicyBound) -> None:
    """A policy was bound: its premium is owed, and programmes may subsidise it."""
    movement = movement_value("transaction", heard.transaction)
    bound_on = date_value("bound_on", heard.bound_on)
    await accounts.open_account(unit, facts_value(heard.timeline, movement.net.currency), bound_on, [movement])


async def invoice_change(unit: Unit, heard: policy_pb.PolicyChanged) -> None:
    """An endorsement moved premium."""
    await _move(unit, Cause.CHANGED, heard)


async def credit_cancellation(unit: Unit, heard: policy_pb.PolicyCancelled) -> None:
    """A cancellation returned premium."""
    await _move(unit, Cause.CANCELLED, heard)


async def charge_reinstatement(unit: Unit, heard: policy_pb.PolicyReinstated) -> None:
    """A policy is in force again: what its end returned is owed again, or the premium of the days that remain."""
    await _move(unit, Cause.REINSTATED, heard)
    policy_id = uuid_value("timeline.policy_id", heard.timeline.policy_id)
    await accounts.put_back(unit, policy_id, by_payment=heard.reason in BY_PAYMENT)


async def earn_expired(unit: Unit, heard: policy_pb.PolicyExpired) -> None:
    """A term ran out, so all of its premium is earned."""
    policy_id = uuid_value("policy_id", heard.policy_id)
    await accounts.earn_all(unit, policy_id, date_value("expired_on", heard.expired_on))


async def admit_member(unit: Unit, heard: policy_pb.CertificateIssued) -> None:
    """A member joined a park policy: its premium is owed, and programmes may subsidise it."""
    movements = movement_values(heard.transactions)
    facts = member_facts(heard.certificate, movements[0].net.currency)
    await accounts.admit_member(unit, facts, date_value("issued_on", heard.issued_on), movements)


async def credit_member(unit: Unit, heard: policy_pb.CertificateWithdrawn) -> None:
    """A member left, and its premium for the rest of the term comes back."""
    certificate_id = uuid_value("certificate.certificate_id", heard.certificate.certificate_id)
    await accounts.move_premium(unit, certificate_id, Cause.CHANGED, movement_values(heard.transactions))


async def end_member(unit: Unit, heard: policy_pb.CertificateEnded) -> None:
    """A certificate ended with its master: by a cancellation with a return premium, or with all of it earned."""
    certificate_id = uuid_value("certificate.certificate_id", heard.certificate.certificate_id)
    if heard.cause == "cancelled":
        await accounts.move_premium(unit, certificate_id, Cause.CANCELLED, movement_values(heard.transactions))
    else:
        await accounts.earn_all(unit, certificate_id, date_value("ended_on", heard.ended_on))


async def accrue_fee(unit: Unit, heard: vendor_pb.OrderVerified) -> None:
    """A vendor's work was taken, so its fee is payable."""
    fee = FeeAccrued(
        vendor_id=heard.vendor_id,
        order_id=heard.order_id,
        policy_id=heard.policy_id,
        service_type=heard.service_type,
        fee=money_value("fee", heard.fee),
        verified_on=date_value("verified_on", heard.verified_on),
    )
    await settlement.accrue_fee(unit, fee)


async def accrue_credit(unit: Unit, heard: vendor_pb.ServiceCreditDue) -> None:
    """A vendor was late, and owes a credit."""
    credit = CreditAccrued(
        vendor_id=heard.vendor_id,
        order_id=heard.order_id,
        policy_id=heard.policy_id,
        clock=heard.clock,
        amount=money_value("amount", heard.amount),
        due_on=date_value("due_on", heard.due_on),
    )
    await settlement.accrue_credit(unit, credit)


async def cede_claim(unit: Unit, heard: claims_pb.ClaimOpened) -> None:
    """A claim was opened. Raises NotYet while the policy's binding has not been heard of."""
    occurred = optional(heard, "occurred_on", partial_date_value)
    day = occurred.earliest if occurred else None
    await accounts.open_claim(
        unit, uuid_value("policy_id", heard.policy_id), uuid_value("claim_id", heard.claim_id), day
    )


async def post_reserve(unit: Unit, heard: claims_pb.ReserveChanged) -> None:
    """A claim's reserve changed. Raises NotYet while the policy's binding has not been heard of."""
    noted = ClaimReserveNoted(
        claim_id=uuid_value("claim_id", heard.claim_id),
        part_code=heard.part_code,
        cost_type=CostType(enum_name("cost_type", claims_pb.CostType, heard.cost_type)),
        outstanding=money_value("outstanding", heard.outstanding),
        delta=money_value("delta", heard.delta),
        effective_date=date_value("effective_date", heard.effective_date),
    )
    await accounts.note_reserve(unit, uuid_value("policy_id", heard.policy_id), noted)


async def post_claim_payment(unit: Unit, heard: claims_pb.PaymentApproved) -> None:
    """A claim's payment was approved; if it paid for a vendor's work, it is that work's only expense.

    Raises NotYet while the policy's binding, or that work, has not been heard of.
    """
    noted = ClaimPaymentNoted(
        claim_id=uuid_value("claim_id", heard.claim_id),
        payment_id=uuid_value("payment_id", heard.payment_id),
        part_code=heard.part_code,
        cost_type=CostType(enum_name("cost_type", claims_pb.CostType, heard.cost_type)),
        amount=money_value("amount", heard.amount),
        approved_on=date_value("approved_on", heard.approved_on),
    )
    await accounts.note_claim_payment(unit, uuid_value("policy_id", heard.policy_id), noted)
    if heard.vendor_id:
        borne = FeeBorneByClaim(
            vendor_id=heard.vendor_id,
            order_id=heard.order_id,
            payment_id=heard.payment_id,
            amount=noted.amount,
            borne_on=noted.approved_on,
        )
        await settlement.bear_by_claim(unit, borne)


REACTIONS: Mapping[str, Mapping[type[Any], Reaction]] = {
    "policy": {
        policy_pb.PolicyBound: open_account,
        policy_pb.PolicyChanged: invoice_change,
        policy_pb.PolicyCancelled: credit_cancellation,
        policy_pb.PolicyReinstated: charge_reinstatement,
        policy_pb.PolicyExpired: earn_expired,
        policy_pb.CertificateIssued: admit_member,
        policy_pb.CertificateWithdrawn: credit_member,
        policy_pb.CertificateEnded: end_member,
    },
    "vendor_gateway": {
        vendor_pb.OrderVerified: accrue_fee,
        vendor_pb.ServiceCreditDue: accrue_credit,
    },
    "claims": {
        claims_pb.ClaimOpened: cede_claim,
        claims_pb.ReserveChanged: post_reserve,
        claims_pb.PaymentApproved: post_claim_payment,
    },
}


async def _move(unit: Unit, cause: Cause, heard: Any) -> None:
    policy_id = uuid_value("timeline.policy_id", heard.timeline.policy_id)
    await accounts.move_premium(unit, policy_id, cause, movement_values(heard.transactions))
    await accounts.move_cessions(unit, policy_id, cession_values(heard.timeline))


def facts_value(timeline: terms_pb.PolicyTimeline, currency: str) -> PolicyFacts:
    """What billing keeps of a policy."""
    policy_id: UUID = uuid_value("timeline.policy_id", timeline.policy_id)
    quota: QuotaShare | None = optional(timeline, "quota_share", _quota_value)
    return PolicyFacts(
        policy_id=policy_id,
        policy_number=timeline.policy_number,
        insured_uscc=timeline.insured.uscc,
        size=enum_name("timeline.insured.size", EnterpriseSize, timeline.insured.size),
        industry=timeline.insured.industry_code,
        region=timeline.insured.region_code,
        line=enum_name("timeline.line", terms_pb.ProductLine, timeline.line),
        subsidy_classes=tuple(timeline.subsidy_classes),
        term=Period(
            date_value("timeline.inception", timeline.inception), date_value("timeline.expiry", timeline.expiry)
        ),
        currency=currency,
        insurers=tuple(
            Insurer(share.insurer_id, percent_value("timeline.shares.percent", share.percent), share.lead)
            for share in timeline.shares
        ),
        quota_share=quota,
        cessions=cession_values(timeline),
        critical_infrastructure=timeline.insured.critical_infrastructure or bool(timeline.critical_systems),
    )


def _quota_value(field: str, quota: terms_pb.QuotaShare) -> QuotaShare:
    return QuotaShare(quota.reinsurer_id, percent_value(f"{field}.percent", quota.percent))


def movement_values(transactions: Sequence[terms_pb.PremiumTransaction]) -> list[Movement]:
    return [movement_value(f"transactions[{place}]", one) for place, one in enumerate(transactions)]


def movement_value(field: str, one: terms_pb.PremiumTransaction) -> Movement:
    """A premium transaction; amounts that policy left unset are zero."""
    net = money_value(f"{field}.net", one.net)

    def amount(name: str) -> Money:
        found: Money | None = optional(one, name, money_value)
        return net.zero() if found is None else found

    return Movement(
        number=one.number,
        kind=MovementKind(enum_name(f"{field}.kind", terms_pb.TransactionKind, one.kind)),
        effective_date=date_value(f"{field}.effective_date", one.effective_date),
        recorded_on=date_in_shanghai(timestamp_value(f"{field}.recorded_time", one.recorded_time)),
        net=net,
        vat=amount("vat"),
        stamp_duty=amount("stamp_duty"),
        ceded=amount("ceded"),
        ceding_commission=amount("ceding_commission"),
        shares=tuple(
            PartOfPremium(part.insurer_id, money_value(f"{field}.shares.amount", part.amount)) for part in one.shares
        ),
        cessions=reinsurers_parts(f"{field}.cessions", one.cessions),
    )
