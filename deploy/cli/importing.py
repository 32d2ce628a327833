"""`hubao import`: takes over an existing book of policies from a file, with progress and what became of each row."""

from collections.abc import Iterator
from contextlib import nullcontext
from hashlib import file_digest
from pathlib import Path
from typing import Annotated, Any, cast

import grpc
import typer
from hubao.policy.v1 import policy_import_pb2 as pb
from hubao.policy.v1 import policy_service_pb2_grpc as pb_grpc
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from deploy.cli.operator import Failed, Misused, Operator
from deploy.cli.options import operating
from deploy.cli.output import Output, plain, table

CHUNK = 256 * 1024
FORMATS = {".csv": pb.IMPORT_FORMAT_CSV, ".xlsx": pb.IMPORT_FORMAT_XLSX}
MOST_SHOWN = 50

File = Annotated[Path, typer.Argument(help="The file: .csv or .xlsx.")]
Key = Annotated[str, typer.Option("--name", help="The import's name: the same one goes on where an earlier run ended.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Says what would become of the rows; takes in none.")]
Source = Annotated[str, typer.Option(help="Where the policies come from, in words; it stands in each of them.")]


@operating
def import_policies(
    operator: Operator, output: Output, file: File, *, name: Key, source: Source, dry_run: DryRun = False
) -> None:
    """Takes over the policies of a file, with an underwriter's token; fails if a row is refused.

    May be run again with the same name and file: rows that are policies already stay as they are.
    """
    if "policy" not in operator.known:
        raise Misused("where policy listens is not known: --address policy=host:port")
    form = FORMATS.get(file.suffix.lower())
    if form is None:
        raise Misused(f"{file} must be a file of the kind {' or '.join(FORMATS)}")
    try:
        size = file.stat().st_size
        with file.open("rb") as opened:
            digest = file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise Misused(f"{file} can't be read: {error.strerror}") from None
    header = pb.ImportFileHeader(format=form, sha256=digest)
    getattr(header, "import").CopyFrom(pb.ImportHeader(import_key=name, source=source, dry_run=dry_run))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    # Standard output is for what the command says.
    progress = nullcontext() if output.as_json else Progress(*columns, console=Console(stderr=True), transient=True)
    with progress as shown:
        refused, summary = operator.stream("policy", lambda channel: _run(channel, operator, header, file, size, shown))
    rows = [shown for one in refused[:MOST_SHOWN] for shown in _shown(one)]
    accepted = "acceptable" if dry_run else "accepted"
    counted = (
        f"{summary.rows} rows: {summary.accepted} {accepted}, {summary.repeated} repeated, {summary.refused} refused"
    )
    texts: list[RenderableType] = (
        [table(("row", "key", "reason", "where", "why"), rows, right=("row",))] if rows else []
    )
    if len(refused) > MOST_SHOWN:
        texts.append(f"and {len(refused) - MOST_SHOWN} more: --json has them all")
    output.say({"summary": plain(summary), "refused": [plain(one) for one in refused]}, *texts, counted)
    if refused:
        raise Failed(_end(summary, dry_run))


def _shown(one: pb.ImportResult) -> list[tuple[Any, ...]]:
    """A refused row, with a line for each cell that is wrong."""
    first, *others = one.problems or [pb.ImportProblem(field=one.field, message=one.message)]
    return [
        (one.row, one.row_key, one.reason, first.field, first.message),
        *(("", "", "", other.field, other.message) for other in others),
    ]


def _end(summary: pb.ImportSummary, dry_run: bool) -> str:
    """How a run ends in which rows were refused."""
    taken = summary.accepted + summary.repeated
    if dry_run:
        return f"{summary.refused} rows would be refused; nothing was taken in"
    if not taken:
        return f"{summary.refused} rows were refused; none is a policy"
    return f"{summary.refused} rows were refused; the other {taken} are policies"


def _run(
    channel: grpc.Channel, operator: Operator, header: pb.ImportFileHeader, file: Path, size: int, shown: Any
) -> tuple[list[pb.ImportResult], pb.ImportSummary]:
    sending = shown.add_task("sent, bytes", total=size) if shown else None
    taking = shown.add_task("rows", total=None) if shown else None

    def requests() -> Iterator[pb.ImportPolicyFileRequest]:
        yield pb.ImportPolicyFileRequest(header=header)
        with file.open("rb") as opened:
            while chunk := opened.read(CHUNK):
                yield pb.ImportPolicyFileRequest(chunk=chunk)
                if shown:
                    shown.advance(sending, len(chunk))

    refused: list[pb.ImportResult] = []
    summary = None
    stub = cast(Any, pb_grpc.PolicyServiceStub)(channel)
    for answer in stub.ImportPolicyFile(requests(), metadata=(("authorization", f"Bearer {operator.token}"),)):
        refused += [one for one in answer.results.results if one.outcome == pb.IMPORT_OUTCOME_REFUSED]
        if shown:
            shown.advance(taking, len(answer.results.results))
        if answer.HasField("summary"):
            summary = answer.summary
    if summary is None:
        raise Failed("the stream ended without a summary; run it again to go on")
    return refused, summary
