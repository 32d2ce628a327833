"""DraftService through gRPC and the real log."""

import asyncio
from datetime import date
from typing import Any
from uuid import uuid4

import grpc
import pytest
from hubao.policy.v1 import draft_service_pb2 as pb
from hubao.policy.v1 import policy_service_pb2 as policy_pb
from hubao.policy.v1 import product_service_pb2 as product_pb
from hubao.policy.v1 import terms_pb2

from libs.common.grpc.convert import date_message
from tests.policy import desk as a
from tests.policy import examples as an
from tests.policy.desk import Desk

APRIL, JULY, OCTOBER = date(2026, 4, 1), date(2026, 7, 1), date(2026, 10, 1)


def endorsing(effective: date, *changes: policy_pb.PolicyChange) -> policy_pb.ProposedChange:
    endorsement = policy_pb.ProposedEndorsement(effective_date=date_message(effective), changes=changes)
    return policy_pb.ProposedChange(endorsement=endorsement)


RAISE = endorsing(JULY, a.set_data(an.RAISED_DATA_LIMIT))
DROP = endorsing(APRIL, a.remove(an.EXTORTION))
CANCEL = policy_pb.ProposedChange(
    cancellation=policy_pb.ProposedCancellation(
        effective_date=date_message(OCTOBER),
        method=product_pb.CANCELLATION_METHOD_SHORT_RATE,
        reason="INSURED_REQUEST",
    )
)


async def drafted(desk: Desk, policy_id: str, change: policy_pb.ProposedChange = RAISE, **more: Any) -> Any:
    request = pb.CreateDraftRequest(policy_id=policy_id, change=change, **more)
    return (await desk.ask(request)).draft


async def position(desk: Desk) -> int:
    return (await desk.application.log.head()).position


async def test_a_draft_is_made_read_changed_and_committed(desk: Desk) -> None:
    policy_id = (await a.bound(desk)).policy_id
    draft = await drafted(desk, policy_id, DROP, note="from April on", policy_etag="1")
    changed = pb.UpdateDraftRequest(draft_id=draft.draft_id, change=RAISE, etag="1")
    await desk.ask(changed, who="li")

    read = (await desk.ask(pb.GetDraftRequest(draft_id=draft.draft_id))).draft
    done = await desk.ask(pb.CommitDraftRequest(draft_id=draft.draft_id, etag="2"))

    assert (draft.author, draft.drafted_on_etag, draft.status) == ("user:wang", "1", pb.DRAFT_STATUS_OPEN)
    assert (read.change, read.note, read.last_author, read.etag) == (RAISE, "from April on", "user:li", "2")
    assert (done.draft.status, done.draft.committed_etag) == (pb.DRAFT_STATUS_COMMITTED, "2")
    assert done.policy.etag == "2"
    assert done.policy.transactions[-1].net == a.yuan("10082.19")
    assert (
        done.policy
        == (await desk.ask(policy_pb.GetPolicyRequest(policy_id=policy_id, effective_date=date_message(JULY)))).policy
    )


async def test_each_draft_command_is_repeated_without_effect(desk: Desk) -> None:
    policy_id = (await a.bound(desk)).policy_id
    create = pb.CreateDraftRequest(request_id=str(uuid4()), policy_id=policy_id, change=RAISE)
    first = (await desk.ask(create)).draft
    commit = pb.CommitDraftRequest(request_id=str(uuid4()), draft_id=first.draft_id)
    other = await drafted(desk, policy_id, DROP)
    discard = pb.DiscardDraftRequest(draft_id=other.draft_id)

    assert (await desk.ask(create)).draft.draft_id == first.draft_id
    done = await desk.ask(commit)
    await desk.ask(a.endorse(policy_id, APRIL, a.remove(an.EXTORTION)))
    await desk.ask(discard)
    before = await position(desk)
    again = await desk.ask(commit)
    await desk.ask(discard)

    assert again.policy == done.policy
    assert again.draft.committed_etag == "2"
    assert await position(desk) == before


async def test_the_second_of_two_drafts_is_refused_with_the_conflict_and_then_taken_over(desk: Desk) -> None:
    policy_id = (await a.bound(desk)).policy_id
    first = await drafted(desk, policy_id, endorsing(APRIL, a.set_data(an.RAISED_DATA_LIMIT)))
    second = await drafted(desk, policy_id, endorsing(JULY, a.set_data(an.DATA_LIMIT), a.remove(an.EXTORTION)))
    await desk.ask(pb.CommitDraftRequest(draft_id=first.draft_id))
    before = await position(desk)

    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await desk.ask(pb.CommitDraftRequest(draft_id=second.draft_id))
    seen = (await desk.ask(pb.GetDraftRequest(draft_id=second.draft_id))).draft

    assert refusal.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert refusal.value.details() == (
        "Drafted on version 1 of the policy, now 2; between: endorsement 1 of 2026-04-01 (transaction 2); "
        "both: DATA from 2026-07-01."
    )
    assert await position(desk) == before
    assert list(seen.between) == [
        pb.ChangeBetween(
            kind=terms_pb2.TRANSACTION_KIND_ENDORSE,
            endorsement=1,
            transaction=2,
            effective_date=date_message(APRIL),
            overlap=[an.DATA],
            overlap_from=date_message(JULY),
        )
    ]
    await desk.ask(pb.UpdateDraftRequest(draft_id=second.draft_id, policy_etag=seen.policy_etag, etag=seen.etag))
    done = await desk.ask(pb.CommitDraftRequest(draft_id=second.draft_id))
    assert (done.policy.etag, list(done.draft.between)) == ("3", [])


