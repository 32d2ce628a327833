"""`make run`, `make demo` and `make up`: the whole system on this machine."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from deploy.local.checks import failed
from deploy.local.clients import Refusal
from deploy.local.cluster import NotDrained, Parked
from deploy.local.flow import Advance
from deploy.local.incidents import HAND_MADE
from deploy.local.keeping import keep_up
from deploy.local.players import Players
from deploy.local.report import print_connection, print_incidents, print_report
from deploy.local.scene import Outcome, play, while_alive
from deploy.local.servers import ServerError
from deploy.local.stack import ROOT, Stack

ENTERPRISES = 300
SHARED_INCIDENTS = ROOT.parent / "shared" / "data" / "incidents" / "vcdb_incidents.jsonl"
CANNOT_GO_ON = (ServerError, Refusal, NotDrained, Parked, OSError)

app = typer.Typer(add_completion=False, help=__doc__, pretty_exceptions_enable=False)
console = Console(width=None if sys.stdout.isatty() else 120)

Data = Annotated[Path, typer.Option(help="Where everything is kept; a later run goes on from it.")]
Enterprises = Annotated[int, typer.Option(min=1, help="How many generated enterprises take out policies.")]


class Bars:
    """Shows each stage as a bar, and what is told above the bars."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def stage(self, title: str, steps: int) -> Advance:
        task = self._progress.add_task(title, total=steps)
        return lambda: self._progress.advance(task)

    def tell(self, text: str) -> None:
        self._progress.console.print(text, highlight=False)


@app.command()
def run(data: Data = Path("data"), enterprises: Enterprises = ENTERPRISES) -> None:
    """Starts everything, plays the scene, reports, and stays up until Ctrl-C."""
    with _plainly():
        incidents = _incidents()
        with Stack(data, os.environ) as stack:
            asyncio.run(_show(stack, enterprises, incidents, stay=True))


@app.command()
def demo(data: Data = Path("data"), enterprises: Enterprises = ENTERPRISES) -> None:
    """Starts everything, plays the scene, reports, and ends; fails unless every figure and sum is right."""
    with _plainly():
        incidents = _incidents()
        with Stack(data, os.environ) as stack:
            outcome = asyncio.run(_show(stack, enterprises, incidents, stay=False))
    wrong = failed(outcome.checks)
    for check in wrong:
        console.print(f"[red]wrong:[/] {check.name}")
    print(f"demo: {len(outcome.checks) - len(wrong)} passed, {len(wrong)} failed")
    raise typer.Exit(1 if wrong else 0)


@app.command()
def up(data: Data = Path("data")) -> None:
    """Starts everything with nothing played, and stays up until Ctrl-C."""
    with _plainly(), Stack(data, os.environ) as stack:
        tokens = stack.write_tokens()
        stack.write_addresses()
        print_connection(console, stack.addresses, tokens, stack.urls)
        console.print("Nothing is played. It stays up until Ctrl-C; `make run` plays the scene on the same data.")
        asyncio.run(keep_up(stack, _say))


def _say(text: str) -> None:
    console.print(Text(text, style="bold red"), soft_wrap=True)


async def _show(stack: Stack, enterprises: int, incidents: Path, *, stay: bool) -> Outcome:
    players = Players.on(stack)
    tokens = stack.write_tokens()
    stack.write_addresses()
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    outcome = Outcome()
    try:
        with Progress(*columns, console=console) as progress:
            # What is played depends on every service, so a death ends it, here as in the demo.
            outcome = await while_alive(stack, play(players, Bars(progress), enterprises, incidents))
    except Parked as parked:
        if not stay:
            raise
        _tell_parked(parked, stack.data)
    else:
        await print_report(console, players.cast, players.cluster, outcome.figures, outcome.invariants)
        if outcome.reported:
            print_incidents(console, outcome.reported)
    print_connection(console, stack.addresses, tokens, stack.urls)
    await players.channels.close()
    if stay:
        console.print("It stays up until Ctrl-C. A later `make run` goes on from the same data.")
        await keep_up(stack, _say)
    return outcome


def _tell_parked(parked: Parked, data: Path) -> None:
    """Says what waits for a person, who can only look at it, and drop it, while the services are up."""
    console.print(Text(str(parked), style="bold red"), soft_wrap=True)
    console.print(
        "The scene is not played on while something waits for a person. Meanwhile:\n"
        f"    hubao parked list --data {data}\n"
        f"    hubao parked show -s SERVICE UPSTREAM POSITION --data {data}\n"
        f"    hubao parked replay -s SERVICE UPSTREAM SUBJECT --data {data}\n"
        f"    hubao parked drop -s SERVICE UPSTREAM POSITION --reason WHY --data {data}",
        highlight=False,
        soft_wrap=True,
        markup=False,
    )


def _incidents() -> Path:
    """The incidents that were asked for, or the real ones if they are on this machine, or our own few."""
    given = os.environ.get("INCIDENTS", "")
    if given:
        path = Path(given)
        if not path.is_file() or not os.access(path, os.R_OK):
            raise ServerError(f"the incidents file {path} can't be read")
        return path
    return SHARED_INCIDENTS if SHARED_INCIDENTS.is_file() else HAND_MADE


@contextmanager
def _plainly() -> Iterator[None]:
    """Ends with one clear line instead of a traceback, and on SIGTERM as on Ctrl-C."""

    def interrupt(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGINT, signal.default_int_handler)  # Also where a shell started us with it ignored.
    try:
        yield
    except CANNOT_GO_ON as error:
        print(f"hubao: {error}", file=sys.stderr)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        print("hubao: stopped", file=sys.stderr)
        raise typer.Exit(0) from None


if __name__ == "__main__":
    app(prog_name="python -m deploy.local")
