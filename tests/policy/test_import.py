"""An existing book through gRPC and the real log: each row becomes a policy or nothing, once."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import grpc
import pytest
from google.protobuf.message import Message
from hubao.policy.v1 import authority_pb2 as authority_pb
from hubao.policy.v1 import events_pb2, terms_pb2
from hubao.policy.v1 import policy_import_pb2 as pb
from hubao.policy.v1 import policy_service_pb2 as policy_pb
from hubao.policy.v1 import product_service_pb2 as product_pb
from hubao.policy.v1 import submission_service_pb2 as submission_pb

from libs.common.grpc.convert import date_message, money_message, money_value
from libs.common.money import total
from services.policy.application.accumulations import exposure_of_policy
from services.policy.servicer import importing
from tests.policy import book
from tests.policy import desk as a
from tests.policy import examples as an
from tests.policy.desk import Desk


async def test_a_book_is_taken_over_row_by_row(desk: Desk) -> None:
    await a.product(desk)

    answered = await book.imported(desk, [book.header(), book.rows(book.row(1), book.row(2)), book.rows(book.row(3))])

    assert answered.outcomes == ["accepted"] * 3
    assert [(each.row, each.row_key) for each in answered.results] == [
        (1, "OLD-000001"),
        (2, "OLD-000002"),
        (3, "OLD-000003"),
    ]
    assert answered.summary == pb.ImportSummary(rows=3, accepted=3, premium=a.yuan(294_000))
    policy = (await desk.ask(policy_pb.GetPolicyRequest(policy_id=answered.results[0].policy_id))).policy
    assert (policy.policy_number, policy.status) == ("OLD-000001", policy_pb.POLICY_STATUS_IN_FORCE)
    assert policy.timeline.insured.uscc == book.insured(1).uscc
    (bound,) = policy.transactions
    assert (bound.net, bound.vat, bound.stamp_duty) == (a.yuan(98_000), a.yuan(5_880), a.yuan(98))
    data, extortion = policy.timeline.segments[0].parts
    assert (data.annual_premium, data.deductible) == (a.yuan(book.DATA_PREMIUM), a.yuan(20_000))
    assert extortion.retroactive_date == date_message(date(2020, 1, 1))
    assert (policy.origin.import_key, policy.origin.row_key) == ("BOOK-2025", "OLD-000001")
    assert policy.origin.dependencies[0].name == "aliyun"
    assert [part.factors[0].name for part in policy.origin.worksheet.parts] == ["IMPORT", "IMPORT"]
    assert policy.origin.worksheet.annual_premium == a.yuan(98_000)


async def test_an_imported_policy_is_announced_and_listed_like_any_other(desk: Desk) -> None:
    await a.product(desk)
    await book.imported(desk, [book.header(), book.rows(book.row(1))])
    await desk.catch_up()

    listed = (await desk.ask(policy_pb.ListPoliciesRequest())).policies
    (announced,) = await desk.application.log.outbox(0, 10)
    told = events_pb2.PolicyBound.FromString(announced.data)
    timers = await desk.application.log.all("SELECT name, stream::text FROM timer")

    assert [(each.policy_number, each.premium) for each in listed] == [("OLD-000001", a.yuan(98_000))]
    assert (announced.type, told.timeline.policy_id) == ("hubao.policy.v1.PolicyBound", listed[0].policy_id)
    assert told.timeline.premium == a.yuan(98_000)
    exposure = str(exposure_of_policy(an.TENANT, UUID(listed[0].policy_id)))
    assert sorted(timers) == [("exposure-drop", exposure), ("policy-expiry", listed[0].policy_id)]


async def test_an_imported_policy_is_endorsed_and_cancelled_like_any_other(desk: Desk) -> None:
    await a.product(desk)
    answered = await book.imported(desk, [book.header(), book.rows(book.row(1))])
    policy_id = answered.results[0].policy_id

    later = await desk.ask(a.endorse(policy_id, date(2026, 7, 1), a.set_data(an.RAISED_DATA_LIMIT)))
    earlier = await desk.ask(a.endorse(policy_id, date(2026, 4, 1), a.remove(an.EXTORTION)))
    cancelled = (await desk.ask(a.cancel(policy_id, date(2026, 10, 1)))).policy

    # 90,000.01 × 28 ÷ 23, for the tariff is proportional to the limit: 109,565.23; 184 days of the 19,565.22 more.
    assert later.policy.timeline.segments[1].parts[0].annual_premium == a.yuan("109565.23")
    assert later.transactions[0].net == a.yuan("9863.02")
    assert [each.net for each in earlier.transactions] == [a.yuan("-9863.02"), a.yuan("-6027.39"), a.yuan("9863.02")]
    assert cancelled.status == policy_pb.POLICY_STATUS_CANCELLED
    assert cancelled.timeline.premium == _sum(cancelled.transactions)


async def test_a_second_stream_goes_on_where_the_first_was_cut(desk: Desk) -> None:
    await a.product(desk)
    first = await book.imported(desk, [book.header(), book.rows(book.row(1), book.row(2))])

    second = await book.imported(desk, [book.header(), book.rows(*(book.row(number) for number in (1, 2, 3)))])

    assert second.outcomes == ["repeated", "repeated", "accepted"]
    assert [each.policy_id for each in second.results[:2]] == [each.policy_id for each in first.results]
    assert second.summary == pb.ImportSummary(rows=3, accepted=1, repeated=2, premium=a.yuan(98_000))
    assert await _bound(desk) == 3


async def test_a_row_is_repeated_even_when_its_product_is_sold_no_more(desk: Desk) -> None:
    product_id = await a.product(desk)
    await book.imported(desk, [book.header(), book.rows(book.row(1))])
    await desk.ask(product_pb.RetireProductRequest(product_id=product_id))

    again = await book.imported(desk, [book.header(), book.rows(book.row(1), book.row(2))])

    assert again.outcomes == ["repeated", "refused"]
    assert again.refusals == [("PRODUCT_RETIRED", "")]


async def test_a_row_key_is_for_one_row(desk: Desk) -> None:
    await a.product(desk)
    await book.imported(desk, [book.header(), book.rows(book.row(1))])
    other = book.row(1)
    other.parts[0].annual_premium.CopyFrom(a.yuan(1))

    again = await book.imported(desk, [book.header(), book.rows(other)])

    assert again.refusals == [("ROW_KEY_REUSED", "")]


async def test_a_refused_row_is_named_without_what_is_not_seen(desk: Desk) -> None:
    await a.product(desk)

    answered = await book.imported(desk, [book.header(), book.rows(book.row(1, row_key="a\0\u200bb"))])

    assert answered.refusals == [("INVALID_FIELD", "row_key")]
    assert [each.row_key for each in answered.results] == ["a\ufffd\ufffdb"]


async def test_a_policy_comes_into_one_book_only(desk: Desk) -> None:
    await a.product(desk)
    await book.imported(desk, [book.header(), book.rows(book.row(1))])

    other = await book.imported(desk, [book.header("ANOTHER"), book.rows(book.row(1), book.row(1, row_key="again"))])

    assert other.refusals == [("POLICY_NUMBER_TAKEN", ""), ("POLICY_NUMBER_TAKEN", "")]
    assert await _bound(desk) == 1


async def test_two_rows_of_one_number_in_one_message_make_one_policy(desk: Desk) -> None:
    await a.product(desk)

    answered = await book.imported(desk, [book.header(), book.rows(book.row(1), book.row(1, row_key="again"))])

    assert answered.outcomes == ["accepted", "refused"]
    assert answered.refusals == [("POLICY_NUMBER_TAKEN", "")]


async def test_a_number_is_the_same_in_whatever_case_it_is_written(desk: Desk) -> None:
    await a.product(desk)
    numbers = ("Case-001", "CASE-001", "case-001")
    same = [book.row(place, policy_number=number) for place, number in enumerate(numbers, 1)]

    answered = await book.imported(desk, [book.header(), book.rows(*same)])

    assert answered.outcomes == ["accepted", "refused", "refused"]
    assert answered.refusals == [("POLICY_NUMBER_TAKEN", "")] * 2
    ours = await book.imported(desk, [book.header(), book.rows(book.row(9, policy_number="hb2026-7k3m9-qx2pa"))])
    assert ours.refusals == [("INVALID_FIELD", "policy_number")]  # It may be one that is given here.


async def test_a_row_beyond_the_authority_waits_for_somebody_who_releases_it(desk: Desk) -> None:
    await a.product(desk)
    high = [book.part(an.DATA, 50_000_000, book.DATA_PREMIUM)]
    request = [book.header(), book.rows(book.row(1), book.row(2, parts=high))]

    first = await book.imported(desk, request)
    release = authority_pb.ReleaseInAdvanceRequest(
        import_key="BOOK-2025", limit=a.yuan(50_000_000), reasons=["LIMIT_OVER_AUTHORITY"]
    )
    await desk.chief(release)
    second = await book.imported(desk, request)

    assert (first.outcomes, first.refusals) == (["accepted", "refused"], [("ACT_REFERRED", "")])
    assert second.outcomes == ["repeated", "accepted"]


async def test_two_streams_of_one_import_at_once_take_each_row_once(desk: Desk) -> None:
    await a.product(desk)
    sent = [book.header(), *(book.rows(book.row(number)) for number in range(40))]

    both = await asyncio.gather(book.imported(desk, sent), book.imported(desk, sent))

    outcomes = zip(both[0].outcomes, both[1].outcomes, strict=True)
    assert {tuple(sorted(pair)) for pair in outcomes} == {("accepted", "repeated")}
    assert await _bound(desk) == 40


async def test_a_refused_row_does_not_hinder_the_others(desk: Desk) -> None:
    await a.product(desk)
    wrong = book.row(2, line=terms_pb2.PRODUCT_LINE_PROPERTY)

    answered = await book.imported(desk, [book.header(), book.rows(book.row(1), wrong, book.row(3))])

    assert answered.outcomes == ["accepted", "refused", "accepted"]
    assert answered.results[1].message == "Version 1 of CYBER is of the line comprehensive, not property."
    assert answered.results[1].policy_id == ""
    assert await _bound(desk) == 2


CLOUD = pb.ImportedDependency(kind=submission_pb.DEPENDENCY_KIND_CLOUD, name="aliyun")


def _shares(*shares: tuple[str, str, bool]) -> list[terms_pb2.CoInsurerShare]:
    return [terms_pb2.CoInsurerShare(insurer_id=who, percent=percent, lead=lead) for who, percent, lead in shares]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"policy_number": ""}, ("INVALID_FIELD", "row_key")),
        ({"row_key": "a key"}, ("INVALID_FIELD", "row_key")),
        ({"policy_number": "no blanks", "row_key": "k"}, ("INVALID_FIELD", "policy_number")),
        ({"policy_number": "HB2026-7K3M9-QX2PA"}, ("INVALID_FIELD", "policy_number")),
        ({"insured": book.insured(uscc="91310115000000018K")}, ("INVALID_FIELD", "insured.uscc")),
        ({"insured": book.insured(name=" ")}, ("INVALID_FIELD", "insured.name")),
        ({"insured": book.insured(name="a\0b")}, ("INVALID_FIELD", "insured.name")),
        ({"insured": book.insured(industry_code="I99")}, ("INVALID_FIELD", "insured.industry_code")),
        ({"insured": book.insured(region_code="990000")}, ("INVALID_FIELD", "insured.region_code")),
        ({"insured": book.insured(size=0)}, ("INVALID_FIELD", "insured.size")),
        ({"line": 0}, ("INVALID_FIELD", "line")),
        ({"line": terms_pb2.PRODUCT_LINE_LIABILITY}, ("LINE_DIFFERS", "")),
        ({"product_key": "UNKNOWN"}, ("PRODUCT_NOT_FOUND", "")),
        ({"product_version": 7}, ("PRODUCT_VERSION_NOT_FOUND", "")),
        ({"product_version": -1}, ("PRODUCT_VERSION_NOT_FOUND", "")),
        ({"inception": None}, ("INVALID_FIELD", "inception")),
        ({"expiry": date_message(date(2026, 12, 31))}, ("INVALID_FIELD", "expiry")),
        ({"expiry": date_message(date(2027, 1, 2))}, ("INVALID_FIELD", "expiry")),
        (
            {"inception": date_message(date(2024, 12, 20)), "expiry": date_message(date(2025, 12, 20))},
            ("TERM_OVER", ""),
        ),
        ({"parts": []}, ("INVALID_FIELD", "parts")),
        ({"parts": [book.part("WAR", 1_000_000, "10")]}, ("UNKNOWN_PART", "")),
        ({"parts": [book.part(an.DATA, 1_000_000, "10")] * 2}, ("INVALID_FIELD", "parts[1].part_code")),
        ({"parts": [book.part(an.DATA, 99_999, "10")]}, ("LIMIT_OUT_OF_RANGE", "")),
        (
            {"parts": [book.part(an.DATA, 1_000_000, f"{10**13}"), book.part(an.EXTORTION, 1_000_000, f"{10**13}")]},
            ("PREMIUM_TOO_LARGE", ""),
        ),
        ({"parts": [book.part(an.DATA, 1_000_000, "0")]}, ("INVALID_FIELD", "parts")),
        ({"parts": [book.part(an.DATA, 1_000_000, "-1")]}, ("INVALID_FIELD", "parts[0].annual_premium")),
        (
            {"parts": [pb.ImportedPart(code=an.DATA, limit=a.yuan(1_000_000))]},
            ("INVALID_FIELD", "parts[0].annual_premium"),
        ),
        ({"parts": [book.part(an.DATA, 1_000_000, "10", deductible=a.yuan(1))]}, ("DEDUCTIBLE_TOO_LOW", "")),
        ({"parts": [book.part(an.DATA, 1_000_000, "10", deductible=a.yuan(1_000_000))]}, ("DEDUCTIBLE_OVER_LIMIT", "")),
        ({"parts": [book.part(an.RESPONSE, 1_000_000, "10")]}, ("PARENT_PART_MISSING", "")),
        (
            {"parts": [book.part(an.DATA, 1_000_000, "10"), book.part(an.RESPONSE, 2_000_000, "10")]},
            ("SUB_LIMIT_OVER_PARENT", ""),
        ),
        (
            {"parts": [book.part(an.DATA, 1_000_000, "10", retroactive_date=date_message(date(2026, 1, 2)))]},
            ("INVALID_FIELD", "parts[0].retroactive_date"),
        ),
        ({"aggregate_limit": a.yuan(0)}, ("INVALID_FIELD", "aggregate_limit")),
        (
            {"shares": _shares((an.TENANT, "60", True), (an.FOLLOWER, "39.999999", False))},
            ("SHARES_NOT_WHOLE", "shares"),
        ),
        ({"shares": _shares((an.FOLLOWER, "100", True))}, ("LEAD_IS_NOT_TENANT", "")),
        ({"shares": _shares((an.TENANT, "all", True))}, ("INVALID_FIELD", "shares[0].percent")),
        ({"vat": a.yuan("5880.03")}, ("INVALID_FIELD", "vat")),
        ({"stamp_duty": a.yuan("97.97")}, ("INVALID_FIELD", "stamp_duty")),
        ({"annual_revenue": a.yuan(-1)}, ("INVALID_FIELD", "annual_revenue")),
        ({"answers": [pb.ImportedAnswer(question="PETS", text="yes")]}, ("INVALID_FIELD", "answers[0].question")),
        ({"answers": [pb.ImportedAnswer(question="MFA", text="maybe")]}, ("INVALID_FIELD", "answers[0].text")),
        ({"answers": [pb.ImportedAnswer(question="MFA", text="no")] * 2}, ("INVALID_FIELD", "answers[1].question")),
        ({"dependencies": [pb.ImportedDependency(name="aliyun")]}, ("INVALID_FIELD", "dependencies[0].kind")),
        ({"dependencies": [pb.ImportedDependency(kind=1)]}, ("INVALID_FIELD", "dependencies[0].name")),
        ({"dependencies": [CLOUD, CLOUD]}, ("INVALID_FIELD", "dependencies[1]")),
    ],
)
async def test_a_wrong_row_is_refused_by_field_or_rule(desk: Desk, changes: Any, refusal: tuple[str, str]) -> None:
    await a.product(desk)

    answered = await book.imported(desk, [book.header(), book.rows(book.row(1, **changes))])

    assert answered.refusals == [refusal]
    assert answered.summary == pb.ImportSummary(rows=1, refused=1, premium=a.yuan(0))
    assert await _bound(desk) == 0


async def test_tax_may_differ_by_the_order_of_rounding_alone(desk: Desk) -> None:
    await a.product(desk)

    answered = await book.imported(desk, [book.header(), book.rows(book.row(1, vat=a.yuan("5880.02")))])
    policy = (await desk.ask(policy_pb.GetPolicyRequest(policy_id=answered.results[0].policy_id))).policy

    assert policy.transactions[0].vat == a.yuan("5880.02")


@pytest.mark.parametrize(
    ("requests", "field"),
    [
        ([book.rows(book.row(1))], "header"),
        ([], "header"),
        ([book.header(), book.header()], "header"),
        ([book.header("no blanks")], "header.import_key"),
        ([book.header(source="")], "header.source"),
        ([book.header(), pb.ImportPoliciesRequest(rows=pb.ImportRows())], "rows.policies"),
        ([book.header(), pb.ImportPoliciesRequest()], "part"),
    ],
)
async def test_a_stream_that_is_none_is_refused(desk: Desk, requests: list[Message], field: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await book.imported(desk, requests)

    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert field in (refused.value.details() or "")


async def test_rows_before_a_broken_message_are_in_and_answered(desk: Desk) -> None:
    await a.product(desk)
    call = book.stream(desk, "ImportPolicies", [book.header(), book.rows(book.row(1)), book.header()])

    answer = await call.read()
    with pytest.raises(grpc.aio.AioRpcError):
        await call.read()

    assert [each.outcome for each in answer.results.results] == [pb.IMPORT_OUTCOME_ACCEPTED]
    assert await _bound(desk) == 1


async def test_a_cut_leaves_each_row_whole_or_absent(desk: Desk) -> None:
    await a.product(desk)
    sent = [book.header(), *(book.rows(*(book.row(number * 10 + n) for n in range(10))) for number in range(30))]
    call = book.stream(desk, "ImportPolicies", sent)
    await call.read()
    call.cancel()

    again = await book.imported(desk, sent)
    rows = await desk.application.log.all(
        "SELECT (SELECT count(*) FROM event WHERE type = 'policy.Bound'), (SELECT count(*) FROM outbox),"
        " (SELECT count(*) FROM event WHERE type = 'policy.FileOpened'), (SELECT count(*) FROM timer)"
    )

    assert set(again.outcomes) <= {"accepted", "repeated"} and "repeated" in again.outcomes
    assert rows == [(300, 300, 300, 600)]


async def test_more_rows_than_may_be_on_their_way_come_through(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "IN_FLIGHT", 3)
    monkeypatch.setattr(importing, "MOST_GROUPS", 2)
    await a.product(desk)

    answered = await book.imported(
        desk, [book.header(), *(book.rows(book.row(2 * n), book.row(2 * n + 1)) for n in range(10))]
    )

    assert [each.row_key for each in answered.results] == [f"OLD-{number:06d}" for number in range(20)]
    assert answered.outcomes == ["accepted"] * 20


async def test_the_results_come_while_rows_are_still_sent(desk: Desk) -> None:
    await a.product(desk)
    token = desk.issuer.token("wang", an.TENANT, an.TENANT, ("underwriter",))
    call = desk._methods["ImportPoliciesRequest"](metadata=[("authorization", f"Bearer {token}")])
    await call.write(book.header())

    for number in range(3):
        await call.write(book.rows(book.row(number)))
        answer = await asyncio.wait_for(call.read(), 10)
        assert answer.results.results[0].row == number + 1
    await call.done_writing()

    assert (await call.read()).summary.accepted == 3


async def test_another_insurer_has_books_and_numbers_of_its_own(desk: Desk) -> None:
    await a.product(desk)
    await book.imported(desk, [book.header(), book.rows(book.row(1))])

    other = await book.imported(desk, [book.header(), book.rows(book.row(1))], tenant="insurer-z")

    assert other.refusals == [("PRODUCT_NOT_FOUND", "")]


async def test_only_underwriters_import(desk: Desk) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await book.imported(desk, [book.header()], roles=("finance",))

    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


def _sum(transactions: Any) -> Any:
    return money_message(total(money_value("net", each.net) for each in transactions))


async def _bound(desk: Desk) -> int:
    row = await desk.application.log.one("SELECT count(*) FROM event WHERE type = 'policy.Bound'")
    assert row is not None
    return int(row[0])


async def test_an_imported_operator_of_critical_infrastructure_has_clocks_of_its_own(desk: Desk) -> None:
    asked = a.create_product()
    for each in asked.terms.entitlements:
        each.critical_infrastructure_clocks.CopyFrom(
            terms_pb2.ServiceClocks(respond_within_hours=1, start_within_hours=4, deliver_within_hours=48)
        )
    product_id = (await desk.ask(asked)).product.product_id
    await desk.ask(product_pb.PublishProductRequest(product_id=product_id))
    operator = book.insured(2, critical_infrastructure=True, protecting_department="国家能源局")

    release = authority_pb.ReleaseInAdvanceRequest(
        import_key="BOOK-2025",
        limit=a.yuan(25_000_000),
        reasons=["CRITICAL_INFRASTRUCTURE_WITHOUT_ASSESSMENT", "CRITICAL_INFRASTRUCTURE"],
    )
    await desk.chief(release)
    answered = await book.imported(desk, [book.header(), book.rows(book.row(1), book.row(2, insured=operator))])

    assert answered.refusals == []
    hours = []
    for each in answered.results:
        policy = (await desk.ask(policy_pb.GetPolicyRequest(policy_id=each.policy_id))).policy
        hours.append({(one.respond_within_hours, one.deliver_within_hours) for one in policy.timeline.entitlements})
    assert hours == [{(24, 240)}, {(1, 48)}]
    told = (await desk.ask(product_pb.GetProductRequest(product_id=product_id))).product
    assert told.versions[0].terms.entitlements[0].critical_infrastructure_clocks.start_within_hours == 4
