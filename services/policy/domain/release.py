"""Releases in advance: of the rows of one import, or the certificates of one park policy, that would be referred.

They are many and come in one stream, so nobody can look at each while it waits. Somebody else than who brings them in
says before up to which sum of limits, and for which reasons, they may be taken.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar, Self

from libs.common.errors import InvalidField
from libs.common.events import event
from libs.common.money import Money
from services.policy.domain.product.checks import check_money
from services.policy.domain.referral import Referral, check_trusted
from services.policy.domain.submission.quoting import Held
from services.policy.domain.underwriting import ReferralReason


@event("policy.ReleasedInAdvance")
class ReleasedInAdvance:
    """`subject` is "import/<key>" or "park/<policy id>"."""

    subject: str
    limit: Money
    reasons: tuple[ReferralReason, ...]
    note: str
    released_by: str
    released_on: date


@dataclass(frozen=True)
class Release:
    """What was released of one subject; nothing that somebody released counts for what they do themselves."""

    KIND: ClassVar[str] = "policy.Release"

    given: tuple[ReleasedInAdvance, ...]

    def for_one(self, principal: str, referral: Referral) -> Referral | None:
        """What covers a referral of something that this person does; None if nothing does."""
        found = (Referral(each.reasons, each.limit) for each in self.given if each.released_by != principal)
        return next((each for each in found if referral.is_within(each)), None)

    @classmethod
    def begin(cls, event: ReleasedInAdvance) -> Self:
        return cls((event,))

    def evolve(self, event: ReleasedInAdvance) -> "Release":
        return replace(self, given=(*self.given, event))


def release(
    known: Release | None,
    subject: str,
    limit: Money,
    reasons: Collection[str],
    note: str,
    held: Held,
    principal: str,
    today: date,
) -> list[ReleasedInAdvance]:
    """Nobody releases more than they are trusted with; the same again changes nothing."""
    check_money("limit", limit, 1)
    for index, reason in enumerate(reasons):
        if reason not in set(ReferralReason):
            raise InvalidField(field=f"reasons[{index}]", problem=f"nothing is referred for {reason!r}")
    named = tuple(ReferralReason(reason) for reason in reasons)
    check_trusted(held, Referral(named, limit), principal)
    said = (limit, named, principal)
    if known is not None and any((each.limit, each.reasons, each.released_by) == said for each in known.given):
        return []
    return [
        ReleasedInAdvance(
            subject=subject, limit=limit, reasons=named, note=note, released_by=principal, released_on=today
        )
    ]
