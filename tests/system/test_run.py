"""What a person who typed `make run` relies on: nothing dies unseen, and a second run goes on from the first."""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from deploy.local.incidents import HAND_MADE
from deploy.local.scene import while_alive
from deploy.local.servers import ServerError
from deploy.local.stack import ROOT, Stack


async def test_a_service_that_dies_ends_the_work_with_its_name_and_the_end_of_its_log(stack: Stack) -> None:
    stack.services["claims"].kill()

    with pytest.raises(ServerError) as death:
        await while_alive(stack, asyncio.sleep(30))

    assert str(death.value).startswith("claims ended with status -9; its log ends:\n")
    stack.start_service("claims")
    stack.await_health("claims")


async def test_work_that_fails_while_all_live_fails_with_its_own_error(stack: Stack) -> None:
    async def fail() -> None:
        raise LookupError("of its own")

    with pytest.raises(LookupError, match="of its own"):
        await while_alive(stack, fail())


def test_a_second_run_on_a_data_directory_in_use_is_refused(stack: Stack) -> None:
    with pytest.raises(ServerError, match="in use by another run"):
        Stack(stack.data, {}, fsync=False).start()

    stack.check()


def test_the_demo_passes_twice_on_one_data_directory() -> None:
    with tempfile.TemporaryDirectory(prefix="hubao-demo-") as name:
        data = Path(name) / "data"
        outputs = [demo(data) for _ in range(2)]

    last = [output.splitlines()[-1] for output in outputs]
    assert last == ["demo: 42 passed, 0 failed"] * 2
    books = [output.partition("The books")[2].partition("Real incidents")[0] for output in outputs]
    assert books[0] == books[1]


def demo(data: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.local", "demo", "--data", str(data), "--enterprises", "12"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "INCIDENTS": str(HAND_MADE)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
