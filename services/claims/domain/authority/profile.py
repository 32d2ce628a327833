"""What a profile allows, and what somebody holds who has several."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from libs.common.money import CNY, Money


class Act(StrEnum):
    """What is done with money on a claim."""

    RESERVE = "reserve"
    DECISION = "decision"
    PAYMENT = "payment"


@dataclass(frozen=True)
class Rule:
    """The most that one claim may come to by an act on a part. No act means every act, no part code every part."""

    act: Act | None
    part_code: str
    limit: Money

    def specificity(self, act: Act, part_code: str) -> tuple[bool, bool] | None:
        """How closely the rule fits, the part first; None if it is about something else."""
        if self.act not in (None, act) or self.part_code not in ("", part_code):
            return None
        return bool(self.part_code), self.act is not None


@dataclass(frozen=True)
class Profile:
    """A profile. `committee` makes its holder a member of the committee, two of whom decide without limit."""

    rules: tuple[Rule, ...] = ()
    committee: bool = False

    def limit(self, act: Act, part_code: str) -> Money:
        """The most by the rule that fits most closely; nothing if there is none."""
        fitting = [(fit, rule.limit) for rule in self.rules if (fit := rule.specificity(act, part_code)) is not None]
        return max(fitting, key=lambda one: one[0])[1] if fitting else NOTHING


@dataclass(frozen=True)
class Held:
    """All profiles of somebody, of which the one that allows most counts."""

    profiles: tuple[Profile, ...] = ()

    @property
    def committee(self) -> bool:
        """Whether this person sits on the committee."""
        return any(profile.committee for profile in self.profiles)

    def limit(self, act: Act, part_codes: Collection[str]) -> Money:
        """The most on a claim when an act touches these parts: that of the part which allows least."""
        parts = sorted(set(part_codes)) or [""]
        return min(max((profile.limit(act, part) for profile in self.profiles), default=NOTHING) for part in parts)

    def allows(self, act: Act, part_codes: Collection[str], amount: Money) -> bool:
        """Whether this person alone is enough. Authority is in yuan; it holds for no other currency."""
        limit = self.limit(act, part_codes)
        return amount.currency == limit.currency and amount <= limit


NOTHING = Money(CNY, 0)
NO_AUTHORITY = Held()

BY_ROLE: Mapping[str, Profile] = {
    # What holds for an insurer that has granted nothing else, by the usual delegation: a handler runs ordinary losses,
    # a manager all but the largest, and two managers together those.
    "claims_handler": Profile((Rule(None, "", Money.cny("200000.00")),)),
    "claims_manager": Profile((Rule(None, "", Money.cny("5000000.00")),), committee=True),
}
"""The profile of each role to which none was granted."""
