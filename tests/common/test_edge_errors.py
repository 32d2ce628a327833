import logging
from pathlib import Path
from uuid import UUID

import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from grpc import StatusCode
from hypothesis import given
from hypothesis import strategies as st

from libs.common.errors import FileHasNoRows, GuardExceeded, InvalidField, InvalidFields
from libs.common.grpc.errors import EdgeRefusal, Violation, status_of
from libs.common.texts import unwanted
from tests.common.failing import failure
from tests.common.probe import Request, served

WRONG = {
    "refuse": (StatusCode.FAILED_PRECONDITION, "QUOTE_EXPIRED"),
    "miss": (StatusCode.NOT_FOUND, "POLICY_NOT_FOUND"),
    "invalid": (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
    "stale": (StatusCode.ABORTED, "STALE"),
    "conflict": (StatusCode.ABORTED, "CONFLICT"),
    "overload": (StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED"),
    "unknown": (StatusCode.UNAVAILABLE, "OUTCOME_UNKNOWN"),
}


async def test_every_kind_of_refusal_has_its_status_and_its_reason(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        for behaviour, expected in WRONG.items():
            for method in ("Ask", "ListAll"):
                failed = await failure(good.call(method, Request(name="x", behaviour=behaviour)))

                assert (behaviour, failed.code, failed.reason) == (behaviour, *expected)
                assert failed.message


async def test_a_refusal_says_the_same_to_a_person_and_to_a_program(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        failed = await failure(good.call("Ask", Request(name="x", behaviour="refuse")))

        assert failed.message == "The quote expired on 2025-03-31; ask for a new one."
        assert failed.metadata == {"expired_on": "2025-03-31"}


@given(st.text())
def test_no_refusal_tells_what_is_not_seen(text: str) -> None:
    refusals = (
        InvalidField(field=text, problem=f"{text!s} is wrong"),
        InvalidFields([InvalidField(field="a", problem=text), InvalidField(field=text, problem="b")]),
        FileHasNoRows(field=text),
        GuardExceeded(limit=text, amount=text, left=1, guard=text),
        EdgeRefusal(3, "REASON", text, {"a": text}, [Violation(text, text, "RULE")]),
    )
    for refusal in refusals:
        status = status_of(refusal, "policy")
        bad, info = BadRequest(), ErrorInfo()
        for detail in status.details:
            detail.Unpack(bad) or detail.Unpack(info)
        each = [part for one in bad.field_violations for part in (one.field, one.description)]
        assert not any(unwanted(told) for told in (status.message, *info.metadata.values(), *each))


async def test_an_overload_says_when_to_come_back(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        failed = await failure(good.call("Ask", Request(name="x", behaviour="overload")))

        assert failed.retry_after == 0.2


@pytest.mark.parametrize("method", ["Ask", "ListAll"])
async def test_a_bug_says_nothing_outside_and_everything_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, method: str
) -> None:
    async with served(tmp_path) as good:
        failed = await failure(good.call(method, Request(name="x", behaviour="bug", request_id=str(UUID(int=9)))))

        assert (failed.code, failed.message, failed.reason, failed.metadata) == (StatusCode.INTERNAL, "", "", {})
        [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
        assert "the secret of 瀚海" in caplog.text
        assert "Traceback" in caplog.text
        assert record.__dict__["request_id"] == str(UUID(int=9))


async def test_a_field_that_a_servicer_finds_wrong_is_named(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        failed = await failure(good.call("Ask", Request(name="x", behaviour="invalid")))

        assert failed.fields == {"parts[2].limit": "is missing"}


async def test_every_field_that_breaks_a_rule_of_the_proto_is_named(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        failed = await failure(good.call("Ask", Request(items=[{"count": 5}, {"count": 1001}])))

        assert (failed.code, failed.reason) == (StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
        assert set(failed.fields) == {"name", "items[1].count"}
        assert "name: must be at least 1 characters" in failed.message
        assert good.probe.seen == []


async def test_of_hundreds_of_wrong_fields_a_handful_is_named_and_the_others_are_counted(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        failed = await failure(good.call("Ask", Request(items=[{"count": 1001}] * 400)))

        assert failed.code == StatusCode.INVALID_ARGUMENT
        assert len(failed.fields) == 21
        assert failed.fields[""] == "and 381 more violations"


async def test_of_thousands_of_wrong_fields_the_first_is_named(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        failed = await failure(good.call("Ask", Request(name="x", items=[{"count": 1001}] * 4000)))

        assert (failed.code, set(failed.fields)) == (StatusCode.INVALID_ARGUMENT, {"items[0].count"})
        assert failed.message.endswith("; there may be more")


async def test_a_long_refusal_is_cut_and_still_arrives(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        failed = await failure(good.call("Ask", Request(name="x", behaviour="long")))

        assert (failed.code, failed.reason) == (StatusCode.FAILED_PRECONDITION, "QUOTE_EXPIRED")
        assert failed.message.endswith("…")


async def test_a_wrong_message_in_a_clients_stream_is_named(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        for method in ("Collect", "Chat"):
            failed = await failure(good.call(method, [Request(name="a"), Request(name="")]))

            assert (failed.code, set(failed.fields)) == (StatusCode.INVALID_ARGUMENT, {"name"})


@pytest.mark.parametrize("wrong", ["x", "1234", "{6f9619ff-8b86-d011-b42d-00cf4fc964ff}"])
async def test_a_request_id_that_is_no_uuid_is_named(tmp_path: Path, wrong: str) -> None:
    async with served(tmp_path) as good:
        failed = await failure(good.call("Ask", Request(name="x", request_id=wrong)))

        assert (failed.code, failed.fields) == (StatusCode.INVALID_ARGUMENT, {"request_id": "must be a UUID"})


@pytest.mark.parametrize("wrong", ["x", "-1", "", "1.5", "9" * 30])
async def test_a_malformed_position_is_named(tmp_path: Path, wrong: str) -> None:
    async with served(tmp_path) as good:
        failed = await failure(good.call("Ask", metadata=[("hubao-min-position", wrong)]))

        assert (failed.code, set(failed.fields)) == (StatusCode.INVALID_ARGUMENT, {"hubao-min-position"})


async def test_a_malformed_correlation_id_is_named(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        for wrong in ("a b", "x" * 129):
            failed = await failure(good.call("Ask", metadata=[("hubao-correlation-id", wrong)]))

            assert (failed.code, set(failed.fields)) == (StatusCode.INVALID_ARGUMENT, {"hubao-correlation-id"})


async def test_a_method_that_nobody_has_written_is_unimplemented(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        failed = await failure(good.call("Missing"))

        assert (failed.code, failed.reason) == (StatusCode.UNIMPLEMENTED, "NOT_IMPLEMENTED")


async def test_a_method_that_does_not_exist_is_unimplemented(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        failed = await failure(good.channel.unary_unary("/hubao.probe.v1.ProbeService/Nothing")(b""))

        assert failed.code == StatusCode.UNIMPLEMENTED


async def test_bytes_that_are_no_message_are_refused_without_a_word_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(tmp_path) as good:
        garbage = b"\xff\xff\xff"
        token = [("authorization", f"Bearer {good.token()}")]
        one = good.channel.unary_unary("/hubao.probe.v1.ProbeService/Ask")
        many = good.channel.stream_unary("/hubao.probe.v1.ProbeService/Collect")

        for failed in (await failure(one(garbage, metadata=token)), await failure(many([garbage], metadata=token))):
            assert (failed.code, failed.reason) == (StatusCode.INVALID_ARGUMENT, "MALFORMED_REQUEST")
        assert (await failure(one(garbage))).code == StatusCode.UNAUTHENTICATED
        assert caplog.text == ""


async def test_a_servicer_may_abort_by_itself(tmp_path: Path) -> None:
    async with served(tmp_path) as good:
        failed = await failure(good.call("Ask", Request(name="x", behaviour="abort")))

        assert (failed.code, failed.message) == (StatusCode.DATA_LOSS, "gone")
