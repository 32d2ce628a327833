"""The commands of claims on a real log: what is stored, announced, drawn, and said again."""

import asyncio
from uuid import UUID, uuid4

import pytest
from hubao.claims.v1 import claim_pb2, events_pb2
from hubao.claims.v1 import claim_service_pb2 as pb

from libs.common.errors import GuardExceeded, InvalidField, RequestIdReused, Stale
from libs.common.grpc.errors import EdgeRefusal
from services.claims.domain.errors import (
    ClaimNotFound,
    DecisionOutdated,
    NotifiedBeforeOccurred,
    PolicyNotKnown,
    ReferenceReused,
)
from services.claims.domain.guards import limit_key
from tests.claims.desk import (
    HANDLER,
    MANAGER,
    Desk,
    day,
    money,
    notice,
    order_verified,
    payment,
    proposal,
    reserve,
)
from tests.claims.examples import ORDER, POLICY

OTHER_POLICY = UUID(int=77)


async def test_a_notice_opens_a_claim_and_tells_the_others(desk: Desk) -> None:
    await desk.bind()

    claim = await desk.notify(response_requested=True, incident_class="NETWORK_ATTACK", occurred_on=day(2026, 5))

    assert claim.state == claim_pb2.CLAIM_STATE_NOTIFIED
    assert claim.coverage.answer == claim_pb2.COVERAGE_ANSWER_COVERED
    assert (claim.occurred_on.month, claim.occurred_on.day) == (5, 0)
    (opened,) = await desk.announced()
    assert isinstance(opened, events_pb2.ClaimOpened)
    assert (opened.claim_id, opened.policy_id) == (claim.claim_id, str(POLICY))
    assert opened.response_requested
    assert opened.occurred_on == day(2026, 5)


async def test_the_same_reference_and_payload_is_the_same_claim_whatever_the_request_id(desk: Desk) -> None:
    await desk.bind()
    first = await desk.ask(HANDLER, notice(request_id=str(uuid4())))
    position = (await desk.log.head()).position

    again = await desk.ask(HANDLER, notice(request_id=str(uuid4())))

    assert (first.repeated, again.repeated) == (False, True)
    assert again.claim == first.claim
    assert (await desk.log.head()).position == position


async def test_the_same_request_is_answered_as_it_was_the_first_time(desk: Desk) -> None:
    await desk.bind()
    request = notice(request_id=str(uuid4()), reference="")
    first = await desk.ask(HANDLER, request)
    await desk.ask(HANDLER, reserve(first.claim.claim_id, 100))

    again = await desk.ask(HANDLER, request)

    assert again.repeated
    assert again.claim == first.claim


async def test_a_request_id_with_another_payload_is_refused(desk: Desk) -> None:
    await desk.bind()
    request_id = str(uuid4())
    await desk.ask(HANDLER, notice(request_id=request_id))

    with pytest.raises(RequestIdReused):
        await desk.ask(HANDLER, notice(request_id=request_id, reference="R-2"))


async def test_a_reference_with_another_payload_is_refused_and_leaves_nothing(desk: Desk) -> None:
    await desk.bind()
    await desk.notify()
    position = (await desk.log.head()).position

    with pytest.raises(ReferenceReused):
        await desk.notify(description="something else")

    assert (await desk.log.head()).position == position


async def test_an_unknown_policy_is_not_found(desk: Desk) -> None:
    with pytest.raises(PolicyNotKnown):
        await desk.notify()


