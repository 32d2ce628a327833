"""`python -m tests.faults --seed 1 --minutes 10`: one run of the fault rig; the status says whether all checks held."""

import tempfile
import time
from pathlib import Path
from shutil import rmtree
from typing import Annotated

import typer
from rich.console import Console

from tests.faults.checks import check
from tests.faults.report import print_report, write_report
from tests.faults.rig import Rig

LONG, MANY = 10, 10
"""A run of ten minutes or more counts only with ten faults a minute."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    seed: Annotated[int, typer.Option(help="The same seed gives the same load and the same schedule.")] = 1,
    minutes: Annotated[float, typer.Option(min=0.1, help="How long faults are injected.")] = 10.0,
    report: Annotated[str, typer.Option(help="The document in which this run takes the place of the last one.")] = "",
) -> None:
    """Runs the stack under load, injects faults, waits for rest, and checks everything."""
    directory = Path(tempfile.mkdtemp(prefix="hubao-faults-"))
    begun = time.monotonic()
    with Rig.at(directory, seed) as rig:
        rig.tell = lambda line: print(f"{time.monotonic() - begun:6.1f} s  {line}", flush=True)
        rig.under_fire(minutes * 60)
        rig.tell("all faults are over; checking")
        drained = check(rig)
        if minutes >= LONG and len(rig.injected) < MANY * minutes:
            rig.violated(
                f"only {len(rig.injected)} faults in {minutes:g} minutes: the machine was too slow to show much"
            )
        print_report(Console(width=120), rig, drained)
        if report:
            write_report(Path(report), rig, drained)
    if rig.violations:
        print(f"logs, journal and data are kept in {directory}")
        raise typer.Exit(1)
    rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    app(prog_name="python -m tests.faults")
