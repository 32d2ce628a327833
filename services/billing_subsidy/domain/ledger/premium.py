"""Posting rules for premium.

The lead invoices the whole contract, with all of its VAT, and owes the followers their net parts. Unearned premium is
the lead's own part; the stamp duty is its side of the contract. What is ceded and its commission are booked when
the premium is, by reinsurer.
"""

from libs.common.money import Money
from services.billing_subsidy.domain.account.cessions import ReinsurersPart
from services.billing_subsidy.domain.account.position import Position
from services.billing_subsidy.domain.account.premium import Movement, PolicyFacts
from services.billing_subsidy.domain.ledger import chart
from services.billing_subsidy.domain.ledger.entry import EntryPosted, Line, Occasion, credit, debit


def premium_written(movement: Movement, facts: PolicyFacts, occasion: Occasion) -> list[EntryPosted]:
    """One movement: premium with VAT, stamp duty, cession."""
    followers = [part for part in movement.shares if part.insurer_id != facts.lead]
    sole = facts.quota_share.reinsurer_id if facts.quota_share else ""
    parts = movement.cessions or (ReinsurersPart(sole, movement.ceded, movement.ceding_commission),)
    return [
        *occasion.post(
            "PREMIUM_INVOICED",
            debit(chart.PREMIUM_RECEIVABLE, movement.gross),
            credit(chart.UNEARNED_PREMIUM, movement.own(facts.lead)),
            *(credit(chart.COINSURER_PAYABLE, part.amount, part.insurer_id) for part in followers),
            credit(chart.VAT_PAYABLE, movement.vat),
        ),
        *occasion.post(
            "STAMP_DUTY",
            debit(chart.STAMP_DUTY, movement.stamp_duty),
            credit(chart.STAMP_DUTY_PAYABLE, movement.stamp_duty),
        ),
        *occasion.post(
            "PREMIUM_CEDED",
            *(line for part in parts for line in _ceded(part)),
        ),
    ]


def _ceded(part: ReinsurersPart) -> list[tuple[Line, ...]]:
    """What one reinsurer is owed, and what it owes as commission."""
    return [
        debit(chart.CEDED_PREMIUM, part.ceded, part.reinsurer_id),
        credit(chart.REINSURANCE_PAYABLE, part.ceded, part.reinsurer_id),
        debit(chart.REINSURANCE_RECEIVABLE, part.commission, part.reinsurer_id),
        credit(chart.CEDING_COMMISSION, part.commission, part.reinsurer_id),
    ]


def credit_settled(before: Position, after: Position, gross: Money, occasion: Occasion) -> list[EntryPosted]:
    """What a charge or credit note moves between premium receivable and what is to be given back."""
    return occasion.post(
        "CREDIT_SETTLED",
        debit(chart.PREMIUM_RECEIVABLE, after.receivable - before.receivable - gross),
        credit(chart.UNAPPLIED_CASH, after.unapplied - before.unapplied),
        credit(chart.REFUND_PAYABLE, after.refundable - before.refundable),
    )


def premium_received(before: Position, after: Position, amount: Money, occasion: Occasion) -> list[EntryPosted]:
    """Money came in."""
    return occasion.post(
        "PREMIUM_RECEIVED",
        debit(chart.BANK, amount),
        credit(chart.PREMIUM_RECEIVABLE, before.receivable - after.receivable),
        credit(chart.UNAPPLIED_CASH, after.unapplied - before.unapplied),
    )


def difference_written_off(amount: Money, occasion: Occasion) -> list[EntryPosted]:
    """What is missing is too little to be asked for."""
    return occasion.post(
        "DIFFERENCE_WRITTEN_OFF", debit(chart.OTHER_EXPENSE, amount), credit(chart.PREMIUM_RECEIVABLE, amount)
    )


def refund_paid(before: Position, after: Position, amount: Money, occasion: Occasion) -> list[EntryPosted]:
    """A credit was paid out."""
    return occasion.post(
        "PREMIUM_REFUNDED",
        debit(chart.REFUND_PAYABLE, before.refundable - after.refundable),
        debit(chart.UNAPPLIED_CASH, before.unapplied - after.unapplied),
        credit(chart.BANK, amount),
    )


def premium_earned(amount: Money, occasion: Occasion) -> list[EntryPosted]:
    """Time passed, or the premium of time that has passed was changed."""
    return occasion.post("PREMIUM_EARNED", debit(chart.UNEARNED_PREMIUM, amount), credit(chart.EARNED_PREMIUM, amount))
