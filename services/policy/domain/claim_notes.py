"""What the file of a policy says of claims, and who bears them."""

from datetime import date

from libs.common.events import event
from libs.common.money import Money
from services.policy.domain.policy.cession import CededAmount
from services.policy.domain.policy.values import InsurerAmount


@event("policy.ClaimNoted")
class ClaimNoted:
    """`occurred_from` is the first day on which it may have happened; `fractions` those with which it is ceded.

    `occurred` is what is known of the day, "2026-03" for a month; "" if nothing is, or it was noted before it was kept.
    """

    claim_id: str
    occurred_from: date | None = None
    fractions: tuple[str, ...] = ()
    occurred: str = ""


@event("policy.ClaimPaymentNoted")
class ClaimPaymentNoted:
    """Who bears it: `shares` are the co-insurers' parts, `cessions` the reinsurers' of the lead's."""

    claim_id: str
    payment_id: str
    part_code: str
    amount: Money
    cost_type: str = ""
    effective_date: date | None = None
    shares: tuple[InsurerAmount, ...] = ()
    cessions: tuple[CededAmount, ...] = ()


@event("policy.ClaimReserveNoted")
class ClaimReserveNoted:
    """The outstanding of one line of a claim changed; `shares` and `cessions` are of the change."""

    claim_id: str
    part_code: str
    cost_type: str
    outstanding: Money
    delta: Money
    effective_date: date
    shares: tuple[InsurerAmount, ...]
    cessions: tuple[CededAmount, ...]


@event("policy.ClaimEndNoted")
class ClaimEndNoted:
    claim_id: str
    outcome: str
    paid: Money
