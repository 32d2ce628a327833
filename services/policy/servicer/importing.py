"""The streams of an import: rows in, results out in the same order, many rows on their way at once.

A task reads on while results are sent, so the committer always has rows to take into one batch. How many are on their
way is bounded, and so is what is remembered of them: a client that does not read its results is not read from either.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from time import monotonic

from hubao.policy.v1 import policy_import_pb2 as pb

from libs.common.errors import DomainError, Invalid, problem_of
from libs.common.grpc.convert import enum_text, money_message
from libs.common.money import CNY, Money
from libs.common.texts import shown
from libs.common.waking import cancelled
from services.policy.application.importing import Import, Taken
from services.policy.servicer.import_values import policy_value, row_key_of

IN_FLIGHT = 512
"""Rows of one stream between reading and result: two full batches of the committer."""
MOST_GROUPS = 64
"""Messages of rows whose results wait to be sent."""
TURN = 0.008
"""Seconds of the event loop that rows may take before others get their turn."""
MOST_AT_ONCE = 64

Group = list[tuple["Row", "asyncio.Task[Taken | DomainError]"]]


@dataclass(frozen=True)
class Row:
    """A row as it was read, or with what kept it from being read; `places` are the fields as its source names them.

    `problems` are all that is wrong with its cells, the first among them.
    """

    policy: pb.ImportedPolicy
    problem: DomainError | None = None
    places: dict[str, str] = field(default_factory=dict)
    problems: tuple[Invalid, ...] = ()


@dataclass
class Tally:
    """How an import goes."""

    rows: int = 0
    accepted: int = 0
    repeated: int = 0
    refused: int = 0
    premium: Money = field(default_factory=lambda: Money(CNY, 0))
    dry_run: bool = False

    def message(self) -> pb.ImportSummary:
        return pb.ImportSummary(
            rows=self.rows,
            accepted=self.accepted,
            repeated=self.repeated,
            refused=self.refused,
            premium=money_message(self.premium),
            dry_run=self.dry_run,
        )

    def note(self, row: Row, outcome: Taken | DomainError) -> pb.ImportResult:
        """The result of the next row."""
        self.rows += 1
        result = pb.ImportResult(row=self.rows, row_key=shown(row_key_of(row.policy), 200))
        match outcome:
            case Taken(repeated=True):
                self.repeated += 1
                _accept(result, outcome, "repeated")
            case Taken():
                self.accepted += 1
                self.premium += outcome.premium
                _accept(result, outcome, "acceptable" if self.dry_run else "accepted")
            case _:
                self.refused += 1
                _refuse(result, row, outcome)
        return result


async def answers(
    importing: Import, groups: AsyncIterable[Sequence[Row]]
) -> AsyncIterator[pb.ImportResults | pb.ImportSummary]:
    """What becomes of the rows, group by group, then the summary."""
    tally = Tally(dry_run=importing.dry_run)
    waiting: asyncio.Queue[Group | Exception | None] = asyncio.Queue(MOST_GROUPS)
    running: set[asyncio.Task[Taken | DomainError]] = set()
    feeding = asyncio.create_task(_feed(importing, groups, waiting, running), name="import")
    try:
        while isinstance(group := await waiting.get(), list):
            yield pb.ImportResults(results=[tally.note(row, await taking) for row, taking in group])
        if group is not None:
            raise group
        yield tally.message()
    finally:
        # What has been submitted is stored as a whole or not at all; nobody is left to hear of it.
        await cancelled([feeding, *running])  # type: ignore[list-item]


async def _feed(
    importing: Import,
    groups: AsyncIterable[Sequence[Row]],
    waiting: "asyncio.Queue[Group | Exception | None]",
    running: set[asyncio.Task[Taken | DomainError]],
) -> None:
    """Begins rows as they come. What ends the reading is told behind the rows before it."""
    free, pace = asyncio.Semaphore(IN_FLIGHT), Pace()

    def ended(task: asyncio.Task[Taken | DomainError]) -> None:
        running.discard(task)
        free.release()

    end: Exception | None = None
    try:
        async for rows in groups:
            group: Group = []
            for row in rows:
                await free.acquire()
                task = asyncio.create_task(_take(importing, row))
                running.add(task)
                task.add_done_callback(ended)
                group.append((row, task))
                await pace.begun()
            await waiting.put(group)
    except Exception as error:
        end = error
    await waiting.put(end)


class Pace:
    """How many rows begin, and so are read, in one turn of the event loop: as many as fill `TURN` if they take as long
    as the last ones. Many make large commits; but a row may take milliseconds, and others get their turn in between.
    """

    def __init__(self) -> None:
        self.rows = 1
        self._begun = 0

    async def begun(self) -> None:
        """Another row has begun."""
        self._begun += 1
        if self._begun < self.rows:
            return
        started = monotonic()
        await asyncio.sleep(0)
        took = monotonic() - started
        self.rows = max(1, min(int(self._begun * TURN / took), 2 * self.rows, MOST_AT_ONCE))
        self._begun = 0


async def _take(importing: Import, row: Row) -> Taken | DomainError:
    """A policy, or the refusal of this row. An outage ends the stream."""
    if row.problem is not None:
        return row.problem
    try:
        fingerprint = sha256(row.policy.SerializeToString(deterministic=True)).digest()
        return await importing.take(policy_value(row.policy), fingerprint)
    except DomainError as refusal:
        return refusal


def _accept(result: pb.ImportResult, taken: Taken, outcome: str) -> None:
    result.outcome = enum_text(pb.ImportOutcome, outcome)  # type: ignore[assignment]
    result.policy_id = "" if outcome == "acceptable" else str(taken.policy_id)


def _refuse(result: pb.ImportResult, row: Row, refusal: DomainError) -> None:
    result.outcome = pb.IMPORT_OUTCOME_REFUSED
    result.reason = refusal.reason
    result.message = str(refusal)
    each = row.problems or (refusal.each if isinstance(refusal, Invalid) else ())
    result.field = _place(row, each[0].field if each else "")
    for one in each:
        result.problems.add(field=_place(row, one.field), message=problem_of(one))


def _place(row: Row, field: str) -> str:
    """The field as the row's source names it, whose sheet and headings are texts of strangers."""
    place = row.places.get(field, f"{row.places['']} ({field})" if field and row.places else field)
    return shown(place, 300)
