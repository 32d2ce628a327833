"""Members of a park policy have losses: each within its sub-limit, all of them within what they share."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hubao.billing_subsidy.v1 import events_pb2 as billing_pb
from hubao.claims.v1 import claim_pb2
from hubao.claims.v1 import claim_service_pb2 as pb
from hubao.common.v1.party_pb2 import Enterprise
from hubao.policy.v1 import events_pb2 as policy_pb
from hubao.policy.v1 import park_pb2 as park_pb
from hubao.policy.v1 import terms_pb2 as terms_pb

from libs.common.codes.uscc import compose
from libs.common.errors import DomainError, GuardExceeded
from libs.common.store import codec
from libs.common.unit import Unit
from services.claims.application.streams import account_stream, cover_of
from services.claims.domain.account import CoverageAccount, open_account
from services.claims.domain.errors import DecisionOutdated, InsuredNotOnPolicy, MemberNotNamed
from services.claims.domain.guards import limit_key
from services.claims.domain.limits import SHARED
from tests.claims.desk import HANDLER, MANAGER, Desk, day, money, notice, part_terms, payment, proposal, timeline
from tests.claims.examples import BOUND_AT, CLAIM, POLICY, cny, terms_of

LATER = BOUND_AT + timedelta(days=30)
FIRST, SECOND, THIRD = (UUID(int=number) for number in (1, 2, 3))


def uscc(certificate_id: UUID) -> str:
    return compose("310115", certificate_id.int)


def certificate(of: UUID, *stays: tuple[Any, Any], sub_limit: int = 200_000) -> park_pb.CertificateTerms:
    segments = []
    for first, end in stays or ((day(2026, 1, 1), day(2027, 1, 1)),):
        segment = terms_pb.TermsSegment(to=end, parts=[part_terms(limit=money(sub_limit))])
        getattr(segment, "from").CopyFrom(first)
        segments.append(segment)
    return park_pb.CertificateTerms(
        certificate_id=str(of),
        certificate_number=f"C-{of.int}",
        policy_id=str(POLICY),
        policy_number="P-1",
        member=Enterprise(uscc=uscc(of), name=f"Member {of.int}"),
        expiry=day(2027, 1, 1),
        segments=segments,
        premium=money(1_000),
    )


async def park(desk: Desk, *members: UUID, aggregate: int = 500_000, shared: int = 1_000_000) -> None:
    """A master with these members, each with a sub-limit of 200,000, and their premium paid."""
    master = timeline(aggregate=aggregate, limit=money(shared))
    master.line = terms_pb.PRODUCT_LINE_PARK
    await desk.hear(policy_pb.PolicyBound(timeline=master))
    for each in members:
        await admit(desk, each)


async def admit(desk: Desk, member: UUID, *stays: tuple[Any, Any], **terms: Any) -> None:
    await desk.hear(policy_pb.CertificateIssued(certificate=certificate(member, *stays, **terms)))
    paid = {"amount": money(1_060), "received": money(1_060), "invoiced": money(1_060)}
    await desk.hear(billing_pb.PremiumReceived(policy_id=str(member), **paid))


async def proposed(desk: Desk, member: UUID, yuan: int, reference: str = "") -> str:
    """A claim of a member with a decision that waits for approval; its id."""
    claim = await desk.notify(insured_uscc=uscc(member), reference=reference or f"R-{member.int}")
    loss = pb.AssessedLoss(part_code="BI", cost_type="COST_TYPE_INDEMNITY", assessed=money(yuan))
    await desk.ask(HANDLER, proposal(claim.claim_id, loss))
    return str(claim.claim_id)


async def approve(desk: Desk, claim_id: str) -> Any:
    return (await desk.ask(MANAGER, pb.ApproveDecisionRequest(claim_id=claim_id, number=1))).claim


async def left(desk: Desk, key: str) -> int | None:
    """What is left of a guard, in yuan."""
    fen = await desk.log.available(key)
    return None if fen is None else fen // 100


async def test_a_member_is_paid_up_to_its_sub_limit_and_not_beyond(desk: Desk) -> None:
    await park(desk, FIRST)

    first = await approve(desk, await proposed(desk, FIRST, 150_000))
    second = await approve(desk, await proposed(desk, FIRST, 150_000, "R-again"))
    await desk.pay(second.claim_id, 50_000)
    third = await desk.notify(insured_uscc=uscc(FIRST), reference="R-third")

    assert (first.decisions[0].payable, second.decisions[0].payable) == (money(150_000), money(50_000))
    assert list(third.coverage.parts[0].reasons) == ["LIMIT_EXHAUSTED"]
    assert await left(desk, limit_key(FIRST, "BI")) == 0
    assert await left(desk, limit_key(POLICY, "")) == 300_000
    account = await desk.account(FIRST)
    assert (account.parts[0].drawn, account.parts[0].paid) == (money(200_000), money(50_000))
    assert (account.master_policy_id, account.HasField("aggregate")) == (str(POLICY), False)


async def test_all_members_together_are_paid_no_more_than_they_share(desk: Desk) -> None:
    await park(desk, FIRST, SECOND, THIRD)

    claims = [await proposed(desk, member, 250_000) for member in (FIRST, SECOND)]
    paid = [await approve(desk, claim_id) for claim_id in claims]
    last = await approve(desk, await proposed(desk, THIRD, 250_000))

    assert [claim.decisions[0].payable for claim in paid] == [money(200_000), money(200_000)]
    assert last.decisions[0].payable == money(100_000)
    assert [step.step for step in last.decisions[0].lines[0].steps][-2:] == ["SHARED_LIMIT", "AGGREGATE"]
    assert await left(desk, limit_key(POLICY, "")) == 0
    assert (await desk.account()).aggregate.drawn == money(500_000)
    for claim, yuan in zip([*paid, last], (200_000, 200_000, 100_000), strict=True):
        await desk.pay(claim.claim_id, yuan)
    totals = await desk.totals()
    assert totals.payments_approved == totals.coverage_paid == totals.coverage_drawn == money(500_000)


async def test_the_limit_of_a_part_is_shared_too(desk: Desk) -> None:
    await park(desk, FIRST, SECOND, shared=300_000)

    await approve(desk, await proposed(desk, FIRST, 250_000))
    second = await approve(desk, await proposed(desk, SECOND, 250_000))

    assert second.decisions[0].payable == money(100_000)
    assert await left(desk, limit_key(POLICY, "BI")) == 0
    assert await left(desk, limit_key(SECOND, "BI")) == 100_000


async def test_two_members_at_once_never_take_more_than_is_left(desk: Desk) -> None:
    await park(desk, FIRST, SECOND, aggregate=300_000)
    claims = [await proposed(desk, member, 200_000) for member in (FIRST, SECOND)]

    results = await asyncio.gather(*(approve(desk, each) for each in claims), return_exceptions=True)

    refused = [result for result in results if isinstance(result, DomainError)]
    assert len(refused) == 1
    assert isinstance(refused[0], DecisionOutdated | GuardExceeded)
    assert await left(desk, limit_key(POLICY, "")) == 100_000


async def drawn(desk: Desk, **yuan: int) -> None:
    """Draws on a member's cover without any arithmetic before it: only the guards are left to refuse."""
    call = desk.call(HANDLER)
    wanted = {code.replace("shared_", SHARED).replace("aggregate", ""): cny(str(each)) for code, each in yuan.items()}

    async def plan(unit: Unit) -> None:
        cover = await cover_of(unit, POLICY, uscc(FIRST))
        for policy_id, events in cover.draws_of(CLAIM, wanted, call.now):
            unit.record(CoverageAccount, account_stream(call.tenant, policy_id), events)

    await desk.application.execute(call, CoverageAccount, account_stream(call.tenant, POLICY), plan)


