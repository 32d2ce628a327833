from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from libs.common.errors import InvalidField
from libs.common.events import replay
from libs.common.money import Money
from services.policy.domain.errors import (
    FacultativeAcceptedOtherwise,
    FacultativeForOther,
    FacultativeNotAccepted,
    FacultativeOfferExpired,
    LineNotCovered,
    TreatyNotInForce,
    TreatyTerminated,
)
from services.policy.domain.policy.cession import CessionKind, Reinsurer
from services.policy.domain.product.terms import ProductLine
from services.policy.domain.treaty.facultative import Facultative, FacultativeAccepted, Slip
from services.policy.domain.treaty.terms import TreatyTerms
from services.policy.domain.treaty.treaty import Treaty, TreatyEnded

START, END = date(2026, 1, 1), date(2027, 1, 1)
LINE = ProductLine.COMPREHENSIVE
PANEL = (Reinsurer("r", Decimal(60)), Reinsurer("s", Decimal(40)))
SURPLUS = TreatyTerms(CessionKind.SURPLUS, PANEL, Money.cny(5_000_000), 2, Money.cny(40_000_000), (LINE,))


def test_a_treaty_takes_policies_that_begin_in_its_period() -> None:
    treaty = replay(Treaty, Treaty.create("QS-2026", "reinsurer-r", Decimal(30), Decimal(25), START, END))

    assert treaty is not None
    treaty.takes(START, LINE)
    with pytest.raises(TreatyNotInForce):
        treaty.takes(END, LINE)


@pytest.mark.parametrize(
    ("percent", "commission", "ends_on", "field"),
    [
        ("0", "25", END, "percent"),
        ("100.01", "25", END, "percent"),
        ("30", "-1", END, "commission_percent"),
        ("30", "25", START, "ends_on"),
    ],
)
def test_a_treaty_that_makes_no_sense_is_refused(percent: str, commission: str, ends_on: date, field: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        Treaty.create("QS", "r", Decimal(percent), Decimal(commission), START, ends_on)

    assert refusal.value.field == field


def surplus() -> Treaty:
    treaty = replay(Treaty, Treaty.create("SP-2026", "", Decimal(0), Decimal(25), START, END, SURPLUS))
    assert treaty is not None
    return treaty


def test_a_surplus_is_kept_by_a_policy_with_its_panel_and_line() -> None:
    cession = surplus().cession("treaty-1")

    assert (cession.kind, cession.source_id, cession.reinsurers) == (CessionKind.SURPLUS, "treaty-1", PANEL)
    assert (cession.retention, cession.line_count) == (Money.cny(5_000_000), 2)


@pytest.mark.parametrize(
    ("reinsurer", "percent", "changes", "field"),
    [
        ("", "0", {"retention": None}, "retention"),
        ("", "0", {"retention": Money.cny(0)}, "retention"),
        ("", "0", {"line_count": 0}, "line_count"),
        ("", "30", {}, "percent"),
        ("", "0", {"capacity": Money.cny(5_000_000)}, "capacity"),
        ("", "0", {"reinsurers": (Reinsurer("r", Decimal(60)), Reinsurer("s", Decimal(30)))}, "reinsurers"),
        ("", "0", {"reinsurers": (Reinsurer("r", Decimal(60)), Reinsurer("r", Decimal(40)))}, "reinsurers[1]"),
        ("", "0", {"reinsurers": (Reinsurer("r", Decimal(100)), Reinsurer("s", Decimal(0)))}, "reinsurers[1].percent"),
        ("", "0", {"reinsurers": ()}, "reinsurer_id"),
        ("r", "0", {}, "reinsurer_id"),
        ("", "0", {"kind": CessionKind.FACULTATIVE}, "kind"),
        ("", "30", {"kind": CessionKind.QUOTA_SHARE}, "retention"),
        ("", "30", {"kind": CessionKind.QUOTA_SHARE, "retention": None}, "line_count"),
        ("", "0", {"product_lines": (LINE, LINE)}, "product_lines[1]"),
    ],
)
def test_a_treaty_with_terms_that_make_no_sense_is_refused(
    reinsurer: str, percent: str, changes: dict[str, object], field: str
) -> None:
    terms = replace(SURPLUS, **changes)  # type: ignore[arg-type]

    with pytest.raises(InvalidField) as refusal:
        Treaty.create("SP", reinsurer, Decimal(percent), Decimal(25), START, END, terms)

    assert refusal.value.field == field


def test_a_treaty_takes_its_own_lines_only() -> None:
    with pytest.raises(LineNotCovered):
        surplus().takes(START, ProductLine.PROPERTY)


def test_a_terminated_treaty_takes_what_begins_before_and_nothing_later() -> None:
    treaty = surplus()

    events = treaty.terminate(date(2026, 7, 1), "rating lost")
    ended = replay(Treaty, events, treaty)

    assert events == [TreatyEnded(ended_on=date(2026, 7, 1), reason="rating lost")]
    assert ended is not None
    ended.takes(date(2026, 6, 30), LINE)
    with pytest.raises(TreatyTerminated):
        ended.takes(date(2026, 7, 1), LINE)
    assert ended.terminate(date(2026, 7, 1), "rating lost") == []
    with pytest.raises(TreatyTerminated):
        ended.terminate(date(2026, 8, 1), "rating lost")


def test_a_treaty_ends_in_its_period() -> None:
    with pytest.raises(InvalidField) as refusal:
        surplus().terminate(END, "late")

    assert refusal.value.field == "terminated_on"


def slip(**changes: object) -> Slip:
    plain = Slip("submission-1", "reinsurer-f", Decimal(20), Decimal(15), date(2025, 12, 31))
    return replace(plain, **changes)  # type: ignore[arg-type]


def offered(**changes: object) -> Facultative:
    value = replay(Facultative, Facultative.offer("FAC-1", slip(**changes), date(2025, 12, 20)))
    assert value is not None
    return value


def test_a_placement_is_accepted_once() -> None:
    placed = offered()

    events = placed.accept("SLIP-7", date(2025, 12, 31))
    accepted = replay(Facultative, events, placed)

    assert events == [FacultativeAccepted(reference="SLIP-7", accepted_on=date(2025, 12, 31))]
    assert accepted is not None
    assert accepted.accept("SLIP-7", date(2026, 1, 5)) == []
    assert accepted.cession("fac", "submission-1").percent == 20
    with pytest.raises(FacultativeAcceptedOtherwise):
        accepted.accept("SLIP-8", date(2025, 12, 31))
    with pytest.raises(FacultativeForOther):
        accepted.cession("fac", "submission-2")


def test_an_offer_that_has_run_out_or_waits_is_no_cession() -> None:
    with pytest.raises(FacultativeOfferExpired):
        offered().accept("SLIP-7", date(2026, 1, 1))
    with pytest.raises(FacultativeNotAccepted):
        offered().cession("fac", "submission-1")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"percent": Decimal(0)}, "percent"),
        ({"commission_percent": Decimal(101)}, "commission_percent"),
        ({"reinsurer_id": " "}, "reinsurer_id"),
        ({"valid_until": date(2025, 12, 19)}, "valid_until"),
        ({"layer": Money.cny(0)}, "layer"),
        ({"attachment": Money.cny(1)}, "layer"),
        ({"layer": Money.cny(1), "attachment": Money("USD", 1)}, "attachment.currency_code"),
    ],
)
def test_an_offer_that_makes_no_sense_is_refused(changes: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        offered(**changes)

    assert refusal.value.field == field
