"""How the services are doing: health, positions, lags in positions and in seconds, leases, timers, parked.

Seconds are those of the service's clock between the recording of the oldest announcement or event that waits, and now.
"""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hubao.feed.v1 import admin_service_pb2 as pb
from hubao.feed.v1 import feed_service_pb2 as feed_pb
from rich.console import RenderableType
from rich.text import Text

from deploy.cli.operator import Operator, Unanswered
from deploy.cli.output import instant, plain, table

REJECTED_FOR = timedelta(hours=1)
"""For how long an announcement that was not believed is something for a person to look at."""


@dataclass(frozen=True)
class Lag:
    """How many wait, and for how long the first of them has; below zero if more was heard than there is."""

    positions: int
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.positions} ({self.seconds:.0f} s)" if self.positions else "0"


@dataclass
class State:
    """One service."""

    service: str
    address: str
    health: str = ""
    status: pb.GetStatusResponse | None = None
    relay: Lag | None = None
    projection: Lag | None = None
    consumers: dict[str, Lag | None] = field(default_factory=dict)
    """By upstream; None if the upstream's end is not known."""
    rejected: dict[str, int] = field(default_factory=dict)
    """By upstream, how many announcements in its name the process that answers did not believe."""
    timer_late_seconds: float = 0.0
    attention: list[str] = field(default_factory=list)
    """What a person should look at."""


def states_of(operator: Operator) -> list[State]:
    """The states of the chosen services, in order."""
    found = {service: _looked_at(operator, service) for service in operator.known}
    for service in operator.chosen:
        state = found[service]
        if state.status is not None:
            try:
                _measure(operator, state, found)
            except Unanswered as failure:
                state.attention.append(str(failure))
    return [found[service] for service in operator.chosen]


def _looked_at(operator: Operator, service: str) -> State:
    state = State(service, operator.known[service])
    try:
        state.health = operator.health(service)
        state.status = operator.ask(service, pb.GetStatusRequest())
    except Unanswered as failure:
        state.health = state.health or "no answer"
        state.attention.append(str(failure))
    else:
        if state.health != "SERVING":
            state.attention.append(f"{service} says {state.health}")
    return state


def _measure(operator: Operator, state: State, found: dict[str, State]) -> None:
    status = state.status
    assert status is not None
    state.relay = _feed_lag(operator, state, status.published_position)
    if state.relay.positions < 0:
        state.attention.append(
            f"{state.service} believes to have published {-state.relay.positions} more than its log has, and will pass"
            f" over as many: hubao republish -s {state.service} --from {status.outbox_position + 1}"
        )
    state.projection = _projection_lag(operator, state.service, status)
    for consumer in status.consumers:
        _note_rejected(state, consumer)
        upstream = found.get(consumer.upstream)
        lag = None
        if upstream is not None and upstream.status is not None:
            if consumer.position > upstream.status.outbox_position:  # It may have come further since it was asked.
                upstream.status = operator.ask(upstream.service, pb.GetStatusRequest())
            lag = _feed_lag(operator, upstream, consumer.position)
        state.consumers[consumer.upstream] = lag
        if lag is not None and lag.positions < 0:
            state.attention.append(
                f"{state.service} has heard {-lag.positions} more from {consumer.upstream} than its log has:"
                " was an old back-up restored there?"
            )
    if status.timers_due:
        first = operator.ask(state.service, pb.ListTimersRequest(page_size=1))
        if first.timers:
            late = instant(first.now) - instant(first.timers[0].due_time)
            state.timer_late_seconds = max(late, timedelta()).total_seconds()
    if status.database_trouble:
        state.attention.append(f"{state.service} can't write: {status.database_trouble}")
    if status.set_aside:
        state.attention.append(_aside(state.service, status))
    if status.parked:
        state.attention.append(f"{state.service} has {status.parked} parked: hubao parked list -s {state.service}")


def _aside(service: str, status: pb.GetStatusResponse) -> str:
    first = [f"{one.position} {one.type} of {one.tenant}, {one.error} ({one.reason})" for one in status.first_set_aside]
    more = ", ..." if len(first) < status.set_aside_streams else "."
    return (
        f"{service} has {status.set_aside} events of {status.set_aside_streams} streams"
        f" that its read tables can't take, and needs a person: {'; '.join(first)}{more}"
        f" When it is mended: hubao rebuild -s {service}"
    )