async def test_the_guards_refuse_what_arithmetic_would_let_through(desk: Desk) -> None:
    await park(desk, FIRST, aggregate=150_000, shared=170_000)

    for amounts, guard in (
        ({"BI": 200_001, "shared_BI": 1, "aggregate": 1}, limit_key(FIRST, "BI")),
        ({"BI": 170_001, "shared_BI": 170_001, "aggregate": 1}, limit_key(POLICY, "BI")),
        ({"BI": 150_001, "shared_BI": 150_001, "aggregate": 150_001}, limit_key(POLICY, "")),
    ):
        with pytest.raises(GuardExceeded) as refused:
            await drawn(desk, **amounts)
        assert refused.value.details["guard"] == guard
    assert await left(desk, limit_key(FIRST, "BI")) == 200_000
    await drawn(desk, BI=150_000, shared_BI=150_000, aggregate=150_000)
    assert await left(desk, limit_key(POLICY, "")) == 0


async def test_what_a_withdrawn_claim_had_taken_is_there_again_for_all(desk: Desk) -> None:
    await park(desk, FIRST)
    claim_id = (await approve(desk, await proposed(desk, FIRST, 200_000))).claim_id

    await desk.ask(HANDLER, pb.WithdrawClaimRequest(claim_id=claim_id, reason="paid by another"))

    assert await left(desk, limit_key(FIRST, "BI")) == 200_000
    assert await left(desk, limit_key(POLICY, "")) == 500_000


