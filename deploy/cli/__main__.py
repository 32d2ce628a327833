"""`hubao`: looks after running services over their gRPC admin methods."""

from itertools import chain
from typing import Annotated

import typer
from hubao.feed.v1 import admin_service_pb2 as pb
from rich.console import RenderableType
from rich.text import Text

from deploy.cli import clock, importing, parked, tokens
from deploy.cli.operator import LONG_SECONDS, Failed, Operator
from deploy.cli.options import Plain, operating
from deploy.cli.output import Output, instant, plain, shown, table
from deploy.cli.reading import Choice, event_document, event_text, follow_events, read_events, read_last
from deploy.cli.status import show_status

app = typer.Typer(cls=Plain, add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
app.add_typer(tokens.app, name="token")
app.add_typer(parked.app, name="parked")
app.add_typer(clock.app, name="clock")
app.command("import")(importing.import_policies)

From = Annotated[int, typer.Option("--from", min=1, help="The first position.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="How many at most.")]
Last = Annotated[int, typer.Option("--last", min=0, help="The newest that fit, this many.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C; JSON by lines.")]
Type = Annotated[str, typer.Option("--type", help="Only of this type; * is any text: 'policy.*'.")]
Principal = Annotated[str, typer.Option(help="Only what this principal did.")]
Correlation = Annotated[str, typer.Option(help="Only what came of the call with this correlation id.")]
Tenant = Annotated[str, typer.Option(help="Only of this insurer, or shared.")]
Stream = Annotated[str, typer.Option(help="Only what happened to this aggregate, a UUID.")]


@app.command()
@operating
def status(operator: Operator, output: Output) -> None:
    """Shows health, position, lags, leases, timers and what is parked; fails if something needs a person."""
    document, texts, well = show_status(operator)
    output.say(document, *texts)
    if not well:
        raise Failed("something needs a person")


@app.command()
@operating
def events(
    operator: Operator,
    output: Output,
    *,
    start: From = 1,
    limit: Limit = 20,
    last: Last = 0,
    follow: Follow = False,
    stream: Stream = "",
    kind: Type = "",
    principal: Principal = "",
    correlation: Correlation = "",
    tenant: Tenant = "",
) -> None:
    """Reads a service's log from a position on, or its end, or follows it. Times are Shanghai's; in --json UTC too."""
    service, choice = operator.only(), Choice(stream, kind, principal, correlation, tenant)
    if follow:
        found, head = read_last(operator, service, choice, last) if last or start == 1 else ([], start - 1)
        for event in chain(found, follow_events(operator, service, choice, head + 1)):
            output.say_more(event_document(event), event_text(event))
    if last:
        found, _ = read_last(operator, service, choice, last)
    else:
        found = read_events(operator, service, choice, start, limit)
    texts = [event_text(event) for event in found] or [Text("There are none.")]
    output.say([event_document(event) for event in found], *texts)


@app.command()
@operating
def timers(operator: Operator, output: Output, *, limit: Limit = 20) -> None:
    """Lists the timers that run, for each service those first that are due first."""
    documents, rows = [], []
    for service in operator.chosen:
        answer = operator.ask(service, pb.ListTimersRequest(page_size=min(limit, 1000)))
        for timer in answer.timers:
            late = max((instant(answer.now) - instant(timer.due_time)).total_seconds(), 0.0)
            documents.append({"service": service} | plain(timer) | {"late_seconds": late})
            rows.append(
                (
                    service,
                    shown(timer.due_time),
                    f"{late:.0f} s" if late else "",
                    timer.name,
                    timer.tenant,
                    timer.stream,
                )
            )
    columns = ("service", "due", "late", "timer", "tenant", "stream")
    output.say(documents, table(columns, rows, right=("late",)) if rows else "No timer runs.")


@app.command()
@operating
def verify(
    operator: Operator,
    output: Output,
    quick: Annotated[bool, typer.Option(help="Chain, numbering and guards alone.")] = False,
) -> None:
    """Recomputes each log's chain, and what its events did to every table; fails if anything is otherwise."""
    request = pb.VerifyLogRequest(quick=quick)
    answers = {service: operator.ask(service, request, LONG_SECONDS) for service in operator.chosen}
    rows = [(name, one.events, "\n".join(one.violations) or "none") for name, one in answers.items()]
    document = [{"service": service} | plain(answer) for service, answer in answers.items()]
    output.say(document, table(("service", "events", "violations"), rows, right=("events",)))
    wrong = [service for service, answer in answers.items() if answer.violations]
    if wrong:
        raise Failed(f"the log of {', '.join(wrong)} is not what was written")


@app.command()
@operating
def rebuild(operator: Operator, output: Output) -> None:
    """Builds the read tables anew beside the old ones, compares them, and switches over; fails if they differ."""
    answers = {
        service: operator.ask(service, pb.RebuildProjectionRequest(), LONG_SECONDS) for service in operator.chosen
    }
    rows = [(name, one.position, "yes" if one.equal else "NO", one.set_aside) for name, one in answers.items()]
    document = [{"service": service} | plain(answer) for service, answer in answers.items()]
    columns = ("service", "at position", "equal to the old ones", "set aside")
    texts: list[RenderableType] = [table(columns, rows, right=("at position", "set aside"))]
    texts += [
        f"{name} had {one.set_aside_before} events set aside, and now has {one.set_aside}: hubao status -s {name}"
        for name, one in answers.items()
        if one.set_aside_before or one.set_aside
    ]
    output.say(document, *texts)
    # Tables that lacked events differ when they are there.
    different = [name for name, one in answers.items() if not one.equal and not one.set_aside_before]
    if different:
        raise Failed(f"the old read tables of {', '.join(different)} were not what the events say")


@app.command()
@operating
def republish(operator: Operator, output: Output, *, start: From) -> None:
    """Turns a relay back: the announcements from a position on are published again. Who has heard them, knows."""
    service = operator.only()
    published = operator.ask(service, pb.GetStatusRequest()).published_position
    if start > published:
        raise Failed(f"{service} has published {published} announcements, and {start} is not one of them")
    answer = operator.ask(service, pb.RepublishRequest(from_position=start))
    output.say(plain(answer), f"{service} publishes again from {start} on")


def main() -> None:
    """The `hubao` command."""
    app(prog_name="hubao")


if __name__ == "__main__":
    main()
