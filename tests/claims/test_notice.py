"""First notices: what is taken, what is asked, and what is refused."""

from decimal import Decimal

import pytest
from hubao.claims.v1 import claim_pb2 as claim_pb
from hubao.claims.v1 import claim_service_pb2 as pb

from libs.common.dates import PartialDate
from libs.common.errors import InvalidField
from services.claims.domain.claim import noticing
from services.claims.domain.codes import Veris, checked_class, checked_veris
from services.claims.domain.coverage.results import Says
from services.claims.domain.errors import (
    DiscoveredBeforeOccurred,
    InsuredNotOnPolicy,
    NotifiedBeforeOccurred,
    QuestionNotAsked,
    ReferenceReused,
)
from services.claims.domain.facts import Asked, Question
from services.claims.domain.notice import ReportedLoss, checked_loss
from services.claims.domain.notices import InsuredNotices, file_notice
from services.claims.servicer.reading import notice_value
from tests.claims.examples import (
    CLAIM,
    HANDLER,
    INSURED,
    NOW,
    OTHER_CLAIM,
    account_of,
    after,
    cny,
    notice_of,
    noticed,
    part,
    terms_of,
)


def test_a_complete_notice_of_a_covered_loss_asks_nothing() -> None:
    claim = noticed()

    assert claim.coverage.says is Says.COVERED
    assert claim.open_questions == ()
    assert claim.insured_uscc == INSURED


def test_the_same_reference_with_the_same_payload_changes_nothing() -> None:
    claim = noticed(reference="R-1")

    assert noticing.notify_again(CLAIM, claim, notice_of(reference="R-1")) == []


def test_the_same_reference_with_another_payload_is_refused() -> None:
    claim = noticed(reference="R-1")

    with pytest.raises(ReferenceReused):
        noticing.notify_again(CLAIM, claim, notice_of(reference="R-1", description="something else"))


def test_a_notice_that_is_certainly_older_than_the_event_is_refused() -> None:
    with pytest.raises(NotifiedBeforeOccurred):
        noticed(occurred_on=PartialDate(2026, 5), notified_on=PartialDate(2026, 4))


def test_a_notice_that_may_be_younger_than_the_event_is_taken() -> None:
    claim = noticed(occurred_on=PartialDate(2026, 4, 20), notified_on=PartialDate(2026, 4))

    assert claim.notice.notified_on == PartialDate(2026, 4)


def test_a_discovery_before_the_event_is_refused() -> None:
    with pytest.raises(DiscoveredBeforeOccurred):
        noticed(occurred_on=PartialDate(2026, 5, 1), discovered_on=PartialDate(2026, 4, 30))


def test_an_event_in_the_future_is_a_wrong_field() -> None:
    with pytest.raises(InvalidField) as refusal:
        noticed(occurred_on=PartialDate(2026, 6))

    assert refusal.value.field == "occurred_on"


def test_a_year_that_has_begun_is_not_in_the_future() -> None:
    assert noticed(occurred_on=PartialDate(2026)).notice.occurred_on == PartialDate(2026)


def test_somebody_elses_credit_code_is_refused() -> None:
    with pytest.raises(InsuredNotOnPolicy):
        noticed(insured_uscc="91310115MA1K00000X")


def test_a_part_that_the_policy_never_had_is_a_wrong_field() -> None:
    with pytest.raises(InvalidField) as refusal:
        noticed(part_codes=("BI", "XX"))

    assert refusal.value.field == "affected_part_codes[1]"


def test_all_that_is_wrong_with_a_notice_is_named_at_once() -> None:
    with pytest.raises(InvalidField) as refusal:
        noticed(occurred_on=PartialDate(2026, 6), discovered_on=PartialDate(2027), part_codes=("BI", "XX", "YY"))

    assert [one.field for one in refusal.value.each] == [
        "occurred_on",
        "discovered_on",
        "affected_part_codes[1]",
        "affected_part_codes[2]",
    ]


def test_all_that_is_wrong_in_the_form_of_a_notice_is_named_at_once() -> None:
    request = pb.NotifyClaimRequest(
        policy_id="x",
        veris=claim_pb.VerisCodes(actions=["magic"], actors=["nobody"]),
        incident_class="?",
        reported_loss=claim_pb.ReportedLoss(amount="-1", currency_code="XXX"),
        affected_part_codes=["BI", "BI", " "],
    )

    with pytest.raises(InvalidField) as refusal:
        notice_value(request)

    assert [one.field for one in refusal.value.each] == [
        "policy_id",
        "veris.actions[0]",
        "veris.actors[0]",
        "incident_class",
        "reported_loss.amount",
        "reported_loss.currency_code",
        "affected_part_codes[1]",
        "affected_part_codes[2]",
    ]


def test_an_amount_without_a_currency_is_kept_and_the_currency_asked() -> None:
    claim = noticed(loss=ReportedLoss(Decimal("1000.50")))

    assert claim.notice.loss == ReportedLoss(Decimal("1000.50"), "")
    assert claim.open_questions == (Question(Asked.LOSS_CURRENCY),)
    assert claim.coverage.says is Says.QUESTION


