"""The directory of vendors: who offers which kind of service. Placement finds its candidates here.

There is one, for all insurers. It holds ids only, so it changes when an accreditation does, and never when an order
does; all else about a candidate is in its own aggregate.
"""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from libs.common.events import event


@event("vendor_gateway.VendorListed")
class Listed:
    vendor_id: UUID
    service_types: tuple[str, ...]


@event("vendor_gateway.VendorDelisted")
class Delisted:
    vendor_id: UUID


DirectoryEvent = Listed | Delisted


@dataclass(frozen=True)
class Entry:
    """One vendor that is open to orders, and the kinds of service that it offers."""

    vendor_id: UUID
    service_types: tuple[str, ...]


@dataclass(frozen=True)
class Directory:
    """Which vendors are open to orders, in an order that every replay repeats."""

    KIND: ClassVar[str] = "vendor_gateway.Directory"

    entries: tuple[Entry, ...] = ()

    def list_vendor(self, vendor_id: UUID, service_types: tuple[str, ...]) -> list[Listed]:
        if Entry(vendor_id, service_types) in self.entries:
            return []
        return [Listed(vendor_id=vendor_id, service_types=service_types)]

    def delist_vendor(self, vendor_id: UUID) -> list[Delisted]:
        if all(entry.vendor_id != vendor_id for entry in self.entries):
            return []
        return [Delisted(vendor_id=vendor_id)]

    def offering(self, service_type: str) -> list[UUID]:
        """Who offers it."""
        return [entry.vendor_id for entry in self.entries if service_type in entry.service_types]

    @classmethod
    def begin(cls, event: DirectoryEvent) -> "Directory":
        return cls().evolve(event)

    def evolve(self, event: DirectoryEvent) -> "Directory":
        others = tuple(entry for entry in self.entries if entry.vendor_id != event.vendor_id)
        match event:
            case Listed():
                return Directory((*others, Entry(event.vendor_id, event.service_types)))
            case Delisted():
                return Directory(others)
