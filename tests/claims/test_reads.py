"""The lists and sums of claims, and that a rebuilt projection equals the one that grew."""

from uuid import UUID

import pytest
from hubao.claims.v1 import claim_pb2
from hubao.claims.v1 import claim_service_pb2 as pb

from libs.common.errors import InvalidField
from tests.claims.desk import HANDLER, Desk, day, money, notice
from tests.claims.examples import POLICY

OTHER = UUID(int=77)


async def several(desk: Desk) -> None:
    """Three claims under one policy and one under another."""
    await desk.bind()
    await desk.bind(OTHER)
    for number in range(3):
        desk.pass_time(minutes=1)
        await desk.notify(reference=f"R-{number}")
    desk.pass_time(minutes=1)
    await desk.notify(reference="R-other", policy_id=str(OTHER), occurred_on=day(2025))
    await desk.project()


async def test_claims_are_listed_by_page_the_latest_first(desk: Desk) -> None:
    await several(desk)

    first = await desk.ask(HANDLER, pb.ListClaimsRequest(page_size=3))
    second = await desk.ask(HANDLER, pb.ListClaimsRequest(page_size=3, page_token=first.next_page_token))

    assert [claim.reference for claim in first.claims] == ["R-other", "R-2", "R-1"]
    assert [claim.reference for claim in second.claims] == ["R-0"]
    assert second.next_page_token == ""


async def test_a_token_of_another_question_is_refused(desk: Desk) -> None:
    await several(desk)
    first = await desk.ask(HANDLER, pb.ListClaimsRequest(page_size=1))

    with pytest.raises(InvalidField):
        await desk.ask(HANDLER, pb.ListClaimsRequest(policy_id=str(POLICY), page_token=first.next_page_token))


async def test_filters_narrow_the_list(desk: Desk) -> None:
    await several(desk)

    async def references(**fields: object) -> list[str]:
        answer = await desk.ask(HANDLER, pb.ListClaimsRequest(**fields))
        return [claim.reference for claim in answer.claims]

    assert await references(policy_id=str(OTHER)) == ["R-other"]
    assert await references(reference="R-1") == ["R-1"]
    assert await references(state="CLAIM_STATE_CLOSED") == []


async def test_a_list_shows_a_day_that_was_answered(desk: Desk) -> None:
    await desk.bind()
    request = notice()
    request.ClearField("occurred_on")
    claim = (await desk.ask(HANDLER, request)).claim
    answer = claim_pb2.Answer(code="OCCURRED_ON", value="2026-04", evidence="log files")

    await desk.ask(HANDLER, pb.AnswerQuestionsRequest(claim_id=claim.claim_id, answers=[answer]))
    await desk.project()

    (shown,) = (await desk.ask(HANDLER, pb.ListClaimsRequest())).claims
    assert (shown.occurred_on, shown.state) == ("2026-04", claim_pb2.CLAIM_STATE_UNDER_ASSESSMENT)


async def test_totals_count_what_the_insurer_has(desk: Desk) -> None:
    await several(desk)
    claim = await desk.decided(reference="R-paid")
    await desk.pay(claim.claim_id, 80_000)

    totals = await desk.totals()

    assert totals.claims == 5
    assert {count.state: count.claims for count in totals.by_state} == {
        claim_pb2.CLAIM_STATE_NOTIFIED: 4,
        claim_pb2.CLAIM_STATE_DECIDED: 1,
    }
    assert {count.answer: count.claims for count in totals.by_answer} == {
        claim_pb2.COVERAGE_ANSWER_COVERED: 4,
        claim_pb2.COVERAGE_ANSWER_NOT_COVERED: 1,
    }
    assert (totals.payments_approved, totals.coverage_paid, totals.payments) == (money(80_000), money(80_000), 1)
    assert (totals.reserved, totals.coverage_drawn) == (money(220_000), money(300_000))
    assert (await desk.totals(str(OTHER))).claims == 1


async def test_another_insurer_sees_none_of_it(desk: Desk) -> None:
    await several(desk)
    desk.tenant = "stranger"

    assert (await desk.totals()).claims == 0
    assert list((await desk.ask(HANDLER, pb.ListClaimsRequest())).claims) == []


async def test_a_rebuilt_projection_equals_the_one_that_grew(desk: Desk, copied_rows: None) -> None:
    await several(desk)
    claim = await desk.decided(reference="R-paid")
    await desk.pay(claim.claim_id, 300_000)
    await desk.ask(HANDLER, pb.CloseClaimRequest(claim_id=claim.claim_id))
    await desk.project()

    _, one_by_one = await desk.projector.rebuild(batch=1)
    _, together = await desk.projector.rebuild()

    assert one_by_one and together
