"""WatchPolicies through gRPC and the real log: nothing is lost, nothing comes twice, nobody sees another's."""

import asyncio
import logging
from datetime import date
from typing import Any

import grpc
import pytest
from hubao.policy.v1 import events_pb2
from hubao.policy.v1 import policy_service_pb2 as pb

from libs.common import watching
from services.policy.projections.reads import Reads
from services.policy.servicer import watching as servicer
from tests.policy import book
from tests.policy import desk as a
from tests.policy import examples as an
from tests.policy.desk import Desk


def watch(desk: Desk, cursor: str = "", *, tenant: str = an.TENANT, snapshot: bool = False) -> Any:
    token = desk.issuer.token("he", tenant, tenant, ("auditor",))
    request = pb.WatchPoliciesRequest(cursor=cursor, snapshot=snapshot)
    return desk._methods["WatchPoliciesRequest"](request, metadata=[("authorization", f"Bearer {token}")])


async def after(call: Any, count: int) -> list[pb.WatchPoliciesResponse]:
    return [await asyncio.wait_for(call.read(), 10) for _ in range(count)]


def kinds(answers: list[pb.WatchPoliciesResponse]) -> list[str]:
    return [answer.change.announcement.type_url.rpartition(".")[2] for answer in answers]


async def take(desk: Desk, *numbers: int) -> list[str]:
    """Imports policies; their ids."""
    answered = await book.imported(desk, [book.header(), book.rows(*map(book.row, numbers))])
    return [each.policy_id for each in answered.results]


async def test_changes_come_in_order_as_they_were_announced(desk: Desk) -> None:
    await a.product(desk)
    (policy_id,) = await take(desk, 1)
    call = watch(desk)
    (bound,) = await after(call, 1)

    await desk.ask(a.endorse(policy_id, date(2026, 7, 1), a.set_data(an.RAISED_DATA_LIMIT)))
    await desk.ask(a.cancel(policy_id, date(2026, 10, 1)))
    others = await after(call, 2)
    call.cancel()

    assert kinds([bound, *others]) == ["PolicyBound", "PolicyChanged", "PolicyCancelled"]
    assert {answer.change.policy_id for answer in (bound, *others)} == {policy_id}
    changed = events_pb2.PolicyChanged()
    assert others[0].change.announcement.Unpack(changed)
    assert len(changed.timeline.segments) == 2
    assert bound.change.recorded_time.seconds > 0


async def test_a_watch_goes_on_from_any_cursor(desk: Desk) -> None:
    await a.product(desk)
    taken = await take(desk, *range(6))
    call = watch(desk)
    answers = await after(call, 6)
    call.cancel()
    ids = [answer.change.policy_id for answer in answers]  # The rows of an import come in any order.

    assert sorted(ids) == sorted(taken)
    for place, answer in enumerate(answers[:-1]):
        again = watch(desk, answer.cursor)
        rest = await after(again, 5 - place)
        again.cancel()
        assert [each.change.policy_id for each in rest] == ids[place + 1 :]


async def test_others_announcements_are_passed_over_in_spans(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servicer, "SPAN", 3)
    monkeypatch.setattr(servicer, "BATCH", 2)
    monkeypatch.setattr(watching, "HEARTBEAT", 0.0)
    await a.product(desk)
    await take(desk, *range(20))
    foreign = watch(desk, tenant="insurer-z")

    while (seen := (await after(foreign, 1))[0]).cursor.partition("-")[0] != "20":
        assert seen.WhichOneof("what") is None
    foreign.cancel()
    own = watch(desk)
    found = [answer for answer in await after(own, 30) if answer.HasField("change")]
    own.cancel()

    assert len(found) == 20


