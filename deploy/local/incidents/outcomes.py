"""What came of the incidents: every one ends as an accepted notice, a repeated one, or a refusal with its reason."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from hubao.claims.v1 import claim_pb2
from hubao.claims.v1.claim_service_pb2 import NotifyClaimRequest, NotifyClaimResponse

from deploy.local.clients import Refusal
from deploy.local.incidents.assigning import P, assign
from deploy.local.incidents.notice import notice_of
from deploy.local.incidents.reading import Damaged, Incident

Notify = Callable[[NotifyClaimRequest], Awaitable[NotifyClaimResponse]]
"""Sends a notice; raises a `Refusal` with its reason."""

LANES = 32

COVERED, NOT_COVERED, WITH_QUESTIONS = "covered", "not covered", "with questions"
_BY_ANSWER = {
    claim_pb2.COVERAGE_ANSWER_COVERED: COVERED,
    claim_pb2.COVERAGE_ANSWER_NOT_COVERED: NOT_COVERED,
    claim_pb2.COVERAGE_ANSWER_QUESTION: WITH_QUESTIONS,
}


@dataclass
class Tally:
    """Counts by outcome. A notice that had been taken before counts as repeated, whatever came of it then."""

    accepted: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    damaged: list[Damaged] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All lines that were read, each counted once."""
        return self.accepted.total() + self.repeated + self.refused.total() + len(self.damaged)

    def count(self, response: NotifyClaimResponse) -> None:
        """Counts a notice that was taken."""
        if response.repeated:
            self.repeated += 1
        else:
            self.accepted[_BY_ANSWER[response.claim.coverage.answer]] += 1


async def notify_all(
    notify: Notify,
    records: Iterable[Incident | Damaged],
    policies: Sequence[P],
    advance: Callable[[], None] = lambda: None,
) -> Tally:
    """Sends every incident, many at a time, and counts what came of it.

    Records of one reference go one after the other, as they stand in the file: the first of them makes the claim.
    """
    tally = Tally()
    lanes: list[list[Incident]] = [[] for _ in range(LANES)]
    for record in records:
        if isinstance(record, Damaged):
            tally.damaged.append(record)
            advance()
        else:
            lanes[_lane(record.reference)].append(record)

    async def walk(lane: list[Incident]) -> None:
        for incident in lane:
            request = notice_of(incident, assign(incident, policies).policy_id)
            try:
                tally.count(await notify(request))
            except Refusal as refusal:
                tally.refused[refusal.reason] += 1
            advance()

    async with asyncio.TaskGroup() as group:
        for lane in lanes:
            group.create_task(walk(lane))
    return tally


def _lane(reference: str) -> int:
    return sum(reference.encode()) % LANES
