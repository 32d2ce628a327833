"""An extract of the loss database, as a request carries it: a version, cells of losses, and what answers do to them.

Services share nothing but the public contract, so whoever asks brings the extract along, and the answer names its
version. Every cell says how many insureds stand behind it; a cell with fewer than the database releases is refused.
What is missing is refused by its field: nothing is filled in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from libs.common.codes import industry
from libs.common.errors import InvalidField
from libs.common.money import Money
from services.policy.domain.enterprise import EnterpriseSize

ALL = ""
"""A cell for every industry, or every size."""


@dataclass(frozen=True)
class Observed:
    """Insured-years that were watched together, usually a calendar year of a cell, and the claims in them."""

    insured_years: Decimal
    claims: int


@dataclass(frozen=True)
class LogMoments:
    """Count, mean and variance (divided by the count) of natural logarithms: all that a lognormal needs."""

    count: int
    mean: Decimal
    variance: Decimal


@dataclass(frozen=True)
class LossCell:
    """One part in one industry (division, section or all) and one size (or all)."""

    part_code: str
    industry: str
    size: EnterpriseSize | None
    insureds: int
    observed: tuple[Observed, ...]
    losses: tuple[Money, ...] = ()
    """Ground-up losses, one for each claim whose amount is known."""
    loss_moments: LogMoments | None = None
    """Of the losses in yuan, where the losses themselves are not given out."""
    largest_possible: Money | None = None
    """No loss can be larger. Without it a bounded Pareto is no candidate."""
    outage_hours: tuple[Decimal, ...] = ()
    outage_moments: LogMoments | None = None

    @property
    def name(self) -> str:
        return f"{self.part_code} / {self.industry or 'all industries'} / {self.size or 'all sizes'}"


@dataclass(frozen=True)
class Effect:
    """What an answer changes: factors on how often and how large; no part codes mean all parts."""

    question: str
    answer: str
    part_codes: tuple[str, ...]
    frequency_factor: Decimal
    severity_factor: Decimal


@dataclass(frozen=True)
class LossExtract:
    """A pinned version of the loss database, or the part of it that a simulation needs."""

    version: str
    released_on: date
    least_insureds: int
    cells: tuple[LossCell, ...]
    effects: tuple[Effect, ...] = ()

    def check(self, field: str) -> None:
        """Refuses an extract that contradicts itself, or whose cells are too small to be released."""
        seen: set[tuple[str, str, EnterpriseSize | None]] = set()
        for index, cell in enumerate(self.cells):
            here = f"{field}.cells[{index}]"
            key = (cell.part_code, cell.industry, cell.size)
            if key in seen:
                raise InvalidField(field=here, problem=f"{cell.name} comes twice")
            seen.add(key)
            _check_cell(here, cell, self.least_insureds)
        answers: set[tuple[str, str, tuple[str, ...]]] = set()
        for index, effect in enumerate(self.effects):
            here = f"{field}.effects[{index}]"
            if (effect.question, effect.answer, effect.part_codes) in answers:
                raise InvalidField(field=here, problem=f"{effect.question} = {effect.answer} comes twice")
            answers.add((effect.question, effect.answer, effect.part_codes))
            for name, factor in (("frequency", effect.frequency_factor), ("severity", effect.severity_factor)):
                if factor <= 0:
                    raise InvalidField(field=f"{here}.{name}_factor", problem="must be above 0")

    def cell_for(self, part_code: str, industry_code: str, size: EnterpriseSize) -> tuple[int, LossCell] | None:
        """The cell that fits best: of the division before its section before all, of the size before all sizes."""
        found = {
            (cell.industry, cell.size): (n, cell) for n, cell in enumerate(self.cells) if cell.part_code == part_code
        }
        wanted = [(code, each) for code in (industry_code, industry_code[:1], ALL) for each in (size, None)]
        return next((found[key] for key in wanted if key in found), None)


def _check_cell(field: str, cell: LossCell, least: int) -> None:
    if cell.industry and not industry.is_division_or_section(cell.industry):
        raise InvalidField(field=f"{field}.industry", problem="is no section or division of GB/T 4754-2017")
    if cell.insureds < least:
        raise InvalidField(field=f"{field}.insureds", problem=f"must be at least {least}, or the cell is not released")
    for number, observed in enumerate(cell.observed):
        if observed.insured_years <= 0:
            raise InvalidField(field=f"{field}.observed[{number}].insured_years", problem="must be above 0")
    _check_sizes(f"{field}.losses", [Decimal(loss.minor_units) for loss in cell.losses])
    if len({loss.currency for loss in cell.losses}) > 1:
        raise InvalidField(field=f"{field}.losses", problem="must be in one currency")
    _check_sizes(f"{field}.outage_hours", cell.outage_hours)
    if cell.losses and cell.loss_moments:
        raise InvalidField(field=f"{field}.loss_moments", problem="stands beside losses; give one of them")
    if cell.outage_hours and cell.outage_moments:
        raise InvalidField(field=f"{field}.outage_moments", problem="stands beside outage_hours; give one of them")
    for name, moments in (("loss_moments", cell.loss_moments), ("outage_moments", cell.outage_moments)):
        if moments is not None and moments.variance <= 0:
            raise InvalidField(field=f"{field}.{name}.variance", problem="must be above 0")
    if cell.largest_possible is not None and any(loss > cell.largest_possible for loss in cell.losses):
        raise InvalidField(field=f"{field}.largest_possible", problem="is below one of the losses")


def _check_sizes(field: str, sizes: Sequence[Decimal]) -> None:
    for index, size in enumerate(sizes):
        if size <= 0:
            raise InvalidField(field=f"{field}[{index}]", problem="must be above 0")