async def test_a_snapshot_comes_first_and_the_changes_after_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servicer, "PAGE", 2)
    await a.product(desk)
    ids = await take(desk, *range(5))
    await desk.catch_up()
    call = watch(desk, snapshot=True)
    *rows, end = await after(call, 6)

    (late,) = await take(desk, 7)
    (change,) = await after(call, 1)
    call.cancel()

    assert [answer.policy.policy_id for answer in rows] == ids
    assert {answer.cursor for answer in rows} == {""}
    assert (end.WhichOneof("what"), end.cursor.partition("-")[0]) == (None, "5")
    assert change.change.policy_id == late


async def test_what_the_read_tables_have_not_seen_yet_comes_after_the_snapshot(desk: Desk) -> None:
    await a.product(desk)
    (first,) = await take(desk, 1)
    await desk.catch_up()
    (second,) = await take(desk, 2)

    call = watch(desk, snapshot=True)
    row, _, change = await after(call, 3)
    call.cancel()

    assert (row.policy.policy_id, change.change.policy_id) == (first, second)


async def test_silence_is_broken_by_a_cursor(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "HEARTBEAT", 0.05)
    call = watch(desk)

    (answer,) = await after(call, 1)
    call.cancel()

    assert (answer.WhichOneof("what"), answer.cursor.partition("-")[0]) == (None, "0")


async def refusal(desk: Desk, **asked: Any) -> tuple[str, str]:
    call = watch(desk, **asked)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call.read()
    return refused.value.code().name, refused.value.details() or ""


async def test_a_wrong_cursor_is_refused(desk: Desk) -> None:
    await a.product(desk)
    await take(desk, 1)
    log_id = (await desk.application.log.head()).id.hex[:8]

    for wrong in ("1", "abc", "1-00000000", f"-1-{log_id}", f"1-{log_id} ", "9" * 61):
        assert (await refusal(desk, cursor=wrong))[0] == "INVALID_ARGUMENT"
    assert await refusal(desk, cursor=f"2-{log_id}") == (
        "FAILED_PRECONDITION",
        "The log has not come to 2 yet.",
    )
    assert await refusal(desk, cursor=f"1-{log_id}", snapshot=True) == (
        "INVALID_ARGUMENT",
        "snapshot: can't stand beside a cursor",
    )


async def test_a_watch_outlives_two_rebuilds_in_a_row(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await a.product(desk)
    await take(desk, 1)
    await desk.catch_up()
    call = watch(desk, snapshot=True)
    await after(call, 2)

    for _ in range(2):
        await desk.projector.rebuild()
    (late,) = await take(desk, 2)
    (change,) = await after(call, 1)
    call.cancel()

    assert change.change.policy_id == late
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_snapshot_whose_tables_are_dropped_is_to_be_begun_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(servicer, "PAGE", 2)
    await a.product(desk)
    ids = await take(desk, *range(5))
    await desk.catch_up()
    read, pages = Reads.policies, 0

    async def rebuilt_before_the_second(self: Reads, *args: Any) -> Any:
        nonlocal pages
        pages += 1
        if pages == 2:
            known = desk.tables.schema
            for _ in range(2):
                await desk.projector.rebuild()
            desk.tables.schema = known  # As another replica that has not heard of it.
        return await read(self, *args)

    monkeypatch.setattr(Reads, "policies", rebuilt_before_the_second)
    call = watch(desk, snapshot=True)
    await after(call, 2)
    with pytest.raises(grpc.aio.AioRpcError) as ended:
        await after(call, 1)
    again = watch(desk, snapshot=True)
    answers = await after(again, 6)
    again.cancel()

    assert ended.value.code() is grpc.StatusCode.UNAVAILABLE
    assert [answer.policy.policy_id for answer in answers[:-1]] == ids
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_page_token_holds_across_two_rebuilds(desk: Desk) -> None:
    await a.product(desk)
    ids = await take(desk, *range(5))
    await desk.catch_up()
    shown = await desk.ask(pb.ListPoliciesRequest(page_size=2))

    for _ in range(2):
        await desk.projector.rebuild()
    rest = await desk.ask(pb.ListPoliciesRequest(page_size=3, page_token=shown.next_page_token))

    assert [policy.policy_id for policy in (*shown.policies, *rest.policies)] == ids
