"""The rig finds what it is there to find: each planted bug, by the check that is meant for it."""

import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import rmtree

import pytest

from deploy.local.cluster import NotDrained
from tests.faults.checks import check
from tests.faults.firing import Injected
from tests.faults.kinds import KINDS, PROCESSES
from tests.faults.plan import planned
from tests.faults.rig import Rig

SEED = 7
LOAD_SECONDS = 12
DRAIN_WITHIN = 30


@contextmanager
def running(planted: str, opens_within: float = 60) -> Iterator[Rig]:
    with ExitStack() as cleanup:
        directory = Path(tempfile.mkdtemp(prefix="hubao-faults-"))
        cleanup.callback(rmtree, directory, ignore_errors=True)
        yield cleanup.enter_context(Rig.at(directory, SEED, planted, opens_within))


def found(planted: str) -> list[str]:
    """The violations after some seconds of load and a crash of all services at once."""
    with running(planted) as rig:
        rig.start_clients()
        time.sleep(LOAD_SECONDS)
        begun = time.monotonic()
        for child in rig.cluster.services.values():
            child.kill()
        for process in PROCESSES:
            rig.cluster.start_service(process)
        rig.healed(Injected("a crash", "all services", begun, set(PROCESSES)))
        rig.await_recoveries()
        rig.finish_clients()
        check(rig, drain_within=DRAIN_WITHIN)
        return rig.violations


def test_a_sound_engine_passes_what_the_planted_bugs_are_put_through() -> None:
    assert found("") == []


def test_a_reaction_that_is_stored_without_its_position_is_found_before_any_fault_for_nothing_counts_as_heard() -> None:
    with pytest.raises(NotDrained, match="claims heard 0 of"), running("skip-tracking", 20):
        pass


def test_an_answer_before_the_commit_is_found_as_a_lost_write() -> None:
    violations = found("acknowledge-early")

    assert [one for one in violations if "was acknowledged, and its request is not there" in one], violations


def test_a_guard_that_is_not_checked_is_found_by_the_position_that_passes_the_limit() -> None:
    violations = found("drop-guard-check")

    assert [one for one in violations if "over its limit" in one], violations


def test_the_same_seed_gives_the_same_plan_and_another_seed_another_one() -> None:
    assert planned(1, 600) == planned(1, 600)
    assert planned(1, 600) != planned(2, 600)


@pytest.mark.parametrize("seed", range(5))
def test_ten_minutes_are_planned_with_more_than_a_hundred_faults_of_all_kinds_in_fair_proportion(seed: int) -> None:
    counts = Counter(one.kind for one in planned(seed, 600))

    assert counts.total() > 140
    assert counts.keys() == KINDS.keys()
    assert max(counts.values()) - min(counts.values()) <= 1
