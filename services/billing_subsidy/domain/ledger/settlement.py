"""Posting rules for vendors' fees and for entries of bank statements that belong to nobody yet."""

from libs.common.money import Money
from services.billing_subsidy.domain.ledger import chart
from services.billing_subsidy.domain.ledger.chart import LedgerAccount
from services.billing_subsidy.domain.ledger.entry import EntryPosted, Occasion, credit, debit


def fee_accrued(vendor_id: str, fee: Money, occasion: Occasion) -> list[EntryPosted]:
    """A verified order's fee is owed, net of VAT; the vendor's VAT invoice is not booked here."""
    return occasion.post(
        "VENDOR_FEE", debit(chart.SERVICE_COST, fee, vendor_id), credit(chart.VENDOR_PAYABLE, fee, vendor_id)
    )


def credit_accrued(vendor_id: str, amount: Money, occasion: Occasion) -> list[EntryPosted]:
    """A service credit lowers what is owed."""
    return occasion.post(
        "VENDOR_CREDIT", debit(chart.VENDOR_PAYABLE, amount, vendor_id), credit(chart.SERVICE_COST, amount, vendor_id)
    )


def fee_borne_by_claim(vendor_id: str, amount: Money, occasion: Occasion) -> list[EntryPosted]:
    """A claim paid for a verified order: the claim's payment is the expense, so the fee is none, and is not owed."""
    return occasion.post(
        "VENDOR_FEE_BORNE_BY_CLAIM",
        debit(chart.VENDOR_PAYABLE, amount, vendor_id),
        credit(chart.SERVICE_COST, amount, vendor_id),
    )


def vendor_paid(vendor_id: str, amount: Money, occasion: Occasion) -> list[EntryPosted]:
    """A vendor was paid."""
    return occasion.post("VENDOR_PAID", debit(chart.VENDOR_PAYABLE, amount, vendor_id), credit(chart.BANK, amount))


def suspended(amount: Money, occasion: Occasion) -> list[EntryPosted]:
    """Money moved at the bank, and nobody knows yet what for."""
    return occasion.post("SUSPENSE", debit(chart.BANK, amount), credit(chart.SUSPENSE, amount))


def assigned(amount: Money, occasion: Occasion) -> list[EntryPosted]:
    """A person said whose it was: it leaves suspense, and what it became books it at the bank."""
    return occasion.post("SUSPENSE_ASSIGNED", debit(chart.SUSPENSE, amount), credit(chart.BANK, amount))


def uncoded(account: LedgerAccount, amount: Money, occasion: Occasion) -> list[EntryPosted]:
    """What a person said it was is taken back."""
    return occasion.post("SUSPENSE_UNCODED", debit(account, amount), credit(chart.SUSPENSE, amount))


def coded(account: LedgerAccount, amount: Money, occasion: Occasion) -> list[EntryPosted]:
    """A person said what it was."""
    return occasion.post("SUSPENSE_CODED", debit(chart.SUSPENSE, amount), credit(account, amount))
