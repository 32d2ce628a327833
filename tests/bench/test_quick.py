"""Each benchmark works: a small round gives a ratio, and its own checks of the answers pass."""

import json
import subprocess
import sys
from pathlib import Path

from tests.bench.figures import Figure, Goal
from tests.bench.keys import BENCHMARKS


def test_every_key_gives_both_sides_and_their_ratio(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    command = [sys.executable, "-m", "tests.bench", "--quick", "--out", str(out)]
    subprocess.run(command, check=True, timeout=900)
    results = json.loads(out.read_text())
    assert set(results) == set(BENCHMARKS)
    for one in results.values():
        assert len(one["ours"]) == len(one["reference"]) == one["rounds"] == 1
        assert one["ratio"] == one["ours"][0] / one["reference"][0] > 0


def test_a_ratio_is_the_median_of_the_rounds() -> None:
    assert Figure("x", ours=[1.0, 9.0, 4.0], reference=[2.0, 1.0, 2.0]).ratio == 2.0


def test_a_goal_is_a_bound_from_above_or_below() -> None:
    assert Goal(0.5, at_least=True).met(0.5) and not Goal(0.5, at_least=True).met(0.49)
    assert Goal(4, at_least=False).met(4.0) and not Goal(4, at_least=False).met(4.1)
