"""The year of the design, through gRPC and the real log."""

from datetime import UTC, date, datetime
from typing import Any

from google.protobuf.message import Message
from hubao.billing_subsidy.v1 import events_pb2 as billing
from hubao.claims.v1 import events_pb2 as claims
from hubao.policy.v1 import events_pb2
from hubao.policy.v1 import policy_service_pb2 as pb
from hubao.policy.v1 import submission_service_pb2 as submission_pb
from hubao.vendor_gateway.v1 import events_pb2 as vendors

from libs.common.grpc.convert import date_message, money_value, timestamp_message
from libs.common.money import Money
from services.policy.reactions import REACTIONS
from tests.policy import desk as a
from tests.policy import examples as an
from tests.policy.desk import Desk, yuan

JULY, APRIL, OCTOBER = date(2026, 7, 1), date(2026, 4, 1), date(2026, 10, 1)


async def played(desk: Desk) -> pb.Policy:
    """All of the policy's year: bound, raised in July, reduced from April on, cancelled in October."""
    policy_id = (await a.bound(desk)).policy_id
    await desk.move_to(datetime(2026, 6, 20, 2, tzinfo=UTC))
    await desk.ask(a.endorse(policy_id, JULY, a.set_data(an.RAISED_DATA_LIMIT)))
    await desk.move_to(datetime(2026, 9, 1, 2, tzinfo=UTC))
    await desk.ask(a.endorse(policy_id, APRIL, a.remove(an.EXTORTION)))
    await desk.move_to(datetime(2026, 9, 28, 2, tzinfo=UTC))
    return (await desk.ask(a.cancel(policy_id, OCTOBER))).policy  # type: ignore[no-any-return]


def fen(amount: Any) -> int:
    return money_value("amount", amount).minor_units


async def announced(desk: Desk) -> list[Message]:
    rows = await desk.application.log.outbox(0, 100)
    found = []
    for row in rows:
        message = getattr(events_pb2, row.type.rpartition(".")[2])()
        message.ParseFromString(row.data)
        found.append(message)
    return found


async def test_the_year_comes_out_to_the_fen(desk: Desk) -> None:
    policy = await played(desk)

    assert [(each.number, each.refers_to, fen(each.net), fen(each.vat)) for each in policy.transactions] == [
        (1, 0, 10_000_000, 600_000),
        (2, 0, 1_008_219, 60_493),
        (3, 2, -1_008_219, -60_493),
        (4, 0, -602_740, -36_164),
        (5, 2, 1_008_219, 60_493),
        (6, 0, -2_540_712, -152_443),
    ]
    assert (fen(policy.transactions[0].ceded), fen(policy.transactions[0].ceding_commission)) == (1_800_000, 450_000)
    assert fen(policy.timeline.premium) == 7_864_767
    assert (fen(policy.cancellation.unearned), fen(policy.cancellation.refund)) == (2_823_014, 2_540_712)
    assert fen(policy.cancellation.retained) == 282_302
    assert policy.status == pb.POLICY_STATUS_CANCELLED


async def test_what_happened_is_announced_in_order(desk: Desk) -> None:
    await played(desk)

    bound, july, april, cancelled = await announced(desk)

    assert isinstance(bound, events_pb2.PolicyBound)
    assert isinstance(july, events_pb2.PolicyChanged)
    assert isinstance(april, events_pb2.PolicyChanged)
    assert isinstance(cancelled, events_pb2.PolicyCancelled)
    assert [service.code for service in bound.timeline.entitlements] == ["MONITORING", "RESPONSE"]
    assert [each.number for each in april.transactions] == [3, 4, 5]
    assert len(april.timeline.segments) == 3
    assert cancelled.method == "short_rate"
    assert fen(cancelled.retained) == 282_302
    assert fen(cancelled.timeline.premium) == 7_864_767
    assert cancelled.timeline.segments[-1].to == date_message(OCTOBER)


