"""A policy as another system has it, and what is kept of where it came from."""

from dataclasses import dataclass
from datetime import date

from libs.common.money import Money
from services.policy.domain.cover import WantedPart
from services.policy.domain.enterprise import Enterprise
from services.policy.domain.policy.values import Share
from services.policy.domain.product.terms import ProductLine
from services.policy.domain.submission.values import DeclaredDependency


@dataclass(frozen=True)
class Imported:
    """Where a policy comes from that another system had bound: which row of which import, and who brought it in."""

    import_key: str
    row_key: str
    source: str
    author: str
    dependencies: tuple[DeclaredDependency, ...]


@dataclass(frozen=True)
class ImportedPart:
    """A part as the other system covers it, and what it charges for a whole year of it, net of VAT."""

    wanted: WantedPart
    annual_premium: Money


@dataclass(frozen=True)
class ImportedAnswer:
    """An answer as text; the kind of its question says how it is read."""

    question: str
    text: str


@dataclass(frozen=True)
class ImportedPolicy:
    """One row of an import. None is what the other system does not tell; then the product version says it."""

    row_key: str
    policy_number: str
    insured: Enterprise
    line: ProductLine
    product_key: str
    product_version: int
    inception: date
    expiry: date
    parts: tuple[ImportedPart, ...]
    aggregate_limit: Money | None
    shares: tuple[Share, ...]
    vat: Money | None
    stamp_duty: Money | None
    annual_revenue: Money | None
    answers: tuple[ImportedAnswer, ...]
    bundled_services: bool
    dependencies: tuple[DeclaredDependency, ...]
