"""Announcements of other services, as they would be heard."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid4

from hubao.claims.v1 import events_pb2 as claims_pb
from hubao.common.v1.party_pb2 import Enterprise
from hubao.policy.v1 import events_pb2 as policy_pb
from hubao.policy.v1 import terms_pb2 as terms_pb
from hubao.vendor_gateway.v1 import events_pb2 as vendor_pb

from libs.common.dates import start_of_day
from libs.common.grpc.convert import date_message, enum_text, money_message, timestamp_message
from libs.common.money import total
from services.billing_subsidy.domain.account.premium import Movement
from tests.billing_subsidy.examples import BIND, BOUND_ON, FOLLOWER, LEAD, NUMBER, POLICY, REINSURER, TERM, facts, yuan


def timeline(movements: Sequence[Movement], policy_id: UUID, number: str, **changed: Any) -> terms_pb.PolicyTimeline:
    known = facts(**changed)
    return terms_pb.PolicyTimeline(
        policy_id=str(policy_id),
        policy_number=number,
        insured=Enterprise(
            uscc=known.insured_uscc,
            name="Orchid",
            industry_code=known.industry,
            region_code=known.region,
            size=f"ENTERPRISE_SIZE_{known.size.upper()}",
        ),
        line=f"PRODUCT_LINE_{known.line.upper()}",
        inception=date_message(known.term.inception),
        expiry=date_message(known.term.expiry),
        shares=[
            terms_pb.CoInsurerShare(insurer_id=LEAD, percent="60", lead=True),
            terms_pb.CoInsurerShare(insurer_id=FOLLOWER, percent="40"),
        ],
        quota_share=terms_pb.QuotaShare(reinsurer_id=REINSURER, percent="30", commission_percent="25"),
        subsidy_classes=known.subsidy_classes,
        premium=money_message(total(one.net for one in movements)),
    )


def transaction(one: Movement) -> terms_pb.PremiumTransaction:
    return terms_pb.PremiumTransaction(
        number=one.number,
        kind=enum_text(terms_pb.TransactionKind, one.kind),
        effective_date=date_message(one.effective_date),
        recorded_time=timestamp_message(start_of_day(one.recorded_on)),
        net=money_message(one.net),
        vat=money_message(one.vat),
        stamp_duty=money_message(one.stamp_duty),
        shares=[
            terms_pb.InsurerPremium(insurer_id=part.insurer_id, amount=money_message(part.amount))
            for part in one.shares
        ],
        ceded=money_message(one.ceded),
        ceding_commission=money_message(one.ceding_commission),
    )


def bound(
    policy_id: UUID = POLICY, number: str = NUMBER, movement: Movement = BIND, **changed: Any
) -> policy_pb.PolicyBound:
    return policy_pb.PolicyBound(
        timeline=timeline([movement], policy_id, number, **changed),
        transaction=transaction(movement),
        bound_on=date_message(BOUND_ON),
    )


def changed(*movements: Movement, policy_id: UUID = POLICY) -> policy_pb.PolicyChanged:
    return policy_pb.PolicyChanged(
        timeline=timeline(movements, policy_id, NUMBER),
        transactions=[transaction(one) for one in movements],
        effective_date=date_message(movements[-1].effective_date),
    )


def cancelled(*movements: Movement, policy_id: UUID = POLICY) -> policy_pb.PolicyCancelled:
    return policy_pb.PolicyCancelled(
        timeline=timeline(movements, policy_id, NUMBER),
        transactions=[transaction(one) for one in movements],
        effective_date=date_message(movements[-1].effective_date),
        reason="INSURED_REQUEST",
        method="short_rate",
    )


def expired(policy_id: UUID = POLICY) -> policy_pb.PolicyExpired:
    return policy_pb.PolicyExpired(policy_id=str(policy_id), expired_on=date_message(TERM.expiry))


def verified(vendor_id: str, fee: str, order_id: str = "order-1", on: date = BOUND_ON) -> vendor_pb.OrderVerified:
    return vendor_pb.OrderVerified(
        order_id=order_id,
        vendor_id=vendor_id,
        service_type="assessment",
        fee=money_message(yuan(fee)),
        verified_on=date_message(on),
    )


def credit_due(vendor_id: str, amount: str, order_id: str = "order-1") -> vendor_pb.ServiceCreditDue:
    return vendor_pb.ServiceCreditDue(
        order_id=order_id,
        vendor_id=vendor_id,
        clock="deliver",
        amount=money_message(yuan(amount)),
        due_on=date_message(BOUND_ON),
    )


def reserve_changed(outstanding: str, delta: str, policy_id: UUID = POLICY) -> claims_pb.ReserveChanged:
    return claims_pb.ReserveChanged(
        claim_id=str(UUID(int=77)),
        policy_id=str(policy_id),
        part_code="BI",
        cost_type="COST_TYPE_INDEMNITY",
        outstanding=money_message(yuan(outstanding)),
        delta=money_message(yuan(delta)),
        effective_date=date_message(date(2026, 3, 1)),
    )


def payment_approved(amount: str, policy_id: UUID = POLICY, **more: Any) -> claims_pb.PaymentApproved:
    return claims_pb.PaymentApproved(
        claim_id=str(UUID(int=77)),
        policy_id=str(policy_id),
        payment_id=str(uuid4()),
        part_code="BI",
        cost_type="COST_TYPE_INDEMNITY",
        amount=money_message(yuan(amount)),
        approved_on=date_message(date(2026, 3, 20)),
        **more,
    )