def test_another_currency_is_kept_and_evidence_for_the_exchange_asked() -> None:
    claim = noticed(loss=ReportedLoss(Decimal("1000.50"), "USD"))

    assert claim.notice.loss == ReportedLoss(Decimal("1000.50"), "USD")
    assert claim.open_questions == (Question(Asked.EXCHANGE_EVIDENCE),)


def test_an_unknown_loss_is_asked() -> None:
    asked = noticed(loss=None).open_questions

    assert asked == (Question(Asked.LOSS_AMOUNT), Question(Asked.LOSS_CURRENCY))


def test_an_unknown_day_is_asked() -> None:
    claim = noticed(occurred_on=None)

    assert Question(Asked.OCCURRED_ON) in claim.open_questions


@pytest.mark.parametrize("amount", ["1000000000000", "999999999999.99", "0.01"])
def test_large_amounts_and_cents_survive_exactly(amount: str) -> None:
    loss = checked_loss("reported_loss", amount, "USD")

    assert loss == ReportedLoss(Decimal(amount), "USD")
    assert f"{Decimal(amount):f}" == amount


@pytest.mark.parametrize(
    ("amount", "currency", "field"),
    [
        ("-1", "CNY", "amount"),
        ("1.005", "CNY", "amount"),
        ("1.5", "JPY", "amount"),
        ("1e9", "CNY", "amount"),
        ("１２", "CNY", "amount"),
        ("1,000", "CNY", "amount"),
        ("1.", "CNY", "amount"),
        ("1.12345", "", "amount"),
        ("1000000000000000", "CNY", "amount"),
        ("1", "XYZ", "currency_code"),
        ("", "CNY", "amount"),
    ],
)
def test_a_wrong_amount_is_refused_by_its_field(amount: str, currency: str, field: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        checked_loss("reported_loss", amount, currency)

    assert refusal.value.field == f"reported_loss.{field}"


def test_three_decimals_are_right_for_a_dinar() -> None:
    assert checked_loss("reported_loss", "1.005", "KWD") == ReportedLoss(Decimal("1.005"), "KWD")


def test_a_word_that_veris_does_not_have_is_refused_by_its_place() -> None:
    with pytest.raises(InvalidField) as refusal:
        checked_veris("veris", Veris(actions=("hacking", "magic")))

    assert refusal.value.field == "veris.actions[1]"


def test_an_unknown_incident_class_is_refused() -> None:
    with pytest.raises(InvalidField):
        checked_class("incident_class", "BAD_LUCK")


def test_a_similar_notice_of_the_same_days_is_named_as_a_possible_duplicate() -> None:
    account = account_of()
    first = notice_of(description="勒索软件加密了生产服务器")
    second = notice_of(description="勒索软件加密生产服务器", occurred_on=PartialDate(2026, 5))
    notices = after(InsuredNotices(), file_notice(OTHER_CLAIM, first))

    (event,) = noticing.notify(CLAIM, second, account, notices, HANDLER)

    assert event.possible_duplicates == (OTHER_CLAIM,)


@pytest.mark.parametrize(
    ("occurred_on", "description"),
    [(PartialDate(2026, 3), "勒索软件加密了生产服务器"), (PartialDate(2026, 5, 1), "笔记本电脑被盗")],
)
def test_another_time_or_other_words_are_no_duplicate(occurred_on: PartialDate, description: str) -> None:
    filed = file_notice(OTHER_CLAIM, notice_of(description="勒索软件加密了生产服务器"))
    notices = after(InsuredNotices(), filed)

    assert notices.like(notice_of(description=description, occurred_on=occurred_on)) == ()


@pytest.mark.parametrize(
    "longer",
    [
        "勒索软件加密了生产服务器，备份服务器也被删除，攻击者要求以比特币支付赎金，生产线停工三天",
        "三天前生产线停工：攻击者要求支付赎金。勒索软件加密了生产服务器。",
    ],
)
def test_who_tells_all_of_it_and_more_tells_the_same_event(longer: str) -> None:
    short, told = notice_of(description="勒索软件加密了生产服务器"), notice_of(description=longer)

    assert after(InsuredNotices(), file_notice(OTHER_CLAIM, short)).like(told) == (OTHER_CLAIM,)
    assert after(InsuredNotices(), file_notice(OTHER_CLAIM, told)).like(short) == (OTHER_CLAIM,)


def test_a_word_or_two_in_a_long_story_are_no_likeness() -> None:
    filed = file_notice(OTHER_CLAIM, notice_of(description="mail server"))
    told = notice_of(description="the mail server and three others were encrypted on Sunday night")

    assert after(InsuredNotices(), filed).like(told) == ()


def test_an_answer_settles_its_question() -> None:
    claim = noticed(loss=ReportedLoss(Decimal("1000.50")))

    given = [(Question(Asked.LOSS_CURRENCY), "CNY", "invoice 7")]
    claim = after(claim, noticing.answer(CLAIM, claim, given, account_of(), HANDLER))

    assert claim.open_questions == ()
    assert claim.coverage.says is Says.COVERED
    assert claim.notice.loss == ReportedLoss(Decimal("1000.50"), "")


def test_the_same_answer_again_changes_nothing() -> None:
    claim = noticed(loss=None)
    given = [(Question(Asked.LOSS_AMOUNT), "5000", "survey"), (Question(Asked.LOSS_AMOUNT), "5000", "survey")][:1]
    claim = after(claim, noticing.answer(CLAIM, claim, given, account_of(), HANDLER))

    assert noticing.answer(CLAIM, claim, given, account_of(), HANDLER) == []


def test_an_amount_that_was_answered_still_lacks_its_currency() -> None:
    claim = noticed(loss=None)

    given = [(Question(Asked.LOSS_AMOUNT), "5000", "survey")]
    claim = after(claim, noticing.answer(CLAIM, claim, given, account_of(), HANDLER))

    assert claim.open_questions == (Question(Asked.LOSS_CURRENCY),)


def test_an_answer_to_what_nobody_asked_is_refused() -> None:
    with pytest.raises(QuestionNotAsked):
        noticing.answer(CLAIM, noticed(), [(Question(Asked.EXCLUSION, "WAR"), "no", "x")], account_of(), HANDLER)


def test_a_fact_of_the_notice_is_corrected_with_its_evidence_and_what_was_told_stays() -> None:
    claim = noticed(occurred_on=PartialDate(2026, 5))
    exact = [(Question(Asked.OCCURRED_ON), "2026-05-03", "log of the mail gateway")]

    claim = after(claim, noticing.answer(CLAIM, claim, exact, account_of(), HANDLER))

    assert claim.facts(NOW).occurred_on == PartialDate(2026, 5, 3)
    assert claim.notice.occurred_on == PartialDate(2026, 5)
    assert noticing.answer(CLAIM, claim, exact, account_of(), HANDLER) == []


def test_a_correction_without_evidence_is_a_wrong_field() -> None:
    with pytest.raises(InvalidField) as refusal:
        noticing.answer(CLAIM, noticed(), [(Question(Asked.LOSS_AMOUNT), "1", "")], account_of(), HANDLER)

    assert refusal.value.field == "answers[0].evidence"


def test_amount_currency_and_exchange_are_told_in_one_round_in_any_order() -> None:
    claim = noticed(loss=None)
    told = [
        (Question(Asked.EXCHANGE_EVIDENCE), "7000.00", "rate of the day"),
        (Question(Asked.LOSS_CURRENCY), "USD", "invoice 7"),
        (Question(Asked.LOSS_AMOUNT), "1000", "invoice 7"),
    ]

    claim = after(claim, noticing.answer(CLAIM, claim, told, account_of(), HANDLER))

    assert claim.open_questions == ()
    assert claim.facts(NOW).loss_in("CNY") == cny("7000")


@pytest.mark.parametrize(
    ("asked", "value"),
    [
        (Asked.OCCURRED_ON, "2026-02-30"),
        (Asked.OCCURRED_ON, "26-2-3"),
        (Asked.OCCURRED_ON, "2027"),
        (Asked.INTERRUPTION_HOURS, "-3"),
        (Asked.PREMIUM_PAID, "maybe"),
        (Asked.LOSS_CURRENCY, ""),
    ],
)
def test_a_value_that_does_not_answer_its_question_is_a_wrong_field(asked: Asked, value: str) -> None:
    from services.claims.domain.coverage.basis import Premium

    account = account_of(terms_of(part(waiting_hours=8)), Premium())
    claim = noticed(account, occurred_on=None, loss=ReportedLoss(Decimal(1)))

    with pytest.raises(InvalidField) as refusal:
        noticing.answer(CLAIM, claim, [(Question(asked), value, "")], account, HANDLER)

    assert refusal.value.field == "answers[0].value"


def test_an_answer_that_makes_the_dates_impossible_is_refused() -> None:
    claim = noticed(occurred_on=PartialDate(2025), notified_on=PartialDate(2026, 4, 3))
    assert Question(Asked.OCCURRED_ON) not in claim.asked
    claim = noticed(occurred_on=None, notified_on=PartialDate(2026, 4, 3))

    with pytest.raises(NotifiedBeforeOccurred):
        noticing.answer(CLAIM, claim, [(Question(Asked.OCCURRED_ON), "2026-04-04", "")], account_of(), HANDLER)


@pytest.mark.parametrize("stored", [PartialDate(1, 1, 1), PartialDate(1), PartialDate(9999, 12, 31)])
def test_a_notice_of_the_first_day_of_the_calendar_does_not_stop_later_ones(stored: PartialDate) -> None:
    """Such a notice could be stored before days had a range."""
    words = "ransomware on the mail server"
    [old] = file_notice(CLAIM, notice_of(occurred_on=stored, description=words))
    filed = InsuredNotices.begin(old)

    assert filed.like(notice_of(occurred_on=PartialDate(2026, 5, 1), description=words)) == ()
    assert filed.like(notice_of(occurred_on=stored, description=words)) == (CLAIM,)
