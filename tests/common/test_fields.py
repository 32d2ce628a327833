"""What the edge finds in a request by its own walk, and what a refusal of it looks like."""

from time import perf_counter

import pytest
from google.protobuf import struct_pb2, timestamp_pb2
from google.type import date_pb2, money_pb2
from hubao.billing_subsidy.v1 import account_service_pb2 as accounts
from hubao.claims.v1 import claim_service_pb2 as claims
from hubao.feed.v1 import admin_service_pb2 as admin
from hubao.policy.v1 import policy_import_pb2 as imports
from hubao.policy.v1 import submission_service_pb2 as submissions

from libs.common.errors import InvalidField
from libs.common.grpc.errors import EdgeRefusal, status_of
from libs.common.grpc.fields import MOST_ELEMENTS, look_at
from libs.common.grpc.validation import read, sound

ID = "6f9619ff-8b86-d011-b42d-00cf4fc964ff"


def named(message: object) -> list[tuple[str, str]]:
    return [(violation.field, violation.reason) for violation in look_at(message).violations]  # type: ignore[arg-type]


def test_a_wrong_character_is_named_by_the_path_of_its_text() -> None:
    request = submissions.CreateSubmissionRequest(submission_key="k")
    request.insured.name = "瀚海\0"
    request.systems.add(name="a")
    request.systems.add(name="b\u202e")

    assert named(request) == [("insured.name", "STRING_CHARACTERS"), ("systems[1].name", "STRING_CHARACTERS")]


def test_only_a_text_of_several_lines_may_have_them() -> None:
    assert named(claims.NotifyClaimRequest(description="one\ntwo\tthree")) == []
    assert named(claims.NotifyClaimRequest(reference="one\ntwo")) == [("reference", "STRING_CHARACTERS")]


def test_keys_and_values_of_maps_are_texts_too() -> None:
    plain = struct_pb2.Struct()
    plain.update({"good": "x", "bad\0key": 1, "list": ["a", "b\u200b"], "in": {"deeper": "\ue000"}})

    found = set(named(plain))

    assert {rule for _, rule in found} == {"STRING_CHARACTERS"}
    assert {path for path, _ in found} == {
        'fields["bad\\x00key"]',
        'fields["list"].list_value.values[1].string_value',
        'fields["in"].struct_value.fields["deeper"].string_value',
    }


@pytest.mark.parametrize("units", [10**13, -(10**13), 0, 1])
def test_ten_trillion_is_an_amount(units: int) -> None:
    money = money_pb2.Money(currency_code="CNY", units=units)

    assert named(accounts.RecordReceiptRequest(amount=money)) == []


def test_an_amount_without_a_currency_is_named_there() -> None:
    assert named(accounts.RecordReceiptRequest(amount=money_pb2.Money(units=5))) == [
        ("amount.currency_code", "MONEY_CURRENCY")
    ]


@pytest.mark.parametrize("day", [(1900, 1, 1), (2199, 12, 31), (2024, 2, 29)])
def test_the_first_and_the_last_day_are_days(day: tuple[int, int, int]) -> None:
    year, month, number = day

    assert named(submissions.CreateSubmissionRequest(inception=date_pb2.Date(year=year, month=month, day=number))) == []


def test_a_part_of_a_date_is_for_fields_that_say_so() -> None:
    for known in (date_pb2.Date(year=2025), date_pb2.Date(year=2025, month=2)):
        assert named(claims.NotifyClaimRequest(occurred_on=known)) == []
        assert named(submissions.CreateSubmissionRequest(inception=known)) == [("inception", "DATE_INCOMPLETE")]
    assert named(claims.NotifyClaimRequest(occurred_on=date_pb2.Date(year=2025, day=2))) == [
        ("occurred_on", "DATE_INVALID")
    ]


@pytest.mark.parametrize("seconds", [-62_135_596_800, 253_402_300_799, 2**63 - 1, -(2**63)])
def test_a_clock_is_not_set_to_a_day_that_nobody_may_name(seconds: int) -> None:
    request = admin.SetClockRequest(now=timestamp_pb2.Timestamp(seconds=seconds))

    with pytest.raises(EdgeRefusal) as refusal:
        read(request.SerializeToString(), admin.SetClockRequest.FromString)

    assert [(one.field, one.reason) for one in refusal.value.violations] == [("now", "TIMESTAMP_RANGE")]


def test_the_walk_ends_after_a_handful() -> None:
    request = submissions.CreateSubmissionRequest()
    for _ in range(900):
        request.systems.add(name="\0")

    findings = look_at(request)

    assert (len(findings.violations), findings.complete) == (20, False)


def test_elements_are_counted_in_all() -> None:
    request = imports.ImportRows()
    row = imports.ImportedPolicy()
    row.dependencies.extend([imports.ImportedDependency()] * 900)
    request.policies.extend([row] * 400)

    assert named(request) == []  # A row stands for itself.
    deep = struct_pb2.ListValue()
    for _ in range(60):
        deep.values.add().list_value.values.extend([struct_pb2.Value(bool_value=True)] * 1000)
    assert [rule for _, rule in named(deep)] == ["REQUEST_ELEMENTS"]
    assert look_at(deep).elements > MOST_ELEMENTS


def test_a_row_is_refused_by_itself() -> None:
    row = imports.ImportedPolicy()
    row.insured.name = "a\0"

    with pytest.raises(InvalidField) as refusal:
        sound(row)

    assert refusal.value.field == "insured.name"


def test_too_many_elements_cost_nothing_each() -> None:
    request = submissions.CreateSubmissionRequest()
    request.answers.extend([submissions.Answer()] * 20_000)
    sent = request.SerializeToString()

    began = perf_counter()
    with pytest.raises(EdgeRefusal) as refusal:
        read(sent, submissions.CreateSubmissionRequest.FromString)

    assert [one.field for one in refusal.value.violations] == ["answers"]
    assert perf_counter() - began < 0.5


def test_a_request_that_is_too_large_is_not_even_parsed() -> None:
    with pytest.raises(EdgeRefusal) as refusal:
        read(b"\xff" * 1001, claims.NotifyClaimRequest.FromString, 1000)

    assert refusal.value.reason == "REQUEST_TOO_LARGE"


def test_whatever_is_wrong_the_answer_stays_small() -> None:
    """8 KiB of metadata are all that a peer takes; `grpc-message` writes a byte that is no ASCII as three."""
    plain = struct_pb2.Struct()
    for number in range(100):
        plain.fields["护" * 3000 + str(number)].string_value = "\0"
    with pytest.raises(EdgeRefusal) as refusal:
        read(plain.SerializeToString(), struct_pb2.Struct.FromString, 4 << 20)
    request = claims.NotifyClaimRequest(policy_id="护" * 5000, reference="😀" * 5000, reported_by="护" * 5000)
    with pytest.raises(EdgeRefusal) as other:
        read(request.SerializeToString(), claims.NotifyClaimRequest.FromString)

    for refused in (refusal.value, other.value, InvalidField(field="😀" * 9000, problem="\ud800护" * 9000)):
        status = status_of(refused, "claims")
        message = sum(1 if byte < 128 else 3 for byte in status.message.encode())
        assert message + status.ByteSize() * 4 / 3 < 7500
