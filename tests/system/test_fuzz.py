"""Hostile messages to every method, as many as the suite has time for; `make fuzz` sends more."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from shutil import rmtree

from deploy.local.stack import Stack
from tests.contracts.protos import rpcs
from tests.fuzz.run import SELDOM, Fuzz

SEED = 20_261_201
MESSAGES = 20_000


async def test_no_message_of_20_000_meets_a_bug_stops_a_projector_or_takes_anothers_place() -> None:
    with ExitStack() as cleanup:
        directory = Path(tempfile.mkdtemp(prefix="hubao-fuzz-"))
        cleanup.callback(rmtree, directory, ignore_errors=True)
        fuzz = Fuzz(SEED, cleanup.enter_context(Stack(directory / "data", {}, fsync=False)))

        await fuzz.prepare()
        await fuzz.rain(MESSAGES)
        await fuzz.check()
        await fuzz.close()

    assert fuzz.violations == []
    assert {name.split()[0] for name in fuzz.by_method} >= {
        rpc.name for rpc in rpcs() if rpc.descriptor.name not in SELDOM
    }
    assert fuzz.statuses["OK"] > MESSAGES / 20
