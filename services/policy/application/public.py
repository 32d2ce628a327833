"""What a policy promises, in the public form of `terms.proto`: announcements and answers say it in the same words."""

from dataclasses import asdict
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Any
from uuid import UUID

from hubao.common.v1 import party_pb2
from hubao.policy.v1 import terms_pb2 as pb

from libs.common.grpc.convert import (
    date_fields,
    date_message,
    decimal_text,
    enum_text,
    money_fields,
    money_message,
    timestamp_fields,
)
from libs.common.money import total
from services.policy.domain.cover import PartTerms
from services.policy.domain.enterprise import Enterprise
from services.policy.domain.policy.ceding import fraction_periods
from services.policy.domain.policy.cession import CededAmount, Cession
from services.policy.domain.policy.charge import cessions_of
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.reporting import promised_segments
from services.policy.domain.policy.values import QuotaShare, Segment, Share, Transaction
from services.policy.domain.product.terms import ServiceClocks, ServiceEntitlement

Fields = dict[str, Any]
"""A message as its fields: a larger one is made of them without copying a message of their own."""


def enterprise_message(enterprise: Enterprise) -> party_pb2.Enterprise:
    return party_pb2.Enterprise(**_enterprise_fields(enterprise))


def part_message(part: PartTerms) -> pb.PartTerms:
    return pb.PartTerms(**_part_fields(part))


def segment_message(segment: Segment) -> pb.TermsSegment:
    return pb.TermsSegment(**_segment_fields(segment))


def _enterprise_fields(enterprise: Enterprise) -> Fields:
    return {
        "uscc": enterprise.uscc,
        "name": enterprise.name,
        "industry_code": enterprise.industry_code,
        "region_code": enterprise.region_code,
        "size": enum_text(party_pb2.EnterpriseSize, enterprise.size),
        "critical_infrastructure": enterprise.critical_infrastructure,
        "protecting_department": enterprise.protecting_department,
    }


def _part_fields(part: PartTerms) -> Fields:
    return {
        "code": part.code,
        "limit": money_fields(part.limit),
        "deductible": money_fields(part.deductible),
        "waiting_hours": part.waiting_hours,
        "coinsurance_percent": decimal_text(part.coinsurance_percent),
        "sub_limit_parent": part.sub_limit_parent,
        "trigger": enum_text(pb.Trigger, part.trigger),
        "extended_reporting_days": part.extended_reporting_days,
        "annual_premium": money_fields(part.annual_premium),
        "retroactive_date": None if part.retroactive_date is None else date_fields(part.retroactive_date),
    }


def _segment_fields(segment: Segment) -> Fields:
    return {
        "from": date_fields(segment.first),
        "to": date_fields(segment.end),
        "parts": [_part_fields(part) for part in segment.parts],
    }


@lru_cache(maxsize=1024)
def service_message(service: ServiceEntitlement) -> pb.ServiceEntitlement:
    """One for all policies of a product version: it is to be copied, never changed."""
    return pb.ServiceEntitlement(
        code=service.code,
        service_type=service.service_type,
        phase=enum_text(pb.ServicePhase, service.phase),
        quantity=service.quantity,
        mandatory=service.mandatory,
        fee=money_message(service.fee),
        respond_within_hours=service.respond_within_hours,
        start_within_hours=service.start_within_hours,
        deliver_within_hours=service.deliver_within_hours,
        pause_allowance_hours=service.pause_allowance_hours,
        critical_infrastructure_clocks=_clocks_message(service.critical_infrastructure_clocks),
    )


def _clocks_message(clocks: ServiceClocks | None) -> pb.ServiceClocks | None:
    return None if clocks is None else pb.ServiceClocks(**asdict(clocks))


def _share_fields(share: Share) -> Fields:
    return {"insurer_id": share.insurer_id, "percent": decimal_text(share.percent), "lead": share.lead}


def quota_share_message(treaty: QuotaShare) -> pb.QuotaShare:
    return pb.QuotaShare(
        treaty_id=treaty.treaty_id,
        reinsurer_id=treaty.reinsurer_id,
        percent=decimal_text(treaty.percent),
        commission_percent=decimal_text(treaty.commission_percent),
    )


