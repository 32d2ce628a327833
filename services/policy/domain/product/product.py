"""A product: drafted, published in versions that never change, retired."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Self

from libs.common.errors import InvalidField
from libs.common.events import event
from services.policy.domain.errors import ProductNotPublished, ProductRetired, ProductVersionNotFound
from services.policy.domain.product.checks import check_terms
from services.policy.domain.product.rating_checks import check_options
from services.policy.domain.product.terms import DatedRate, ProductLine, ProductTerms
from services.policy.domain.underwriting_errors import ProductVersionRetired


class ProductStatus(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


@event("policy.ProductDrafted")
class ProductDrafted:
    product_key: str
    name: str
    terms: ProductTerms


@event("policy.ProductRevised")
class ProductRevised:
    terms: ProductTerms


@event("policy.ProductPublished")
class ProductPublished:
    version: int
    line: ProductLine
    published_at: datetime


@event("policy.ProductWithdrawn")
class ProductWithdrawn:
    """Taken off sale. Policies that were sold on it stay."""


@event("policy.ProductVersionWithdrawn")
class ProductVersionWithdrawn:
    """One version is off sale; the others stay."""

    version: int


ProductEvent = ProductDrafted | ProductRevised | ProductPublished | ProductWithdrawn | ProductVersionWithdrawn


@dataclass(frozen=True)
class ProductVersion:
    number: int
    terms: ProductTerms
    published_at: datetime


@dataclass(frozen=True)
class Product:
    """What an insurer sells."""

    KIND: ClassVar[str] = "policy.Product"

    product_key: str
    name: str
    draft: ProductTerms | None
    versions: tuple[ProductVersion, ...] = ()
    retired: bool = False
    versions_retired: tuple[int, ...] = ()

    @property
    def status(self) -> ProductStatus:
        if self.retired:
            return ProductStatus.RETIRED
        return ProductStatus.PUBLISHED if self.versions else ProductStatus.DRAFT

    def on_sale(self, number: int = 0) -> ProductVersion:
        """The version to quote on: the newest that is not retired, or the one asked for."""
        if self.retired:
            raise ProductRetired(product_key=self.product_key)
        if not self.versions:
            raise ProductNotPublished(product_key=self.product_key)
        on_sale = [version for version in self.versions if version.number not in self.versions_retired]
        wanted = self.version(number) if number else on_sale[-1] if on_sale else self.versions[-1]
        if wanted not in on_sale:
            raise ProductVersionRetired(version=wanted.number, product_key=self.product_key)
        return wanted

    def version(self, number: int) -> ProductVersion:
        """A published version, on sale or not: policies need it for their whole life."""
        if not 1 <= number <= len(self.versions):
            raise ProductVersionNotFound(product_id=self.product_key, version=number)
        return self.versions[number - 1]

    @staticmethod
    def create(product_key: str, name: str, terms: ProductTerms) -> list[ProductDrafted]:
        if not name.strip():
            raise InvalidField(field="name", problem="is blank")
        check_terms(terms)
        return [ProductDrafted(product_key=product_key, name=name, terms=terms)]

    def revise(self, terms: ProductTerms) -> list[ProductRevised]:
        if self.retired:
            raise ProductRetired(product_key=self.product_key)
        if terms == self.draft:
            return []
        check_terms(terms)
        return [ProductRevised(terms=terms)]

    def publish(self, at: datetime) -> list[ProductPublished]:
        if self.retired:
            raise ProductRetired(product_key=self.product_key)
        if self.draft is None:
            return []  # A retry: the draft is the newest version already.
        check_options(self.draft, "draft")
        return [ProductPublished(version=len(self.versions) + 1, line=self.draft.line, published_at=at)]

    def retire(self, number: int = 0) -> list[ProductWithdrawn | ProductVersionWithdrawn]:
        """Takes the product off sale, or one version of it."""
        if number:
            self.version(number)
            gone = self.retired or number in self.versions_retired
            return [] if gone else [ProductVersionWithdrawn(version=number)]
        return [] if self.retired else [ProductWithdrawn()]

    @property
    def _vat_rates(self) -> tuple[DatedRate, ...]:
        """All dated rates of VAT of all versions; of two for one day the newer version's."""
        dated = {rate.valid_from: rate for version in self.versions for rate in version.terms.vat_rates}
        return tuple(dated[day] for day in sorted(dated))

    def taxed_today(self, number: int) -> ProductTerms:
        """The terms of a version, with the dated rates of VAT of all versions."""
        return replace(self.version(number).terms, vat_rates=self._vat_rates)

    @classmethod
    def begin(cls, event: ProductDrafted) -> Self:
        return cls(product_key=event.product_key, name=event.name, draft=event.terms)

    def evolve(self, event: ProductEvent) -> "Product":
        match event:
            case ProductDrafted():
                return Product.begin(event)
            case ProductRevised():
                return replace(self, draft=event.terms)
            case ProductPublished():
                assert self.draft is not None  # Only a draft is published.
                version = ProductVersion(event.version, self.draft, event.published_at)
                return replace(self, draft=None, versions=(*self.versions, version))
            case ProductWithdrawn():
                return replace(self, retired=True)
            case ProductVersionWithdrawn():
                return replace(self, versions_retired=(*self.versions_retired, event.version))
