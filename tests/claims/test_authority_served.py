"""Authority through the service: granted, looked up where somebody decides, taken away."""

from typing import Any

import pytest
from hubao.claims.v1 import authority_pb2 as authority_pb
from hubao.claims.v1 import claim_pb2
from hubao.claims.v1 import claim_service_pb2 as pb

from services.claims.domain.errors import AuthorityNotFound, OverAuthority
from tests.claims.desk import HANDLER, MANAGER, Desk, money, proposal


async def granted(desk: Desk, holder: str, *rules: authority_pb.AuthorityRule, committee: bool = False) -> Any:
    request = authority_pb.GrantAuthorityRequest(holder=holder, rules=rules, committee=committee)
    waiting = (await desk.ask_as("claims_manager", "wu", request)).authority
    approve = authority_pb.ApproveAuthorityRequest(holder=holder, number=waiting.pending.number)
    return (await desk.ask_as("claims_manager", "zhao", approve)).authority


def rule(yuan: int, act: Any = None, part_code: str = "") -> authority_pb.AuthorityRule:
    return authority_pb.AuthorityRule(act=act, part_code=part_code, limit=money(yuan))


async def test_what_is_granted_in_person_takes_the_place_of_what_the_role_has(desk: Desk) -> None:
    await desk.bind()
    claim = await desk.notify()
    loss = pb.AssessedLoss(part_code="BI", cost_type="COST_TYPE_INDEMNITY", assessed=money(300_000))
    await desk.ask(HANDLER, proposal(claim.claim_id, loss))
    approve = pb.ApproveDecisionRequest(claim_id=claim.claim_id, number=1)
    with pytest.raises(OverAuthority):
        await desk.ask_as("claims_handler", "deng@westlake", approve)

    await granted(desk, "user:deng@westlake", rule(300_000, authority_pb.AUTHORITY_ACT_DECISION))
    decided = (await desk.ask_as("claims_handler", "deng@westlake", approve)).claim

    assert decided.state == claim_pb2.CLAIM_STATE_DECIDED


async def test_nothing_granted_in_person_is_nothing_allowed(desk: Desk) -> None:
    await desk.bind()
    claim = await desk.decided(1_000)
    await granted(desk, f"user:{MANAGER}")

    with pytest.raises(OverAuthority):
        await desk.pay(claim.claim_id, 1)


async def test_a_roles_profile_holds_for_who_has_none_of_their_own(desk: Desk) -> None:
    await desk.bind()
    claim = await desk.decided(300_000)
    await granted(desk, "role:claims_manager", rule(100))

    with pytest.raises(OverAuthority):
        await desk.pay(claim.claim_id, 101)


async def test_a_large_loss_is_decided_by_two_managers(desk: Desk) -> None:
    await desk.bind(aggregate=10_000_000, limit=money(10_000_000))
    claim = await desk.notify()
    loss = pb.AssessedLoss(part_code="BI", cost_type="COST_TYPE_INDEMNITY", assessed=money(7_540_260))
    await desk.ask(HANDLER, proposal(claim.claim_id, loss))
    approve = pb.ApproveDecisionRequest(claim_id=claim.claim_id, number=1)

    waiting = (await desk.ask(MANAGER, approve)).claim
    assert (waiting.state, list(waiting.decisions[0].committee_approvals)) == (
        claim_pb2.CLAIM_STATE_UNDER_ASSESSMENT,
        [f"user:{MANAGER}"],
    )
    assert (await desk.account()).aggregate.drawn == money(0)

    held = (await desk.ask_as("claims_manager", "zhao", approve)).claim
    assert held.state == claim_pb2.CLAIM_STATE_DECIDED
    assert (await desk.account()).aggregate.drawn == money(7_540_260)


async def test_authorities_are_read_and_listed(desk: Desk) -> None:
    await granted(desk, "user:deng@westlake", rule(5, authority_pb.AUTHORITY_ACT_PAYMENT, "BI"), committee=True)
    await desk.ask(MANAGER, authority_pb.GrantAuthorityRequest(holder="role:claims_handler", rules=[rule(7)]))
    await desk.project()

    read = (await desk.ask(HANDLER, authority_pb.GetAuthorityRequest(holder="user:deng@westlake"))).authority
    first = await desk.ask(HANDLER, authority_pb.ListAuthoritiesRequest(page_size=1))
    rest = await desk.ask(HANDLER, authority_pb.ListAuthoritiesRequest(page_size=1, page_token=first.next_page_token))

    (grant,) = read.grants
    assert (grant.committee, grant.proposed_by, grant.granted_by) == (True, "user:wu", "user:zhao")
    assert grant.rules[0] == rule(5, authority_pb.AUTHORITY_ACT_PAYMENT, "BI")
    assert [(one.holder, one.waiting) for one in (*first.authorities, *rest.authorities)] == [
        ("role:claims_handler", True),
        ("user:deng@westlake", False),
    ]
    with pytest.raises(AuthorityNotFound):
        await desk.ask(HANDLER, authority_pb.GetAuthorityRequest(holder="user:nobody"))
