"""A subsidy programme: drafted by an authority, published in versions that never change."""

from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar

from libs.common.events import event
from libs.common.money import CNY, Money
from services.billing_subsidy.domain.programme.rules import Level, ProgrammeRules


@event("billing_subsidy.ProgrammeCreated")
class ProgrammeCreated:
    authority_id: str
    rules: ProgrammeRules


@event("billing_subsidy.ProgrammeRevised")
class ProgrammeRevised:
    rules: ProgrammeRules


@event("billing_subsidy.ProgrammePublished")
class ProgrammePublished:
    """A version came into force; `closed` are levels of earlier versions that it no longer has."""

    number: int
    rules: ProgrammeRules
    published_on: date
    closed: tuple[Level, ...]


ProgrammeEvent = ProgrammeCreated | ProgrammeRevised | ProgrammePublished


@dataclass(frozen=True, slots=True)
class Version:
    """A published version of the rules."""

    number: int
    rules: ProgrammeRules
    published_on: date


@dataclass(frozen=True)
class Programme:
    """A government's premium-subsidy scheme."""

    KIND: ClassVar[str] = "billing_subsidy.Programme"

    authority_id: str
    draft: ProgrammeRules | None = None
    versions: tuple[Version, ...] = ()

    @property
    def current(self) -> Version | None:
        """The newest published version."""
        return self.versions[-1] if self.versions else None

    def rules(self, number: int) -> ProgrammeRules:
        """The rules of a published version."""
        return self.versions[number - 1].rules

    def budgets(self) -> dict[Level, Money]:
        """The budget of every level that ever had one; zero for those that the newest version closed."""
        known = {rule.level: Money(CNY, 0) for version in self.versions for rule in version.rules.levels}
        return known | {rule.level: rule.budget for version in self.versions[-1:] for rule in version.rules.levels}

    @staticmethod
    def create(authority_id: str, rules: ProgrammeRules) -> list[ProgrammeCreated]:
        rules.check()
        return [ProgrammeCreated(authority_id=authority_id, rules=rules)]

    def revise(self, rules: ProgrammeRules) -> list[ProgrammeRevised]:
        """Replaces the draft; what is published stays."""
        rules.check()
        if rules == self.draft or (self.draft is None and self.current and rules == self.current.rules):
            return []
        return [ProgrammeRevised(rules=rules)]

    def publish(self, today: date) -> list[ProgrammePublished]:
        """Puts the draft in force; without one there is nothing to do."""
        if self.draft is None:
            return []
        kept = {rule.level for rule in self.draft.levels}
        closed = tuple(level for level in self.budgets() if level not in kept)
        number = len(self.versions) + 1
        return [ProgrammePublished(number=number, rules=self.draft, published_on=today, closed=closed)]

    @classmethod
    def begin(cls, event: ProgrammeCreated) -> "Programme":
        return cls(event.authority_id, draft=event.rules)

    def evolve(self, event: ProgrammeEvent) -> "Programme":
        match event:
            case ProgrammeRevised():
                return replace(self, draft=event.rules)
            case ProgrammePublished():
                version = Version(event.number, event.rules, event.published_on)
                return replace(self, draft=None, versions=(*self.versions, version))
            case ProgrammeCreated():
                return self