def _note_rejected(state: State, consumer: pb.ConsumerStatus) -> None:
    state.rejected[consumer.upstream] = consumer.rejected
    if consumer.rejected and datetime.now(UTC) - instant(consumer.rejected_time) < REJECTED_FOR:
        state.attention.append(
            f"{state.service} did not believe {consumer.rejected} announcements in the name of {consumer.upstream}"
            f" ({consumer.rejected_reason}): who can publish there, and are the keys right?"
        )


def _feed_lag(operator: Operator, owner: State, position: int) -> Lag:
    """How far a position is behind the end of the owner's feed."""
    assert owner.status is not None
    behind = owner.status.outbox_position - position
    if behind <= 0:
        return Lag(behind)
    first = operator.ask(owner.service, feed_pb.ReadRequest(from_position=position + 1, page_size=1)).announcements
    return Lag(behind, _seconds(owner.status, first))


def _projection_lag(operator: Operator, service: str, status: pb.GetStatusResponse) -> Lag:
    behind = max(status.position - status.projected_position, 0)
    if not behind:
        return Lag(0)
    request = pb.ReadEventsRequest(from_position=status.projected_position + 1, page_size=1)
    return Lag(behind, _seconds(status, operator.ask(service, request).events))


def _seconds(status: pb.GetStatusResponse, waiting: Any) -> float:
    """For how long the first of those that wait has been recorded."""
    ages = [(instant(status.now) - instant(one.recorded_time)).total_seconds() for one in waiting]
    return round(max([*ages, 0.0]), 3)


def show_status(operator: Operator) -> tuple[list[dict[str, Any]], list[RenderableType], bool]:
    """The states as a document and as a text, and whether all is well."""
    states = states_of(operator)
    attention = [line for state in states for line in state.attention]
    texts: list[RenderableType] = [*_tables(states), *(Text(line, style="bold red") for line in attention)]
    return [_document(state) for state in states], texts, not attention


def _document(state: State) -> dict[str, Any]:
    document = asdict(state)
    status = document.pop("status")
    if status is None:
        return document
    return document | {
        "position": status.position,
        "outbox_position": status.outbox_position,
        "published_position": status.published_position,
        "projected_position": status.projected_position,
        "leases": {one.name: "" if one.expired else one.holder for one in status.service_leases},
        "timers_due": status.timers_due,
        "timers_waiting": status.timers_waiting,
        "parked": status.parked,
        "set_aside": status.set_aside,
        "set_aside_streams": status.set_aside_streams,
        "first_set_aside": [plain(one) for one in status.first_set_aside],
        "database_trouble": status.database_trouble,
        "now": instant(status.now).isoformat(),
        "chain": status.chain,
    }


def _tables(states: list[State]) -> list[RenderableType]:
    """What fits into 80 columns: figures, then what each service has still to hear, then who holds which lease."""
    return [_figures(states), "", _heard(states), "", _leases(states)]


def _figures(states: list[State]) -> RenderableType:
    columns = ("service", "health", "position", "relay", "read", "timers", "due", "parked")
    rows = []
    for state in states:
        status = state.status
        health = Text(state.health, style="green" if state.health == "SERVING" else "bold red")
        if status is None:
            rows.append([state.service, health, *[""] * 6])
            continue
        rows.append(
            [
                state.service,
                health,
                status.position,
                "?" if state.relay is None else state.relay,
                "?" if state.projection is None else state.projection,
                status.timers_waiting,
                f"{status.timers_due} ({state.timer_late_seconds:.0f} s)" if status.timers_due else "0",
                status.parked,
            ]
        )
    return table(columns, rows, right=columns[2:], narrow=True)


def _heard(states: list[State]) -> RenderableType:
    rows = [
        (state.service, upstream, "?" if lag is None else lag)
        for state in states
        for upstream, lag in state.consumers.items()
    ]
    return table(("service", "hears", "lag"), rows, right=("lag",))


def _leases(states: list[State]) -> RenderableType:
    """A line for each holder, since one process holds most leases of its service."""
    rows = []
    for state in states:
        held: dict[str, list[str]] = {}
        for lease in state.status.service_leases if state.status is not None else ():
            held.setdefault("nobody" if lease.expired else lease.holder, []).append(lease.name)
        rows += [(state.service, holder, ", ".join(names)) for holder, names in held.items()]
    return table(("service", "holder", "leases"), rows)
