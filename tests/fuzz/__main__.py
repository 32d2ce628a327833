"""`python -m tests.fuzz --seed 1 --minutes 10`: one long run; the status says whether all held."""

import asyncio
import tempfile
import time
from collections import Counter
from pathlib import Path
from shutil import rmtree
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from deploy.local.stack import Stack
from tests.fuzz.run import Fuzz, quantile

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    seed: Annotated[int, typer.Option(help="The same seed draws the same messages.")] = 1,
    minutes: Annotated[float, typer.Option(min=0.1, help="For how long messages are sent.")] = 10.0,
    messages: Annotated[int, typer.Option(min=1, help="How many at the most.")] = 10_000_000,
) -> None:
    """Starts a stack, plays a scene, sends hostile messages to every method, and checks everything."""
    directory = Path(tempfile.mkdtemp(prefix="hubao-fuzz-"))
    with Stack(directory / "data", {}, fsync=False) as stack:
        fuzz = Fuzz(seed, stack)
        asyncio.run(_run(fuzz, messages, minutes * 60))
    _report(Console(width=120), fuzz)
    if fuzz.violations:
        print(f"logs and data are kept in {directory}")
        raise typer.Exit(1)
    rmtree(directory, ignore_errors=True)


async def _run(fuzz: Fuzz, messages: int, seconds: float) -> None:
    begun = time.monotonic()
    await fuzz.prepare()
    print(f"the scene is played; {len(fuzz.corpus.requests)} kinds of requests are known", flush=True)
    await fuzz.rain(messages, seconds, lambda line: print(f"{time.monotonic() - begun:6.1f} s  {line}", flush=True))
    await fuzz.check()
    await fuzz.close()


def _report(console: Console, fuzz: Fuzz) -> None:
    table = Table("what", "how many", box=None, pad_edge=False, header_style="dim")
    table.add_row("messages", f"{fuzz.sent:,}")
    table.add_row("methods", str(len({name.split()[0] for name in fuzz.by_method})))
    table.add_row("answers", ", ".join(f"{code} {count:,}" for code, count in fuzz.statuses.most_common()))
    accepted = Counter({name: count for name, count in fuzz.by_method.items() if name.endswith(" OK")})
    table.add_row("methods that accepted some", str(len(accepted)))
    table.add_row("largest processes", ", ".join(f"{name} {size // 1024} MiB" for name, size in fuzz.memory.items()))
    for title, rows in (("before", fuzz.before), ("meanwhile", fuzz.bystander)):
        seconds = [taken for _, taken, _ in rows]
        if seconds:
            figures = [
                f"{one * 1000:.0f} ms" for one in (quantile(seconds, 0.5), quantile(seconds, 0.99), max(seconds))
            ]
            table.add_row(
                f"another insurer {title}: median, p99, worst", f"{', '.join(figures)} of {len(seconds):,} calls"
            )
    table.add_row("violations", str(len(fuzz.violations)))
    console.print(table)
    for violation in fuzz.violations:
        print(violation)


if __name__ == "__main__":
    app(prog_name="python -m tests.fuzz")
