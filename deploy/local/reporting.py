"""Reports the incidents of a file as first notices under the policies of the portfolio; none of them is lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hubao.claims.v1 import claim_service_pb2 as pb

from deploy.local.checks import Invariant
from deploy.local.flow import Watcher
from deploy.local.incidents import Tally, notify_all, read_incidents
from deploy.local.incidents.assigning import Insured
from deploy.local.players import Players


@dataclass(frozen=True)
class Reported:
    """What became of the records of one file."""

    path: Path
    lines: int
    """Lines with something on them."""
    tally: Tally
    opened: int
    """Claims that the claims service has now and did not have before."""

    def outcomes(self) -> list[tuple[str, int]]:
        """Each outcome with its number of records; they sum up to all of them."""
        accepted = [(f"accepted, {answer}", count) for answer, count in self.tally.accepted.most_common()]
        refused = [(f"refused: {reason}", count) for reason, count in self.tally.refused.most_common()]
        others = [("taken before: changes nothing", self.tally.repeated), ("damaged line", len(self.tally.damaged))]
        return [*accepted, *refused, *((name, count) for name, count in others if count)]

    def checks(self) -> list[Invariant]:
        """Every record ended somewhere, and every accepted one is a claim."""
        return [
            Invariant(
                "Every incident is a notice or a typed refusal",
                (("lines of the file", f"{self.lines:,}"), ("outcomes together", f"{self.tally.total:,}")),
            ),
            Invariant(
                "Every accepted notice is one claim",
                (("accepted", f"{self.tally.accepted.total():,}"), ("claims opened", f"{self.opened:,}")),
            ),
        ]


async def report_incidents(players: Players, path: Path, policies: Sequence[Insured], watcher: Watcher) -> Reported:
    """Sends every record of the file; OSError if it can't be read."""
    with path.open("rb") as file:
        lines = sum(1 for line in file if line.strip())
    before = await _claims(players)
    advance = watcher.stage("real incidents: first notices", lines)
    tally = await notify_all(players.cast.handler, read_incidents(path), policies, advance)
    return Reported(path, lines, tally, await _claims(players) - before)


async def _claims(players: Players) -> int:
    await players.cluster.drain()
    claims: int = (await players.cast.auditor(pb.GetClaimTotalsRequest())).totals.claims
    return claims
