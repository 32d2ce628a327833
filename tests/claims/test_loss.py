"""From the assessed loss to what is paid."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.common.money import Money
from services.claims.domain.costs import CostType
from services.claims.domain.errors import InterruptionHoursMissing
from services.claims.domain.loss import AssessedLoss, Conditions, DecidedLine, decide_lines, drawn_by, payable
from services.claims.domain.terms import PartTerms
from tests.claims.examples import cny, loss_of, part


def conditions(*parts: PartTerms) -> dict[str, Conditions]:
    return {p.code: Conditions(p, ((p.code, p.limit),)) for p in parts}


def decide(
    losses: list[AssessedLoss], *parts: PartTerms, drawn: dict[str, Money] | None = None
) -> tuple[DecidedLine, ...]:
    return decide_lines(losses, conditions(*(parts or (part(),))), cny("1500000"), drawn or {})


def test_a_line_keeps_each_step_of_its_arithmetic() -> None:
    terms = part(waiting_hours=12, deductible=cny("10000"), coinsurance_percent=Decimal(10), limit=cny("150000"))
    loss = loss_of("260000", disallowed=cny("20000"), interruption_hours=72)

    (line,) = decide([loss], terms)

    assert [(step.name, str(step.taken), str(step.left)) for step in line.steps] == [
        ("ASSESSED", "0.00 CNY", "260,000.00 CNY"),
        ("DISALLOWED", "20,000.00 CNY", "240,000.00 CNY"),
        ("WAITING_PERIOD", "40,000.00 CNY", "200,000.00 CNY"),
        ("DEDUCTIBLE", "10,000.00 CNY", "190,000.00 CNY"),
        ("COINSURANCE", "19,000.00 CNY", "171,000.00 CNY"),
        ("PART_LIMIT", "21,000.00 CNY", "150,000.00 CNY"),
        ("AGGREGATE", "0.00 CNY", "150,000.00 CNY"),
    ]
    assert line.payable == cny("150000")


def test_one_event_has_one_deductible_however_many_lines() -> None:
    lines = [loss_of("8000"), loss_of("8000", cost_type=CostType.EXPENSE)]

    first, second = decide(lines, part(deductible=cny("10000")))

    assert (first.payable, second.payable) == (cny("0"), cny("6000"))


def test_co_insurance_is_rounded_half_up_once() -> None:
    (line,) = decide([loss_of("0.05")], part(coinsurance_percent=Decimal(10)))

    assert line.payable == cny("0.05")  # 0.045 rounds up


def test_lines_share_the_aggregate_in_their_order() -> None:
    first, second = decide(
        [loss_of("900000"), loss_of("900000", "IR")], part(), part("IR"), drawn={"": cny("100000"), "BI": cny("100000")}
    )

    assert (first.payable, second.payable) == (cny("900000"), cny("500000"))


def test_a_sub_limit_erodes_its_parent() -> None:
    child = part("IR", limit=cny("300000"), sub_limit_parent="BI")
    used = {
        "BI": Conditions(part(), (("BI", cny("1000000")),)),
        "IR": Conditions(child, (("IR", cny("300000")), ("BI", cny("1000000")))),
    }

    lines = decide_lines([loss_of("800000"), loss_of("400000", "IR")], used, cny("1500000"), {})

    assert [line.payable for line in lines] == [cny("800000"), cny("200000")]
    assert drawn_by(lines, "CNY") == {"BI": cny("1000000"), "IR": cny("200000"), "": cny("1000000")}


def test_a_waiting_period_without_hours_is_refused() -> None:
    with pytest.raises(InterruptionHoursMissing):
        decide([loss_of()], part(waiting_hours=12))


def test_a_response_cost_waits_for_nothing() -> None:
    (line,) = decide([loss_of("5000", cost_type=CostType.EXPENSE)], part(waiting_hours=12))

    assert line.payable == cny("5000")


def test_an_interruption_within_the_waiting_period_pays_nothing() -> None:
    (line,) = decide([loss_of(interruption_hours=12)], part(waiting_hours=12))

    assert line.payable == cny("0")


@given(
    losses=st.lists(st.integers(1, 10**12), min_size=1, max_size=5),
    limit=st.integers(0, 10**12),
    deductible=st.integers(0, 10**10),
    percent=st.decimals(0, 100, places=2),
    drawn=st.integers(0, 10**12),
)
def test_no_arithmetic_pays_more_than_any_limit_or_the_loss(
    losses: list[int], limit: int, deductible: int, percent: Decimal, drawn: int
) -> None:
    terms = part(limit=Money("CNY", limit), deductible=Money("CNY", deductible), coinsurance_percent=percent)
    wanted = [AssessedLoss("BI", CostType.INDEMNITY, Money("CNY", fen), Money("CNY", 0)) for fen in losses]

    lines = decide(wanted, terms, drawn={"": Money("CNY", drawn), "BI": Money("CNY", drawn)})

    paid = payable(lines, "CNY").minor_units
    assert paid <= max(limit - drawn, 0)
    assert paid <= max(cny("1500000").minor_units - drawn, 0)
    assert paid <= max(sum(losses) - deductible, 0)
    for line in lines:
        assert line.steps[-1].left == line.payable
        assert line.assessed.minor_units - sum(s.taken.minor_units for s in line.steps) == line.payable.minor_units