async def test_a_notice_names_its_member(desk: Desk) -> None:
    await park(desk, FIRST)

    with pytest.raises(MemberNotNamed):
        await desk.notify()
    with pytest.raises(InsuredNotOnPolicy):
        await desk.notify(insured_uscc=uscc(SECOND))
    claim = await desk.notify(insured_uscc=uscc(FIRST))
    again = await desk.ask(HANDLER, notice(insured_uscc=uscc(FIRST)))

    assert (claim.insured_uscc, claim.certificate_id, claim.policy_id) == (uscc(FIRST), str(FIRST), str(POLICY))
    assert (again.claim.claim_id, again.repeated) == (claim.claim_id, True)


async def test_a_loss_counts_on_the_days_on_which_its_member_was_in(desk: Desk) -> None:
    await park(desk)
    await admit(desk, FIRST, (day(2026, 2, 1), day(2026, 3, 1)), (day(2026, 4, 1), day(2026, 5, 1)))
    reasons = {}
    for number, when in enumerate((day(2026, 1, 15), day(2026, 2, 15), day(2026, 3, 15), day(2026, 4, 15))):
        claim = await desk.notify(insured_uscc=uscc(FIRST), reference=f"R-{number}", occurred_on=when)
        reasons[when.month] = list(claim.coverage.parts[0].reasons)

    assert reasons == {1: ["OCCURRED_BEFORE_TERM"], 2: [], 3: ["PART_NOT_IN_FORCE"], 4: []}


async def test_who_left_is_not_covered_after_that_day(desk: Desk) -> None:
    await park(desk, FIRST)
    cut = certificate(FIRST, (day(2026, 1, 1), day(2026, 4, 1)))
    await desk.hear(policy_pb.CertificateWithdrawn(certificate=cut, leaves_on=day(2026, 4, 1)), LATER)

    claim = await desk.notify(insured_uscc=uscc(FIRST))

    assert claim.coverage.answer == claim_pb2.COVERAGE_ANSWER_NOT_COVERED
    assert list(claim.coverage.parts[0].reasons) == ["OCCURRED_AFTER_COVER"]
    assert [known.cause for known in (await desk.account(FIRST)).terms_history] == ["BOUND", "WITHDRAWN"]


async def test_an_unpaid_certificate_leaves_its_member_alone_uncovered(desk: Desk) -> None:
    await park(desk, FIRST, SECOND)
    unpaid = billing_pb.GraceExpired(policy_id=str(FIRST), outstanding=money(5), expired_on=day(2026, 3, 2))
    await desk.hear(unpaid, LATER)

    first = await desk.notify(insured_uscc=uscc(FIRST), reference="R-1")
    second = await desk.notify(insured_uscc=uscc(SECOND), reference="R-2")

    assert list(first.coverage.parts[0].reasons) == ["UNPAID"]
    assert second.coverage.answer == claim_pb2.COVERAGE_ANSWER_COVERED


async def test_a_certificate_without_its_master_is_for_a_person_to_look_at(desk: Desk) -> None:
    with pytest.raises(ValueError, match="replay"):
        await desk.hear(policy_pb.CertificateIssued(certificate=certificate(FIRST)))


async def test_a_payment_is_within_its_decision(desk: Desk) -> None:
    await park(desk, FIRST)
    claim = await approve(desk, await proposed(desk, FIRST, 200_000))

    with pytest.raises(DomainError):
        await desk.ask(HANDLER, payment(claim.claim_id, 200_001))


def test_what_was_stored_before_there_were_parks_is_read_as_it_was_meant() -> None:
    (opened,) = open_account(POLICY, terms_of(), BOUND_AT)
    name, version, payload = codec.encode(opened)
    stored = msgspec.json.decode(payload)
    for newer in ("members_only", "master_id"):
        del stored["terms"][newer]
    for part in stored["terms"]["segments"][0]["parts"]:
        del part["shared_limit"]

    assert codec.decode(name, version, msgspec.json.encode(stored)) == opened
