"""Events and their payloads as a person reads them."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hubao.feed.v1 import admin_service_pb2 as pb
from rich.text import Text

from deploy.cli.reading import event_text, in_words
from libs.common.changes import Draw, SetLimit
from libs.common.context import Call
from libs.common.unit import metadata_of

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CALL = Call("donghai", "donghai", "user:chen", frozenset(), "a request", b"", NOW, "a request")


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


def test_what_an_event_does_to_limits_stands_under_it() -> None:
    changes: list[SetLimit | Draw] = [SetLimit("cap:a", 100_000), Draw("budget:b", 2_500), Draw("budget:c", -2_500)]
    metadata = metadata_of(CALL, UUID(int=1), 1, changes)

    text = event_text(pb.LoggedEvent(position=7, type="claims.LimitsDrawn", payload="{}", metadata=metadata))

    assert isinstance(text, Text)
    assert [line.strip() for line in text.plain.splitlines()[2:]] == [
        "guard cap:a: limit 100,000",
        "guard budget:b: +2,500",
        "guard budget:c: -2,500",
    ]
