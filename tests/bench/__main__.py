"""`make bench`: every figure is a ratio, measured in one run against a reference that runs beside it."""

import asyncio
import json
import os
import platform
import shutil
import subprocess
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from deploy.local.servers import Postgres
from tests.bench.figures import FULL, QUICK, Figure, Goal, Size
from tests.bench.keys import BENCHMARKS
from tests.bench.place import Place

LONGEST = 600
"""Seconds after which a benchmark has failed."""


def machine() -> dict[str, Any]:
    """What the figures were measured on, and how busy it was before."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {
        "processor": model or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0],
    }


def commit() -> str:
    """The commit that is checked out, with a plus if there are changes on top; empty outside of a repository."""
    asked = ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def described(figure: Figure, goal: Goal) -> dict[str, Any]:
    return {
        "ratio": figure.ratio,
        "goal": str(goal),
        "met": goal.met(figure.ratio),
        "rounds": len(figure.ours),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "commit": commit(),
        **asdict(figure),
    }


async def measured(keys: list[str], size: Size) -> dict[str, Any]:
    """The figures of these keys, on a server of their own."""
    directory = Path(tempfile.mkdtemp(prefix="hubao-bench-"))
    results: dict[str, Any] = {}
    try:
        with Postgres(directory / "postgres", fsync=True) as server:
            for key in keys:
                print(f"{key} …", flush=True)
                async with asyncio.timeout(LONGEST):
                    figure = await BENCHMARKS[key].measure(Place(directory, server.url, server.child.pid), size)
                results[key] = described(figure, BENCHMARKS[key].goal)
                print(f"{key}: {figure.ratio:.3g} (to reach: {BENCHMARKS[key].goal})", flush=True)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return results


def table(results: dict[str, Any]) -> Table:
    shown = Table("key", "ratio", "to reach", "", "ours", "reference", "unit", "rounds")
    for key, one in results.items():
        middle = [f"{sorted(one[side])[len(one[side]) // 2]:.4g}" for side in ("ours", "reference")]
        word = "met" if one["met"] else "missed"
        shown.add_row(key, f"{one['ratio']:.3g}", one["goal"], word, *middle, one["unit"], str(one["rounds"]))
    return shown


def main(
    only: Annotated[str, typer.Option(help="Keys with commas between them; all if empty.")] = "",
    quick: Annotated[
        bool, typer.Option(help="One small round of each: shows that they work, measures nothing.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Where the figures go; those of other keys stay there.")] = Path(
        "build/bench.json"
    ),
) -> None:
    keys = [key.strip() for key in only.split(",") if key.strip()] or list(BENCHMARKS)
    if unknown := sorted(set(keys) - set(BENCHMARKS)):
        raise typer.BadParameter(f"there is no {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    results = asyncio.run(measured(keys, QUICK if quick else FULL))
    kept = json.loads(out.read_text()) if out.exists() else {}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(kept | results, indent=1, ensure_ascii=False) + "\n")
    Console(width=120).print(table(results))


if __name__ == "__main__":
    typer.run(main)
