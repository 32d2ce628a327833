"""What the parts of a policy cost after an endorsement.

A policy that was quoted here is rated by the product version that it was sold on. One that was imported keeps what the
other system charged for a part as long as nothing that the tariff looks at has changed; then it costs so much more or
less as the tariff says of the change, `imported × tariff(now) ÷ tariff(as imported)`, rounded half up once. So nobody
gets premium back for a limit that rises, and the level of what was agreed stays. The tariff's minimum premium is none
of an imported policy. Where the tariff has no price for the cover as it was imported (an answer that nobody knows, an
industry without a line), a part that changes costs what the tariff says, and the others what they did.

A price depends on nothing but contract and cover, so the order in which endorsements become known does not matter.
"""

from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

from libs.common.money import Money
from services.policy.domain.cover import Cover, PartChoice, PartTerms, check_cover, terms_of
from services.policy.domain.errors import AnswerMissing, FactorMissing, RateMissing
from services.policy.domain.policy.events import Bound
from services.policy.domain.product.terms import ProductTerms
from services.policy.domain.rating import Rated, priced_parts, rate


@dataclass(frozen=True)
class Prices:
    """The prices of one policy's covers. An endorsement leaves most parts as they are: those are rated once."""

    terms: ProductTerms
    bound: Bound
    _rated: Rated = field(default_factory=dict)

    def of(self, cover: Cover, on: date) -> tuple[PartTerms, ...]:
        """The terms of a cover with the annual premium of each part; refuses what the product does not offer."""
        if self.bound.imported is None:
            return priced_parts(self.terms, cover, on, self._rated)
        check_cover(self.terms, cover, on)
        charged = {part.code: part.annual_premium for part in self.bound.parts}
        before = {choice.part_code: choice for choice in self.bound.cover.parts}
        same = cover.inputs == self.bound.cover.inputs
        known = {choice.part_code: self._tariff(self.bound.cover, choice) for choice in self.bound.cover.parts}
        return tuple(
            terms_of(
                self.terms,
                choice,
                charged[choice.part_code]
                if choice == before.get(choice.part_code) and (same or known[choice.part_code] is None)
                else self._changed(cover, choice, charged.get(choice.part_code), known.get(choice.part_code)),
            )
            for choice in cover.parts
        )

    def _changed(self, cover: Cover, choice: PartChoice, charged: Money | None, known: Money | None) -> Money:
        now = self._rated_alone(cover, choice)
        if charged is None or not known:
            return now
        return charged.times(Fraction(now.minor_units, known.minor_units))

    def _tariff(self, cover: Cover, choice: PartChoice) -> Money | None:
        """What the tariff says of a part as it was imported, None if it says nothing."""
        try:
            return self._rated_alone(cover, choice)
        except (AnswerMissing, FactorMissing, RateMissing):
            return None

    def _rated_alone(self, cover: Cover, choice: PartChoice) -> Money:
        """One part by the tariff, with the credit for bundled services and without a minimum premium."""
        alone = replace(cover, parts=(choice,))
        (rated,) = rate(self.terms, alone, self._rated).parts
        return rated.annual_premium - rated.minimum_top_up
