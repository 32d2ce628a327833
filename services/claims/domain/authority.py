"""How much each role may decide, and that nobody approves what they entered."""

from collections.abc import Iterable, Mapping

from libs.common.money import CNY, Money
from libs.common.names import same
from services.claims.domain.errors import OverAuthority, SelfApproval

AUTHORITY: Mapping[str, Money] = {
    # What one person may put at stake on one claim, by the insurers' usual delegation: a handler runs ordinary losses,
    # a manager all but the largest. A loss beyond it is for a committee, whose members have no role here yet.
    "claims_handler": Money.cny("200000.00"),
    "claims_manager": Money.cny("5000000.00"),
}


def authority_of(roles: Iterable[str]) -> Money:
    """The most that someone with these roles may decide; nothing without a role that decides."""
    return max((AUTHORITY[role] for role in roles if role in AUTHORITY), default=Money(CNY, 0))


def within_authority(amount: Money, roles: Iterable[str]) -> bool:
    """Whether someone may decide on an amount. Authority is in yuan; it holds for no other currency."""
    limit = authority_of(roles)
    return amount.currency == limit.currency and amount <= limit


def check_second_person(entered_by: str, principal: str, amount: Money, roles: frozenset[str]) -> None:
    """Refuses an approval by the person who entered it, or by one whose authority does not reach."""
    if same(principal, entered_by):
        raise SelfApproval(principal=principal)
    if not within_authority(amount, roles):
        raise OverAuthority(amount=amount, authority=authority_of(roles))
