"""How far a person is trusted to release referrals: granted by a chief underwriter, from a day on, never by oneself.

A chief underwriter to whom nothing was granted may release everything; anybody else nothing.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar, Self

from libs.common.errors import InvalidField
from libs.common.events import event
from libs.common.money import CNY, Money
from libs.common.names import same
from services.policy.domain.product.checks import check_money
from services.policy.domain.submission.quoting import Held
from services.policy.domain.underwriting import ReferralReason
from services.policy.domain.underwriting_errors import OwnAuthority

CHIEF = "chief_underwriter"
NOTHING = Money(CNY, 0)


@event("policy.AuthorityGranted")
class AuthorityGranted:
    principal: str
    valid_from: date
    limit: Money
    reasons: tuple[ReferralReason, ...]
    granted_by: str


@event("policy.AuthorityRevoked")
class AuthorityRevoked:
    """Nothing may be released from a day on, whatever was granted from then on before."""

    principal: str
    valid_from: date
    revoked_by: str


AuthorityEvent = AuthorityGranted | AuthorityRevoked


@dataclass(frozen=True)
class Grant:
    """Holds from its first day until that of the next one."""

    valid_from: date
    limit: Money
    reasons: tuple[ReferralReason, ...]
    granted_by: str


@dataclass(frozen=True)
class Authority:
    KIND: ClassVar[str] = "policy.Authority"

    principal: str
    grants: tuple[Grant, ...]

    def on(self, day: date) -> Grant | None:
        """What holds on a day; None before the first grant."""
        begun = [grant for grant in self.grants if grant.valid_from <= day]
        return begun[-1] if begun else None

    @classmethod
    def begin(cls, event: AuthorityEvent) -> Self:
        return cls(event.principal, (_grant(event),))

    def evolve(self, event: AuthorityEvent) -> "Authority":
        match event:
            case AuthorityGranted(valid_from=first):
                others = [grant for grant in self.grants if grant.valid_from != first]
                return replace(self, grants=tuple(sorted([*others, _grant(event)], key=lambda each: each.valid_from)))
            case AuthorityRevoked(valid_from=first):
                kept = (grant for grant in self.grants if grant.valid_from < first)
                return replace(self, grants=(*kept, _grant(event)))


def grant(
    known: Authority | None, principal: str, limit: Money, reasons: Collection[str], first: date, by: str, today: date
) -> list[AuthorityGranted]:
    _check(principal, first, by, today)
    check_money("limit", limit, 1)
    for index, reason in enumerate(reasons):
        if reason not in set(ReferralReason):
            raise InvalidField(field=f"reasons[{index}]", problem=f"no quote is referred for {reason!r}")
    covered = tuple(ReferralReason(reason) for reason in reasons)
    before = known and [(each.limit, each.reasons) for each in known.grants if each.valid_from == first]
    if before == [(limit, covered)]:
        return []
    return [AuthorityGranted(principal=principal, valid_from=first, limit=limit, reasons=covered, granted_by=by)]


def revoke(known: Authority | None, principal: str, first: date, by: str, today: date) -> list[AuthorityRevoked]:
    _check(principal, first, by, today)
    if known is not None:
        held, later = known.on(first), any(each.valid_from > first for each in known.grants)
        if held is not None and not held.limit and not later:
            return []
    return [AuthorityRevoked(principal=principal, valid_from=first, revoked_by=by)]


def held_by(roles: Collection[str], known: Authority | None, day: date) -> Held:
    """How far somebody with these roles is trusted on a day."""
    granted = known.on(day) if known else None
    if granted is not None:
        return Held(granted.limit, granted.reasons)
    return Held(None if CHIEF in roles else NOTHING)


def _check(principal: str, first: date, by: str, today: date) -> None:
    if same(principal, by):
        raise OwnAuthority(principal=principal)
    if first < today:
        raise InvalidField(field="valid_from", problem="is past")


def _grant(event: AuthorityEvent) -> Grant:
    match event:
        case AuthorityGranted():
            return Grant(event.valid_from, event.limit, event.reasons, event.granted_by)
        case AuthorityRevoked():
            return Grant(event.valid_from, NOTHING, (), event.revoked_by)
