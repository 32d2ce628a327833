"""Accumulations through gRPC and the real guards: drawn with the binding, followed to the end, never passed."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc
import pytest
from hubao.policy.v1 import accumulation_pb2 as pb
from hubao.policy.v1 import policy_life_pb2 as life_pb
from hubao.policy.v1 import policy_service_pb2 as policy_pb
from hubao.policy.v1 import submission_service_pb2 as submission_pb

from libs.common.dates import start_of_day
from libs.common.grpc.convert import date_message
from libs.common.money import Money
from libs.common.store.verify import verify
from tests.policy import book
from tests.policy import desk as a
from tests.policy import examples as an
from tests.policy.desk import Desk, open_desk

CHIEF: dict[str, Any] = {"who": "zhou", "roles": ("chief_underwriter",)}
CLOUD = submission_pb.DEPENDENCY_KIND_CLOUD
GUARD = "accumulation:insurer-a:cloud:aliyun"
PREMIUM_LIMITS = 25_000_000
"""What the usual submission sums to."""


def capacity(amount: int, percent: str = "100", name: str = "aliyun") -> pb.SetAccumulationCapacityRequest:
    return pb.SetAccumulationCapacityRequest(
        request_id=str(uuid4()), kind=CLOUD, name=name, capacity=a.yuan(amount), refer_above_percent=percent
    )


async def exposed(desk: Desk) -> tuple[int, int]:
    """The exposure in yuan and the number of policies, which the guard must say too."""
    await desk.catch_up()
    found = (await desk.ask(pb.GetAccumulationRequest(kind=CLOUD, name="Aliyun"))).accumulation
    row = await desk.application.log.one("SELECT used FROM guard WHERE key = %s", (GUARD,))
    assert row is not None
    assert found.exposure == a.yuan(row[0] // 100)
    return found.exposure.units, found.policies


async def quoted(desk: Desk, product_id: str, key: str, limit: int = PREMIUM_LIMITS) -> str:
    request = a.create_submission(product_id, key)
    request.ClearField("parts")
    request.parts.append(a.wanted(an.DATA, Money.cny(limit)))
    submission_id = str((await desk.ask(request)).submission.submission_id)
    await desk.ask(submission_pb.CreateQuoteRequest(submission_id=submission_id))
    return submission_id


def bind_alone(submission_id: str) -> policy_pb.BindPolicyRequest:
    return policy_pb.BindPolicyRequest(request_id=str(uuid4()), submission_id=submission_id, quote_number=1)


async def test_a_binding_draws_and_a_second_one_that_would_pass_the_capacity_is_refused_whole(desk: Desk) -> None:
    product_id = await a.product(desk)
    first, second = [await quoted(desk, product_id, key) for key in ("A", "B")]
    await desk.chief(capacity(40_000_000))

    policy = (await desk.ask(bind_alone(first))).policy
    before = (await desk.application.log.head()).position
    with pytest.raises(
        grpc.aio.AioRpcError, match=r"cloud aliyun allows 15,000,000\.00 CNY more, not 25,000,000\.00 CNY"
    ):
        await desk.ask(bind_alone(second))

    assert await desk.refused(bind_alone(second)) == ("FAILED_PRECONDITION", "GUARD_EXCEEDED")
    assert (await desk.application.log.head()).position == before
    found = (await desk.ask(submission_pb.GetSubmissionRequest(submission_id=second))).submission
    assert found.status == submission_pb.SUBMISSION_STATUS_QUOTED
    assert await exposed(desk) == (25_000_000, 1)

    await desk.ask(a.cancel(policy.policy_id, an.INCEPTION))
    assert await exposed(desk) == (0, 0)
    assert (await desk.ask(bind_alone(second))).policy.status == policy_pb.POLICY_STATUS_IN_FORCE


async def test_only_what_is_kept_is_drawn(desk: Desk) -> None:
    submission_id = await quoted(desk, await a.product(desk), "A")

    await desk.ask(a.bind(submission_id, await a.treaty(desk)))

    assert await exposed(desk) == (10_500_000, 1)  # 60 percent, less a quota share of 30 percent.


async def test_of_many_who_bind_at_once_only_so_many_pass_as_there_is_capacity_for(desk: Desk) -> None:
    product_id = await a.product(desk)
    ids = [await quoted(desk, product_id, f"S-{number}", 10_000_000) for number in range(12)]
    await desk.chief(capacity(35_000_000))

    answers = await asyncio.gather(*(desk.ask(bind_alone(each)) for each in ids), return_exceptions=True)

    bound = [each for each in answers if not isinstance(each, BaseException)]
    assert len(bound) == 3
    assert len([each for each in answers if GUARD in str(each)]) == 9
    assert await exposed(desk) == (30_000_000, 3)


async def test_many_who_name_something_new_at_once_are_all_counted(desk: Desk) -> None:
    product_id = await a.product(desk)
    ids = [await quoted(desk, product_id, f"S-{number}", 10_000_000) for number in range(8)]

    await asyncio.gather(*(desk.ask(bind_alone(each)) for each in ids))

    assert await exposed(desk) == (80_000_000, 8)
    found = (await desk.ask(pb.GetAccumulationRequest(kind=CLOUD, name="aliyun"))).accumulation
    assert not found.HasField("capacity")


async def test_two_processes_that_bind_at_once_share_one_capacity(database: str, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    async with open_desk(database, tmp_path / "one") as one, open_desk(database, tmp_path / "two") as two:
        product_id = await a.product(one)
        ids = [await quoted(one, product_id, f"S-{number}", 10_000_000) for number in range(10)]
        await one.chief(capacity(45_000_000))

        answers = await asyncio.gather(
            *((one, two)[number % 2].ask(bind_alone(each)) for number, each in enumerate(ids)), return_exceptions=True
        )

        assert len([each for each in answers if not isinstance(each, BaseException)]) == 4
        assert len([each for each in answers if GUARD in str(each)]) == 6
        assert await exposed(one) == (40_000_000, 4)
        assert (await verify(two.application.log))[1] == []


async def test_binding_endorsing_and_cancelling_at_once_never_pass_the_capacity_and_the_log_proves_it(
    desk: Desk,
) -> None:
    product_id = await a.product(desk)
    ids = [await quoted(desk, product_id, f"S-{number}", 10_000_000) for number in range(8)]
    await desk.chief(capacity(45_000_000))
    old = [(await desk.ask(bind_alone(each))).policy.policy_id for each in ids[:3]]
    raised = [a.endorse(each, date(2026, 5, 1), a.set_data(Money.cny(20_000_000))) for each in old]
    requests = [*raised, a.cancel(old[0], an.INCEPTION), *(bind_alone(each) for each in ids[3:])]

    answers = await asyncio.gather(*(desk.ask(request) for request in requests), return_exceptions=True)

    refused = [each for each in answers if isinstance(each, grpc.aio.AioRpcError)]
    assert refused
    assert {each.code().name for each in refused} == {"FAILED_PRECONDITION"}
    amount, _ = await exposed(desk)
    assert 0 < amount <= 45_000_000
    _, wrong = await verify(desk.application.log)
    assert wrong == []


async def test_an_endorsement_draws_what_it_adds_and_is_refused_beyond_the_capacity(desk: Desk) -> None:
    policy_id = (await desk.ask(bind_alone(await quoted(desk, await a.product(desk), "A")))).policy.policy_id
    await desk.chief(capacity(28_000_000))
    more = a.endorse(policy_id, date(2026, 5, 1), a.set_data(Money.cny(28_000_001)))
    whole = a.endorse(policy_id, date(2026, 5, 1), a.set_data(Money.cny(28_000_000)))

    assert await desk.refused(more) == ("FAILED_PRECONDITION", "GUARD_EXCEEDED")
    await desk.ask(whole)
    await desk.ask(whole)

    assert await exposed(desk) == (28_000_000, 1)


async def test_a_smaller_limit_and_a_later_cancellation_give_back_on_their_days(desk: Desk) -> None:
    policy_id = (await desk.ask(bind_alone(await quoted(desk, await a.product(desk), "A")))).policy.policy_id
    await desk.ask(a.endorse(policy_id, date(2026, 5, 1), a.set_data(Money.cny(10_000_000))))
    await desk.ask(a.cancel(policy_id, date(2026, 8, 1)))
    assert await exposed(desk) == (25_000_000, 1)

    await desk.move_to(start_of_day(date(2026, 5, 1)))
    assert await exposed(desk) == (10_000_000, 1)
    await desk.move_to(start_of_day(date(2026, 7, 31)))
    assert await exposed(desk) == (10_000_000, 1)
    await desk.move_to(start_of_day(date(2026, 8, 1)))
    assert await exposed(desk) == (0, 0)


async def test_a_reinstated_policy_draws_again_what_its_cancellation_gave_back(desk: Desk) -> None:
    policy_id = (await desk.ask(bind_alone(await quoted(desk, await a.product(desk), "A")))).policy.policy_id
    await desk.ask(a.cancel(policy_id, an.INCEPTION))
    assert await exposed(desk) == (0, 0)

    await desk.ask(
        life_pb.ReinstatePolicyRequest(policy_id=policy_id, effective_date=date_message(an.INCEPTION), reason="PAID")
    )

    assert await exposed(desk) == (25_000_000, 1)


async def test_a_policy_that_expires_gives_back_all(desk: Desk) -> None:
    policy_id = (await desk.ask(bind_alone(await quoted(desk, await a.product(desk), "A")))).policy.policy_id

    await desk.move_to(start_of_day(an.EXPIRY))

    found = (await desk.ask(policy_pb.GetPolicyRequest(policy_id=policy_id))).policy
    assert found.status == policy_pb.POLICY_STATUS_EXPIRED
    assert await exposed(desk) == (0, 0)


async def test_a_quote_near_the_capacity_is_referred(desk: Desk) -> None:
    product_id = await a.product(desk)
    await desk.chief(capacity(60_000_000, "80"))
    await desk.ask(bind_alone(await quoted(desk, product_id, "A", 24_000_000)))
    near, within = a.create_submission(product_id, "NEAR"), a.create_submission(product_id, "WITHIN")
    del near.parts[1:], within.parts[1:]
    near.parts[0].limit.CopyFrom(a.yuan(24_000_001))
    within.parts[0].limit.CopyFrom(a.yuan(24_000_000))

    reasons = []
    for request in (near, within):
        submission_id = (await desk.ask(request)).submission.submission_id
        made = await desk.ask(submission_pb.CreateQuoteRequest(submission_id=submission_id))
        reasons.append(list(made.quote.referral_reasons))

    assert reasons == [["ACCUMULATION"], []]


async def test_a_capacity_is_set_by_a_chief_and_what_is_exposed_before_counts(desk: Desk) -> None:
    product_id = await a.product(desk)
    await desk.ask(bind_alone(await quoted(desk, product_id, "A")))
    lowered = capacity(20_000_000, "", " ALIYUN ")

    assert await desk.refused(lowered) == ("PERMISSION_DENIED", "ROLE_MISSING")
    first, again = await desk.chief(lowered), await desk.chief(lowered)
    await desk.chief(capacity(1, name="other"))
    await desk.catch_up()
    listed = (await desk.ask(pb.ListAccumulationsRequest(limited_only=True, page_size=1))).accumulations
    everything = (await desk.ask(pb.ListAccumulationsRequest())).accumulations

    assert first == again
    assert (first.accumulation.name, first.accumulation.refer_above_percent) == ("aliyun", "80")
    assert [(each.name, each.capacity, each.exposure) for each in listed] == [
        ("aliyun", a.yuan(20_000_000), a.yuan(25_000_000))
    ]
    assert [each.name for each in everything] == ["aliyun", "other"]
    small = await quoted(desk, product_id, "B", 100_000)
    assert await desk.refused(bind_alone(small)) == ("FAILED_PRECONDITION", "REFERRAL_OPEN")
    await desk.chief(submission_pb.ReleaseReferralRequest(submission_id=small, quote_number=1, note="seen"))
    assert await desk.refused(bind_alone(small)) == ("FAILED_PRECONDITION", "GUARD_EXCEEDED")


async def test_wrong_capacities_are_named_and_unknown_things_not_found(desk: Desk) -> None:
    foreign, nameless, percent = capacity(1), capacity(1, name="  "), capacity(1, "101")
    foreign.capacity.currency_code = "USD"

    assert [await desk.refused(each, **CHIEF) for each in (foreign, nameless, percent)] == [
        ("INVALID_ARGUMENT", "capacity.currency_code"),
        ("INVALID_ARGUMENT", "name"),
        ("INVALID_ARGUMENT", "refer_above_percent"),
    ]
    unknown = pb.GetAccumulationRequest(kind=CLOUD, name="nobody")
    assert await desk.refused(unknown) == ("NOT_FOUND", "ACCUMULATION_NOT_FOUND")


async def test_each_insurer_has_its_own_accumulations(desk: Desk) -> None:
    await desk.chief(capacity(1))
    await desk.catch_up()

    other = pb.GetAccumulationRequest(kind=CLOUD, name="aliyun")
    assert await desk.refused(other, tenant="insurer-z") == ("NOT_FOUND", "ACCUMULATION_NOT_FOUND")
    assert (await desk.ask(other)).accumulation.capacity == a.yuan(1)


async def test_an_import_draws_too_and_a_row_that_would_pass_the_capacity_is_refused_alone(desk: Desk) -> None:
    await a.product(desk)
    await desk.chief(capacity(60_000_000))
    others = book.row(3, dependencies=[])

    answered = await book.imported(desk, [book.header(), book.rows(book.row(1), book.row(2), others, book.row(4))])

    assert sorted(answered.outcomes) == ["accepted", "accepted", "accepted", "refused"]
    assert answered.outcomes[2] == "accepted"
    assert answered.refusals == [("GUARD_EXCEEDED", "")]
    assert await exposed(desk) == (50_000_000, 2)
    taken = next(each.policy_id for each in answered.results if each.policy_id)
    await desk.ask(a.cancel(taken, an.INCEPTION))
    assert await exposed(desk) == (25_000_000, 1)