async def test_the_policy_is_shown_for_any_day_as_known_at_any_time(desk: Desk) -> None:
    policy_id = (await played(desk)).policy_id
    await desk.move_to(datetime(2026, 10, 2, tzinfo=UTC))

    async def parts(effective: date, known: datetime) -> list[tuple[str, int]]:
        request = pb.GetPolicyRequest(
            policy_id=policy_id, effective_date=date_message(effective), recorded_time=timestamp_message(known)
        )
        policy = (await desk.ask(request)).policy
        return [(part.code, fen(part.annual_premium)) for part in policy.terms.parts]

    both = [(an.DATA, 9_200_000), (an.EXTORTION, 800_000)]
    raised = [(an.DATA, 11_200_000), (an.EXTORTION, 800_000)]
    may, august = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=UTC)
    september, october = datetime(2026, 9, 2, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
    assert await parts(JULY, may) == both
    assert await parts(JULY, august) == raised
    assert await parts(APRIL, august) == both
    assert await parts(APRIL, september) == [(an.DATA, 9_200_000)]
    assert await parts(JULY, september) == [(an.DATA, 11_200_000)]
    assert await parts(OCTOBER, september) == [(an.DATA, 11_200_000)]
    assert await parts(OCTOBER, october) == []


async def test_there_was_no_policy_before_it_was_bound(desk: Desk) -> None:
    policy_id = (await a.bound(desk)).policy_id
    before = timestamp_message(datetime(2025, 12, 1, tzinfo=UTC))

    refusal = await desk.refused(pb.GetPolicyRequest(policy_id=policy_id, recorded_time=before))

    assert refusal == ("NOT_FOUND", "POLICY_NOT_FOUND")


async def test_the_sums_of_the_read_tables_are_those_of_the_transactions(desk: Desk) -> None:
    await played(desk)
    await desk.catch_up()

    summary = await desk.ask(pb.GetPremiumSummaryRequest())
    listed = (await desk.ask(pb.ListPoliciesRequest())).policies

    assert (summary.policies, summary.policies_in_force) == (1, 0)
    assert fen(summary.premium) == 7_864_767
    assert fen(summary.vat) == 471_886
    assert fen(summary.stamp_duty) == 7_864
    assert fen(summary.own_premium) == 6_000_000 + 604_931 - 604_931 - 361_644 + 604_931 - 1_524_427
    assert [(each.status, fen(each.premium)) for each in listed] == [(pb.POLICY_STATUS_CANCELLED, 7_864_767)]
    assert listed[0].cover_until == date_message(OCTOBER)


async def test_the_read_tables_can_be_built_again_and_are_the_same(desk: Desk, copied_rows: None) -> None:
    await played(desk)
    await desk.catch_up()

    _, one_by_one = await desk.projector.rebuild(batch=1)
    _, together = await desk.projector.rebuild()

    assert one_by_one and together


async def test_a_policy_expires_by_itself(desk: Desk) -> None:
    policy_id = (await a.bound(desk)).policy_id

    await desk.move_to(datetime(2026, 12, 31, 16, 0, 1, tzinfo=UTC))

    policy = (await desk.ask(pb.GetPolicyRequest(policy_id=policy_id))).policy
    assert policy.status == pb.POLICY_STATUS_EXPIRED
    assert isinstance((await announced(desk))[-1], events_pb2.PolicyExpired)


async def test_what_others_announce_is_on_the_policys_file(desk: Desk) -> None:
    policy_id = (await a.bound(desk)).policy_id
    day = date_message(date(2026, 1, 15))
    levels = [billing.LevelAmount(level="city", amount=yuan(50_000))]
    fewer = [billing.LevelAmount(level="city", amount=yuan("39323.84"))]
    less = [billing.LevelAmount(level="city", amount=yuan("10676.16"))]
    origin = vendors.OrderOrigin(policy_id=policy_id)
    served: dict[str, Any] = {"policy_id": policy_id, "origin": origin, "entitlement_code": "MONITORING"}
    paid: dict[str, Any] = {"amount": yuan(106_000), "received": yuan(106_000), "invoiced": yuan(106_000)}
    overdue: dict[str, Any] = {"policy_id": policy_id, "outstanding": yuan(106_000)}
    heard: list[tuple[str, Message]] = [
        ("billing_subsidy", billing.PremiumOverdue(due_on=day, grace_until=day, **overdue)),
        ("billing_subsidy", billing.GraceExpired(expired_on=day, **overdue)),
        ("billing_subsidy", billing.PremiumReceived(policy_id=policy_id, received_on=day, **paid)),
        ("billing_subsidy", billing.SubsidyApproved(case_id="c", policy_id=policy_id, granted=levels)),
        (
            "billing_subsidy",
            billing.SubsidyDisbursed(case_id="c", policy_id=policy_id, amounts=levels, disbursed_on=day),
        ),
        ("billing_subsidy", billing.SubsidyClawedBack(case_id="c", policy_id=policy_id, amounts=less, granted=fewer)),
        ("vendor_gateway", vendors.ServiceUnplaced(order_id="o", reason="NO_CANDIDATE", **served)),
        ("vendor_gateway", vendors.ServiceActivated(order_id="o", vendor_id="v", activated_on=day, **served)),
        (
            "vendor_gateway",
            vendors.ServiceCreditDue(
                order_id="o", policy_id=policy_id, vendor_id="v", clock="start", amount=yuan(300), due_on=day
            ),
        ),
        ("vendor_gateway", vendors.ServiceActivated(order_id="before-binding", vendor_id="v", activated_on=day)),
        ("claims", claims.ClaimOpened(claim_id="k", policy_id=policy_id)),
        ("claims", claims.PaymentApproved(claim_id="k", policy_id=policy_id, amount=yuan(7_000))),
        ("claims", claims.ClaimClosed(claim_id="k", policy_id=policy_id, outcome="PAID", paid=yuan(7_000))),
    ]
    for upstream, message in heard:
        await desk.hear(REACTIONS[upstream][type(message)], message)

    policy = (await desk.ask(pb.GetPolicyRequest(policy_id=policy_id))).policy
    file = policy.file
    assert (fen(file.premium_received), fen(file.premium_overdue)) == (10_600_000, 0)
    assert not file.HasField("grace_expired_on")
    assert [(each.state, fen(each.credit)) for each in file.services] == [("ACTIVATED", 30_000)]
    assert [(fen(each.granted), fen(each.disbursed), fen(each.clawed_back)) for each in file.subsidies] == [
        (3_932_384, 5_000_000, 1_067_616)
    ]
    assert [(each.outcome, fen(each.paid)) for each in file.claims] == [("PAID", 700_000)]
    assert policy.status == pb.POLICY_STATUS_IN_FORCE
    # Lapsed when grace was over, cured by the payment; what is only noted makes no reading of the contract stale.
    assert policy.etag == "3"


async def test_a_verified_assessment_is_on_the_submission_and_in_the_next_quote(desk: Desk) -> None:
    submission_id = await a.quoted(desk)
    await desk.ask(submission_pb.RequestAssessmentRequest(submission_id=submission_id))
    heard = vendors.AssessmentVerified(
        submission_id=submission_id,
        order_id="o",
        vendor_id="v",
        score=71,
        critical_findings=1,
        report_sha256="ab" * 32,
        verified_on=date_message(date(2025, 12, 19)),
    )

    await desk.hear(REACTIONS["vendor_gateway"][vendors.AssessmentVerified], heard)

    answer = await desk.ask(submission_pb.CreateQuoteRequest(submission_id=submission_id))
    assert answer.submission.assessment.score == 71
    assert list(answer.quote.referral_reasons) == ["CRITICAL_FINDINGS"]
    (requested,) = await announced(desk)
    assert isinstance(requested, events_pb2.SubmissionAssessmentRequested)
    assert requested.service.code == "ASSESSMENT"


async def test_many_policies_are_listed_page_by_page(desk: Desk) -> None:
    for number in range(5):
        await desk.ask(a.bind(await a.quoted(desk, f"S-{number}")))
    await desk.catch_up()

    seen, token = [], ""
    while True:
        page = await desk.ask(pb.ListPoliciesRequest(page_size=2, page_token=token))
        seen += [policy.policy_number for policy in page.policies]
        token = page.next_page_token
        if not token:
            break

    assert len(seen) == 5
    assert seen == sorted(seen)
    summary = await desk.ask(pb.GetPremiumSummaryRequest())
    assert money_value("premium", summary.premium) == Money.cny(500_000)
