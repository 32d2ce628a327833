"""What a person who typed `make run` relies on: nothing dies unseen, and a second run goes on from the first.

While the scene is played, and in the demo, a death ends the work. After that the service is started again, and said.
"""

import asyncio
import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg
import pytest

from deploy.local.incidents import HAND_MADE
from deploy.local.keeping import Restarts, keep_up
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


async def test_a_service_that_dies_later_is_started_again_and_said(stack: Stack) -> None:
    said: list[str] = []
    keeping = asyncio.create_task(keep_up(stack, said.append))
    stack.services["claims"].kill()

    async with asyncio.timeout(30):
        while not said or stack.dead():
            await asyncio.sleep(0.1)
    await asyncio.to_thread(stack.await_health, "claims")
    keeping.cancel()

    assert said == ["claims ended with status -9; it is started again in 0.5 s"]


async def test_a_service_that_dies_too_often_ends_it_with_the_end_of_its_log(stack: Stack) -> None:
    stack.services["claims"].kill()

    with pytest.raises(ServerError) as end:
        await keep_up(stack, print, Restarts(most=0))

    assert str(end.value).startswith("claims ended with status -9, for the 1th time in a minute; its log ends:\n")
    stack.start_service("claims")
    stack.await_health("claims")


def test_each_restart_waits_longer_until_there_are_too_many_in_a_minute() -> None:
    restarts = Restarts()

    assert [restarts.allow("claims", float(now)) for now in range(6)] == [0.5, 1, 2, 4, 8, None]
    assert restarts.allow("policy", 5.0) == 0.5
    assert restarts.allow("claims", 60.0) == 8


def test_up_starts_everything_and_plays_nothing() -> None:
    with tempfile.TemporaryDirectory(prefix="hubao-up-") as name:
        data = Path(name) / "data"
        words = [sys.executable, "-m", "deploy.local", "up", "--data", str(data)]
        running = subprocess.Popen(words, cwd=ROOT, env={"PATH": "/usr/bin:/bin"}, stdout=subprocess.PIPE, text=True)
        try:
            assert running.stdout is not None
            shown = ""
            while "stays up" not in shown:
                line = running.stdout.readline()
                assert line, shown
                shown += line
            asked = [sys.executable, "-m", "deploy.cli", "status", "--json", "--data", str(data)]
            status = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        finally:
            running.send_signal(signal.SIGINT)
            assert running.wait(60) == 0
        assert [one["position"] for one in json.loads(status.stdout)] == [0, 0, 0, 0]
        assert (data / "tokens" / "vendor").is_file() and (data / "tokens" / "insured").is_file()


async def test_work_that_fails_while_all_live_fails_with_its_own_error(stack: Stack) -> None:
    async def fail() -> None:
        raise LookupError("of its own")

    with pytest.raises(LookupError, match="of its own"):
        await while_alive(stack, fail())


def test_a_second_run_on_a_data_directory_in_use_is_refused(stack: Stack) -> None:
    mode = stack.data.stat().st_mode
    with pytest.raises(ServerError, match="in use by another run"):
        Stack(stack.data, {}, fsync=False).start()

    stack.check()
    assert stack.data.stat().st_mode == mode
    with psycopg.connect(stack.database_url, autocommit=True) as admin:
        admin.execute("CHECKPOINT")  # PostgreSQL still finds its files.


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
