"""One payment that names several policies: divided by their open items, if exactly one way of reading it fits."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from libs.common.money import Money, total
from services.billing_subsidy.domain.account.standing import Standing
from services.billing_subsidy.domain.statement.statement import Part


def split_by_open_items(
    amount: Money, policies: Mapping[UUID, Standing], invoices: Mapping[UUID, str]
) -> tuple[Part, ...]:
    """What of an amount is each policy's, by what each still owes: in all, by the invoice that was named, or by the one
    that is due next. Empty if none of these sums is the amount, or if two of them divide it differently."""
    owed = {policy_id: account.position.receivable for policy_id, account in policies.items()}
    lacking = {policy_id: account.outstanding() for policy_id, account in policies.items()}
    named = {policy_id: lacking[policy_id].get(number, amount.zero()) for policy_id, number in invoices.items()}
    due = {policy_id: _next(account, lacking[policy_id]) for policy_id, account in policies.items()}
    readings: Sequence[Mapping[UUID, Money]] = (owed, named if named.keys() == owed.keys() else {}, due)
    fits = [reading for reading in readings if reading and _fits(amount, reading)]
    if not fits or any(reading != fits[0] for reading in fits[1:]):
        return ()
    return tuple(Part(policy_id, part) for policy_id, part in fits[0].items())


def _next(account: Standing, lacking: Mapping[str, Money]) -> Money:
    due = sorted((each.due_on, each.sequence, each.number) for each in account.dues if lacking.get(each.number))
    return lacking[due[0][2]] if due else account.facts.zero


def _fits(amount: Money, reading: Mapping[UUID, Money]) -> bool:
    return all(reading.values()) and total(reading.values(), amount.currency) == amount
