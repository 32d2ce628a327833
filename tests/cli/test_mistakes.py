"""A command line that is wrong is told in one line, with status 2 and where to read on."""

import pytest
from typer.testing import CliRunner

from deploy.cli.__main__ import app


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["frobnicate"], "No such command 'frobnicate'; see hubao --help"),
        (["parked", "frobnicate"], "No such command 'frobnicate'; see hubao parked --help"),
        (["events", "--frob"], "No such option: --frob"),
        (["events", "--from", "0"], "Invalid value for '--from'"),
        (["parked", "show", "policy"], "Missing argument 'position'; see hubao parked show --help"),
        (["parked", "drop", "policy", "3"], "Missing option '--reason'; see hubao parked drop --help"),
        (
            ["token", "issue", "duty", "--role", "vendor", "--tenant", "westlake"],
            "A token of the role vendor names no tenant; this one names westlake.",
        ),
        (["token", "issue", "x", "--role", "vendor", "--role", "auditor"], "The roles auditor, vendor belong to"),
        (
            ["token", "issue", "he", "--role", "auditor"],
            "The roles auditor are an insurer's; the token names no tenant.",
        ),
        (["token", "issue", "\u200b", "--role", "operator"], "a subject of signs that can't be seen is nobody"),
        (["token", "issue"], "Missing argument 'subject'; see hubao token issue --help"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_a_mistake_is_one_line_and_status_2(words: list[str], says: str) -> None:
    result = CliRunner().invoke(app, words, prog_name="hubao")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"hubao: {says}")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("words", [[], ["parked"], ["token"]], ids=" ".join)
def test_a_group_without_a_command_shows_what_there_is(words: list[str]) -> None:
    result = CliRunner().invoke(app, words, prog_name="hubao")

    assert result.exit_code == 2
    assert "Commands" in result.stdout
    assert result.stderr == ""
