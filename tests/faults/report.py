"""The report of a run, for a person."""

from collections import Counter
from collections.abc import Iterable
from statistics import median

from rich.console import Console
from rich.table import Table

from tests.faults.rig import Rig


def print_report(console: Console, rig: Rig, drained: float) -> None:
    """Faults by kind with their recovery, what the clients did, and every violation with the seed."""
    table = Table("fault", "injected", "recovery, median s", "worst s", title=f"Faults, seed {rig.seed}")
    for kind in sorted({one.kind for one in rig.injected}):
        times = [one.recovered for one in rig.injected if one.kind == kind and one.recovered is not None]
        count = sum(one.kind == kind for one in rig.injected)
        table.add_row(kind, str(count), *((f"{median(times):.1f}", f"{max(times):.1f}") if times else ("-", "-")))
    times = [one.recovered for one in rig.injected if one.recovered is not None]
    if times:
        table.add_section()
        table.add_row("all", str(len(rig.injected)), f"{median(times):.1f}", f"{max(times):.1f}")
    console.print(table)
    done, refused = _sum(client.done for client in rig.clients), _sum(client.refused for client in rig.clients)
    journal = rig.journal
    work = Table("what", "how many", title="Work")
    work.add_row("changes asked for", str(len(journal.entries)))
    work.add_row("acknowledged", str(len(journal.acknowledged)))
    work.add_row("refused", str(sum(bool(entry.refused) for entry in journal.entries.values())))
    work.add_row("attempts, reads included", str(journal.attempts.total()))
    work.add_row("attempts that failed", ", ".join(f"{name} {count}" for name, count in journal.failures.most_common()))
    work.add_row("done", ", ".join(f"{name} {count}" for name, count in done.most_common()))
    work.add_row("refusals met", ", ".join(f"{name} {count}" for name, count in refused.most_common()))
    work.add_row("appends whose answer was lost", str(sum(proxy.lost for proxy in rig.cluster.proxies.values())))
    work.add_row("poisoned announcements parked", str(len(rig.poisoned)))
    work.add_row("drained after the last fault", f"{drained:.1f} s")
    work.add_row("largest process", f"{max(rig.memory.values(), default=0) // 1024} MiB")
    console.print(work)
    for violation in rig.violations:
        console.print(f"[red]violation[/], seed {rig.seed}: {violation}", highlight=False, markup=True)
    console.print(f"{len(rig.injected)} faults, {len(rig.violations)} violations")


def _sum(counters: Iterable[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for counter in counters:
        total += counter
    return total
