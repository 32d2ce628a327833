"""`hubao import` on the real service: the way of a file from a terminal into the log."""

import asyncio
import json
from pathlib import Path

from click.testing import Result
from typer.testing import CliRunner

from deploy.cli.__main__ import app
from tests.policy import desk as a
from tests.policy import examples as an
from tests.policy.desk import Desk
from tests.policy.test_import_files import csv_file, line, xlsx_file


async def run(desk: Desk, file: Path, *more: str, role: str = "underwriter") -> Result:
    token = file.with_name("token")
    token.write_text(desk.issuer.token("wang", an.TENANT, an.TENANT, (role,)))
    words = ["import", str(file), "--name", "BOOK", "--source", "the old system", "-a", f"policy=127.0.0.1:{desk.port}"]
    return await asyncio.to_thread(CliRunner().invoke, app, [*words, "--token", str(token), *more])


async def test_a_file_is_imported_and_imported_again(desk: Desk, tmp_path: Path) -> None:
    await a.product(desk)
    file = tmp_path / "book.csv"
    file.write_bytes(csv_file(line(1), line(2)))

    first, second = await run(desk, file), await run(desk, file)

    assert (first.exit_code, second.exit_code) == (0, 0), first.output
    assert first.stdout == "2 rows: 2 accepted, 0 repeated, 0 refused\n"
    assert second.stdout == "2 rows: 0 accepted, 2 repeated, 0 refused\n"


async def test_refused_rows_are_shown_and_fail_the_command(desk: Desk, tmp_path: Path) -> None:
    await a.product(desk)
    file = tmp_path / "book.xlsx"
    xlsx_file(file, line(1, uscc="91310115000000018K"), line(2))

    text, document = await run(desk, file), await run(desk, file, "--json")

    assert (text.exit_code, document.exit_code) == (1, 1)
    assert "OLD-000001" in text.stdout and "policies!B2 (uscc)" in text.stdout
    assert text.stdout.endswith("2 rows: 1 accepted, 0 repeated, 1 refused\n")
    assert text.stderr.strip().endswith("hubao: 1 rows were refused; the other 1 are policies")
    told = json.loads(document.stdout)
    assert (told["summary"]["repeated"], told["refused"][0]["reason"]) == (1, "INVALID_FIELD")


async def test_what_keeps_a_file_out_is_one_line(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "book.csv"
    file.write_bytes(b"a,b\r\n")

    unreadable, unfit = await run(desk, file), await run(desk, file, role="auditor")

    assert (unreadable.exit_code, unfit.exit_code) == (1, 1)
    assert "FILE_UNREADABLE" in unreadable.stderr and "csv!A1" in unreadable.stderr
    assert "ROLE_MISSING" in unfit.stderr


async def test_a_dry_run_takes_in_nothing_and_what_was_not_taken_in_is_not_called_a_policy(
    desk: Desk, tmp_path: Path
) -> None:
    await a.product(desk)
    file = tmp_path / "book.csv"
    file.write_bytes(csv_file(line(1), line(2, size="huge", line="none")))

    tried = await run(desk, file, "--dry-run")
    file.write_bytes(csv_file(line(2, size="huge", line="none")))
    none = await run(desk, file)

    assert tried.stdout.endswith("2 rows: 1 acceptable, 0 repeated, 1 refused\n")
    assert "csv!F3 (size)" in tried.stdout and "csv!G3 (line)" in tried.stdout
    assert tried.stderr.strip().endswith("hubao: 1 rows would be refused; nothing was taken in")
    assert none.stderr.strip().endswith("hubao: 1 rows were refused; none is a policy")
