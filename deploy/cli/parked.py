"""`hubao parked`: announcements that a service could not handle and that wait for a person."""

import json
from collections.abc import Iterator
from typing import Annotated

import typer
from hubao.feed.v1 import admin_service_pb2 as pb

from deploy.cli.operator import LONG_SECONDS, Failed, Operator
from deploy.cli.options import operating
from deploy.cli.output import Output, plain, shown, table
from deploy.cli.reading import in_words

app = typer.Typer(no_args_is_help=True, help="Announcements that wait for a person: see, mend, replay or drop.")

Upstream = Annotated[str, typer.Argument(help="The service whose announcement it is.")]
Position = Annotated[int, typer.Argument(min=1, help="Its place in the feed of that service.")]
Subject = Annotated[str, typer.Argument(help="The aggregate whose announcements are parked, a UUID.")]
Reason = Annotated[str, typer.Option(help="Why it is given up; it stays on record with your name.")]


@app.command("list")
@operating
def list_parked(operator: Operator, output: Output) -> None:
    """Lists what is parked, by service, upstream and position."""
    found = [(service, one) for service in operator.chosen for one in _all(operator, service)]
    columns = ("service", "upstream", "position", "subject", "type", "parked", "error")
    rows = [
        (
            service,
            one.upstream,
            one.position,
            one.subject,
            one.type.rpartition(".")[2],
            shown(one.parked_time),
            one.error,
        )
        for service, one in found
    ]
    text = table(columns, rows, right=("position",)) if rows else "Nothing is parked."
    output.say([{"service": service} | plain(one) for service, one in found], text)


@app.command()
@operating
def show(operator: Operator, output: Output, upstream: Upstream, position: Position) -> None:
    """Shows one parked announcement: why it is parked, and what it says."""
    service = operator.only()
    # What it says is told by the service that has it: its owner may be down, and no stub of ours may know its type.
    answer = operator.ask(service, pb.GetParkedRequest(upstream=upstream, position=position))
    facts = {"tenant": answer.tenant, "recorded_time": plain(answer.recorded_time)}
    told = json.loads(answer.content) if answer.content else None
    document = {"service": service} | plain(answer.parked) | facts | {"announcement": told}
    if told is None:
        document["data"] = answer.data.hex()
    rows = [(name, value) for name, value in document.items() if name != "announcement"]
    says = [(f"  {name}", in_words(value)) for name, value in (told or {}).items()]
    heading = ("announcement", "" if told is not None else f"{service} can't read it; its bytes stand above")
    output.say(document, table(("", ""), [*rows, heading, *says]))


@app.command()
@operating
def replay(operator: Operator, output: Output, upstream: Upstream, subject: Subject) -> None:
    """Handles the parked announcements of one aggregate again, in order, until one fails."""
    service = operator.only()
    answer = operator.ask(service, pb.ReplayParkedRequest(upstream=upstream, subject=subject), LONG_SECONDS)
    output.say(plain(answer), f"{answer.replayed} handled, {answer.remaining} still parked")
    if answer.remaining:
        raise Failed(f"{service} still can't handle the next one of {upstream}: {answer.error}")


@app.command()
@operating
def drop(operator: Operator, output: Output, upstream: Upstream, position: Position, *, reason: Reason) -> None:
    """Gives up one parked announcement for good."""
    service = operator.only()
    answer = operator.ask(service, pb.DropParkedRequest(upstream=upstream, position=position, reason=reason))
    output.say(plain(answer), f"dropped: {upstream} {position} in {service}")


def _all(operator: Operator, service: str) -> Iterator[pb.ParkedAnnouncement]:
    token = ""
    while True:
        page = operator.ask(service, pb.ListParkedRequest(page_token=token))
        yield from page.parked
        token = page.next_page_token
        if not token:
            return
