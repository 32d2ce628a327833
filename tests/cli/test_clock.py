"""`hubao clock`: shown by the time of Shanghai, moved forward together or not at all."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from hubao.feed.v1 import admin_service_pb2 as pb
from typer.testing import CliRunner

from deploy.cli import options
from deploy.cli.__main__ import app
from deploy.cli.operator import Operator

NOON = datetime(2026, 3, 1, 4, tzinfo=UTC)


def stamp(moment: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(moment)
    return made


@dataclass(frozen=True)
class Clocks(Operator):
    """Services whose clocks stand at noon in Shanghai; `real` are those that can't be moved."""

    real: tuple[str, ...] = ()
    moved: dict[str, datetime] = field(default_factory=dict)

    def ask(self, service: str, request: Message, seconds: float = 0) -> Any:
        if isinstance(request, pb.SetClockRequest):
            self.moved[service] = request.now.ToDatetime(tzinfo=UTC)
            return pb.SetClockResponse(now=request.now)
        return pb.GetStatusResponse(now=stamp(NOON), clock_movable=service not in self.real)


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    known = dict.fromkeys(("policy", "claims"), "127.0.0.1:1")
    clocks = Clocks(known, tuple(known), "", None)
    monkeypatch.setattr(options, "operator_of", lambda *_: clocks)
    return clocks


def test_the_clocks_are_shown_by_the_time_of_shanghai_and_of_utc(clocks: Clocks) -> None:
    text = CliRunner().invoke(app, ["clock", "show"]).stdout
    document = json.loads(CliRunner().invoke(app, ["clock", "show", "--json"]).stdout)

    assert "2026-03-01 12:00:00 Shanghai" in text
    assert document[0] == {
        "service": "policy",
        "now": "2026-03-01T04:00:00+00:00",
        "now_shanghai": "2026-03-01T12:00:00+08:00",
        "movable": True,
    }


@pytest.mark.parametrize("moment", ["2026-03-02T09:00", "2026-03-02T01:00+00:00"])
def test_all_clocks_are_moved_to_a_time_of_shanghai(clocks: Clocks, moment: str) -> None:
    result = CliRunner().invoke(app, ["clock", "set", moment])

    assert result.exit_code == 0, result.output
    assert clocks.moved == dict.fromkeys(("policy", "claims"), datetime(2026, 3, 2, 1, tzinfo=UTC))


def test_no_clock_is_moved_if_one_would_go_back(clocks: Clocks) -> None:
    result = CliRunner().invoke(app, ["clock", "set", "2026-03-01T11:59"])

    assert result.exit_code == 1
    assert "policy has 2026-03-01 12:00:00 Shanghai already, and clocks only go forward" in result.output
    assert clocks.moved == {}


def test_no_clock_is_moved_if_one_is_real(clocks: Clocks, monkeypatch: pytest.MonkeyPatch) -> None:
    mixed = Clocks(clocks.known, clocks.chosen, "", None, real=("claims",))
    monkeypatch.setattr(options, "operator_of", lambda *_: mixed)

    result = CliRunner().invoke(app, ["clock", "set", "2026-03-02T09:00"])

    assert (result.exit_code, mixed.moved) == (1, {})
    assert "claims runs on real time, so its clock can't be moved" in result.output


def test_what_is_no_time_is_misuse(clocks: Clocks) -> None:
    result = CliRunner().invoke(app, ["clock", "set", "tomorrow"])

    assert result.exit_code == 2
    assert "'tomorrow' is no time such as 2026-03-01T09:00" in result.output
