"""What is declared, and what follows from it: referred with coded reasons, or declined by the product's own rules."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from libs.common.errors import InvalidField
from libs.common.money import Money
from services.policy.application.public import service_message, timeline_message
from services.policy.domain.enterprise import Enterprise
from services.policy.domain.errors import SubmissionClosed
from services.policy.domain.experience import Experience
from services.policy.domain.policy.policy import Policy
from services.policy.domain.product.product import Product
from services.policy.domain.product.terms import ProductTerms, ServiceClocks
from services.policy.domain.submission.declared import decline_reasons, losses_within
from services.policy.domain.submission.events import SubmissionDeclined
from services.policy.domain.submission.submission import Submission
from services.policy.domain.submission.values import DeclaredLoss, DeclaredSystem, SubmissionStatus
from services.policy.domain.underwriting import DeclineReason, ReferralReason
from services.policy.servicer.product_values import service_value
from tests.policy import examples as an

FILING = "31011500001-26001"


def system(level: int = 3, tested: date | None = date(2025, 6, 1), filing: str = FILING) -> DeclaredSystem:
    return DeclaredSystem("ERP", level, filing, tested, False)


def loss(on: date = date(2024, 3, 1), amount: int = 100_000) -> DeclaredLoss:
    return DeclaredLoss(on, Money.cny(amount), "ransomware")


def terms(**rules: Any) -> ProductTerms:
    plain = an.product_terms()
    return replace(plain, underwriting=replace(plain.underwriting, **rules))


def reasons(submission: Submission, fixed: ProductTerms | None = None, on: date = an.QUOTED_ON) -> tuple[str, ...]:
    return an.quoted(submission, terms=fixed, on=on).quotes[0].referral_reasons


@pytest.mark.parametrize(
    ("declared", "overdue"),
    [
        (system(3, date(2024, 12, 20)), False),  # To the day a year before the quote.
        (system(3, date(2024, 12, 19)), True),
        (system(3, None), True),
        (system(4, date(2024, 1, 1)), True),
        (system(5, date(2025, 12, 20)), False),
        (system(2, None), False),
        (system(1, None, ""), False),
    ],
)
def test_a_system_of_level_3_or_higher_that_was_not_tested_within_a_year_refers(
    declared: DeclaredSystem, overdue: bool
) -> None:
    expected = (ReferralReason.MLPS_TEST_OVERDUE,) if overdue else ()

    assert reasons(an.submission(systems=(system(2), declared))) == expected


def test_critical_infrastructure_that_nobody_assessed_refers() -> None:
    submission = an.submission(systems=(replace(system(), critical_infrastructure=True),))
    assessed = an.after(submission, submission.record_assessment(an.assessed()))

    assert reasons(submission) == (ReferralReason.CRITICAL_INFRASTRUCTURE_WITHOUT_ASSESSMENT,)
    assert reasons(assessed) == ()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"systems": (system(tested=date(2025, 12, 21)),)}, "systems[0].mlps_tested_on"),
        ({"systems": (system(2, filing=" "),)}, "systems[0].mlps_filing_number"),
        ({"losses": (loss(date(2025, 12, 21)),)}, "losses[0].occurred_on"),
        ({"losses": (loss(), replace(loss(), amount=Money("USD", 1)))}, "losses[1].amount.currency_code"),
        ({"losses": (loss(amount=-1),)}, "losses[0].amount"),
    ],
)
def test_a_declaration_that_can_not_be_is_named(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        an.asked(today=an.QUOTED_ON, **changes)

    assert refusal.value.field == field


def test_losses_are_referred_by_number_and_by_amount_within_the_years_that_count() -> None:
    two = an.submission(losses=(loss(), loss(date(2020, 12, 20))))  # To the day five years before.
    old = an.submission(losses=(loss(), loss(date(2020, 12, 19))))
    large = an.submission(losses=(loss(amount=600_000),))

    assert reasons(two, terms(losses_allowed=1)) == (ReferralReason.LOSS_HISTORY,)
    assert reasons(two, terms(losses_allowed=1, loss_years=3)) == ()
    assert reasons(old, terms(losses_allowed=1)) == ()
    assert reasons(large, terms(loss_amount_allowed=Money.cny(500_000))) == (ReferralReason.LOSS_HISTORY,)
    assert reasons(large, terms(loss_amount_allowed=Money.cny(600_000))) == ()
    assert reasons(large) == ()  # Without a rule, losses are declared and nothing follows.


def test_a_quote_that_would_fill_an_accumulation_is_referred() -> None:
    submission = an.submission()  # Limits of 25 million together.
    version = an.published().on_sale()

    def made(room: Money | None) -> Any:
        (event,) = submission.quote(version, (), None, (), "wang", an.QUOTED_ON, room)
        return event.quote.referral_reasons  # type: ignore[union-attr]

    assert made(Money.cny(24_999_999)) == (ReferralReason.ACCUMULATION,)
    assert made(Money.cny(25_000_000)) == ()
    assert made(None) == ()


def test_what_counts_for_an_accumulation_ends_at_the_agreed_cap() -> None:
    submission = an.submission(aggregate_limit=Money.cny(10_000_000))

    (made,) = submission.quote(an.published().on_sale(), (), None, (), "wang", an.QUOTED_ON, Money.cny(10_000_000))

    assert made.quote.referral_reasons == ()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ({"excluded_industries": ("I65",)}, DeclineReason.EXCLUDED_INDUSTRY),
        ({"excluded_industries": ("I",)}, DeclineReason.EXCLUDED_INDUSTRY),
        ({"losses_declined_above": 1}, DeclineReason.TOO_MANY_LOSSES),
        ({"loss_amount_declined_above": Money.cny(199_999)}, DeclineReason.LOSSES_TOO_LARGE),
    ],
)
def test_a_product_declines_by_its_own_rules_and_prices_nothing(rules: dict[str, Any], reason: DeclineReason) -> None:
    submission = an.submission(losses=(loss(), loss()))

    declined = an.quoted(submission, terms=terms(**rules))

    assert declined.status is SubmissionStatus.DECLINED
    assert (declined.decline_reasons, declined.quotes) == ((reason,), ())
    with pytest.raises(SubmissionClosed):
        an.quoted(declined)


def test_all_reasons_to_decline_are_told_at_once_with_who_asked() -> None:
    fixed = terms(excluded_industries=("I",), losses_declined_above=0)

    made = an.submission(losses=(loss(),)).quote(
        replace(an.published().on_sale(), terms=fixed), (), None, (), "wang", an.QUOTED_ON
    )

    assert made == [
        SubmissionDeclined(
            reasons=(DeclineReason.EXCLUDED_INDUSTRY, DeclineReason.TOO_MANY_LOSSES),
            declined_on=an.QUOTED_ON,
            declined_by="wang",
            by_rule=True,
        )
    ]


@pytest.mark.parametrize(
    ("rules", "field"),
    [
        ({"excluded_industries": ("Z",)}, "excluded_industries[0]"),
        ({"losses_allowed": 3, "losses_declined_above": 2}, "losses_declined_above"),
        ({"losses_allowed": -1}, "losses_allowed"),
        ({"loss_amount_allowed": Money("USD", 1)}, "loss_amount_allowed.currency_code"),
    ],
)
def test_rules_that_contradict_themselves_are_named(rules: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        Product.create("CYBER", "Cyber", terms(**rules))

    assert refusal.value.field == f"terms.underwriting.{field}"


def test_a_referral_says_what_authority_it_needs() -> None:
    referred = an.quoted(an.submission(parts=(an.wanted(an.DATA, Money.cny(40_000_000)),)))

    assert referred.quotes[0].required_authority == Money.cny(40_000_000)
    assert an.quoted().quotes[0].required_authority is None


def test_the_claims_of_the_policy_that_is_renewed_count_where_they_weigh_more_than_what_is_declared() -> None:
    rules = terms(losses_allowed=1, loss_amount_declined_above=Money.cny(1_000_000)).underwriting
    known = Experience("HB-1", 2, 1, Money.cny(700_000), Money.cny(300_000), Money.cny(50_000), 0, an.QUOTED_ON)
    asked = an.submission(losses=(loss(),)).asked

    assert losses_within(rules, asked.losses, known, an.QUOTED_ON) == (2, Money.cny(1_000_000))
    assert losses_within(rules, asked.losses, None, an.QUOTED_ON) == (1, Money.cny(100_000))
    assert decline_reasons(rules, asked, known, an.QUOTED_ON) == ()
    worse = replace(known, paid=Money.cny(700_001))
    assert decline_reasons(rules, asked, worse, an.QUOTED_ON) == (DeclineReason.LOSSES_TOO_LARGE,)


def operator(**changes: Any) -> Enterprise:
    plain = {"critical_infrastructure": True, "protecting_department": "上海市通信管理局"}
    return an.enterprise(**{**plain, **changes})


def test_an_insured_is_declared_critical_with_the_department_that_protects_it() -> None:
    referred = an.quoted(an.submission(insured=operator())).quotes[-1]

    assert referred.referral_reasons == (ReferralReason.CRITICAL_INFRASTRUCTURE_WITHOUT_ASSESSMENT,)
    with pytest.raises(InvalidField, match=r"insured\.protecting_department"):
        an.submission(insured=operator(protecting_department=" "))
    with pytest.raises(InvalidField, match=r"insured\.protecting_department"):
        an.submission(insured=operator(critical_infrastructure=False))
    with pytest.raises(InvalidField, match=r"systems\[0\].protecting_department"):
        an.submission(systems=(replace(system(), protecting_department="A department"),))


def test_a_product_may_refer_all_critical_infrastructure() -> None:
    rules = replace(an.product_terms().underwriting, refer_critical_infrastructure=True)
    terms = an.product_terms(underwriting=rules)
    assessed = an.submission(terms, insured=operator())
    assessed = an.after(assessed, assessed.record_assessment(an.assessed()))

    assert an.quoted(assessed, terms).quotes[-1].referral_reasons == (ReferralReason.CRITICAL_INFRASTRUCTURE,)
    assert an.quoted(assessed).quotes[-1].referral_reasons == ()


def test_a_policy_says_which_systems_are_critical() -> None:
    systems = (system(), replace(system(), name="SCADA", critical_infrastructure=True, protecting_department="能源局"))
    submitted = an.submission(systems=systems)
    submitted = an.after(submitted, submitted.record_assessment(an.assessed()))
    (bound,) = an.bound(an.quoted(submitted))

    told = timeline_message(an.POLICY_ID, Policy.begin(bound))

    assert [(each.name, each.protecting_department) for each in told.critical_systems] == [("SCADA", "能源局")]
    assert not told.insured.critical_infrastructure


CLOCKS = ServiceClocks(respond_within_hours=1, start_within_hours=4, deliver_within_hours=48)


def with_clocks(clocks: ServiceClocks) -> ProductTerms:
    plain = an.product_terms()
    services = tuple(replace(each, critical_infrastructure_clocks=clocks) for each in plain.entitlements)
    return an.product_terms(entitlements=services)


@pytest.mark.parametrize(
    ("changes", "hours"),
    [
        ({}, (24, 72, 240)),
        ({"insured": operator()}, (1, 4, 48)),
        ({"systems": (replace(system(), critical_infrastructure=True, protecting_department="能源局"),)}, (1, 4, 48)),
    ],
)
def test_critical_infrastructure_is_promised_the_clocks_that_are_meant_for_it(
    changes: dict[str, Any], hours: tuple[int, int, int]
) -> None:
    terms = with_clocks(CLOCKS)
    submitted = an.submission(terms, **changes)
    (ordered,) = submitted.request_assessment(terms, "ASSESSMENT", an.QUOTED_ON)
    submitted = an.after(submitted, submitted.record_assessment(an.assessed()))
    (bound,) = an.bound(an.quoted(submitted, terms), terms)

    told = timeline_message(an.POLICY_ID, Policy.begin(bound)).entitlements

    for each in (ordered.service, *told):
        assert (each.respond_within_hours, each.start_within_hours, each.deliver_within_hours) == hours
    assert ordered.service.critical_infrastructure_clocks is None
    assert not any(each.HasField("critical_infrastructure_clocks") for each in told)


@pytest.mark.parametrize(
    ("clocks", "field"),
    [
        (replace(CLOCKS, respond_within_hours=25), "respond_within_hours"),
        (replace(CLOCKS, deliver_within_hours=0), "deliver_within_hours"),
    ],
)
def test_clocks_of_critical_infrastructure_are_no_longer_than_those_of_others(
    clocks: ServiceClocks, field: str
) -> None:
    with pytest.raises(InvalidField) as refusal:
        an.published(with_clocks(clocks))

    assert refusal.value.field == f"terms.entitlements[0].critical_infrastructure_clocks.{field}"


def test_a_product_keeps_its_clocks_on_the_way_through_its_messages() -> None:
    service = with_clocks(CLOCKS).entitlements[0]

    assert service_value("service", service_message(service)) == service
