"""The Python client of docs/integration.md works as it stands there, without our stubs; so do its ways to a token."""

import subprocess
import sys
from pathlib import Path

from deploy.local.players import Players
from deploy.local.stack import ROOT, Stack
from tests.clients.shown import agrees, arrange, program
from tests.system.scene import play

STRANGER = "import runpy, sys; runpy.run_path('client.py'); sys.exit(any(name == 'hubao' for name in sys.modules))"
"""Runs the client, and fails if that has loaded a stub of ours."""


async def test_the_python_client_of_the_page_works(fresh_stack: Stack, fresh_players: Players, tmp_path: Path) -> None:
    await play(fresh_players)
    arrange(tmp_path, fresh_stack)
    (tmp_path / "client.py").write_text(program("python"), "utf-8")

    done = subprocess.run(
        [sys.executable, "-c", STRANGER], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 0, done.stderr
    assert agrees(done.stdout.splitlines()), done.stdout


def test_the_commands_of_the_page_print_tokens(stack: Stack, tmp_path: Path) -> None:
    arrange(tmp_path, stack)
    commands = program("sh").replace("<vendor_id>", "some-vendor").strip().splitlines()

    for command in commands:
        shell = ["bash", "-c", command.replace(".venv/", f"{ROOT}/.venv/")]
        done = subprocess.run(shell, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)

        assert done.returncode == 0, done.stderr
        assert len(done.stdout.strip().split(".")) == 3
