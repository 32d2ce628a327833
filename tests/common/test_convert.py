from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type import date_pb2, money_pb2
from hubao.common.v1 import access_pb2, party_pb2
from hubao.feed.v1 import admin_service_pb2 as admin
from hypothesis import given
from hypothesis import strategies as some

from libs.common.dates import PartialDate
from libs.common.errors import InvalidField
from libs.common.grpc import convert
from libs.common.money import Money


@given(some.integers(min_value=-convert.MOST_UNITS * 100 + 100, max_value=convert.MOST_UNITS * 100 - 100))
def test_money_goes_out_and_comes_back_to_the_fen(fen: int) -> None:
    assert convert.money_value("fee", convert.money_message(Money("CNY", fen))) == Money("CNY", fen)


@pytest.mark.parametrize(
    ("message", "field", "problem"),
    [
        (money_pb2.Money(), "fee", "is missing"),
        (money_pb2.Money(units=5), "fee.currency_code", "capital letters"),
        (money_pb2.Money(currency_code="cny", units=5), "fee.currency_code", "capital letters"),
        (money_pb2.Money(currency_code="CNY\n", units=5), "fee.currency_code", "capital letters"),
        (money_pb2.Money(currency_code="CNY", nanos=5), "fee.nanos", "whole fen"),
        (money_pb2.Money(currency_code="CNY", units=1, nanos=-10_000_000), "fee.nanos", "sign"),
        (money_pb2.Money(currency_code="CNY", units=-1, nanos=10_000_000), "fee.nanos", "sign"),
        (money_pb2.Money(currency_code="CNY", nanos=1_000_000_000), "fee.nanos", "between"),
        (money_pb2.Money(currency_code="CNY", units=2**62), "fee.units", "out of range"),
    ],
)
def test_wrong_money_is_refused_by_its_field(message: Any, field: str, problem: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        convert.money_value("fee", message)

    assert refusal.value.field == field
    assert problem in refusal.value.details["problem"]


def test_a_zero_in_a_currency_is_an_amount() -> None:
    assert convert.money_value("fee", money_pb2.Money(currency_code="CNY")) == Money("CNY", 0)


def test_a_whole_date_is_read_exactly() -> None:
    assert convert.date_value("on", convert.date_message(date(2024, 2, 29))) == date(2024, 2, 29)


def test_a_partial_date_stays_partial() -> None:
    for known in (PartialDate(2024), PartialDate(2024, 2), PartialDate(2024, 2, 29)):
        assert convert.partial_date_value("on", convert.partial_date_message(known)) == known


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        (date_pb2.Date(), "is missing"),
        (date_pb2.Date(year=2023, month=2, day=29), "is no date"),
        (date_pb2.Date(year=2023, month=13, day=1), "is no date"),
        (date_pb2.Date(month=2, day=1), "is no date"),
        (date_pb2.Date(year=2023, day=1), "is no date"),
        (date_pb2.Date(year=2023, month=1, day=-1), "is no date"),
        (date_pb2.Date(year=2023, month=1), "must have year, month and day"),
    ],
)
def test_a_wrong_date_is_refused(message: Any, problem: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        convert.date_value("on", message)

    assert refusal.value.field == "on"
    assert problem in refusal.value.details["problem"]


def test_a_uuid_is_read_in_its_usual_form_only() -> None:
    text = "6F9619FF-8B86-D011-B42D-00CF4FC964FF"
    assert convert.uuid_value("policy_id", text) == UUID(text)

    for wrong in ("", "x", text.replace("-", ""), "{" + text + "}", "urn:uuid:" + text, text + "\n"):
        with pytest.raises(InvalidField):
            convert.uuid_value("policy_id", wrong)


def test_a_decimal_is_read_exactly() -> None:
    assert str(convert.decimal_value("rate", "0.01250")) == "0.01250"
    assert convert.decimal_value("rate", "-3") == Decimal(-3)


@pytest.mark.parametrize(
    "wrong", ["", "1e3", "NaN", "Infinity", "1,000", "1_000", ".5", "5.", "+1", " 1", "1\n", "٣", "9" * 41]
)
def test_what_is_no_plain_decimal_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidField):
        convert.decimal_value("rate", wrong)


def test_a_decimal_keeps_to_its_limits() -> None:
    assert convert.decimal_value("rate", "1.50", minimum=Decimal("1.5"), maximum=2, places=2) == Decimal("1.5")

    for wrong in ("1.49", "2.01", "1.500"):
        with pytest.raises(InvalidField):
            convert.decimal_value("rate", wrong, minimum=Decimal("1.5"), maximum=2, places=2)


def test_a_percent_is_between_nothing_and_all() -> None:
    assert convert.percent_value("share", "100") == 100
    for wrong in ("-0.1", "100.01", "1.0000001"):
        with pytest.raises(InvalidField):
            convert.percent_value("share", wrong)


def test_a_decimal_goes_out_without_an_exponent() -> None:
    assert convert.decimal_text(Decimal("1E+3")) == "1000"
    assert convert.decimal_text(Decimal("0.0000001")) == "0.0000001"


def test_an_instant_comes_back_in_utc() -> None:
    instant = datetime(2025, 3, 1, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=8)))

    back = convert.timestamp_value("now", convert.timestamp_message(instant))

    assert back == instant
    assert back.tzinfo is UTC


@pytest.mark.parametrize("wrong", [Timestamp(), Timestamp(seconds=2**60), Timestamp(seconds=5, nanos=-1)])
def test_a_wrong_instant_is_refused(wrong: Timestamp) -> None:
    with pytest.raises(InvalidField):
        convert.timestamp_value("now", wrong)


def test_an_instant_without_a_zone_is_a_bug() -> None:
    with pytest.raises(ValueError, match="time zone"):
        convert.timestamp_message(datetime(2025, 3, 1))


def test_an_enum_is_known_by_its_short_name() -> None:
    number = party_pb2.ENTERPRISE_SIZE_SMALL

    assert convert.enum_name("size", party_pb2.EnterpriseSize, number) == "small"
    assert convert.enum_text(party_pb2.EnterpriseSize, "small") == "ENTERPRISE_SIZE_SMALL"
    assert party_pb2.Enterprise(size=convert.enum_text(party_pb2.EnterpriseSize, "small")).size == number
    assert convert.enum_name("role", access_pb2.Role, access_pb2.ROLE_CHIEF_UNDERWRITER) == "chief_underwriter"


def test_an_unspecified_or_unknown_enum_is_refused() -> None:
    for wrong in (0, 99):
        with pytest.raises(InvalidField):
            convert.enum_name("size", party_pb2.EnterpriseSize, wrong)
    with pytest.raises(ValueError):
        convert.enum_text(party_pb2.EnterpriseSize, "gigantic")


def test_an_unset_field_may_be_optional() -> None:
    assert convert.optional(admin.SetClockRequest(), "now", convert.timestamp_value) is None
    assert convert.optional(admin.ListParkedRequest(), "page_token", convert.uuid_value) is None

    request = admin.SetClockRequest(now=Timestamp(seconds=60))
    assert convert.optional(request, "now", convert.timestamp_value) == datetime(1970, 1, 1, 0, 1, tzinfo=UTC)
