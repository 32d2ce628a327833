"""The coverage account: terms as announced, premium as announced, limits drawn and paid; and its guards."""

from dataclasses import replace
from datetime import date, timedelta

from libs.common.changes import Draw, Recorded, SetLimit
from services.claims.domain.account import CoverageAccount, open_account
from services.claims.domain.coverage.basis import Premium, PremiumState
from services.claims.domain.guards import draws, limit_key
from services.claims.domain.limits import PartAmount
from services.claims.domain.terms import Segment
from tests.claims.examples import (
    BOUND_AT,
    CLAIM,
    EXPIRY,
    INCEPTION,
    NOW,
    OTHER_CLAIM,
    PAYMENT,
    POLICY,
    account_of,
    after,
    cny,
    part,
    terms_in,
    terms_of,
)


def guards_of(event: object, account: CoverageAccount | None = None) -> list[object]:
    return list(draws(Recorded(event, account, POLICY, 1, "insurer", NOW)))


def test_bound_terms_set_the_limit_of_each_part_and_the_aggregate() -> None:
    (opened,) = open_account(POLICY, terms_of(part(), part("IR", limit=cny("200"))), BOUND_AT)

    assert guards_of(opened) == [
        SetLimit(limit_key(POLICY, "BI"), 100_000_000),
        SetLimit(limit_key(POLICY, "IR"), 20_000),
        SetLimit(f"coverage:{POLICY}:aggregate", 150_000_000),
    ]


def test_a_part_keeps_the_largest_limit_of_the_term_and_a_vanished_one_has_none() -> None:
    account = account_of(terms_of(part(), part("IR")))
    lowered = terms_in(
        Segment(INCEPTION, date(2026, 7, 1), (part(),)),
        Segment(date(2026, 7, 1), EXPIRY, (part(limit=cny("5")),)),
    )

    (retermed,) = account.reterm("CHANGED", lowered, NOW)

    limits = {entry.part_code: entry.amount for entry in retermed.limits}
    assert limits == {"BI": cny("1000000"), "IR": cny("0"), "": cny("1500000")}


def test_a_draw_moves_a_claim_to_what_it_wants() -> None:
    account = account_of()
    account = after(account, account.draw(CLAIM, {"BI": cny("300"), "": cny("300")}, NOW))

    (drawn,) = account.draw(CLAIM, {"BI": cny("200"), "": cny("200")}, NOW)

    assert guards_of(drawn) == [
        Draw(limit_key(POLICY, "BI"), -10_000),
        Draw(limit_key(POLICY, ""), -10_000),
    ]
    assert after(account, [drawn]).drawn() == {"BI": cny("200"), "": cny("200")}


def test_drawing_the_same_again_changes_nothing() -> None:
    account = account_of()
    account = after(account, account.draw(CLAIM, {"BI": cny("300"), "": cny("300")}, NOW))

    assert account.draw(CLAIM, {"BI": cny("300"), "": cny("300")}, NOW) == []


def test_a_claim_sees_what_others_have_drawn() -> None:
    account = account_of()
    account = after(account, account.draw(CLAIM, {"": cny("300")}, NOW))
    account = after(account, account.draw(OTHER_CLAIM, {"": cny("50")}, NOW))

    assert account.drawn(besides=CLAIM) == {"": cny("50")}
    assert account.drawn(until=NOW - timedelta(seconds=1)) == {}


def test_payments_are_summed_by_limit() -> None:
    account = account_of()

    account = after(account, account.pay(CLAIM, PAYMENT, ("IR", "BI"), cny("10"), NOW))
    account = after(account, account.pay(CLAIM, PAYMENT, ("BI",), cny("5"), NOW))

    assert set(account.paid) == {PartAmount("IR", cny("10")), PartAmount("BI", cny("15")), PartAmount("", cny("15"))}


def test_some_money_does_not_cure_an_overdue_premium() -> None:
    overdue = Premium(PremiumState.OVERDUE, outstanding=cny("100"), since=date(2026, 6, 1))
    account = account_of(premium=overdue)

    some = Premium(PremiumState.IN_INSTALMENTS, cny("50"), cny("100"))
    account = after(account, account.note_premium(some, NOW))

    assert (account.premium.state, account.premium.received) == (PremiumState.OVERDUE, cny("50"))
    assert account.premium.since == date(2026, 6, 1)


def test_all_of_the_money_does() -> None:
    account = account_of(premium=Premium(PremiumState.UNPAID, since=date(2026, 6, 1)))

    account = after(account, account.note_premium(Premium(PremiumState.PAID, cny("100"), cny("100")), NOW))

    assert account.premium.state is PremiumState.PAID


def test_what_was_received_is_not_forgotten_when_the_rest_is_overdue() -> None:
    account = account_of(premium=Premium(PremiumState.IN_INSTALMENTS, cny("50"), cny("100")))

    overdue = Premium(PremiumState.OVERDUE, outstanding=cny("50"), since=date(2026, 6, 1))
    account = after(account, account.note_premium(overdue, NOW))

    assert account.premium == replace(overdue, received=cny("50"), invoiced=cny("100"))


def test_a_later_instalment_that_is_overdue_leaves_an_earlier_one_unpaid() -> None:
    account = account_of(premium=Premium(PremiumState.UNPAID, since=date(2026, 6, 1)))

    overdue = Premium(PremiumState.OVERDUE, outstanding=cny("50"), since=date(2026, 8, 1))
    account = after(account, account.note_premium(overdue, NOW))
    unpaid = Premium(PremiumState.UNPAID, outstanding=cny("50"), since=date(2026, 8, 1))
    account = after(account, account.note_premium(unpaid, NOW))

    assert (account.premium.state, account.premium.since) == (PremiumState.UNPAID, date(2026, 6, 1))


def test_what_billing_says_of_all_instalments_together_holds() -> None:
    account = account_of(premium=Premium(PremiumState.UNPAID, since=date(2026, 6, 1)))

    some = Premium(PremiumState.IN_INSTALMENTS, cny("50"), cny("100"))

    assert after(account, account.note_premium(some, NOW, whole=True)).premium == some


def test_expiry_is_on_record() -> None:
    account = account_of()

    account = after(account, account.expire(EXPIRY, NOW))

    assert [known.cause for known in account.terms_history] == ["BOUND", "EXPIRED"]
