"""The authority of one person or role over time."""

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

from services.claims.domain.authority.events import AuthorityEvent, AuthorityGranted, AuthorityProposed
from services.claims.domain.authority.profile import Profile


@dataclass(frozen=True)
class Grant:
    """Holds from its first day until that of the next one."""

    number: int
    valid_from: date
    profile: Profile
    proposed_by: str
    granted_by: str


@dataclass(frozen=True)
class Authority:
    KIND: ClassVar[str] = "claims.Authority"

    holder: str
    pending: AuthorityProposed | None
    proposals: int = 1
    grants: tuple[Grant, ...] = ()

    def on(self, day: date) -> Profile | None:
        """What holds on a day; None before the first grant."""
        begun = [grant for grant in self.grants if grant.valid_from <= day]
        return begun[-1].profile if begun else None

    @classmethod
    def begin(cls, event: AuthorityProposed) -> "Authority":
        return cls(event.holder, event)

    def evolve(self, event: AuthorityEvent) -> "Authority":
        match event:
            case AuthorityProposed(number=number):
                return replace(self, pending=event, proposals=number)
            case AuthorityGranted(granted_by=granted_by):
                return self._granted(granted_by)

    def _granted(self, by: str) -> "Authority":
        if self.pending is None:
            return self
        held = self.pending
        grant = Grant(held.number, held.valid_from, held.profile, held.proposed_by, by)
        others = [each for each in self.grants if each.valid_from != grant.valid_from]
        grants = tuple(sorted([*others, grant], key=lambda each: each.valid_from))
        return replace(self, pending=None, grants=grants)
