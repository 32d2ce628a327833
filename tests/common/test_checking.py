"""What is wrong with a request is found as a whole, in the order of its fields."""

from collections.abc import Iterator

import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo

from libs.common.checking import all_at_once, problems, reading, refuse
from libs.common.errors import Invalid, InvalidField, InvalidFields, Refused
from libs.common.grpc.errors import status_of


class TooMany(Invalid):
    message = "{field} has {count}, which is too many."


class Closed(Refused):
    message = "Closed on {day}."


def wrong(field: str, problem: str = "is wrong") -> InvalidField:
    return InvalidField(field=field, problem=problem)


@all_at_once
def check(*numbers: int) -> Iterator[Invalid]:
    for index, number in enumerate(numbers):
        if number < 0:
            yield wrong(f"numbers[{index}]")
        if number > 9:
            yield TooMany(field=f"numbers[{index}]", count=number)


@all_at_once
def check_both(first: int, second: int) -> Iterator[Invalid]:
    yield from problems(check, first, second)
    if first == second:
        yield wrong("second", "is the first again")


def read_number(field: str, text: str) -> int:
    if not text.isdigit():
        raise wrong(field)
    return int(text)


def test_nothing_is_refused_when_nothing_is_wrong() -> None:
    check(1, 2)
    refuse([])


def test_a_single_wrong_field_is_refused_as_it_is() -> None:
    with pytest.raises(TooMany) as refusal:
        check(1, 10)

    assert refusal.value.reason == "TOO_MANY"


def test_all_wrong_fields_are_refused_together_in_their_order() -> None:
    with pytest.raises(InvalidFields) as refusal:
        check_both(-1, -1)

    assert [one.field for one in refusal.value.each] == ["numbers[0]", "numbers[1]", "second"]
    assert refusal.value.field == "numbers[0]"
    assert str(refusal.value) == "numbers[0]: is wrong; numbers[1]: is wrong; second: is the first again"


def test_what_is_wrong_in_itself_comes_before_what_the_state_does_not_allow() -> None:
    @all_at_once
    def closed(number: int) -> Iterator[Invalid]:
        yield from problems(check, number)
        raise Closed(day="2026-03-01")

    with pytest.raises(Closed):
        closed(1)
    with pytest.raises(InvalidField):
        closed(-1)


def test_reading_gives_values_or_all_that_was_wrong() -> None:
    with reading() as read:
        values = (read(read_number, "a", "1"), read(read_number, "b", "2"))
    assert values == (1, 2)

    with pytest.raises(InvalidFields) as refusal, reading() as read:
        (read(read_number, "a", "x"), read(read_number, "b", "2"), read(check, -1))

    assert [one.field for one in refusal.value.each] == ["a", "numbers[0]"]


def test_what_is_raised_while_reading_is_refused_with_the_rest() -> None:
    def both() -> None:
        with reading() as read:
            read(read_number, "a", "x")
            raise wrong("b")

    with pytest.raises(InvalidFields) as refusal:
        both()

    assert [one.field for one in refusal.value.each] == ["a", "b"]


def test_a_client_gets_a_violation_for_each_field_with_its_own_reason() -> None:
    with pytest.raises(InvalidFields) as refusal:
        check(-1, 10)

    info, bad = ErrorInfo(), BadRequest()
    details = status_of(refusal.value, "policy").details
    assert any(detail.Unpack(info) for detail in details) and any(detail.Unpack(bad) for detail in details)

    assert info.reason == "INVALID_FIELD"
    assert [(one.field, one.reason) for one in bad.field_violations] == [
        ("numbers[0]", "INVALID_FIELD"),
        ("numbers[1]", "TOO_MANY"),
    ]
    assert bad.field_violations[1].description == "numbers[1] has 10, which is too many."
