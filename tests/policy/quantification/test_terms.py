"""The vectorised terms against the exact arithmetic of a claim, on random policies and random events.

Claims rounds half up at each product with a rate; the simulation does not round at all. So each event agrees within a
fen, and a limit that many events have drawn on within a fen for each of them.
"""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.money import Money
from services.claims.domain.costs import CostType
from services.claims.domain.loss import AssessedLoss, Conditions, decide_lines, drawn_by
from services.claims.domain.terms import PartTerms, Segment, Trigger, limits_drawn_by
from services.policy.quantification import conditions as ours
from services.policy.quantification.distributions import Events
from services.policy.quantification.draws import BLOCK
from services.policy.quantification.limits import Limits
from tests.policy import examples as policy_examples

CODES = ("DATA", "EXTORTION", "RESPONSE", "BI")


def claims_part(code: str, limit: int, deductible: int, waiting: int, borne: int, parent: str) -> PartTerms:
    return PartTerms(
        code=code,
        limit=Money("CNY", limit),
        deductible=Money("CNY", deductible),
        waiting_hours=waiting,
        coinsurance_percent=Decimal(borne) / 4,
        sub_limit_parent=parent,
        trigger=Trigger.OCCURRENCE,
        retroactive_date=None,
        extended_reporting_days=0,
    )


@st.composite
def policies(draw: st.DrawFn) -> tuple[list[PartTerms], int]:
    parents = draw(st.sampled_from([("", "", "", ""), ("", "", "DATA", ""), ("", "DATA", "EXTORTION", "DATA")]))
    parts = [
        claims_part(
            code,
            draw(st.integers(1, 10**7)),
            draw(st.integers(0, 10**6)),
            draw(st.sampled_from([0, 8])) if code == "BI" else 0,
            draw(st.integers(0, 160)),
            parent,
        )
        for code, parent in zip(CODES, parents, strict=True)
    ]
    return parts, draw(st.integers(1, 2 * 10**7))


events = st.lists(
    st.tuples(st.sampled_from(range(4)), st.integers(1, 2 * 10**7), st.integers(0, 72)), min_size=1, max_size=12
)


def by_claims(parts: list[PartTerms], aggregate: int, happened: list[tuple[int, int, int]]) -> list[tuple[str, int]]:
    """Each event is a claim of its own; limits are what the earlier ones have left."""
    segment = Segment(policy_examples.INCEPTION, policy_examples.EXPIRY, tuple(parts))
    limits = {part.code: part.limit for part in parts}
    conditions = {
        part.code: Conditions(part, tuple((code, limits[code]) for code in limits_drawn_by(part, segment)))
        for part in parts
    }
    drawn: dict[str, Money] = {}
    paid = []
    for number, amount, hours in happened:
        loss = AssessedLoss(CODES[number], CostType.INDEMNITY, Money("CNY", amount), Money("CNY", 0), hours)
        lines = decide_lines([loss], conditions, Money("CNY", aggregate), drawn)
        paid.append((loss.part_code, lines[0].payable.minor_units))
        for code, taken in drawn_by(lines, "CNY").items():
            drawn[code] = drawn.get(code, taken.zero()) + taken
    return paid


def conditions_of(part: PartTerms) -> ours.Conditions:
    return ours.Conditions(
        code=part.code,
        limit=float(part.limit.minor_units),
        deductible=float(part.deductible.minor_units),
        waiting_hours=part.waiting_hours,
        borne=float(part.coinsurance_percent / 100),
        parent=part.sub_limit_parent,
    )


@settings(max_examples=150, deadline=None)
@given(policies(), events)
def test_a_year_is_paid_as_its_claims_would_be(
    policy: tuple[list[PartTerms], int], happened: list[tuple[int, int, int]]
) -> None:
    parts, aggregate = policy
    expected = by_claims(parts, aggregate, happened)

    limits = Limits(tuple(conditions_of(part) for part in parts), float(aggregate))
    made, due = [], []
    for number, part in enumerate(limits.parts):
        mine = [(when, amount, hours) for when, (who, amount, hours) in enumerate(happened) if who == number]
        years = np.full(len(mine), 17, dtype=np.int32)
        made.append(Events(years, np.array([when / 100 for when, _, _ in mine])))
        losses = np.array([float(amount) for _, amount, _ in mine])
        due.append(ours.payable(part, losses, np.array([float(hours) for _, _, hours in mine])))
    paid = limits.paid(made, due)

    for number, code in enumerate(CODES):
        exact = sum(amount for whose, amount in expected if whose == code)
        assert abs(paid[number, 17] - exact) <= len(happened)
    assert not np.delete(paid, 17, axis=1).any()


@settings(max_examples=150, deadline=None)
@given(policies(), events.map(lambda found: found[:1]))
def test_one_event_is_paid_within_a_fen_of_the_claims_arithmetic(
    policy: tuple[list[PartTerms], int], happened: list[tuple[int, int, int]]
) -> None:
    parts, aggregate = policy
    [(_, exact)] = by_claims(parts, aggregate, happened)
    [(number, amount, hours)] = happened

    conditions = conditions_of(parts[number])
    due = ours.payable(conditions, np.array([float(amount)]), np.array([float(hours)]))
    limits = Limits(tuple(conditions_of(part) for part in parts), float(aggregate))
    here = Events(np.array([0], dtype=np.int32), np.array([0.5]))
    none = Events(np.array([], dtype=np.int32), np.array([]))
    paid = limits.paid(
        [here if n == number else none for n in range(4)], [due if n == number else np.array([]) for n in range(4)]
    )

    assert abs(paid.sum() - exact) <= 1
    assert paid.shape == (4, BLOCK)


def test_the_first_event_of_a_year_has_the_aggregate_before_the_second() -> None:
    limits = Limits((ours.Conditions("DATA", limit=100.0), ours.Conditions("BI", limit=100.0)), aggregate=120.0)
    late, early = (
        Events(np.array([3], dtype=np.int32), np.array([0.9])),
        Events(np.array([3], dtype=np.int32), np.array([0.1])),
    )

    paid = limits.paid([late, early], [np.array([80.0]), np.array([90.0])])

    assert paid[:, 3].tolist() == [30.0, 90.0]


def test_a_sub_limit_erodes_the_part_above_it() -> None:
    limits = Limits((ours.Conditions("DATA", limit=100.0), ours.Conditions("RESPONSE", limit=60.0, parent="DATA")))
    first, second = (
        Events(np.array([3], dtype=np.int32), np.array([0.1])),
        Events(np.array([3], dtype=np.int32), np.array([0.9])),
    )

    assert limits.paid([second, first], [np.array([80.0]), np.array([90.0])])[:, 3].tolist() == [40.0, 60.0]
    assert limits.paid([first, second], [np.array([80.0]), np.array([90.0])])[:, 3].tolist() == [80.0, 20.0]


def test_an_interruption_no_longer_than_the_waiting_period_pays_nothing() -> None:
    part = ours.Conditions("BI", waiting_hours=8)

    paid = ours.payable(part, np.full(4, 600.0), np.array([0.0, 8.0, 12.0, 24.0]))

    assert paid.tolist() == pytest.approx([0.0, 0.0, 200.0, 400.0])


def test_a_policys_terms_are_read_as_they_stand() -> None:
    terms = policy_examples.policy().segments[0].parts[0]

    read = ours.Conditions.of(terms)

    assert (read.code, read.limit, read.deductible, read.borne) == ("DATA", 2_300_000_000.0, 1_000_000.0, 0.1)
