"""Between protobuf's forms and ours: money, dates, ids, decimals, instants, enums.

`*_message` makes the protobuf form. `*_value(field, …)` reads one that a client sent and raises `InvalidField`
with the field's path if it isn't exactly what it should be. Nothing is guessed: an unset message is missing, never a
zero, and a fraction of a fen is refused, never rounded.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2, money_pb2

from libs.common.dates import PartialDate
from libs.common.errors import AmountNotExpressible, InvalidField
from libs.common.money import Money

T = TypeVar("T")

MISSING = "is missing"
NANOS_IN_A_FEN = 10_000_000
MOST_UNITS = (2**63 - 1) // 100  # An amount in fen is stored in 64 bits.
MOST_TOLD = 2**63 * 100 - 1  # An answer tells whole units in 64 bits.
LONGEST_DECIMAL = 40
EARLIEST, LATEST = -62_135_596_800, 253_402_300_799  # The first second of the year 1, the last of 9999.

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CURRENCY = re.compile(r"[A-Z]{3}")
_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def optional(message: Message, field: str, read: Callable[[str, Any], T]) -> T | None:
    """A field read by one of the functions below, or None if the client left it unset (empty, for text)."""
    value = getattr(message, field)
    absent = value == "" if isinstance(value, str) else not message.HasField(field)
    return None if absent else read(field, value)


def money_message(amount: Money) -> money_pb2.Money:
    return money_pb2.Money(**money_fields(amount))


def money_fields(amount: Money) -> dict[str, Any]:
    """An amount as the fields of its message: a larger message is made of them without one of their own to copy."""
    sign, minor = (-1, -amount.minor_units) if amount.minor_units < 0 else (1, amount.minor_units)
    if minor > MOST_TOLD:
        raise AmountNotExpressible(amount=amount)
    return {
        "currency_code": amount.currency,
        "units": sign * (minor // 100),
        "nanos": sign * (minor % 100) * NANOS_IN_A_FEN,
    }


def money_value(field: str, message: money_pb2.Money) -> Money:
    units, nanos = message.units, message.nanos
    if not message.currency_code and not units and not nanos:
        raise InvalidField(field=field, problem=MISSING)
    if not _CURRENCY.fullmatch(message.currency_code):
        raise InvalidField(field=f"{field}.currency_code", problem="must be three capital letters, such as CNY")
    if not -MOST_UNITS < units < MOST_UNITS:
        raise InvalidField(field=f"{field}.units", problem="is out of range")
    if not -999_999_999 <= nanos <= 999_999_999:
        raise InvalidField(field=f"{field}.nanos", problem="must be between -999,999,999 and 999,999,999")
    if (units > 0 > nanos) or (units < 0 < nanos):
        raise InvalidField(field=f"{field}.nanos", problem="must have the sign of units")
    if nanos % NANOS_IN_A_FEN:
        raise InvalidField(field=f"{field}.nanos", problem="must be whole fen (a multiple of 10,000,000)")
    return Money(message.currency_code, units * 100 + nanos // NANOS_IN_A_FEN)


def date_message(day: date) -> date_pb2.Date:
    return date_pb2.Date(year=day.year, month=day.month, day=day.day)


def date_fields(day: date) -> dict[str, int]:
    """A date as the fields of its message."""
    return {"year": day.year, "month": day.month, "day": day.day}


def date_value(field: str, message: date_pb2.Date) -> date:
    """A whole date; one of which only a part is known is refused."""
    year, month, day = message.year, message.month, message.day
    if year > 0 and month and day:
        try:
            return date(year, month, day)
        except ValueError:
            pass  # What is wrong with it is said below.
    known = partial_date_value(field, message)
    if not known.is_exact:
        raise InvalidField(field=field, problem="must have year, month and day")
    return known.earliest


def partial_date_message(day: PartialDate) -> date_pb2.Date:
    return date_pb2.Date(year=day.year, month=day.month or 0, day=day.day or 0)


def partial_date_value(field: str, message: date_pb2.Date) -> PartialDate:
    """A date as far as it is known: a year, a month of a year, or a day."""
    if not (message.year or message.month or message.day):
        raise InvalidField(field=field, problem=MISSING)
    try:
        return PartialDate(message.year, message.month or None, message.day or None)
    except ValueError as error:
        raise InvalidField(field=field, problem=f"is no date: {error}") from None


def uuid_value(field: str, text: str) -> UUID:
    if not text:
        raise InvalidField(field=field, problem=MISSING)
    if not _UUID.fullmatch(text):
        raise InvalidField(field=field, problem="must be a UUID")
    return UUID(text)


def decimal_value(
    field: str,
    text: str,
    *,
    minimum: Decimal | int | None = None,
    maximum: Decimal | int | None = None,
    places: int | None = None,
) -> Decimal:
    """An exact decimal in plain notation, "0.0125"; `minimum` and `maximum` are allowed themselves."""
    if not text:
        raise InvalidField(field=field, problem=MISSING)
    if len(text) > LONGEST_DECIMAL or not _DECIMAL.fullmatch(text):
        raise InvalidField(field=field, problem="must be a decimal in plain notation, such as 12.5")
    value = Decimal(text)
    if minimum is not None and value < minimum:
        raise InvalidField(field=field, problem=f"must be at least {minimum}")
    if maximum is not None and value > maximum:
        raise InvalidField(field=field, problem=f"must be at most {maximum}")
    if places is not None and len(text.partition(".")[2]) > places:
        raise InvalidField(field=field, problem=f"must have at most {places} decimals")
    return value


def percent_value(field: str, text: str, *, minimum: Decimal | int = 0, maximum: Decimal | int = 100) -> Decimal:
    """A decimal of percent as it is written: "12.5" is `Decimal("12.5")`, not an eighth. At most six decimals."""
    return decimal_value(field, text, minimum=minimum, maximum=maximum, places=6)


def decimal_text(value: Decimal) -> str:
    """A decimal in plain notation, as `decimal_value` reads it: never an exponent."""
    return format(value, "f")


def timestamp_message(instant: datetime) -> Timestamp:
    """The instant must bear a zone; one without would be taken for UTC silently."""
    return Timestamp(**timestamp_fields(instant))


def timestamp_fields(instant: datetime) -> dict[str, int]:
    """An instant as the fields of its message."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    since = instant - _EPOCH
    return {"seconds": since.days * 86_400 + since.seconds, "nanos": since.microseconds * 1000}


