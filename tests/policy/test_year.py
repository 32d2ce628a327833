"""One year, in numbers: the design's figures, to the fen."""

from datetime import UTC, date, datetime

from libs.common.money import Money, total
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.values import PolicyStatus, Transaction, TransactionKind
from services.policy.domain.product.terms import CancellationMethod
from tests.policy import examples as an

JULY, APRIL, OCTOBER = date(2026, 7, 1), date(2026, 4, 1), date(2026, 10, 1)
JUNE_20 = datetime(2026, 6, 20, 2, tzinfo=UTC)
SEPTEMBER_1 = datetime(2026, 9, 1, 2, tzinfo=UTC)


def raised_in_july() -> Policy:
    return an.endorsed(an.policy(), JULY, an.set_limit(an.DATA, an.RAISED_DATA_LIMIT), at=JUNE_20)


def reduced_from_april() -> Policy:
    return an.endorsed(raised_in_july(), APRIL, an.remove(an.EXTORTION), at=SEPTEMBER_1)


def cancelled_in_october() -> Policy:
    return an.cancelled(reduced_from_april(), OCTOBER, CancellationMethod.SHORT_RATE, datetime(2026, 9, 25, tzinfo=UTC))


def figures(transaction: Transaction) -> tuple[TransactionKind, str, str, str]:
    amounts = (transaction.net, transaction.vat, transaction.stamp_duty)
    return transaction.kind, *(str(amount).removesuffix(" CNY") for amount in amounts)  # type: ignore[return-value]


def test_the_rating_gives_a_hundred_thousand_for_the_year() -> None:
    worksheet = an.quoted().quotes[0].worksheet

    assert [part.annual_premium for part in worksheet.parts] == [Money.cny(92_000), Money.cny(8_000)]
    assert worksheet.annual_premium == Money.cny(100_000)
    assert worksheet.vat == Money.cny(6_000)
    assert worksheet.stamp_duty == Money.cny(100)


def test_binding_charges_the_year_and_divides_it() -> None:
    (bound,) = an.policy().transactions

    assert figures(bound) == (TransactionKind.BIND, "100,000.00", "6,000.00", "100.00")
    assert [share.amount for share in bound.shares] == [Money.cny(60_000), Money.cny(40_000)]
    assert bound.ceded == Money.cny(18_000)
    assert bound.ceding_commission == Money.cny(4_500)


def test_the_july_endorsement_charges_its_184_days() -> None:
    july = raised_in_july().transactions[-1]

    assert figures(july) == (TransactionKind.ENDORSE, "10,082.19", "604.93", "10.08")
    assert july.effective_date == JULY
    assert july.recorded_at == JUNE_20


def test_the_april_endorsement_comes_late_and_july_is_put_back_on_top_of_it() -> None:
    policy = reduced_from_april()

    assert [figures(each) for each in policy.transactions[2:]] == [
        (TransactionKind.REVERSE, "-10,082.19", "-604.93", "-10.08"),
        (TransactionKind.ENDORSE, "-6,027.40", "-361.64", "-6.03"),
        (TransactionKind.REAPPLY, "10,082.19", "604.93", "10.08"),
    ]
    assert [each.refers_to for each in policy.transactions] == [0, 0, 2, 0, 2]
    assert [each.number for each in policy.transactions] == [1, 2, 3, 4, 5]


def test_a_reversal_takes_back_every_share_to_the_fen() -> None:
    _, july, reversed_july, *_ = reduced_from_april().transactions

    for name in ("net", "vat", "stamp_duty", "ceded", "ceding_commission"):
        assert getattr(reversed_july, name) == -getattr(july, name)
    assert [share.amount for share in reversed_july.shares] == [-share.amount for share in july.shares]


def test_the_timeline_shows_what_holds_on_each_day() -> None:
    segments = reduced_from_april().segments

    assert [(each.first, each.end) for each in segments] == [
        (an.INCEPTION, APRIL),
        (APRIL, JULY),
        (JULY, an.EXPIRY),
    ]
    assert [{part.code: part.annual_premium for part in each.parts} for each in segments] == [
        {an.DATA: Money.cny(92_000), an.EXTORTION: Money.cny(8_000)},
        {an.DATA: Money.cny(92_000)},
        {an.DATA: Money.cny(112_000)},
    ]


def test_the_short_rate_cancellation_keeps_a_tenth_of_what_is_unearned() -> None:
    policy = cancelled_in_october()

    assert policy.cancellation is not None
    assert policy.cancellation.unearned == Money.cny("28230.14")
    assert policy.cancellation.refund == Money.cny("25407.12")
    assert policy.cancellation.retained == Money.cny("2823.02")
    assert figures(policy.transactions[-1]) == (TransactionKind.CANCEL, "-25,407.12", "-1,524.43", "-25.41")
    assert policy.status is PolicyStatus.CANCELLED


def test_the_premium_of_the_timeline_is_the_sum_of_all_movements() -> None:
    policy = cancelled_in_october()

    assert policy.premium == Money.cny("78647.67")
    assert total(each.vat for each in policy.transactions) == Money.cny("4718.86")


def test_the_insurers_parts_sum_to_every_movement() -> None:
    for transaction in cancelled_in_october().transactions:
        assert total(share.amount for share in transaction.shares) == transaction.net
        assert total(part.amount for part in transaction.parts) == transaction.net


def test_cover_ends_on_the_day_of_the_cancellation() -> None:
    policy = cancelled_in_october()

    assert policy.segments[-1].end == OCTOBER
    assert policy.segment_on(date(2026, 9, 30)) is not None
    assert policy.segment_on(OCTOBER) is None
