"""Golden files: what is pinned, and how a wanted change is taken over."""

import os
from collections.abc import Iterable
from difflib import unified_diff
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def assert_pinned(name: str, lines: Iterable[str]) -> None:
    """Compares with the golden file; with UPDATE_GOLDEN=1, writes it instead."""
    path = HERE / name
    now = list(lines)
    if os.environ.get("UPDATE_GOLDEN") == "1":
        path.write_text("\n".join(now) + "\n")
        return
    if not path.exists():
        pytest.fail(f"{path.relative_to(HERE.parents[1])} is missing: make it with UPDATE_GOLDEN=1")
    pinned = path.read_text().splitlines()
    if now != pinned:
        changes = "\n".join(unified_diff(pinned, now, "pinned", "now", lineterm="", n=1))
        pytest.fail(
            f"{name} has changed. What others rely on breaks; if it is meant, run with UPDATE_GOLDEN=1.\n{changes}"
        )
