"""The Node.js client of docs/integration.md works as it stands there. `make clients` has installed its packages."""

import subprocess
from pathlib import Path

from deploy.local.players import Players
from deploy.local.stack import ROOT, Stack
from tests.clients.shown import agrees, arrange, program
from tests.system.scene import play

PACKAGES = ROOT / "build" / "clients" / "node_modules"


async def test_the_node_client_of_the_page_works(fresh_stack: Stack, fresh_players: Players, tmp_path: Path) -> None:
    await play(fresh_players)
    arrange(tmp_path, fresh_stack)
    (tmp_path / "node_modules").symlink_to(PACKAGES)
    (tmp_path / "client.mjs").write_text(program("js"), "utf-8")

    done = subprocess.run(["node", "client.mjs"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 0, done.stderr
    assert agrees(done.stdout.splitlines()), done.stdout