async def test_another_insurers_policy_and_claim_are_not_found(desk: Desk) -> None:
    await desk.bind()
    claim = await desk.notify()
    desk.tenant = "stranger"

    with pytest.raises(PolicyNotKnown):
        await desk.notify()
    with pytest.raises(ClaimNotFound):
        await desk.ask(HANDLER, pb.GetClaimRequest(claim_id=claim.claim_id))
    with pytest.raises(ClaimNotFound):
        await desk.ask(HANDLER, reserve(claim.claim_id, 1))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"occurred_on": day(2022, 2, 29)}, "occurred_on"),
        ({"notified_on": day(2018, 2, 29)}, "notified_on"),
        ({"occurred_on": day(2017, 0, 15)}, "occurred_on"),
        ({"occurred_on": day(1, 1, 1)}, "occurred_on"),
        ({"discovered_on": day(9999, 12, 31)}, "discovered_on"),
        ({"description": "a\0b"}, "description"),
        ({"reported_loss": claim_pb2.ReportedLoss(amount="-5", currency_code="CNY")}, "reported_loss.amount"),
        ({"veris": claim_pb2.VerisCodes(actors=["ghost"])}, "veris.actors[0]"),
        ({"affected_part_codes": ["NONE"]}, "affected_part_codes[0]"),
        ({"incident_class": "BAD"}, "incident_class"),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_stored(desk: Desk, fields: dict[str, object], field: str) -> None:
    await desk.bind()
    position = (await desk.log.head()).position

    with pytest.raises((InvalidField, EdgeRefusal)) as refusal:
        await desk.notify(**fields)

    refused = refusal.value
    named = refused.field if isinstance(refused, InvalidField) else next(iter(refused.violations)).field
    assert named == field
    assert (await desk.log.head()).position == position


async def test_a_notice_before_the_event_is_a_refusal_by_name(desk: Desk) -> None:
    await desk.bind()

    with pytest.raises(NotifiedBeforeOccurred):
        await desk.notify(occurred_on=day(2026, 5, 1), notified_on=day(2026, 4))


async def test_a_trillion_and_cents_come_back_as_they_were_reported(desk: Desk) -> None:
    await desk.bind()

    large = await desk.notify(reported_loss=claim_pb2.ReportedLoss(amount="1000000000000", currency_code="USD"))
    cents = await desk.notify(reference="R-2", reported_loss=claim_pb2.ReportedLoss(amount="5000.05"))

    assert large.reported_loss == claim_pb2.ReportedLoss(amount="1000000000000", currency_code="USD")
    assert [question.code for question in large.open_questions] == ["EXCHANGE_EVIDENCE"]
    assert cents.reported_loss == claim_pb2.ReportedLoss(amount="5000.05")
    assert [question.code for question in cents.open_questions] == ["LOSS_CURRENCY"]


async def test_a_notice_that_resembles_another_names_it(desk: Desk) -> None:
    await desk.bind()
    first = await desk.notify(description="ransomware on the file server")

    second = await desk.notify(reference="R-2", description="ransomware on a file server")

    assert list(second.possible_duplicate_claim_ids) == [first.claim_id]


async def test_an_answer_changes_the_check_and_is_kept(desk: Desk) -> None:
    await desk.bind(paid=False)
    claim = await desk.notify()
    assert [question.code for question in claim.open_questions] == ["PREMIUM_PAID"]

    answer = claim_pb2.Answer(code="PREMIUM_PAID", value="yes", evidence="bank slip 7")
    done = await desk.ask(HANDLER, pb.AnswerQuestionsRequest(claim_id=claim.claim_id, answers=[answer]))

    assert done.claim.coverage.answer == claim_pb2.COVERAGE_ANSWER_COVERED
    assert done.claim.answers[0].answered_by == "user:handler"


async def test_an_answer_to_an_unknown_question_names_the_field(desk: Desk) -> None:
    await desk.bind()
    claim = await desk.notify()

    answer = claim_pb2.Answer(code="SHOE_SIZE", value="43")
    with pytest.raises(InvalidField) as refusal:
        await desk.ask(HANDLER, pb.AnswerQuestionsRequest(claim_id=claim.claim_id, answers=[answer]))

    assert refusal.value.field == "answers[0].code"


async def test_an_old_etag_is_stale(desk: Desk) -> None:
    await desk.bind()
    claim = await desk.notify()
    await desk.ask(HANDLER, reserve(claim.claim_id, 100, etag=claim.etag))

    with pytest.raises(Stale):
        await desk.ask(HANDLER, reserve(claim.claim_id, 200, etag=claim.etag))


