"""A change that somebody drafts on a version of a policy, and that is committed, or not.

Several drafts may stand on one version. The first to be committed moves the policy; the others are then refused until
somebody has looked at what came between and taken them over to the new version.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, Self

from libs.common.events import event
from services.policy.domain.change_draft.conflict import Base, Between, came_between
from services.policy.domain.change_errors import DraftClosed, DraftConflict, DraftNotReferred, DraftReleasedByAuthor
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.proposal import Proposal
from services.policy.domain.referral import Referral, check_trusted
from services.policy.domain.submission.quoting import Held

NOTHING = "nothing that moves premium"


class DraftStatus(StrEnum):
    OPEN = "open"
    COMMITTED = "committed"
    DISCARDED = "discarded"


@event("policy.DraftCreated")
class DraftCreated:
    policy_id: str
    base: Base
    proposal: Proposal
    note: str
    author: str
    created_at: datetime


@event("policy.DraftUpdated")
class DraftUpdated:
    """The whole draft as it is from now on; `base` moves if it was taken over to a newer version."""

    base: Base
    proposal: Proposal
    note: str
    author: str
    updated_at: datetime


@event("policy.DraftReleased")
class DraftReleased:
    """Somebody else lets a referred change be made, up to this sum of limits and for these reasons."""

    released: Referral
    note: str
    author: str
    released_at: datetime


@event("policy.DraftCommitted")
class DraftCommitted:
    """The change was made; `version` is that of the policy after it."""

    version: int
    author: str
    committed_at: datetime


@event("policy.DraftDiscarded")
class DraftDiscarded:
    author: str
    discarded_at: datetime


DraftEvent = DraftCreated | DraftUpdated | DraftReleased | DraftCommitted | DraftDiscarded


@dataclass(frozen=True)
class ChangeDraft:
    """`author` made it; `last_author` touched it last, at `updated_at`. An update voids its release."""

    KIND: ClassVar[str] = "policy.ChangeDraft"

    policy_id: str
    base: Base
    proposal: Proposal
    note: str
    author: str
    created_at: datetime
    last_author: str
    updated_at: datetime
    status: DraftStatus = DraftStatus.OPEN
    committed_version: int = 0
    release: DraftReleased | None = None

    @staticmethod
    def create(
        policy_id: str, base: Base, proposal: Proposal, note: str, author: str, at: datetime
    ) -> list[DraftCreated]:
        return [
            DraftCreated(policy_id=policy_id, base=base, proposal=proposal, note=note, author=author, created_at=at)
        ]

    def update(self, base: Base, proposal: Proposal, note: str, author: str, at: datetime) -> list[DraftUpdated]:
        """Changes what is drafted, or takes it over to another version of the policy."""
        self._check_open()
        if (base, proposal, note) == (self.base, self.proposal, self.note):
            return []
        return [DraftUpdated(base=base, proposal=proposal, note=note, author=author, updated_at=at)]

    def between(self, policy: Policy, version: int) -> tuple[Between, ...]:
        """What was done to the policy since the version that this was drafted on; of no matter once it is closed."""
        if self.status is not DraftStatus.OPEN or version == self.base.version:
            return ()
        return came_between(self.base, policy, self.proposal)

    def commit(self, policy: Policy, version: int, author: str, at: datetime) -> list[DraftCommitted]:
        """Lets the change be made on the policy; refused if it has moved since, with what came between."""
        self._check_open()
        if version != self.base.version:
            raise self._conflict(self.between(policy, version), version)
        return [DraftCommitted(version=version + 1, author=author, committed_at=at)]

    def released(
        self, referral: Referral | None, held: Held, principal: str, note: str, at: datetime
    ) -> list[DraftReleased]:
        """Four eyes: neither who drafted the change nor who touched it last, nor who is not trusted so far."""
        self._check_open()
        if referral is None:
            raise DraftNotReferred
        if self.release is not None and referral.is_within(self.release.released):
            return []
        if principal in (self.author, self.last_author):
            raise DraftReleasedByAuthor(principal=principal)
        check_trusted(held, referral, principal)
        return [DraftReleased(released=referral, note=note, author=principal, released_at=at)]

    def discard(self, author: str, at: datetime) -> list[DraftDiscarded]:
        if self.status is DraftStatus.DISCARDED:
            return []
        self._check_open()
        return [DraftDiscarded(author=author, discarded_at=at)]

    def _check_open(self) -> None:
        if self.status is not DraftStatus.OPEN:
            raise DraftClosed(status=self.status)

    def _conflict(self, between: Sequence[Between], version: int) -> DraftConflict:
        overlapping = [each for each in between if each.overlap]
        return DraftConflict(
            drafted_on=self.base.version,
            version=version,
            came_between="; ".join(map(str, between)) or NOTHING,
            overlap=_named(overlapping) if overlapping else "no part in common",
        )

    @classmethod
    def begin(cls, event: DraftCreated) -> Self:
        return cls(
            policy_id=event.policy_id,
            base=event.base,
            proposal=event.proposal,
            note=event.note,
            author=event.author,
            created_at=event.created_at,
            last_author=event.author,
            updated_at=event.created_at,
        )

    def evolve(self, event: DraftEvent) -> "ChangeDraft":
        match event:
            case DraftCreated():
                return ChangeDraft.begin(event)
            case DraftUpdated():
                touched = self._touched(event.author, event.updated_at)
                return replace(touched, base=event.base, proposal=event.proposal, note=event.note, release=None)
            case DraftReleased():
                return replace(self, release=event)
            case DraftCommitted():
                touched = self._touched(event.author, event.committed_at)
                return replace(touched, status=DraftStatus.COMMITTED, committed_version=event.version)
            case DraftDiscarded():
                return replace(self._touched(event.author, event.discarded_at), status=DraftStatus.DISCARDED)

    def _touched(self, author: str, at: datetime) -> "ChangeDraft":
        return replace(self, last_author=author, updated_at=at)


def _named(overlapping: Sequence[Between]) -> str:
    """The parts that both touch, from which day on, "DATA, EXTORTION from 2026-07-01"."""
    by_day: dict[date, dict[str, None]] = {}
    for each in overlapping:
        by_day.setdefault(each.overlap_from, {}).update(dict.fromkeys(each.overlap))
    return "; ".join(f"{', '.join(parts)} from {day}" for day, parts in by_day.items())
