"""Authority is given by two people, neither of whom it is given to."""

from datetime import date

from libs.common.errors import InvalidField
from libs.common.money import CNY
from libs.common.names import check_principal, same
from services.claims.domain.authority.events import AuthorityGranted, AuthorityProposed
from services.claims.domain.authority.profile import BY_ROLE, Profile
from services.claims.domain.authority.value import Authority
from services.claims.domain.errors import AuthorityNotPending, OwnAuthority, SelfApproval

ROLE = "role:"


def propose(
    known: Authority | None, holder: str, profile: Profile, first: date, by: str, today: date
) -> list[AuthorityProposed]:
    """Proposes a profile from a day on, in place of one that waits. No rules and no committee: nothing any more."""
    _check_holder(holder, by)
    _check_profile(profile)
    if first < today:
        raise InvalidField(field="valid_from", problem="is past")
    pending = known.pending if known else None
    if pending and (pending.profile, pending.valid_from, pending.proposed_by) == (profile, first, by):
        return []
    number = known.proposals + 1 if known else 1
    return [AuthorityProposed(holder=holder, number=number, profile=profile, valid_from=first, proposed_by=by)]


def grant(known: Authority, number: int, by: str) -> list[AuthorityGranted]:
    """Lets the profile that waits hold."""
    if any(each.number == number for each in known.grants):
        return []
    pending = known.pending
    if pending is None or pending.number != number:
        raise AuthorityNotPending(number=number, holder=known.holder)
    _check_holder(known.holder, by)
    if same(pending.proposed_by, by):
        raise SelfApproval(principal=by)
    return [AuthorityGranted(number=number, granted_by=by)]


def _check_holder(holder: str, by: str) -> None:
    if holder.startswith(ROLE):
        if holder.removeprefix(ROLE) not in BY_ROLE:
            known = ", ".join(ROLE + role for role in BY_ROLE)
            raise InvalidField(field="holder", problem=f"must be a principal, such as user:li, or one of {known}")
        return
    check_principal("holder", holder)
    if same(holder, by):
        raise OwnAuthority(principal=by)


def _check_profile(profile: Profile) -> None:
    seen = set()
    for index, rule in enumerate(profile.rules):
        if rule.limit.currency != CNY:
            raise InvalidField(field=f"rules[{index}].limit.currency_code", problem=f"must be {CNY}")
        if rule.limit.minor_units < 0:
            raise InvalidField(field=f"rules[{index}].limit", problem="must not be negative")
        if (rule.act, rule.part_code) in seen:
            raise InvalidField(field=f"rules[{index}]", problem="is about the same act and part as one before")
        seen.add((rule.act, rule.part_code))