def timestamp_value(field: str, message: Timestamp) -> datetime:
    """An instant in UTC, to the microsecond. The very start of 1970 counts as missing, as protobuf can't tell."""
    if not message.seconds and not message.nanos:
        raise InvalidField(field=field, problem=MISSING)
    if not EARLIEST <= message.seconds <= LATEST or not 0 <= message.nanos <= 999_999_999:
        raise InvalidField(field=field, problem="is out of range")
    return message.ToDatetime(tzinfo=UTC)


def enum_name(field: str, kind: EnumTypeWrapper, number: int) -> str:
    """The lower-case name without prefix, `small` for `ENTERPRISE_SIZE_SMALL`; 0 is missing."""
    if number == 0:
        raise InvalidField(field=field, problem=MISSING)
    name = _names(kind).get(number)
    if name is None:
        raise InvalidField(field=field, problem=f"has no value {number}")
    return name


@cache
def enum_text(kind: EnumTypeWrapper, name: str) -> str:
    """The full name of an enum value, which protobuf takes wherever a value is set; ValueError if there is none."""
    full = _prefix(kind) + name.upper()
    kind.Value(full)
    return full


@cache
def _prefix(kind: EnumTypeWrapper) -> str:
    return re.sub(r"(?<!^)(?=[A-Z][a-z])", "_", kind.DESCRIPTOR.name).upper() + "_"


@cache
def _names(kind: EnumTypeWrapper) -> dict[int, str]:
    prefix = _prefix(kind)
    return {value.number: value.name.removeprefix(prefix).lower() for value in kind.DESCRIPTOR.values}
