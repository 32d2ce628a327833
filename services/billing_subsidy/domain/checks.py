"""What is wrong with a field whatever the state of the world."""

from datetime import date, timedelta

from libs.common.errors import InvalidField
from libs.common.money import Money
from services.billing_subsidy.domain.errors import LateBookingUnexplained


def check_amount(field: str, amount: Money, currency: str) -> None:
    """Refuses an amount that is not positive, or not in the currency of what it is paid for."""
    if amount.currency != currency:
        raise InvalidField(field=f"{field}.currency_code", problem=f"must be {currency}")
    if amount.minor_units <= 0:
        raise InvalidField(field=field, problem="must be positive")


UNEXPLAINED_DAYS = 31
"""So many days after its value date money may be booked by hand without a word."""


def check_explained(day: date, today: date, reason: str) -> None:
    """Refuses to book by hand, without a reason, what happened long ago: that period may have been reported already."""
    if today - day > timedelta(days=UNEXPLAINED_DAYS) and not reason.strip():
        raise LateBookingUnexplained(day=day, days=UNEXPLAINED_DAYS)


def check_not_future(field: str, day: date, today: date) -> None:
    """Refuses a date that has not come yet."""
    if day > today:
        raise InvalidField(field=field, problem=f"must not be after today, {today}")
