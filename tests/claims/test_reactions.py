"""What claims do about what the other services announce."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from google.protobuf.message import Message
from hubao.billing_subsidy.v1 import events_pb2 as billing_pb
from hubao.claims.v1 import claim_pb2
from hubao.claims.v1 import claim_service_pb2 as pb
from hubao.policy.v1 import events_pb2 as policy_pb
from hubao.vendor_gateway.v1 import events_pb2 as vendor_pb

from libs.common.errors import NotYet
from services.claims.domain.guards import limit_key
from tests.claims.desk import HANDLER, Desk, day, money, order_verified, part_terms, timeline
from tests.claims.examples import BOUND_AT, ORDER, POLICY

LATER = BOUND_AT + timedelta(days=30)


async def test_a_bound_policy_has_an_account_with_its_limits(desk: Desk) -> None:
    await desk.bind()

    account = await desk.account()

    assert (account.policy_number, account.premium_state) == ("P-1", "PAID")
    assert account.aggregate.limit == account.aggregate.available == money(1_500_000)
    assert [(part.part_code, part.limit) for part in account.parts] == [("BI", money(1_000_000))]
    assert await desk.log.available(limit_key(POLICY, "BI")) == 100_000_000


async def test_a_changed_policy_keeps_what_was_known_before(desk: Desk) -> None:
    await desk.bind()

    changed = timeline(limit=money(400_000), retroactive_date=day(2024, 1, 1))
    await desk.hear(policy_pb.PolicyChanged(timeline=changed), LATER)

    account = await desk.account()
    assert [known.cause for known in account.terms_history] == ["BOUND", "CHANGED"]
    assert account.terms_history[1].recorded_time.ToDatetime(tzinfo=UTC) == LATER
    assert account.terms_history[1].segments[0].parts[0] == part_terms(
        limit=money(400_000), retroactive_date=day(2024, 1, 1)
    )
    assert await desk.log.available(limit_key(POLICY, "BI")) == 40_000_000


async def test_a_part_that_left_the_policy_for_all_of_its_term_has_no_limit(desk: Desk) -> None:
    await desk.bind()

    await desk.hear(policy_pb.PolicyChanged(timeline=timeline(code="IR")), LATER)

    assert await desk.log.available(limit_key(POLICY, "BI")) == 0
    assert await desk.log.available(limit_key(POLICY, "IR")) == 100_000_000


async def test_a_cancelled_policy_covers_nothing_after_its_last_day(desk: Desk) -> None:
    await desk.bind()
    cut = timeline()
    cut.segments[0].to.CopyFrom(day(2026, 4, 1))

    await desk.hear(policy_pb.PolicyCancelled(timeline=cut, effective_date=day(2026, 4, 1)), LATER)
    claim = await desk.notify(occurred_on=day(2026, 4, 1))

    assert claim.coverage.answer == claim_pb2.COVERAGE_ANSWER_NOT_COVERED
    assert list(claim.coverage.parts[0].reasons) == ["OCCURRED_AFTER_COVER"]


async def test_an_expired_policy_says_so(desk: Desk) -> None:
    await desk.bind()

    await desk.hear(policy_pb.PolicyExpired(policy_id=str(POLICY), expired_on=day(2027, 1, 1)), LATER)

    assert [known.cause for known in (await desk.account()).terms_history] == ["BOUND", "EXPIRED"]


async def test_an_unpaid_premium_leaves_later_losses_uncovered(desk: Desk) -> None:
    await desk.bind(paid=False)
    overdue = billing_pb.PremiumOverdue(
        policy_id=str(POLICY), outstanding=money(5), due_on=day(2026, 2, 1), grace_until=day(2026, 3, 1)
    )
    unpaid = billing_pb.GraceExpired(policy_id=str(POLICY), outstanding=money(5), expired_on=day(2026, 3, 2))
    await desk.hear(overdue, LATER)
    in_grace = await desk.notify()
    await desk.hear(unpaid, LATER)
    after_grace = await desk.notify(reference="R-2")

    assert in_grace.coverage.answer == claim_pb2.COVERAGE_ANSWER_COVERED
    assert list(after_grace.coverage.parts[0].reasons) == ["UNPAID"]


@pytest.mark.parametrize(
    "heard",
    [
        billing_pb.PremiumReceived(policy_id=str(POLICY), amount=money(1), received=money(1), invoiced=money(1)),
        policy_pb.PolicyExpired(policy_id=str(POLICY), expired_on=day(2027, 1, 1)),
        order_verified(str(UUID(int=5)), ORDER, 1),
    ],
)
async def test_what_is_heard_too_early_is_heard_again_later(desk: Desk, heard: Message) -> None:
    with pytest.raises(NotYet):
        await desk.hear(heard)


async def test_a_verified_order_stands_on_its_claim(desk: Desk) -> None:
    await desk.bind()
    claim = await desk.notify()

    await desk.hear(order_verified(claim.claim_id, ORDER, 30_000))
    await desk.hear(order_verified(claim.claim_id, ORDER, 30_000))

    read = (await desk.ask(HANDLER, pb.GetClaimRequest(claim_id=claim.claim_id))).claim
    assert [(order.order_id, order.fee) for order in read.verified_orders] == [(str(ORDER), money(30_000))]


async def test_an_order_that_is_not_for_a_claim_leads_to_nothing(desk: Desk) -> None:
    await desk.bind()
    position = (await desk.log.head()).position

    monitoring = order_verified("", ORDER, 1)
    monitoring.origin.CopyFrom(vendor_pb.OrderOrigin(policy_id=str(POLICY)))
    await desk.hear(monitoring)

    assert (await desk.log.head()).position == position


async def test_a_clock_that_is_ahead_of_ours_does_not_hide_the_terms(desk: Desk) -> None:
    bound = policy_pb.PolicyBound(timeline=timeline())
    await desk.hear(bound, datetime(2027, 1, 1, tzinfo=UTC))

    assert (await desk.notify()).open_questions[0].code == "PREMIUM_PAID"
