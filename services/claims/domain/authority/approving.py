"""Whether an approval is enough: by a second person, within that person's authority, or by two of the committee."""

from collections.abc import Collection

from libs.common.money import Money
from libs.common.names import same
from services.claims.domain.authority.profile import Act, Held
from services.claims.domain.errors import OverAuthority, SelfApproval


def suffices(
    act: Act,
    amount: Money,
    part_codes: Collection[str],
    entered_by: str,
    principal: str,
    held: Held,
    approved_before: Collection[str],
) -> bool:
    """Whether what somebody entered holds with this approval; if not, it waits for another member of the committee.

    `amount` is what the claim comes to in all. SelfApproval for who entered it; OverAuthority for whoever may neither
    approve so much alone nor sits on the committee.
    """
    if same(principal, entered_by):
        raise SelfApproval(principal=principal)
    if held.allows(act, part_codes, amount):
        return True
    if not held.committee:
        raise OverAuthority(amount=amount, authority=held.limit(act, part_codes))
    return any(not same(member, principal) for member in approved_before)