def cession_messages(policy: Policy) -> list[pb.PolicyCession]:
    """All that is ceded, with what each cession takes over the days of cover."""
    periods = fraction_periods(policy.bound, policy.segments)
    return [cession_message(one, found) for one, found in zip(cessions_of(policy.bound), periods, strict=True)]


def cession_message(cession: Cession, periods: list[tuple[date, date, Fraction]]) -> pb.PolicyCession:
    message = pb.PolicyCession(
        kind=enum_text(pb.CessionKind, cession.kind),
        source_id=cession.source_id,
        reinsurers=[
            pb.CessionReinsurer(reinsurer_id=each.reinsurer_id, percent=decimal_text(each.percent))
            for each in cession.reinsurers
        ],
        commission_percent=decimal_text(cession.commission_percent),
    )
    for first, end, fraction in periods:
        period = message.periods.add(to=date_message(end), fraction=str(fraction))
        getattr(period, "from").CopyFrom(date_message(first))
    return message


def ceded_message(ceded: CededAmount) -> pb.CededPremium:
    return pb.CededPremium(
        kind=enum_text(pb.CessionKind, ceded.kind),
        source_id=ceded.source_id,
        fraction=ceded.fraction,
        ceded=money_message(ceded.ceded),
        commission=money_message(ceded.commission),
        reinsurers=[
            pb.ReinsurerPremium(
                reinsurer_id=each.reinsurer_id,
                ceded=money_message(each.ceded),
                commission=money_message(each.commission),
            )
            for each in ceded.reinsurers
        ],
    )


def timeline_message(policy_id: UUID, policy: Policy) -> pb.PolicyTimeline:
    return pb.PolicyTimeline(**timeline_fields(policy_id, policy))


def timeline_fields(policy_id: UUID, policy: Policy) -> Fields:
    bound = policy.bound
    return {
        "policy_id": str(policy_id),
        "policy_number": bound.policy_number,
        "insured": _enterprise_fields(bound.insured),
        "line": enum_text(pb.ProductLine, bound.line),
        "product_id": bound.product_id,
        "product_version": bound.product_version,
        "inception": date_fields(bound.period.inception),
        "expiry": date_fields(bound.period.expiry),
        "segments": [_segment_fields(segment) for segment in promised_segments(policy)],
        "aggregate_limit": money_fields(policy.aggregate_limit),
        "shares": [_share_fields(share) for share in bound.shares],
        "quota_share": None if bound.quota_share is None else quota_share_message(bound.quota_share),
        "entitlements": [service_message(service) for service in bound.entitlements],
        "subsidy_classes": bound.subsidy_classes,
        "premium": money_fields(policy.premium),
        "exclusions": bound.exclusions,
        "cessions": cession_messages(policy),
        "critical_systems": [
            {"name": system.name, "protecting_department": system.protecting_department}
            for system in bound.critical_systems
        ],
    }


def transaction_message(transaction: Transaction) -> pb.PremiumTransaction:
    return pb.PremiumTransaction(**transaction_fields(transaction))


def transaction_fields(transaction: Transaction) -> Fields:
    return {
        "number": transaction.number,
        "kind": enum_text(pb.TransactionKind, transaction.kind),
        "effective_date": date_fields(transaction.effective_date),
        "recorded_time": timestamp_fields(transaction.recorded_at),
        "parts": [{"part_code": part.part_code, "amount": money_fields(part.amount)} for part in transaction.parts],
        "net": money_fields(transaction.net),
        "vat": money_fields(transaction.vat),
        "stamp_duty": money_fields(transaction.stamp_duty),
        "shares": [
            {"insurer_id": share.insurer_id, "amount": money_fields(share.amount)} for share in transaction.shares
        ],
        "ceded": money_fields(transaction.ceded),
        "ceding_commission": money_fields(transaction.ceding_commission),
        "refers_to": transaction.refers_to,
        "cessions": [ceded_message(each) for each in transaction.cessions],
        "vat_by_rate": [
            {
                "rate": decimal_text(piece.rate),
                "net": money_fields(total(part.amount for part in piece.parts)),
                "vat": money_fields(piece.vat),
            }
            for piece in transaction.taxed
        ],
    }
