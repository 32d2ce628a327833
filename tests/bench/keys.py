"""All benchmarks. A new one is one line here: its key, the module with the function of that name, and what to reach."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib import import_module

from tests.bench.figures import Figure, Goal, Size
from tests.bench.place import Place

Measure = Callable[[Place, Size], Awaitable[Figure]]


@dataclass(frozen=True)
class Benchmark:
    """`module` is below `tests.bench`, and is imported only when the benchmark runs."""

    key: str
    module: str
    goal: Goal

    @property
    def measure(self) -> Measure:
        function: Measure = getattr(import_module(f"tests.bench.{self.module}"), self.key)
        return function


def at_least(ratio: float) -> Goal:
    return Goal(ratio, at_least=True)


def at_most(ratio: float) -> Goal:
    return Goal(ratio, at_least=False)


_ALL = (
    Benchmark("command_vs_echo", "commands", at_least(0.5)),
    Benchmark("command_latency_vs_echo", "commands", at_most(4)),
    Benchmark("command_vs_library", "commands", at_least(5)),
    Benchmark("stream_length_flat", "streams", at_most(1.3)),
    Benchmark("rebuild_vs_copy", "rebuilding", at_least(0.25)),
    Benchmark("verify_vs_sha256", "verifying", at_least(0.25)),
    Benchmark("contended_guard", "guards", at_least(0.5)),
    Benchmark("simulate_vs_numpy", "simulating", at_least(0.5)),
    Benchmark("idle_cpu", "idling", at_most(0.05)),
    Benchmark("store_size_flat", "sizes", at_most(1.2)),
    Benchmark("fanout_vs_raw", "fanning", at_most(3)),
    Benchmark("import_vs_library", "importing", at_least(0.8)),
    Benchmark("timeline_cost", "timelines", at_most(1.5)),
    Benchmark("portfolio_list", "listing", at_most(3)),
)

BENCHMARKS = {one.key: one for one in _ALL}
