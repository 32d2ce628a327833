"""The fault rig for about a minute: `make faults` runs it for as long as one likes."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from shutil import rmtree

from tests.faults.checks import check
from tests.faults.rig import Rig

SEED = 20_261_122
UNDER_FIRE_SECONDS = 30
KINDS = [
    "kill -9 a lease holder",
    "cut between COMMIT and its answer",
    "kill -9 PostgreSQL",
    "delete JetStream's directory",
    "stop and continue a lease holder",
    "a consumer is slow",
    "NATS connections half open",
    "a clock jumps back",
    "a poisoned announcement",
]


def test_under_fire_nothing_is_lost_nothing_happens_twice_and_all_sums_hold() -> None:
    with ExitStack() as cleanup:
        directory = Path(tempfile.mkdtemp(prefix="hubao-faults-"))
        cleanup.callback(rmtree, directory, ignore_errors=True)
        rig = cleanup.enter_context(Rig.at(directory, SEED))

        rig.under_fire(UNDER_FIRE_SECONDS, KINDS)
        check(rig)

        assert rig.violations == []
        assert len(rig.journal.acknowledged) > 50
        assert {one.kind for one in rig.injected} == set(KINDS)
        assert rig.behind > 0
