"""What a vendor may do, and on which terms: certificates, capabilities, capacity, dated prices, declared conflicts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from libs.common.checking import all_at_once, problems
from libs.common.codes.industry import is_division_or_section
from libs.common.codes.region import is_region
from libs.common.codes.uscc import problem_of
from libs.common.errors import Invalid, InvalidField
from libs.common.money import CNY, Money


@dataclass(frozen=True)
class Certificate:
    code: str
    number: str
    expires_on: date
    """The last day on which it is valid."""


@dataclass(frozen=True)
class Capability:
    """One kind of service. No industries means all of them, no regions the whole country."""

    service_type: str
    industries: tuple[str, ...]
    regions: tuple[str, ...]
    start_within_hours: int

    def industry_served(self, code: str) -> str | None:
        """The entry that serves the industry, the closest one: division, section, "" for all; None if none does."""
        if not self.industries:
            return ""
        return max((entry for entry in self.industries if code.startswith(entry)), key=len, default=None)

    def region_served(self, code: str) -> str | None:
        """The entry that serves the region, the closest one, "" for the whole country; None if none does."""
        if not self.regions:
            return ""
        serving = (entry for entry in self.regions if code.startswith(region_stem(entry)))
        return max(serving, key=lambda entry: len(region_stem(entry)), default=None)


@dataclass(frozen=True)
class Price:
    """What one order of a service costs from a day on; the latest one that has begun holds."""

    service_type: str
    price: Money
    valid_from: date


@dataclass(frozen=True)
class Accreditation:
    certificates: tuple[Certificate, ...]
    capabilities: tuple[Capability, ...]
    capacity: int
    prices: tuple[Price, ...]
    signing_key: bytes = b""
    conflicts: frozenset[str] = frozenset()

    def certified(self, on: date) -> bool:
        return any(on <= certificate.expires_on for certificate in self.certificates)

    def capability(self, service_type: str) -> Capability | None:
        return next((one for one in self.capabilities if one.service_type == service_type), None)

    def price(self, service_type: str, on: date) -> Money | None:
        begun = [one for one in self.prices if one.service_type == service_type and one.valid_from <= on]
        return max(begun, key=lambda one: one.valid_from).price if begun else None

    @property
    def service_types(self) -> tuple[str, ...]:
        return tuple(sorted({capability.service_type for capability in self.capabilities}))


def region_stem(code: str) -> str:
    """The digits of a GB/T 2260 code that say something: "31" of 310000, a province; "3101" of 310100, a city."""
    for stem in (code[:2], code[:4]):
        if code == stem.ljust(6, "0"):
            return stem
    return code


@all_at_once
def check_accreditation(accreditation: Accreditation) -> Iterator[Invalid]:
    """What a well formed request may still get wrong: a service twice, or one without a price."""
    types = [capability.service_type for capability in accreditation.capabilities]
    for place, service_type in enumerate(types):
        if service_type in types[:place]:
            yield InvalidField(
                field=f"accreditation.capabilities[{place}].service_type", problem=f"{service_type} is there twice"
            )
        if all(price.service_type != service_type for price in accreditation.prices):
            yield InvalidField(field="accreditation.prices", problem=f"{service_type} has no price")
        yield from problems(check_reach, f"accreditation.capabilities[{place}]", accreditation.capabilities[place])
    dated = [(price.service_type, price.valid_from) for price in accreditation.prices]
    for place, price in enumerate(accreditation.prices):
        if dated[place] in dated[:place]:
            yield InvalidField(
                field=f"accreditation.prices[{place}].valid_from",
                problem=f"{price.service_type} has two prices from {price.valid_from}",
            )
        if price.price.currency != CNY or price.price.minor_units < 0:
            yield InvalidField(field=f"accreditation.prices[{place}].price", problem="must be CNY, and not negative")
    for uscc in sorted(accreditation.conflicts):
        if problem := problem_of(uscc):
            yield InvalidField(field="accreditation.conflicts", problem=f"{uscc} {problem}")


@all_at_once
def check_reach(field: str, capability: Capability) -> Iterator[Invalid]:
    for place, code in enumerate(capability.industries):
        if not is_division_or_section(code):
            yield InvalidField(field=f"{field}.industries[{place}]", problem=f"GB/T 4754 knows no {code}")
    for place, code in enumerate(capability.regions):
        if not is_region(code):
            yield InvalidField(field=f"{field}.regions[{place}]", problem=f"GB/T 2260 knows no {code}")
