"""`hubao clock`: where the services' clocks stand, and moving those that can be moved."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from google.protobuf.timestamp_pb2 import Timestamp
from hubao.feed.v1 import admin_service_pb2 as pb

from deploy.cli.operator import Failed, Misused, Operator
from deploy.cli.options import Plain, operating
from deploy.cli.output import SHANGHAI, Output, instant, shown, table

app = typer.Typer(cls=Plain, no_args_is_help=True, help="Shows the services' clocks, and moves them.")

Moment = Annotated[str, typer.Argument(help="The new now, 2026-03-01T09:00, in Shanghai unless it says its offset.")]


@app.command()
@operating
def show(operator: Operator, output: Output) -> None:
    """Shows each service's now, by the time of Shanghai, and whether it can be moved."""
    documents, rows = [], []
    for service, status in _asked(operator).items():
        now = instant(status.now)
        documents.append(
            {
                "service": service,
                "now": now.isoformat(),
                "now_shanghai": now.astimezone(SHANGHAI).isoformat(),
                "movable": status.clock_movable,
            }
        )
        rows.append((service, shown(status.now), "can be moved" if status.clock_movable else "runs on real time"))
    output.say(documents, table(("service", "now", "clock"), rows))


@app.command("set")
@operating
def move(operator: Operator, output: Output, moment: Moment) -> None:
    """Moves the clocks of all services, or of those that are named, forward; of none if one of them can't follow."""
    wanted = _read(moment)
    for service, status in _asked(operator).items():
        if not status.clock_movable:
            raise Failed(f"{service} runs on real time, so its clock can't be moved")
        if wanted < instant(status.now):
            raise Failed(f"{service} has {shown(status.now)} already, and clocks only go forward")
    stamp = Timestamp()
    stamp.FromDatetime(wanted)
    told = {service: operator.ask(service, pb.SetClockRequest(now=stamp)) for service in operator.chosen}
    documents = [{"service": service, "now": instant(answer.now).isoformat()} for service, answer in told.items()]
    rows = [(service, shown(answer.now)) for service, answer in told.items()]
    output.say(documents, table(("service", "now"), rows))


def _asked(operator: Operator) -> dict[str, pb.GetStatusResponse]:
    return {service: operator.ask(service, pb.GetStatusRequest()) for service in operator.chosen}


def _read(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Misused(f"{text!r} is no time such as 2026-03-01T09:00") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)).astimezone(UTC)
