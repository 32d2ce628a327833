"""What is wrong with a field whatever the state of the world."""

from datetime import date

from libs.common.errors import InvalidField
from libs.common.money import Money


def check_amount(field: str, amount: Money, currency: str) -> None:
    """Refuses an amount that is not positive, or not in the currency of what it is paid for."""
    if amount.currency != currency:
        raise InvalidField(field=f"{field}.currency_code", problem=f"must be {currency}")
    if amount.minor_units <= 0:
        raise InvalidField(field=field, problem="must be positive")


def check_not_future(field: str, day: date, today: date) -> None:
    """Refuses a date that has not come yet."""
    if day > today:
        raise InvalidField(field=field, problem=f"must not be after today, {today}")
