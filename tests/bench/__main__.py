"""`make bench`: every figure is a ratio, measured in one run against a reference that runs beside it."""

import asyncio
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import traceback
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
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


def described(figure: Figure, goal: Goal, on: dict[str, Any], took: float) -> dict[str, Any]:
    return {
        "ratio": figure.ratio,
        "goal": str(goal),
        "met": goal.met(figure.ratio),
        "rounds": len(figure.ours),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "took_seconds": round(took, 1),
        "machine": on,
        "commit": commit(),
        **asdict(figure),
    }


async def measured(keys: list[str], size: Size, out: Path) -> tuple[dict[str, Any], list[str]]:
    """The figures of these keys, on a server of their own, and the keys that failed."""
    directory = Path(tempfile.mkdtemp(prefix="hubao-bench-"))
    results: dict[str, Any] = {}
    failed: list[str] = []
    try:
        with Postgres(directory / "postgres", fsync=True) as server:
            for key in keys:
                print(f"{key} …", flush=True)
                place, goal = Place(directory, server.url, server.child.pid), BENCHMARKS[key].goal
                on, started = machine(), monotonic()
                try:
                    async with asyncio.timeout(LONGEST):
                        figure = await BENCHMARKS[key].measure(place, size)
                except Exception:
                    traceback.print_exc()
                    failed.append(key)
                    continue
                finally:
                    place.clear()
                results[key] = described(figure, goal, on, monotonic() - started)
                keep(results, out)
                print(f"{key}: {figure.ratio:.3g} (to reach: {goal})", flush=True)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return results, failed


def keep(results: dict[str, Any], out: Path) -> None:
    """Writes figures beside those of other keys that are there."""
    kept = json.loads(out.read_text()) if out.exists() else {}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(kept | results, indent=1, ensure_ascii=False) + "\n")


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
    results, failed = asyncio.run(measured(keys, QUICK if quick else FULL, out))
    Console(width=120).print(table(results))
    if failed:
        print(f"not measured: {', '.join(failed)}", file=sys.stderr)
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
