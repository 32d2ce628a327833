"""Posting rules for subsidies that go to the enterprise through the insurer.

What is granted is owed by each level of government, and owed to the insured; a clawback takes both back; the
treasury's money clears the receivable. What was paid and clawed back stands there as a debt to the level until it is
repaid; what belongs to the insured is passed on.
"""

from collections.abc import Sequence

from libs.common.money import CNY, Money, total
from services.billing_subsidy.domain.entitlement import LevelAmount
from services.billing_subsidy.domain.ledger import chart
from services.billing_subsidy.domain.ledger.entry import EntryPosted, Occasion, credit, debit
from services.billing_subsidy.domain.programme.rules import Level


def subsidy_granted(amounts: Sequence[LevelAmount], occasion: Occasion) -> list[EntryPosted]:
    """More is granted than before, by these amounts."""
    return occasion.post(
        "SUBSIDY_GRANTED",
        *(debit(chart.SUBSIDY_RECEIVABLE[item.level], item.amount, item.level) for item in amounts),
        credit(chart.SUBSIDY_PAYABLE, total((item.amount for item in amounts), CNY)),
    )


def subsidy_clawed_back(amounts: Sequence[LevelAmount], occasion: Occasion) -> list[EntryPosted]:
    """Less is granted than before, by these amounts."""
    return occasion.post(
        "SUBSIDY_CLAWED_BACK",
        debit(chart.SUBSIDY_PAYABLE, total((item.amount for item in amounts), CNY)),
        *(credit(chart.SUBSIDY_RECEIVABLE[item.level], item.amount, item.level) for item in amounts),
    )


def subsidy_disbursed(level: Level, amount: Money, occasion: Occasion) -> list[EntryPosted]:
    """The treasury's money came in."""
    return occasion.post(
        "SUBSIDY_DISBURSED", debit(chart.BANK, amount), credit(chart.SUBSIDY_RECEIVABLE[level], amount, level)
    )


def subsidy_repaid(level: Level, amount: Money, occasion: Occasion) -> list[EntryPosted]:
    """What was clawed back after it had been paid went back to the treasury."""
    return occasion.post(
        "SUBSIDY_REPAID", debit(chart.SUBSIDY_RECEIVABLE[level], amount, level), credit(chart.BANK, amount)
    )


def subsidy_passed_on(amount: Money, occasion: Occasion) -> list[EntryPosted]:
    """The treasury's money was paid out to the insured."""
    return occasion.post("SUBSIDY_PASSED_ON", debit(chart.SUBSIDY_PAYABLE, amount), credit(chart.BANK, amount))
