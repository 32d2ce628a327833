"""The report of a run, for a person at a terminal and for the documentation."""

import os
import subprocess
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from tests.faults.history import fullest
from tests.faults.rig import Rig

HEADING = "## The last long run\n"
FAULTS = ("fault", "injected", "recovery, median s", "worst s")
WORK = ("what", "how many")
Row = tuple[str, ...]


def fault_rows(rig: Rig) -> list[Row]:
    """For each kind how often it was injected, and its recovery; the sum of all is the last row."""
    rows = [_row(kind, [one.recovered for one in rig.injected if one.kind == kind]) for kind in _kinds(rig)]
    return [*rows, _row("all", [one.recovered for one in rig.injected])]


def work_rows(rig: Rig, drained: float) -> list[Row]:
    """What the clients did, and what came of it."""
    done, refused = _sum(client.done for client in rig.clients), _sum(client.refused for client in rig.clients)
    journal = rig.journal
    return [
        ("minutes under fire", f"{rig.fired_for / 60:.1f}"),
        ("changes asked for", str(len(journal.entries))),
        ("acknowledged", str(len(journal.acknowledged))),
        ("refused", str(sum(bool(entry.refused) for entry in journal.entries.values()))),
        ("attempts, reads included", str(journal.attempts.total())),
        ("of them retries", str(journal.retries)),
        ("attempts that failed", _listed(journal.failures)),
        ("done", _listed(done)),
        ("refusals met", _listed(refused)),
        ("guards used up to nine tenths", _used_up(rig)),
        ("events", str(sum(one.position for one in rig.histories))),
        ("leases seen to move to another replica", str(rig.moved)),
        ("furthest behind of a slow consumer", f"{rig.behind} announcements"),
        ("appends whose answer was lost", str(sum(proxy.lost for proxy in rig.cluster.proxies.values()))),
        ("poisoned announcements parked", str(len(rig.poisoned))),
        ("drained after the last fault", f"{drained:.1f} s"),
        ("largest process", _largest(rig)),
        ("violations", str(len(rig.violations))),
    ]


def _used_up(rig: Rig) -> str:
    """What the load came near to: of each kind of limit, how many were nearly used up."""
    return ", ".join(f"{kind} {full} of {count}" for kind, (full, count) in sorted(fullest(rig.histories).items()))


def _largest(rig: Rig) -> str:
    size, process = max(((size, process) for process, size in rig.memory.items()), default=(0, "none"))
    return f"{size // 1024} MiB, {process}"


def print_report(console: Console, rig: Rig, drained: float) -> None:
    """Faults by kind with their recovery, what the clients did, and every violation with the seed."""
    for title, columns, rows in _tables(rig, drained):
        table = Table(*columns, title=title)
        for row in rows:
            table.add_row(*row, end_section=row is rows[-2])
        console.print(table)
    for violation in rig.violations:
        console.print(f"violation, seed {rig.seed}: {violation}", style="red", highlight=False, markup=False)
    console.print(f"{len(rig.injected)} faults, {len(rig.violations)} violations")


def write_report(path: Path, rig: Rig, drained: float) -> None:
    """Puts the run in the place of the last one that a document tells of."""
    text = path.read_text() if path.exists() else ""
    before = text[: text.index(HEADING)] if HEADING in text else text and f"{text}\n"
    path.write_text(f"{before}{HEADING}\n{_markdown(rig, drained)}")


def _markdown(rig: Rig, drained: float) -> str:
    day, where = datetime.now(UTC).date().isoformat(), f"{os.cpu_count()} cores"
    lines = [
        f"{day}, commit {_commit()}, {where}, seed {rig.seed}. To repeat it, and to write this section anew:",
        "",
        f"    make faults SEED={rig.seed} MINUTES={round(rig.fired_for / 60, 1):g} REPORT=docs/faults.md",
    ]
    for _, columns, rows in _tables(rig, drained):
        lines += ["", _line(columns), _line("---" for _ in columns), *map(_line, rows)]
    if rig.violations:
        lines += ["", *(f"- violation: {one}" for one in rig.violations)]
    return "\n".join(lines) + "\n"


def _tables(rig: Rig, drained: float) -> list[tuple[str, Row, list[Row]]]:
    return [(f"Faults, seed {rig.seed}", FAULTS, fault_rows(rig)), ("Work", WORK, work_rows(rig, drained))]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _kinds(rig: Rig) -> list[str]:
    return sorted({one.kind for one in rig.injected})


def _row(name: str, recovered: list[float | None]) -> Row:
    times = [seconds for seconds in recovered if seconds is not None]
    measured = (f"{median(times):.1f}", f"{max(times):.1f}") if times else ("-", "-")
    return (name, str(len(recovered)), *measured)


def _listed(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counter.most_common()) or "none"


def _sum(counters: Iterable[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for counter in counters:
        total += counter
    return total


def _commit() -> str:
    """The commit that was tested, and whether anything had been changed since."""

    def git(*words: str) -> str:
        asked = subprocess.run(["git", *words], capture_output=True, text=True, check=False)
        return asked.stdout.strip() if asked.returncode == 0 else ""

    return (git("rev-parse", "--short", "HEAD") or "unknown") + (
        " with changes" if git("status", "--porcelain") else ""
    )
