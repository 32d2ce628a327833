"""Which programmes are published: from here, what may apply to a policy can be derived without a read table."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar
from uuid import UUID

from libs.common.dates import Period
from libs.common.events import event
from services.billing_subsidy.domain.errors import ProgrammeCodeTaken
from services.billing_subsidy.domain.programme.rules import ProgrammeRules, WindowBasis


@dataclass(frozen=True, slots=True)
class Listing:
    """What of a programme's newest version tells whom it addresses."""

    programme_id: UUID
    code: str
    version: int
    regions: tuple[str, ...]
    window: Period
    window_basis: WindowBasis

    def addresses(self, region: str, inception: date, paid_on: Iterable[date], today: date) -> bool:
        """Whether a policy is within its reach, so that a case is worth opening; the rules themselves decide later.

        A programme for another region, or one whose window is over and saw no payment, would only make a refusal for
        every policy.
        """
        if self.regions and not any(region.startswith(prefix) for prefix in self.regions):
            return False
        if self.window_basis is WindowBasis.INCEPTION:
            return inception in self.window
        return today < self.window.expiry or any(day in self.window for day in paid_on)


@event("billing_subsidy.ProgrammeListed")
class ProgrammeListed:
    listing: Listing


@dataclass(frozen=True)
class ProgrammeDirectory:
    """All published programmes, in the order of their first publication."""

    KIND: ClassVar[str] = "billing_subsidy.ProgrammeDirectory"

    listings: tuple[Listing, ...] = ()

    def enter(self, programme_id: UUID, number: int, rules: ProgrammeRules) -> list[ProgrammeListed]:
        """Enters a published version; a code belongs to one programme only."""
        for listing in self.listings:
            if listing.code == rules.code and listing.programme_id != programme_id:
                raise ProgrammeCodeTaken(code=rules.code)
        listing = Listing(programme_id, rules.code, number, rules.regions, rules.window, rules.window_basis)
        return [] if listing in self.listings else [ProgrammeListed(listing=listing)]

    @classmethod
    def begin(cls, event: ProgrammeListed) -> "ProgrammeDirectory":
        return cls((event.listing,))

    def evolve(self, event: ProgrammeListed) -> "ProgrammeDirectory":
        programme_id = event.listing.programme_id
        if any(listing.programme_id == programme_id for listing in self.listings):
            updated = (event.listing if old.programme_id == programme_id else old for old in self.listings)
            return replace(self, listings=tuple(updated))
        return replace(self, listings=(*self.listings, event.listing))
