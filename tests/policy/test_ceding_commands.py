"""Treaties and facultative placements through gRPC and the real log: it happens, it is refused, it is repeated."""

from datetime import UTC, date, datetime
from uuid import uuid4

from hubao.policy.v1 import policy_service_pb2 as pb
from hubao.policy.v1 import terms_pb2
from hubao.policy.v1 import treaty_service_pb2 as treaty_pb

from libs.common.grpc.convert import date_message
from libs.common.money import Money
from tests.policy import desk as a
from tests.policy import examples as an
from tests.policy.desk import Desk

REFUSED = "FAILED_PRECONDITION"


async def test_a_surplus_treaty_with_a_panel_is_created_listed_and_repeated(desk: Desk) -> None:
    request = a.surplus_treaty(product_lines=[terms_pb2.PRODUCT_LINE_COMPREHENSIVE], capacity=a.yuan(40_000_000))
    treaty = (await desk.ask(request)).treaty
    again = (await desk.ask(request)).treaty
    await a.treaty(desk)
    await desk.catch_up()

    async def listed(**where: object) -> list[str]:
        found = (await desk.ask(treaty_pb.ListTreatiesRequest(**where))).treaties  # type: ignore[arg-type]
        return [each.treaty_key for each in found]

    assert again == treaty
    assert (treaty.kind, treaty.line_count, treaty.reinsurer_id) == (terms_pb2.CESSION_KIND_SURPLUS, 1, "")
    assert (await desk.ask(treaty_pb.GetTreatyRequest(treaty_id=treaty.treaty_id))).treaty == treaty
    assert await listed() == ["QS-2026", "SP-2026"]
    assert await listed(kind=terms_pb2.CESSION_KIND_SURPLUS) == ["SP-2026"]
    assert await listed(in_force_on=date_message(date(2026, 12, 31))) == ["QS-2026", "SP-2026"]
    assert await listed(in_force_on=date_message(an.EXPIRY)) == []
    assert await desk.refused(a.surplus_treaty()) == (REFUSED, "TREATY_EXISTS")


async def test_a_wrong_treaty_is_named_by_its_field(desk: Desk) -> None:
    short = [terms_pb2.CessionReinsurer(reinsurer_id="reinsurer-s", percent="99.5")]

    assert await desk.refused(a.surplus_treaty(reinsurers=short)) == ("INVALID_ARGUMENT", "reinsurers")
    assert await desk.refused(a.surplus_treaty(percent="30")) == ("INVALID_ARGUMENT", "percent")
    assert await desk.refused(a.surplus_treaty(line_count=0)) == ("INVALID_ARGUMENT", "line_count")


async def test_a_terminated_treaty_takes_no_new_policy_and_is_terminated_once(desk: Desk) -> None:
    treaty_id = await a.treaty(desk)
    request = treaty_pb.TerminateTreatyRequest(
        request_id=str(uuid4()), treaty_id=treaty_id, terminated_on=date_message(an.INCEPTION), reason="run-off"
    )
    submission_id = await a.quoted(desk)

    first, again = await desk.ask(request), await desk.ask(request)
    await desk.catch_up()
    row = (await desk.ask(treaty_pb.ListTreatiesRequest())).treaties[0]

    assert first == again
    assert first.treaty.terminated_on == row.terminated_on == date_message(an.INCEPTION)
    assert row.etag == first.treaty.etag == "2"
    assert await desk.refused(a.bind(submission_id, treaty_id)) == (REFUSED, "TREATY_TERMINATED")
    later = treaty_pb.TerminateTreatyRequest(
        treaty_id=treaty_id, terminated_on=date_message(date(2026, 5, 1)), reason="run-off"
    )
    assert await desk.refused(later) == (REFUSED, "TREATY_TERMINATED")
    later.etag = "1"
    assert await desk.refused(later) == ("ABORTED", "STALE")
    later.treaty_id = str(uuid4())
    assert await desk.refused(later) == ("NOT_FOUND", "TREATY_NOT_FOUND")


async def test_a_placement_is_offered_accepted_and_repeated(desk: Desk) -> None:
    submission_id = await a.quoted(desk)
    request = a.place(submission_id, layer=a.yuan(5_000_000), attachment=a.yuan(10_000_000))

    placed, twice = (await desk.ask(request)).facultative, (await desk.ask(request)).facultative
    accept = treaty_pb.AcceptFacultativeRequest(facultative_id=placed.facultative_id, reference="SLIP-7")
    accepted, again = (await desk.ask(accept)).facultative, (await desk.ask(accept)).facultative

    assert placed == twice
    assert placed.status == treaty_pb.FACULTATIVE_STATUS_OFFERED
    assert accepted == again
    assert (accepted.status, accepted.reference) == (treaty_pb.FACULTATIVE_STATUS_ACCEPTED, "SLIP-7")
    get = treaty_pb.GetFacultativeRequest(facultative_id=placed.facultative_id)
    assert (await desk.ask(get)).facultative == accepted
    assert await desk.refused(get, tenant="insurer-z") == ("NOT_FOUND", "FACULTATIVE_NOT_FOUND")
    accept.reference = "SLIP-8"
    assert await desk.refused(accept) == (REFUSED, "FACULTATIVE_ACCEPTED_OTHERWISE")
    assert await desk.refused(a.place(submission_id)) == (REFUSED, "FACULTATIVE_EXISTS")
    assert await desk.refused(a.place(str(uuid4()), "FAC-2")) == ("NOT_FOUND", "SUBMISSION_NOT_FOUND")
    assert await desk.refused(a.place(submission_id, "FAC-2", percent="0")) == ("INVALID_ARGUMENT", "percent")


