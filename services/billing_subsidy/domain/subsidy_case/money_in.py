"""Which level of a case the treasury's money is from, or goes back to, when only a payment's text and amount tell."""

from collections.abc import Mapping

from libs.common.money import Money
from services.billing_subsidy.domain.programme.rules import Level

_WORDS = {
    Level.NATIONAL: ("NATIONAL", "国家", "中央"),
    Level.PROVINCE: ("PROVINCE", "省"),
    Level.CITY: ("CITY", "市"),
    Level.DISTRICT: ("DISTRICT", "区", "县"),
}


def levels_of(owed: Mapping[Level, Money], amount: Money, text: str) -> dict[Level, Money]:
    """What of the amount is each level's of what they owe (or are owed back); empty if it can't be told for certain.

    The one level that the text or the payer's name tells, if it owes as much; without such a word, the one level that
    owes exactly this; else all levels, if they owe exactly this together (a city's bureau may pass on the district's).
    """
    owed = {level: debt for level, debt in owed.items() if debt}
    upper = text.upper()
    named = [level for level in owed if any(word in upper for word in _WORDS[level])]
    if len(named) == 1 and amount <= owed[named[0]]:
        return {named[0]: amount}
    exact = [level for level, debt in owed.items() if debt == amount]
    if not named and len(exact) == 1:
        return {exact[0]: amount}
    whole = sum(debt.minor_units for debt in owed.values())
    return owed if whole == amount.minor_units else {}
