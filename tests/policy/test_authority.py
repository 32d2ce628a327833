from datetime import date
from typing import Any

import pytest

from libs.common.errors import InvalidField
from libs.common.events import replay
from libs.common.money import Money
from services.policy.domain.authority import Authority, grant, held_by, revoke
from services.policy.domain.errors import ReleasedByAuthor
from services.policy.domain.submission.quoting import Held
from services.policy.domain.submission.submission import Submission
from services.policy.domain.underwriting import ReferralReason
from services.policy.domain.underwriting_errors import AuthorityInsufficient, OwnAuthority
from tests.policy import examples as an

TODAY, LATER = date(2025, 12, 1), date(2026, 6, 1)
FORTY = Money.cny(40_000_000)
UNDERWRITER, CHIEF = frozenset({"underwriter"}), frozenset({"underwriter", "chief_underwriter"})


def granted(known: Authority | None = None, amount: Money = FORTY, first: date = TODAY, **more: Any) -> Authority:
    reasons = more.get("reasons", ())
    value = replay(Authority, grant(known, "user:li", amount, reasons, first, "user:zhou", TODAY), known)
    assert value is not None
    return value


def referred(amount: Money = FORTY) -> Submission:
    return an.quoted(an.submission(parts=(an.wanted(an.DATA, amount),)))


def test_a_grant_holds_from_its_first_day_until_the_next_one_does() -> None:
    authority = granted(granted(), Money.cny(60_000_000), LATER)

    assert authority.on(date(2025, 11, 30)) is None
    assert [held_by(UNDERWRITER, authority, day).limit for day in (TODAY, date(2026, 5, 31), LATER)] == [
        FORTY,
        FORTY,
        Money.cny(60_000_000),
    ]


def test_the_same_grant_again_changes_nothing_and_another_of_that_day_replaces_it() -> None:
    assert grant(granted(), "user:li", FORTY, (), TODAY, "user:zhou", TODAY) == []

    smaller = granted(granted(), Money.cny(1))

    assert [each.limit for each in smaller.grants] == [Money.cny(1)]


def test_a_revocation_takes_away_what_was_granted_for_later_too() -> None:
    authority = granted(granted(), Money.cny(60_000_000), LATER)

    after = replay(Authority, revoke(authority, "user:li", TODAY, "user:zhou", TODAY), authority)

    assert after is not None
    assert held_by(CHIEF, after, LATER).limit == Money.cny(0)
    assert revoke(after, "user:li", TODAY, "user:zhou", TODAY) == []


def test_nobody_grants_or_revokes_their_own() -> None:
    with pytest.raises(OwnAuthority):
        grant(None, "user:zhou", FORTY, (), TODAY, "user:zhou", TODAY)
    with pytest.raises(OwnAuthority):
        revoke(granted(), "user:li", TODAY, "user:li", TODAY)


@pytest.mark.parametrize(
    ("amount", "reasons", "first", "field"),
    [
        (Money.cny(0), (), TODAY, "limit"),
        (Money("USD", 1), (), TODAY, "limit.currency_code"),
        (FORTY, ("LIMIT_OVER_AUTHORITY", "WEATHER"), TODAY, "reasons[1]"),
        (FORTY, (), date(2025, 11, 30), "valid_from"),
    ],
)
def test_a_wrong_grant_is_named_by_its_field(amount: Money, reasons: tuple[str, ...], first: date, field: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        grant(None, "user:li", amount, reasons, first, "user:zhou", TODAY)

    assert refusal.value.field == field


def test_without_a_grant_a_chief_is_trusted_with_all_and_others_with_nothing() -> None:
    assert held_by(CHIEF, None, TODAY) == Held(None)
    assert held_by(UNDERWRITER, None, TODAY) == Held(Money.cny(0))
    assert held_by(CHIEF, granted(), TODAY) == Held(FORTY)


def test_whoever_is_trusted_so_far_releases_a_referral() -> None:
    held = held_by(UNDERWRITER, granted(), an.QUOTED_ON)

    (released,) = referred().release(1, "user:li", held, "seen", an.QUOTED_ON)

    assert released.released_by == "user:li"


def test_a_fen_too_little_is_not_enough() -> None:
    held = held_by(UNDERWRITER, granted(amount=Money.cny("39999999.99")), an.QUOTED_ON)

    with pytest.raises(AuthorityInsufficient) as refusal:
        referred().release(1, "user:li", held, "seen", an.QUOTED_ON)

    assert refusal.value.details == {
        "principal": "user:li",
        "held": "limits up to 39,999,999.99 CNY",
        "quote_number": "1",
        "needed": "40,000,000.00 CNY",
        "reasons": "LIMIT_OVER_AUTHORITY",
    }


def test_authority_for_one_reason_is_none_for_another() -> None:
    limits, losses = (granted(reasons=(reason,)) for reason in ("LIMIT_OVER_AUTHORITY", "LOSS_HISTORY"))

    assert referred().release(1, "user:li", held_by(UNDERWRITER, limits, an.QUOTED_ON), "seen", an.QUOTED_ON)
    with pytest.raises(AuthorityInsufficient, match=ReferralReason.LIMIT_OVER_AUTHORITY):
        referred().release(1, "user:li", held_by(UNDERWRITER, losses, an.QUOTED_ON), "seen", an.QUOTED_ON)


def test_all_authority_does_not_release_ones_own() -> None:
    with pytest.raises(ReleasedByAuthor):
        referred().release(1, "wang", an.CHIEF, "mine", an.QUOTED_ON)
