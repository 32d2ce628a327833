"""What `hubao status` makes of what the services say: lags in positions and seconds, and what needs a person."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from hubao.feed.v1 import admin_service_pb2 as pb
from hubao.feed.v1 import feed_service_pb2 as feed_pb
from rich.console import Console

from deploy.cli.operator import Operator
from deploy.cli.status import show_status, states_of

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def before(seconds: int) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(NOW - timedelta(seconds=seconds))
    return stamp


@dataclass(frozen=True)
class Told(Operator):
    """An operator whom services tell given states; whatever waits was recorded seven seconds ago."""

    statuses: Mapping[str, pb.GetStatusResponse] = field(default_factory=dict)

    def health(self, service: str) -> str:
        return "SERVING"

    def ask(self, service: str, request: Message, seconds: float = 0) -> Any:
        match request:
            case pb.GetStatusRequest():
                return self.statuses[service]
            case feed_pb.ReadRequest():
                waiting = feed_pb.Announcement(position=request.from_position, recorded_time=before(7))
                return feed_pb.ReadResponse(announcements=[waiting])
            case pb.ReadEventsRequest():
                event = pb.LoggedEvent(position=request.from_position, recorded_time=before(7))
                return pb.ReadEventsResponse(events=[event])
            case pb.ListTimersRequest():
                return pb.ListTimersResponse(timers=[pb.RunningTimer(due_time=before(90))], now=before(0))
        raise AssertionError(request)


def status(**fields: Any) -> pb.GetStatusResponse:
    return pb.GetStatusResponse(**{"position": 10, "projected_position": 10, "now": before(0)} | fields)


def told(chosen: tuple[str, ...] = (), **statuses: pb.GetStatusResponse) -> Told:
    return Told(dict.fromkeys(statuses, "127.0.0.1:1"), chosen or tuple(statuses), "", None, statuses)


def test_lags_are_told_in_positions_and_in_seconds_of_the_service() -> None:
    operator = told(policy=status(outbox_position=5, published_position=3, projected_position=6))

    (state,) = states_of(operator)

    assert state.relay is not None
    assert state.projection is not None
    assert (state.relay.positions, state.relay.seconds) == (2, 7.0)
    assert (state.projection.positions, state.projection.seconds) == (4, 7.0)
    assert state.attention == []


def test_a_consumer_is_measured_at_its_upstreams_feed_also_if_only_one_service_is_asked_for() -> None:
    heard = [pb.ConsumerStatus(upstream="policy", position=2), pb.ConsumerStatus(upstream="vendor_gateway", position=1)]
    operator = told(("claims",), policy=status(outbox_position=5, published_position=5), claims=status(consumers=heard))

    (state,) = states_of(operator)

    assert str(state.consumers["policy"]) == "3 (7 s)"
    assert state.consumers["vendor_gateway"] is None


def test_more_heard_than_there_is_points_to_an_old_back_up() -> None:
    heard = [pb.ConsumerStatus(upstream="policy", position=9)]
    operator = told(policy=status(outbox_position=5, published_position=5), claims=status(consumers=heard))

    _, _, well = show_status(operator)
    attention = states_of(operator)[1].attention

    assert not well
    assert attention == [
        "claims has heard 4 more from policy than its log has: was an old back-up restored there?",
    ]


def test_what_was_not_believed_is_shown_and_wants_a_person_for_an_hour() -> None:
    def operator(age: timedelta) -> Told:
        stamp = Timestamp()
        stamp.FromDatetime(datetime.now(UTC) - age)
        heard = pb.ConsumerStatus(
            upstream="policy", position=5, rejected=12, rejected_time=stamp, rejected_reason="wrong signature"
        )
        return told(policy=status(outbox_position=5, published_position=5), billing_subsidy=status(consumers=[heard]))

    _, state = states_of(operator(timedelta(minutes=59)))
    (line,) = state.attention
    assert line == (
        "billing_subsidy did not believe 12 announcements in the name of policy (wrong signature):"
        " who can publish there, and are the keys right?"
    )
    document, _, well = show_status(operator(timedelta(minutes=61)))
    assert document[1]["rejected"] == {"policy": 12}
    assert well


def test_a_relay_ahead_of_its_own_outbox_is_told_with_what_mends_it() -> None:
    (state,) = states_of(told(policy=status(outbox_position=5, published_position=8)))

    (line,) = state.attention
    assert line == (
        "policy believes to have published 3 more than its log has, and will pass over as many:"
        " hubao republish -s policy --from 6"
    )


def test_a_late_timer_and_what_is_parked_stand_in_the_table() -> None:
    operator = told(policy=status(timers_due=1, timers_waiting=4, parked=2))

    document, texts, well = show_status(operator)
    console = Console(width=160, file=StringIO())
    for text in texts:
        console.print(text)
    shown = console.file.getvalue()  # type: ignore[attr-defined]

    assert document[0]["timer_late_seconds"] == 90
    assert "1 (90 s)" in shown
    assert "policy has 2 parked: hubao parked list -s policy" in shown
    assert not well


def test_every_lease_of_a_service_is_shown_with_its_holder_whichever_process_answers() -> None:
    leases = [
        pb.LeaseStatus(name="consumer policy", holder="host/12", epoch=3),
        pb.LeaseStatus(name="relay", holder="host/11", epoch=1, expired=True),
    ]
    operator = told(claims=status(leases=["consumer policy"], service_leases=leases))

    document, texts, _ = show_status(operator)
    console = Console(width=160, file=StringIO())
    for text in texts:
        console.print(text)

    assert document[0]["leases"] == {"consumer policy": "host/12", "relay": ""}
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "claims   host/12  consumer policy" in shown
    assert "claims   nobody   relay" in shown


def test_the_status_fits_into_80_columns_and_cuts_nothing() -> None:
    names = ("policy", "vendor_gateway", "claims", "billing_subsidy")
    leases = [
        pb.LeaseStatus(name=f"consumer {upstream}", holder="a-machine-of-the-insurer/123456") for upstream in names
    ]
    one = status(
        position=12_345_678,
        projected_position=12_345_600,
        outbox_position=1_234_567,
        published_position=1_234_500,
        timers_due=12,
        timers_waiting=123_456,
        parked=2,
        consumers=[pb.ConsumerStatus(upstream=upstream, position=1_234_000) for upstream in names],
        service_leases=[*leases, pb.LeaseStatus(name="relay", expired=True)],
    )
    _, texts, _ = show_status(told(**dict.fromkeys(names, one)))
    console = Console(width=80, file=StringIO())
    for text in texts[:-1]:
        console.print(text)

    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    (line,) = [line for line in lines if line.startswith("billing_subsidy") and "SERVING" in line]
    shown = "billing_subsidy SERVING 12345678 67 (7 s) 78 (7 s) 123456 12 (90 s) 2"
    assert line.split() == shown.split()
    assert max(map(len, lines)) <= 80
    assert not any("…" in line for line in lines)
    assert "567 (7 s)" in "\n".join(lines)


def test_what_the_read_tables_can_not_take_needs_a_person_and_is_named() -> None:
    first = pb.SetAsideEvent(
        position=7, tenant="pingan", type="policy.Bound", error="DataError", reason="libs/common/x.py:1 in add"
    )
    operator = told(policy=status(set_aside=5, set_aside_streams=2, first_set_aside=[first]))

    document, _, well = show_status(operator)

    assert not well
    (line,) = document[0]["attention"]
    assert line == (
        "policy has 5 events of 2 streams that its read tables can't take, and needs a person:"
        " 7 policy.Bound of pingan, DataError (libs/common/x.py:1 in add), ..."
        " When it is mended: hubao rebuild -s policy"
    )
    assert document[0]["first_set_aside"][0]["position"] == 7


def test_what_keeps_a_service_from_writing_is_said() -> None:
    (state,) = states_of(told(policy=status(database_trouble="the database's disk is full")))

    assert state.attention == ["policy can't write: the database's disk is full"]