async def test_reserves_over_authority_wait_for_a_manager(desk: Desk) -> None:
    await desk.bind()
    claim = await desk.notify()
    await desk.announced()

    waiting = (await desk.ask(HANDLER, reserve(claim.claim_id, 300_000))).claim
    assert waiting.pending_reserves.number == 1
    assert await desk.announced() == []
    held = (await desk.ask(MANAGER, pb.ApproveReservesRequest(claim_id=claim.claim_id, number=1))).claim

    assert not held.HasField("pending_reserves")
    assert held.reserves[0].outstanding == money(300_000)
    (changed,) = await desk.announced()
    assert (changed.outstanding, changed.delta) == (money(300_000), money(300_000))


async def test_a_claim_goes_from_notice_to_its_end(desk: Desk) -> None:
    await desk.bind(deductible=money(10_000), coinsurance_percent="10")
    claim = await desk.notify()
    await desk.ask(HANDLER, reserve(claim.claim_id, 150_000))
    loss = pb.AssessedLoss(part_code="BI", cost_type="COST_TYPE_INDEMNITY", assessed=money(160_000))
    proposed = (await desk.ask(HANDLER, proposal(claim.claim_id, loss))).claim
    assert [step.step for step in proposed.decisions[0].lines[0].steps] == [
        "ASSESSED",
        "DEDUCTIBLE",
        "COINSURANCE",
        "PART_LIMIT",
        "AGGREGATE",
    ]
    await desk.ask(MANAGER, pb.ApproveDecisionRequest(claim_id=claim.claim_id, number=1))
    assert (await desk.account()).aggregate.drawn == money(135_000)
    paid = await desk.pay(claim.claim_id, 135_000)
    assert paid.state == claim_pb2.CLAIM_STATE_SETTLED
    await desk.announced()

    closed = (await desk.ask(HANDLER, pb.CloseClaimRequest(claim_id=claim.claim_id))).claim

    assert (closed.state, closed.close_outcome) == (claim_pb2.CLAIM_STATE_CLOSED, "PAID")
    released, ended = await desk.announced()
    assert (released.outstanding, released.delta) == (money(0), money(-15_000))
    assert (ended.outcome, ended.paid) == ("PAID", money(135_000))
    totals = await desk.totals()
    assert totals.payments_approved == totals.coverage_paid == totals.coverage_drawn == money(135_000)
    assert totals.reserved == money(0)
    assert (await desk.log.available(limit_key(POLICY, ""))) == (1_500_000 - 135_000) * 100


async def test_a_payment_is_announced_with_what_it_is_for(desk: Desk) -> None:
    await desk.bind()
    claim = await desk.decided(30_000, "COST_TYPE_EXPENSE")
    await desk.hear(order_verified(claim.claim_id, ORDER, 30_000))
    await desk.announced()

    await desk.pay(claim.claim_id, 30_000, "COST_TYPE_EXPENSE", order_id=str(ORDER))

    approved, reserve = await desk.announced()
    assert isinstance(approved, events_pb2.PaymentApproved)
    assert isinstance(reserve, events_pb2.ReserveChanged)
    assert reserve.outstanding == money(0)
    assert (approved.amount, approved.order_id) == (money(30_000), str(ORDER))
    assert approved.vendor_id == "vendor-1"
    assert approved.cost_type == events_pb2.COST_TYPE_EXPENSE


async def test_a_payment_requested_twice_by_one_request_is_one_payment(desk: Desk) -> None:
    await desk.bind()
    claim = await desk.decided()
    request = payment(claim.claim_id, 1000, request_id=str(uuid4()))

    await desk.ask(HANDLER, request)
    again = await desk.ask(HANDLER, request)

    assert len(again.claim.payments) == 1


