"""Extended reporting after the end of cover, and a longer time for a premium."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from libs.common.errors import InvalidField
from libs.common.events import replay
from libs.common.money import Money, total
from services.policy.domain.policy.life_errors import (
    CoverNotEnded,
    ExtendedReportingOver,
    ExtensionNotOffered,
    NoExtendedReporting,
    ReportingExtendedAlready,
)
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.reporting import extend_reporting, promised_segments, reported_until
from services.policy.domain.policy.values import TransactionKind
from services.policy.domain.product.checks import check_terms
from services.policy.domain.product.terms import CancellationMethod, ReportingExtension, RetroactiveRule, Trigger
from tests.policy import examples as an

JULY = date(2026, 7, 1)
AT = datetime(2026, 7, 2, tzinfo=UTC)
TERMS = an.product_terms(reporting_extensions=(ReportingExtension(365, Decimal(50)),))
OCCURRENCE = an.product_terms(
    parts=(
        an.part(an.DATA),
        an.part(an.EXTORTION, trigger=Trigger.OCCURRENCE, retroactive_rule=RetroactiveRule.NONE),
        an.part(an.RESPONSE, sub_limit_parent=an.DATA),
    )
)


def ended(reason: str = "INSURED_REQUEST") -> Policy:
    return an.cancelled(an.policy(), JULY, CancellationMethod.PRO_RATA, reason=reason)


def extended(policy: Policy, days: int = 365, today: date = date(2026, 7, 2)) -> Policy:
    value = replay(Policy, extend_reporting(policy, TERMS, days, today, AT), policy)
    assert value is not None
    return value


def test_in_force_there_is_nothing_to_report_later() -> None:
    assert reported_until(an.policy()) == {}


def test_after_a_cancellation_claims_made_parts_are_reported_on_for_their_days() -> None:
    assert reported_until(ended()) == {an.DATA: date(2026, 8, 30), an.EXTORTION: date(2026, 8, 30)}


def test_after_the_expiry_too() -> None:
    policy = replay(Policy, an.policy().expire(an.EXPIRY), an.policy())

    assert policy is not None
    assert reported_until(policy)[an.DATA] == date(2027, 3, 2)


def test_occurrence_parts_need_none() -> None:
    policy = an.cancelled(an.policy(terms=OCCURRENCE), JULY, CancellationMethod.PRO_RATA)

    assert list(reported_until(policy)) == [an.DATA]


def test_a_cancellation_for_non_payment_by_a_person_gives_none() -> None:
    assert set(reported_until(ended("NON_PAYMENT")).values()) == {JULY}


def test_a_longer_time_is_charged_by_part_and_told_with_the_terms() -> None:
    policy = extended(ended())

    made = policy.transactions[-1]
    assert (made.kind, made.effective_date) == (TransactionKind.EXTEND_REPORTING, JULY)
    assert [(part.part_code, part.amount) for part in made.parts] == [
        (an.DATA, Money.cny(46_000)),
        (an.EXTORTION, Money.cny(4_000)),
    ]
    assert (made.vat, made.stamp_duty) == (Money.cny(3_000), Money.cny(50))
    assert total(share.amount for share in made.shares) == made.net
    assert {part.extended_reporting_days for part in promised_segments(policy)[-1].parts} == {365}
    assert reported_until(policy)[an.DATA] == JULY.replace(year=2027)
    assert policy.premium == ended().premium + Money.cny(50_000)


def test_extending_again_in_the_same_way_changes_nothing() -> None:
    policy = extended(ended())

    assert extend_reporting(policy, TERMS, 365, JULY, AT) == []
    with pytest.raises(ReportingExtendedAlready):
        extended(policy, 730)


def test_an_extension_is_refused_in_force_too_late_not_offered_and_for_who_did_not_pay() -> None:
    with pytest.raises(CoverNotEnded):
        extended(an.policy())
    with pytest.raises(ExtendedReportingOver):
        extended(ended(), today=date(2026, 8, 30))
    with pytest.raises(ExtensionNotOffered):
        extended(ended(), 400)
    with pytest.raises(NoExtendedReporting):
        extended(ended("NON_PAYMENT"))
    with pytest.raises(NoExtendedReporting):
        extended(an.cancelled(an.policy(), an.INCEPTION, CancellationMethod.FLAT))


@pytest.mark.parametrize(
    "extensions",
    [
        (ReportingExtension(60, Decimal(10)),),
        (ReportingExtension(365, Decimal(10)), ReportingExtension(365, Decimal(20))),
        (ReportingExtension(365, Decimal(1001)),),
    ],
)
def test_extensions_that_make_no_sense_are_refused(extensions: tuple[ReportingExtension, ...]) -> None:
    with pytest.raises(InvalidField, match="reporting_extensions"):
        check_terms(an.product_terms(reporting_extensions=extensions))
