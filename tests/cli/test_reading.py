"""Payloads as a person reads them."""

from typing import Any

import pytest

from deploy.cli.reading import in_words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"currency": "CNY", "minor_units": 10_600_000}, "106,000.00 CNY"),
        ({"year": 2026, "month": 3, "day": None}, "2026-03"),
        ({"limit": {"currency": "CNY", "minor_units": 5}, "lead": True}, "{limit: 0.05 CNY, lead: yes}"),
        (["INTERRUPTION", "EXTORTION"], "[INTERRUPTION, EXTORTION]"),
        (None, "none"),
        ("夜间订单平台被加密", "夜间订单平台被加密"),
        (3, "3"),
    ],
)
def test_sums_and_dates_are_written_as_people_write_them(value: Any, words: str) -> None:
    assert in_words(value) == words
