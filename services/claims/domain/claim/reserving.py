"""Reserves: what is expected to be paid still, set within the author's authority or seen by a second person."""

from collections.abc import Iterable, Sequence
from datetime import date

from libs.common.errors import InvalidField
from libs.common.money import Money, total
from services.claims.domain.authority.approving import suffices
from services.claims.domain.authority.profile import Act
from services.claims.domain.claim.committee import committee
from services.claims.domain.claim.events import CommitteeApproved, ReserveChanged, ReservesProposed, ReservesSet
from services.claims.domain.claim.parts import Actor, ReserveSet
from services.claims.domain.claim.value import Claim
from services.claims.domain.costs import CostType, Reserve
from services.claims.domain.cover import Cover
from services.claims.domain.errors import ReserveBelowDecided, ReservesNotPending
from services.claims.domain.loss import DecidedLine

ReserveEvent = ReservesProposed | ReservesSet | ReserveChanged | CommitteeApproved


def set_reserves(
    claim: Claim, lines: Sequence[Reserve], reason: str, account: Cover, actor: Actor
) -> list[ReserveEvent]:
    """Sets some lines. The total with all other lines decides whether the author's authority is enough."""
    claim.must_go_on()
    _check_lines(claim, lines, account)
    reserves = ReserveSet(claim.reserve_sets + 1, actor.principal, reason, tuple(lines))
    pending = claim.pending_reserves
    if pending and (pending.author, pending.reason, pending.lines) == (reserves.author, reason, reserves.lines):
        return []
    if all(claim.reserve_of(*line.line) == line.outstanding for line in lines) and not pending:
        return []
    _check_decided(claim, lines)
    if not actor.held.allows(Act.RESERVE, _parts(lines), at_stake(claim, lines)):
        return [ReservesProposed(reserves=reserves)]
    return [ReservesSet(reserves=reserves, approved_by=""), *changes(claim, lines, actor.today, "SET")]


def approve_reserves(claim: Claim, number: int, actor: Actor) -> list[ReserveEvent]:
    """Lets the set that waits hold, or adds a member of the committee to those who want it to."""
    if number == claim.reserve_set_held:
        return []
    claim.must_go_on()
    pending = claim.pending_reserves
    if pending is None or pending.number != number:
        raise ReservesNotPending(number=number)
    amount, before = at_stake(claim, pending.lines), claim.approved_before(Act.RESERVE, number)
    if not suffices(Act.RESERVE, amount, _parts(pending.lines), pending.author, actor.principal, actor.held, before):
        return [*committee(Act.RESERVE, before, actor, number=number)]
    _check_decided(claim, pending.lines)
    held = ReservesSet(reserves=pending, approved_by=actor.principal)
    return [held, *changes(claim, pending.lines, actor.today, "SET")]


def changes(claim: Claim, lines: Iterable[Reserve], on: date, cause: str) -> list[ReserveChanged]:
    """One event for each line that moves."""
    return [
        ReserveChanged(
            policy_id=claim.policy_id,
            part_code=line.part_code,
            cost_type=line.cost_type,
            outstanding=line.outstanding,
            delta=line.outstanding - claim.reserve_of(*line.line),
            effective_date=on,
            cause=cause,
        )
        for line in lines
        if line.outstanding != claim.reserve_of(*line.line)
    ]


def release(claim: Claim, on: date, cause: str) -> list[ReserveChanged]:
    """All reserves go to zero."""
    return changes(claim, [Reserve(*reserve.line, claim.zero) for reserve in claim.reserves], on, cause)


def at_stake(claim: Claim, lines: Sequence[Reserve]) -> Money:
    """What the claim would cost with these lines: paid and expected. What may come back is not set against it."""
    named = {line.line for line in lines}
    all_lines = [*lines, *(reserve for reserve in claim.reserves if reserve.line not in named)]
    costs = (line.outstanding for line in all_lines if line.cost_type is not CostType.RECOVERY)
    return total(costs, claim.currency) + claim.paid


def unpaid(claim: Claim, line: DecidedLine) -> Money:
    """What a decided line pays and was not paid yet."""
    paid = claim.paid_of(claim.payments_on(line.part_code, line.cost_type))
    return max(line.payable - paid, claim.zero)


def _parts(lines: Sequence[Reserve]) -> list[str]:
    return [line.part_code for line in lines]


def _check_decided(claim: Claim, lines: Sequence[Reserve]) -> None:
    """No reserve is below what is decided and not paid yet."""
    decided = {(line.part_code, line.cost_type): line for line in (claim.decision.lines if claim.decision else ())}
    for line in lines:
        if line.line in decided and line.outstanding < (needed := unpaid(claim, decided[line.line])):
            raise ReserveBelowDecided(part_code=line.part_code, cost_type=line.cost_type, unpaid=needed)


def _check_lines(claim: Claim, lines: Sequence[Reserve], account: Cover) -> None:
    seen: set[tuple[str, CostType]] = set()
    for index, line in enumerate(lines):
        if line.part_code not in account.part_codes_ever:
            raise InvalidField(field=f"lines[{index}].part_code", problem=f"the policy has no part {line.part_code!r}")
        if line.line in seen:
            raise InvalidField(field=f"lines[{index}]", problem="names a line twice")
        if line.outstanding.currency != claim.currency:
            raise InvalidField(field=f"lines[{index}].outstanding.currency_code", problem=f"must be {claim.currency}")
        if line.outstanding.minor_units < 0:
            raise InvalidField(field=f"lines[{index}].outstanding", problem="must not be negative")
        seen.add(line.line)
