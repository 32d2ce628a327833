from datetime import date
from decimal import Decimal

import pytest

from libs.common.errors import InvalidField
from libs.common.events import replay
from services.policy.domain.errors import TreatyNotInForce
from services.policy.domain.treaty.treaty import Treaty

START, END = date(2026, 1, 1), date(2027, 1, 1)


def test_a_treaty_takes_policies_that_begin_in_its_period() -> None:
    treaty = replay(Treaty, Treaty.create("QS-2026", "reinsurer-r", Decimal(30), Decimal(25), START, END))

    assert treaty is not None
    treaty.takes(START)
    with pytest.raises(TreatyNotInForce):
        treaty.takes(END)


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