async def test_two_claims_at_once_never_take_more_than_the_aggregate(desk: Desk) -> None:
    await desk.bind(aggregate=500_000)
    claims = [await desk.notify(reference=f"R-{number}") for number in range(4)]
    loss = pb.AssessedLoss(part_code="BI", cost_type="COST_TYPE_INDEMNITY", assessed=money(200_000))
    for claim in claims:
        await desk.ask(HANDLER, proposal(claim.claim_id, loss))

    approvals = (pb.ApproveDecisionRequest(claim_id=claim.claim_id, number=1) for claim in claims)
    done = await asyncio.gather(*(desk.ask(MANAGER, one) for one in approvals), return_exceptions=True)

    refused = [one for one in done if isinstance(one, BaseException)]
    assert len(refused) == 2
    assert all(isinstance(one, DecisionOutdated | GuardExceeded) for one in refused)
    assert (await desk.account()).aggregate.drawn == money(400_000)
    assert await desk.log.available(limit_key(POLICY, "")) == 100_000 * 100


async def test_a_withdrawn_claim_gives_the_limits_back(desk: Desk) -> None:
    await desk.bind()
    claim = await desk.decided()

    withdrawn = await desk.ask(HANDLER, pb.WithdrawClaimRequest(claim_id=claim.claim_id, reason="mistake"))

    assert withdrawn.claim.state == claim_pb2.CLAIM_STATE_WITHDRAWN
    assert (await desk.account()).aggregate.drawn == money(0)
    assert await desk.log.available(limit_key(POLICY, "BI")) == 100_000_000
    assert (await desk.announced())[-1].outcome == "WITHDRAWN"


async def test_a_reopened_claim_may_be_decided_higher(desk: Desk) -> None:
    await desk.bind()
    claim = await desk.decided(100_000)
    await desk.pay(claim.claim_id, 100_000)
    await desk.ask(HANDLER, pb.CloseClaimRequest(claim_id=claim.claim_id))

    await desk.ask(HANDLER, pb.ReopenClaimRequest(claim_id=claim.claim_id, reason="a late invoice"))
    loss = pb.AssessedLoss(part_code="BI", cost_type="COST_TYPE_INDEMNITY", assessed=money(120_000))
    await desk.ask(HANDLER, proposal(claim.claim_id, loss))
    await desk.ask(MANAGER, pb.ApproveDecisionRequest(claim_id=claim.claim_id, number=2))
    paid = await desk.pay(claim.claim_id, 20_000)

    assert paid.state == claim_pb2.CLAIM_STATE_SETTLED
    account = await desk.account()
    assert (account.aggregate.drawn, account.aggregate.paid) == (money(120_000), money(120_000))


async def test_a_rejected_payment_is_kept_with_its_state(desk: Desk) -> None:
    await desk.bind()
    claim = await desk.decided()
    waiting = (await desk.ask(HANDLER, payment(claim.claim_id, 1000))).claim.payments[0]

    request = pb.RejectPaymentRequest(claim_id=claim.claim_id, payment_id=waiting.payment_id, reason="wrong payee")
    rejected = (await desk.ask(MANAGER, request)).claim

    assert rejected.payments[0].state == claim_pb2.APPROVAL_STATE_REJECTED


async def test_a_check_can_be_had_as_it_was_known_then(desk: Desk) -> None:
    await desk.bind()
    claim = await desk.notify()
    asked = desk.clock.at

    def check(**fields: object) -> pb.CheckCoverageRequest:
        return pb.CheckCoverageRequest(claim_id=claim.claim_id, **fields)

    before = await desk.ask(HANDLER, check())
    assert before.check.opinion.answer == claim_pb2.COVERAGE_ANSWER_COVERED
    assert {clause.clause for clause in before.check.parts[0].clauses} >= {"TRIGGER", "PREMIUM", "DEDUCTIBLE"}
    request = check()
    request.as_known_time.FromDatetime(asked.replace(year=asked.year + 1))
    with pytest.raises(InvalidField):
        await desk.ask(HANDLER, request)
