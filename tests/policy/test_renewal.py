"""Renewal: from when, by what term, with which dates and which experience; and a policy is renewed once."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from libs.common.codes import uscc
from libs.common.errors import InvalidField
from libs.common.events import replay
from libs.common.money import Money
from services.policy.domain.claim_notes import ClaimEndNoted, ClaimNoted, ClaimPaymentNoted, ClaimReserveNoted
from services.policy.domain.cover import RatingInputs
from services.policy.domain.duty_notes import DutyBreachNoted, DutyDischargeNoted, DutyOpeningNoted
from services.policy.domain.errors import FactorMissing, PolicyNotInForce
from services.policy.domain.experience import Experience
from services.policy.domain.policy.life import Renewed
from services.policy.domain.policy.life_errors import (
    InsuredChanged,
    PolicyRenewedAlready,
    RenewalTooEarly,
    RetroactiveDateLost,
    TermsNotContinuous,
    TermsOverlap,
)
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.renewing import (
    carried_answers,
    carried_parts,
    experience_of,
    renew,
    renewal_of,
    same_insured,
)
from services.policy.domain.policy.values import Change, ChangeKind
from services.policy.domain.policy_file import FileOpened, PolicyFile
from services.policy.domain.product.checks import check_terms
from services.policy.domain.product.terms import CancellationMethod, FactorBasis, ProductTerms
from services.policy.domain.rating import rate
from services.policy.domain.submission.intake import rating_inputs
from services.policy.domain.submission.renewal import ExperienceTaken, Renewal, RenewalBegun
from services.policy.domain.submission.submission import Submission
from services.policy.domain.underwriting import ReferralReason
from tests.policy import examples as an

FIRST_DAY = date(2026, 10, 3)  # 90 days before the expiry.
OCTOBER = date(2026, 10, 20)


def file_of(*events: object) -> PolicyFile:
    value = replay(PolicyFile, [FileOpened(policy_id=str(an.POLICY_ID)), *events])
    assert value is not None
    return value


def with_claims() -> PolicyFile:
    """One claim is paid and closed, one open with a reserve and an expected recovery; a duty was done late."""
    shared = {"shares": (), "cessions": ()}
    reserve = {"claim_id": "b", "part_code": an.DATA, "delta": Money.cny(0), "effective_date": OCTOBER, **shared}
    return file_of(
        ClaimNoted(claim_id="a", occurred_from=date(2026, 3, 1)),
        ClaimPaymentNoted(claim_id="a", payment_id="p", part_code=an.DATA, amount=Money.cny(30_000)),
        ClaimEndNoted(claim_id="a", outcome="PAID", paid=Money.cny(30_000)),
        ClaimNoted(claim_id="b"),
        ClaimReserveNoted(cost_type="indemnity", outstanding=Money.cny(20_000), **reserve),
        ClaimReserveNoted(cost_type="recovery", outstanding=Money.cny(7_500), **reserve),
        DutyOpeningNoted(duty_id="d", what="Patch it", due_on=date(2026, 5, 1), opened_on=date(2026, 4, 1)),
        DutyBreachNoted(duty_id="d", breached_on=date(2026, 5, 2)),
        DutyDischargeNoted(duty_id="d", discharged_on=date(2026, 5, 9), how="REMEDIATED"),
    )


NO_LOSSES = experience_of(an.policy(), file_of(), OCTOBER)


def begun(policy: Policy | None = None, inception: date = an.EXPIRY, continuous: bool = True) -> Renewal:
    return renewal_of("old", policy or an.policy(), with_claims(), inception, continuous, OCTOBER)


def test_the_experience_is_what_the_others_announced() -> None:
    experience = experience_of(an.policy(), with_claims(), OCTOBER)

    assert experience == Experience(
        policy_number="HB2026-00000-00001",
        claims=2,
        open_claims=1,
        paid=Money.cny(30_000),
        outstanding=Money.cny(12_500),
        premium=Money.cny(100_000),
        breached_duties=1,
        known_on=OCTOBER,
    )
    assert experience.loss_ratio_percent == Decimal("42.50")


def test_a_renewal_is_offered_from_ninety_days_before_the_expiry() -> None:
    renewal_of("old", an.policy(), file_of(), an.EXPIRY, True, FIRST_DAY)

    with pytest.raises(RenewalTooEarly) as refusal:
        renewal_of("old", an.policy(), file_of(), an.EXPIRY, True, date(2026, 10, 2))
    assert refusal.value.details == {"expiry": "2027-01-01", "offered_from": "2026-10-03"}


def test_the_new_term_begins_where_the_old_one_ends() -> None:
    with pytest.raises(TermsOverlap):
        begun(inception=date(2026, 12, 31))
    with pytest.raises(TermsOverlap):
        begun(inception=date(2026, 12, 31), continuous=False)
    with pytest.raises(TermsNotContinuous):
        begun(inception=date(2027, 1, 2))
    assert not begun(inception=date(2027, 1, 2), continuous=False).continuous


def test_a_policy_that_ended_early_is_not_renewed_an_expired_one_is() -> None:
    with pytest.raises(PolicyNotInForce):
        begun(an.cancelled(an.policy(), OCTOBER, CancellationMethod.PRO_RATA))
    expired = replay(Policy, an.policy().expire(an.EXPIRY), an.policy())
    assert begun(expired).expiry == an.EXPIRY


def test_a_policy_is_renewed_once() -> None:
    (bound,) = an.bound()
    events = renew(an.policy(), bound, "new", True)
    renewed = replay(Policy, events, an.policy())

    assert renewed is not None
    assert events == [
        Renewed(policy_id="new", policy_number=bound.policy_number, inception=an.INCEPTION, continuous=True)
    ]
    with pytest.raises(PolicyRenewedAlready):
        renew(renewed, bound, "other", True)
    with pytest.raises(PolicyRenewedAlready):
        begun(renewed)


def test_retroactive_dates_are_carried_over_unless_they_are_given_up() -> None:
    policy = an.endorsed(an.policy(), date(2026, 5, 1), an.add(an.RESPONSE, Money.cny(1_000_000)))

    kept = carried_parts(policy, (), continuous=True)
    lost = carried_parts(policy, (), continuous=False)

    assert [(part.part_code, part.retroactive_date) for part in kept] == [
        (an.DATA, an.INCEPTION),
        (an.EXTORTION, an.INCEPTION),
        (an.RESPONSE, date(2026, 5, 1)),
    ]
    assert {part.retroactive_date for part in lost} == {None}
    assert [part.limit for part in kept] == [an.DATA_LIMIT, an.EXTORTION_LIMIT, Money.cny(1_000_000)]


def test_a_later_retroactive_date_is_refused_an_earlier_one_is_taken() -> None:
    later = an.wanted(an.DATA, an.DATA_LIMIT, retroactive=date(2026, 1, 2))
    earlier = an.wanted(an.DATA, an.DATA_LIMIT, retroactive=date(2024, 1, 1))

    with pytest.raises(RetroactiveDateLost):
        carried_parts(an.policy(), [later], continuous=True)
    assert carried_parts(an.policy(), [earlier], continuous=True) == (earlier,)
    assert carried_parts(an.policy(), [later], continuous=False) == (later,)


def test_answers_are_those_of_the_last_day_with_what_has_changed() -> None:
    policy = an.endorsed(an.policy(), date(2026, 5, 1), Change(ChangeKind.SET_ANSWER, answer=an.mfa("no")))

    terms = an.product_terms()

    assert carried_answers(policy, terms, ()) == (an.mfa("no"),)
    assert carried_answers(policy, terms, [an.mfa("yes")]) == (an.mfa("yes"),)


def test_an_answer_to_what_is_not_asked_any_more_is_not_carried() -> None:
    terms = replace(an.product_terms(), questions=())

    assert carried_answers(an.policy(), terms, ()) == ()
    assert carried_answers(an.policy(), terms, [an.mfa("no")]) == (an.mfa("no"),)


def test_a_renewal_is_for_the_same_insured() -> None:
    grown = an.enterprise(name="上海示例软件股份有限公司")

    assert same_insured(an.policy(), None) == an.enterprise()
    assert same_insured(an.policy(), grown) == grown
    with pytest.raises(InsuredChanged):
        same_insured(an.policy(), an.enterprise(uscc=uscc.compose("310115", 999)))


def experienced_terms(basis: FactorBasis, rows: dict[str, str]) -> ProductTerms:
    tables = (*an.product_terms().rating.factor_tables, an.table("experience", basis, rows))
    terms = an.product_terms(rating=replace(an.product_terms().rating, factor_tables=tables))
    check_terms(terms)
    return terms


def inputs_of(experience: Experience | None) -> RatingInputs:
    submission = an.submission()
    renewal = None if experience is None else replace(begun(), experience=experience)
    return rating_inputs(submission.asked, None, renewal)


@pytest.mark.parametrize(
    ("basis", "rows", "factor"),
    [
        (FactorBasis.CLAIM_COUNT, {"none": "1", "0": "0.9", "1": "1.1", "2": "1.5"}, "1.5"),
        (FactorBasis.LOSS_RATIO, {"none": "1", "0": "0.9", "42.5": "1.2", "42.51": "1.6"}, "1.2"),
    ],
)
def test_experience_is_a_factor_of_the_worksheet_with_its_source(
    basis: FactorBasis, rows: dict[str, str], factor: str
) -> None:
    terms = experienced_terms(basis, rows)
    cover = replace(an.policy().bound.cover, inputs=inputs_of(begun().experience))

    worksheet = rate(terms, cover)

    applied = worksheet.parts[0].factors[-1]
    assert applied.value == Decimal(factor)
    assert "policy HB2026-00000-00001 as known on 2026-10-20: 2 claims, 1 open" in applied.source
    assert worksheet.experience == begun().experience
    assert worksheet.annual_premium == Money.cny(100_000).times(Decimal(factor))
    first = rate(terms, replace(cover, inputs=inputs_of(None)))
    assert first.parts[0].factors[-1].value == Decimal(1)
    assert first.experience is None


def test_a_table_over_experience_without_a_line_for_first_terms_prices_none() -> None:
    terms = experienced_terms(FactorBasis.CLAIM_COUNT, {"0": "1"})

    with pytest.raises(FactorMissing):
        rate(terms, an.policy().bound.cover)
    with pytest.raises(InvalidField):
        experienced_terms(FactorBasis.LOSS_RATIO, {"many": "1"})


def test_a_breached_duty_refers_the_quote_of_a_renewal() -> None:
    submission = an.after(an.submission(), [RenewalBegun(renewal=begun())])

    quoted = an.quoted(submission)
    without = an.quoted(
        an.after(submission, [ExperienceTaken(experience=experience_of(an.policy(), file_of(), OCTOBER))])
    )

    assert quoted.quotes[0].referral_reasons == (ReferralReason.DUTY_BREACHED,)
    assert without.quotes[0].referral_reasons == ()


def test_what_is_bound_knows_what_it_renews() -> None:
    submission = an.after(
        an.submission(),
        [RenewalBegun(renewal=replace(begun(), experience=NO_LOSSES))],
    )
    assert isinstance(submission, Submission)

    (bound,) = an.bound(an.quoted(submission))

    assert bound.renews == "old"
    assert an.bound()[0].renews == ""