async def test_an_offer_runs_out_and_a_bound_risk_is_not_placed(desk: Desk) -> None:
    submission_id = await a.quoted(desk)
    placed = (await desk.ask(a.place(submission_id))).facultative
    accept = treaty_pb.AcceptFacultativeRequest(facultative_id=placed.facultative_id, reference="SLIP-7")
    other = await a.quoted(desk, "S-2")
    late = (await desk.ask(a.place(other, "FAC-2"))).facultative
    await desk.ask(a.bind(other))

    assert await desk.refused(a.place(other, "FAC-3")) == (REFUSED, "RISK_BOUND_ALREADY")
    too_late = treaty_pb.AcceptFacultativeRequest(facultative_id=late.facultative_id, reference="SLIP-9")
    assert await desk.refused(too_late) == (REFUSED, "RISK_BOUND_ALREADY")
    await desk.move_to(datetime(2026, 1, 2, tzinfo=UTC))
    assert await desk.refused(accept) == (REFUSED, "FACULTATIVE_OFFER_EXPIRED")


async def test_a_policy_takes_its_cessions_along_and_says_so(desk: Desk) -> None:
    submission_id = await a.quoted(desk)
    surplus = (await desk.ask(a.surplus_treaty())).treaty.treaty_id
    quota = await a.treaty(desk)
    placed = (await desk.ask(a.place(submission_id))).facultative.facultative_id
    request = a.bind(submission_id, quota, treaty_ids=[surplus, quota], facultative_ids=[placed])
    assert await desk.refused(request) == (REFUSED, "FACULTATIVE_NOT_ACCEPTED")
    await desk.ask(treaty_pb.AcceptFacultativeRequest(facultative_id=placed, reference="SLIP-7"))

    policy, again = (await desk.ask(request)).policy, (await desk.ask(request)).policy
    may = date(2026, 5, 1)
    raised = (await desk.ask(a.endorse(policy.policy_id, may, a.set_data(an.RAISED_DATA_LIMIT)))).policy

    assert policy == again
    assert not policy.timeline.HasField("quota_share")
    assert [each.source_id for each in policy.timeline.cessions] == [placed, surplus, quota]
    made = policy.transactions[0]
    assert [each.fraction for each in made.cessions] == ["1/5", "1/3", "7/50"]
    assert made.ceded == a.yuan("40400")
    assert [(each.reinsurer_id, each.ceded) for each in made.cessions[1].reinsurers] == [
        ("reinsurer-s", a.yuan("12000")),
        ("reinsurer-t", a.yuan("8000")),
    ]
    periods = raised.timeline.cessions[1].periods
    assert [each.fraction for each in periods] == ["1/3", "5/18"]
    assert periods[0].to == date_message(may)


async def test_a_sole_quota_share_is_told_in_both_forms(desk: Desk) -> None:
    timeline = (await a.bound(desk)).timeline

    assert timeline.quota_share.percent == "30"
    assert [(each.source_id, each.periods[0].fraction) for each in timeline.cessions] == [
        (timeline.quota_share.treaty_id, "3/10")
    ]


async def test_cessions_that_do_not_fit_a_policy_are_refused(desk: Desk) -> None:
    submission_id, other = await a.quoted(desk), await a.quoted(desk, "S-2")

    async def surplus(key: str, **changes: object) -> str:
        return str((await desk.ask(a.surplus_treaty(key, **changes))).treaty.treaty_id)

    first, second = await surplus("A"), await surplus("B")
    small = await surplus("C", capacity=a.yuan(14_000_000))
    high = await surplus("D", retention=a.yuan(15_000_000))
    line = await surplus("E", product_lines=[terms_pb2.PRODUCT_LINE_PROPERTY])
    past = await surplus("F", starts_on=date_message(date(2025, 1, 1)), ends_on=date_message(an.INCEPTION))
    foreign = (await desk.ask(a.place(other))).facultative.facultative_id

    assert [
        await desk.refused(a.bind(submission_id, treaty_ids=treaties, facultative_ids=placed))
        for treaties, placed in (
            ([first, second], []),
            ([small], []),
            ([high], []),
            ([line], []),
            ([past], []),
            ([], [foreign]),
            ([str(uuid4())], []),
            ([], [str(uuid4())]),
        )
    ] == [
        (REFUSED, "TREATIES_OVERLAP"),
        (REFUSED, "TREATY_CAPACITY_EXCEEDED"),
        (REFUSED, "RETENTION_ABOVE_SUM_INSURED"),
        (REFUSED, "LINE_NOT_COVERED"),
        (REFUSED, "TREATY_NOT_IN_FORCE"),
        (REFUSED, "FACULTATIVE_FOR_OTHER"),
        ("NOT_FOUND", "TREATY_NOT_FOUND"),
        ("NOT_FOUND", "FACULTATIVE_NOT_FOUND"),
    ]


async def test_an_endorsement_over_a_treatys_capacity_is_refused(desk: Desk) -> None:
    submission_id = await a.quoted(desk)
    treaty_id = (await desk.ask(a.surplus_treaty(capacity=a.yuan(15_000_000)))).treaty.treaty_id
    policy_id = (await desk.ask(a.bind(submission_id, treaty_id))).policy.policy_id
    request = a.endorse(policy_id, date(2026, 5, 1), a.set_data(Money.cny("23000000.02")))

    assert await desk.refused(request) == (REFUSED, "TREATY_CAPACITY_EXCEEDED")
    assert (await desk.ask(pb.GetPolicyRequest(policy_id=policy_id))).policy.etag == "1"