async def test_of_two_drafts_that_are_committed_at_once_one_is_made(desk: Desk) -> None:
    policy_id = (await a.bound(desk)).policy_id
    drafts = [await drafted(desk, policy_id, change) for change in (RAISE, DROP)]

    answers = await asyncio.gather(
        *(desk.ask(pb.CommitDraftRequest(draft_id=draft.draft_id)) for draft in drafts), return_exceptions=True
    )

    refused = [answer for answer in answers if isinstance(answer, grpc.aio.AioRpcError)]
    assert [error.code() for error in refused] == [grpc.StatusCode.FAILED_PRECONDITION]
    policy = (await desk.ask(policy_pb.GetPolicyRequest(policy_id=policy_id))).policy
    assert len(policy.endorsements) == 1


async def test_what_a_draft_refuses(desk: Desk) -> None:
    policy_id = (await a.bound(desk)).policy_id
    draft = await drafted(desk, policy_id)
    unknown = str(uuid4())
    await desk.ask(a.endorse(policy_id, APRIL, a.remove(an.EXTORTION)))

    async def of(request: Any, **more: Any) -> str:
        return (await desk.refused(request, **more))[1]

    assert await of(pb.GetDraftRequest(draft_id=unknown)) == "DRAFT_NOT_FOUND"
    assert await of(pb.GetDraftRequest(draft_id=draft.draft_id), tenant="insurer-c") == "DRAFT_NOT_FOUND"
    assert await of(pb.CommitDraftRequest(draft_id=draft.draft_id), tenant="insurer-c") == "DRAFT_NOT_FOUND"
    assert await of(pb.CreateDraftRequest(policy_id=unknown, change=RAISE)) == "POLICY_NOT_FOUND"
    assert await of(pb.CreateDraftRequest(policy_id=policy_id, change=RAISE, policy_etag="1")) == "STALE"
    assert await of(pb.CreateDraftRequest(policy_id=policy_id, change=DROP)) == "PART_NOT_COVERED"
    assert await of(pb.UpdateDraftRequest(draft_id=draft.draft_id, policy_etag="1")) == "STALE"
    assert await of(pb.UpdateDraftRequest(draft_id=draft.draft_id, etag="7")) == "STALE"
    taken_over = pb.UpdateDraftRequest(draft_id=draft.draft_id, change=DROP, policy_etag="2")
    assert await of(taken_over) == "PART_NOT_COVERED"
    assert await of(pb.CreateDraftRequest(policy_id=policy_id)) == "change"
    assert await of(pb.CommitDraftRequest(draft_id=draft.draft_id), roles=("auditor",)) == "ROLE_MISSING"
    await desk.ask(pb.DiscardDraftRequest(draft_id=draft.draft_id))
    assert await of(pb.CommitDraftRequest(draft_id=draft.draft_id)) == "DRAFT_CLOSED"


async def test_a_cancellation_can_be_drafted(desk: Desk) -> None:
    policy_id = (await a.bound(desk)).policy_id
    draft = await drafted(desk, policy_id, CANCEL)

    done = await desk.ask(pb.CommitDraftRequest(draft_id=draft.draft_id))

    assert done.draft.change == CANCEL
    assert done.policy.status == policy_pb.POLICY_STATUS_CANCELLED
    assert (await desk.refused(pb.CreateDraftRequest(policy_id=policy_id, change=CANCEL)))[1] == "NOTHING_TO_CHANGE"


async def test_drafts_are_listed_newest_first_by_policy_and_state(desk: Desk) -> None:
    policy_id = (await a.bound(desk)).policy_id
    other_id = (await a.bound_again(desk)).policy_id
    first, second = await drafted(desk, policy_id), await drafted(desk, policy_id, CANCEL, note="he asked")
    third = await drafted(desk, other_id)
    await desk.ask(pb.DiscardDraftRequest(draft_id=first.draft_id))
    await desk.catch_up()

    async def listed(**query: Any) -> list[str]:
        return [each.draft_id for each in (await desk.ask(pb.ListDraftsRequest(**query))).drafts]

    assert await listed() == [third.draft_id, second.draft_id, first.draft_id]
    assert await listed(policy_id=policy_id) == [second.draft_id, first.draft_id]
    assert await listed(policy_id=policy_id, status=pb.DRAFT_STATUS_OPEN) == [second.draft_id]
    page = await desk.ask(pb.ListDraftsRequest(page_size=2))
    assert await listed(page_size=2, page_token=page.next_page_token) == [first.draft_id]
    assert [(each.kind, each.note) for each in page.drafts] == [("endorse", ""), ("cancel", "he asked")]
    assert (await desk.ask(pb.ListDraftsRequest(), tenant="insurer-c")).drafts == []
