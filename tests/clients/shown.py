"""The programs in docs/integration.md, and a place where they find what they expect."""

import re
from pathlib import Path

from deploy.local.stack import ROOT, Stack

PAGE = ROOT / "docs" / "integration.md"


def program(language: str) -> str:
    """The one program that the page shows in a language."""
    (shown,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return str(shown)


def printed() -> list[list[str]]:
    """The words of each line that both programs print, as the page says; `…` for any."""
    _, _, rest = PAGE.read_text("utf-8").partition("\nBoth print\n")
    return [line.split(" ") for line in rest.split("```")[1].strip().splitlines()]


def arrange(directory: Path, stack: Stack) -> None:
    """Makes a directory look like this repository while `make run` is up."""
    stack.write_addresses()
    stack.write_tokens()
    (directory / "data").symlink_to(stack.data)
    (directory / "build").mkdir()
    (directory / "build" / "bundle").symlink_to(ROOT / "build" / "bundle")


def agrees(lines: list[str]) -> bool:
    """Whether a program has printed what the page says; of several policies the first line is shown there."""
    policies, (claim, refusal) = lines[:-2], lines[-2:]
    shown = printed()
    return (
        len(policies) >= 1
        and all(line.split(" ")[0] and "POLICY_STATUS_" in line.split(" ")[-1] for line in policies)
        and claim.split(" ")[1:] == shown[1][1:]
        and refusal.split(" ") == shown[2]
    )
