"""A park through gRPC and the real log: a master, members one by one and many at once, lists, and the end of all."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

from hubao.common.v1 import party_pb2
from hubao.policy.v1 import certificates_pb2 as pb
from hubao.policy.v1 import park_pb2, product_service_pb2, submission_service_pb2, terms_pb2, treaty_service_pb2
from hubao.policy.v1 import policy_service_pb2 as policy_pb

from libs.common.grpc.convert import date_message, money_value, timestamp_message
from libs.common.money import Money
from services.policy.domain.park.roll import BATCH
from services.policy.servicer.product_messages import terms_message
from tests.policy import desk as a
from tests.policy import examples as an
from tests.policy import parks
from tests.policy.desk import Desk

APRIL, JULY, OCTOBER = date(2026, 4, 1), date(2026, 7, 1), date(2026, 10, 1)


def enterprise(number: int) -> party_pb2.Enterprise:
    member = parks.member(number)
    return party_pb2.Enterprise(
        uscc=member.uscc,
        name=member.name,
        industry_code=member.industry_code,
        region_code=member.region_code,
        size=party_pb2.ENTERPRISE_SIZE_SMALL,
    )


def joining(number: int = 1, joins_on: date | None = None, limit: Money = parks.SUB_LIMIT) -> pb.JoiningMember:
    return pb.JoiningMember(
        member=enterprise(number),
        joins_on=None if joins_on is None else date_message(joins_on),
        parts=[a.wanted(an.DATA, limit)],
        annual_revenue=a.yuan(8_000_000),
        answers=[submission_service_pb2.Answer(question="MFA", yes=True)],
    )


def issue(policy_id: str, *who: Any, **how: Any) -> pb.IssueCertificateRequest:
    return pb.IssueCertificateRequest(request_id=str(uuid4()), policy_id=policy_id, joining=joining(*who, **how))


def withdraw(certificate_id: str, day: date, **more: Any) -> pb.WithdrawCertificateRequest:
    return pb.WithdrawCertificateRequest(
        certificate_id=certificate_id, leaves_on=date_message(day), reason="MOVED_OUT", **more
    )


async def park(desk: Desk, *members: pb.JoiningMember) -> policy_pb.BindPolicyResponse:
    """A bound master with a quota share of the lead's 60 %, and what became of its first members."""
    product = product_service_pb2.CreateProductRequest(
        product_key="PARK", name="网络安全园区保", terms=terms_message(parks.terms())
    )
    product_id = (await desk.ask(product)).product.product_id
    published = (await desk.ask(product_service_pb2.PublishProductRequest(product_id=product_id))).product
    assert published.versions[0].terms == product.terms
    asked = a.create_submission(product_id, aggregate_limit=a.yuan(20_000_000))
    submission_id = (await desk.ask(asked)).submission.submission_id
    await desk.ask(submission_service_pb2.CreateQuoteRequest(submission_id=submission_id))
    return await desk.ask(a.bind(submission_id, await a.treaty(desk), members=members))  # type: ignore[no-any-return]


async def certificate(desk: Desk, certificate_id: str) -> pb.Certificate:
    return (await desk.ask(pb.GetCertificateRequest(certificate_id=certificate_id))).certificate  # type: ignore[no-any-return]


async def listed(desk: Desk, policy_id: str, **filters: Any) -> list[str]:
    await desk.catch_up()
    found = await desk.ask(pb.ListCertificatesRequest(policy_id=policy_id, **filters))
    return sorted(row.member_name for row in found.certificates)


async def summary(desk: Desk, policy_id: str) -> park_pb2.ParkSummary:
    return (await desk.ask(policy_pb.GetPolicyRequest(policy_id=policy_id))).policy.park  # type: ignore[no-any-return]


async def test_members_come_with_the_binding_and_join_and_leave_later(desk: Desk) -> None:
    bound = await park(desk, joining(1), joining(2), joining(1))
    policy_id = bound.policy.policy_id
    request = issue(policy_id, 3, JULY)
    third = (await desk.ask(request)).certificate
    again = (await desk.ask(request)).certificate
    left = (await desk.ask(withdraw(third.certificate_id, OCTOBER, etag=third.etag))).certificate
    repeated = (await desk.ask(withdraw(third.certificate_id, OCTOBER))).certificate

    assert [each.reason for each in bound.certificates] == ["", "", "MEMBER_ALREADY_IN"]
    assert money_value("premium", bound.policy.timeline.premium) == Money.cny(0)
    assert again == third
    assert (third.policyholder.name, third.member.name) == (an.enterprise().name, parks.member(3).name)
    assert (third.payer, third.status) == (park_pb2.PARK_PAYER_OPERATOR, park_pb2.CERTIFICATE_STATUS_IN_FORCE)
    assert third.terms.parts[0].limit == a.yuan(2_500_000)
    assert third.terms.worksheet.annual_premium == a.yuan(10_000)
    assert third.transactions[0].kind == terms_pb2.TRANSACTION_KIND_JOIN
    assert third.transactions[0].ceded == a.yuan("907.40")
    assert repeated == left
    assert left.premium == a.yuan("2520.55")  # 5,041.10 − 10,000.00 × 92 ÷ 365
    found = await summary(desk, policy_id)
    assert (found.members, found.certificates, found.minimum_reached) == (2, 3, True)
    assert (found.premium, found.vat) == (a.yuan("22520.55"), a.yuan("1351.24"))


async def test_a_master_is_shown_with_the_members_that_were_known_at_a_time(desk: Desk) -> None:
    policy_id = (await park(desk)).policy.policy_id
    await desk.move_to(desk.clock.now() + timedelta(days=1))
    before = timestamp_message(desk.clock.now())
    await desk.move_to(desk.clock.now() + timedelta(days=1))
    await desk.ask(issue(policy_id, 1))

    asked = policy_pb.GetPolicyRequest(policy_id=policy_id, recorded_time=before)
    then, now = (await desk.ask(asked)).policy.park, await summary(desk, policy_id)

    assert [(each.members, each.minimum_members, each.premium) for each in (then, now)] == [
        (0, 2, a.yuan(0)),
        (1, 2, a.yuan(10_000)),
    ]


async def test_other_sub_limits_are_leaving_and_joining_on_one_day(desk: Desk) -> None:
    bound = await park(desk, joining(1))
    certificate_id = bound.certificates[0].certificate.certificate_id
    await desk.ask(withdraw(certificate_id, JULY))

    raised = (await desk.ask(issue(bound.policy.policy_id, 1, JULY, Money.cny(5_000_000)))).certificate

    assert raised.certificate_id == certificate_id
    assert [stay.parts[0].limit for stay in raised.stays] == [a.yuan(2_500_000), a.yuan(5_000_000)]
    # 10,000.00 − 5,041.10 + 10,082.19: two movements, each rounded; one endorsement would have come to a fen more.
    assert raised.premium == a.yuan("15041.09")


async def test_certificates_are_listed_by_master_status_and_day(desk: Desk) -> None:
    policy_id = (await park(desk, joining(1), joining(2, APRIL), joining(3, OCTOBER))).policy.policy_id
    second = (await desk.ask(issue(policy_id, 4))).certificate
    await desk.ask(withdraw(second.certificate_id, JULY))
    names = {number: parks.member(number).name for number in range(1, 5)}

    assert await listed(desk, policy_id) == sorted(names.values())
    withdrawn = await listed(desk, policy_id, status=park_pb2.CERTIFICATE_STATUS_WITHDRAWN)
    assert withdrawn == [names[4]]
    assert await listed(desk, policy_id, covered_on=date_message(date(2026, 6, 30))) == sorted(
        [names[1], names[2], names[4]]
    )
    assert await listed(desk, policy_id, covered_on=date_message(JULY)) == sorted([names[1], names[2]])
    first = await desk.ask(pb.ListCertificatesRequest(policy_id=policy_id, page_size=3))
    rest = await desk.ask(
        pb.ListCertificatesRequest(policy_id=policy_id, page_size=3, page_token=first.next_page_token)
    )
    assert (len(first.certificates), len(rest.certificates), rest.next_page_token) == (3, 1, "")
    assert await listed(desk, str(uuid4())) == []


async def test_many_join_at_once_each_by_itself(desk: Desk) -> None:
    policy_id = (await park(desk)).policy.policy_id
    wrong = joining(7)
    wrong.member.uscc = "91310115200000013X"
    request = pb.IssueCertificatesRequest(
        request_id=str(uuid4()),
        policy_id=policy_id,
        members=[*(joining(number) for number in range(60)), wrong, joining(3), joining(99, limit=Money.cny(1))],
    )

    results = (await desk.ask(request)).results
    again = (await desk.ask(request)).results

    assert [each.reason for each in results[60:]] == ["INVALID_FIELD", "MEMBER_ALREADY_IN", "LIMIT_OUT_OF_RANGE"]
    assert results[60].field == "member.uscc"
    assert all(each.certificate.certificate_id for each in results[:60])
    assert [each.certificate for each in again[:60]] == [each.certificate for each in results[:60]]
    assert (await summary(desk, policy_id)).premium == a.yuan(600_000)
    assert len(await listed(desk, policy_id, page_size=100)) == 60


async def test_what_is_not_allowed_says_why(desk: Desk) -> None:
    policy_id = (await park(desk, joining(1))).policy.policy_id
    other = (await desk.ask(a.bind(await a.quoted(desk, "S-2")))).policy.policy_id
    said = await desk.refused(issue(policy_id, 1))

    assert said == ("FAILED_PRECONDITION", "MEMBER_ALREADY_IN")
    assert await desk.refused(issue(policy_id, 2, an.EXPIRY)) == (
        "FAILED_PRECONDITION",
        "EFFECTIVE_DATE_OUTSIDE_TERM",
    )
    assert await desk.refused(issue(other, 2)) == ("FAILED_PRECONDITION", "NOT_A_PARK")
    assert await desk.refused(issue(str(uuid4()), 2)) == ("NOT_FOUND", "POLICY_NOT_FOUND")
    assert await desk.refused(withdraw(str(uuid4()), JULY)) == ("NOT_FOUND", "CERTIFICATE_NOT_FOUND")
    unknown = pb.GetCertificateRequest(certificate_id=str(uuid4()))
    assert await desk.refused(unknown) == ("NOT_FOUND", "CERTIFICATE_NOT_FOUND")
    mine = (await desk.ask(issue(policy_id, 2))).certificate.certificate_id
    foreign = {"tenant": "insurer-z"}
    assert await desk.refused(pb.GetCertificateRequest(certificate_id=mine), **foreign) == (
        "NOT_FOUND",
        "CERTIFICATE_NOT_FOUND",
    )
    assert await desk.refused(withdraw(mine, JULY), **foreign) == ("NOT_FOUND", "CERTIFICATE_NOT_FOUND")
    assert await desk.refused(issue(policy_id, 5), **foreign) == ("NOT_FOUND", "POLICY_NOT_FOUND")
    assert await desk.refused(withdraw(mine, JULY, etag="7")) == ("ABORTED", "STALE")


async def test_a_cancelled_master_ends_all_its_certificates(desk: Desk) -> None:
    """More of them than end in one append."""
    members = [joining(number) for number in range(BATCH + 5)]
    bound = await park(desk, *members)
    policy_id, first = bound.policy.policy_id, bound.certificates[0].certificate.certificate_id

    await desk.ask(a.cancel(policy_id, JULY))
    await desk.move_to(desk.clock.now() + timedelta(seconds=1))

    ended = await certificate(desk, first)
    assert (ended.status, ended.premium) == (park_pb2.CERTIFICATE_STATUS_CANCELLED, a.yuan("5463.01"))
    found = await summary(desk, policy_id)
    assert (found.members, found.certificates) == (0, BATCH + 5)
    assert found.premium == a.yuan("300465.55")  # 55 × (10,000.00 − 90 % of 10,000.00 × 184 ÷ 365)
    assert len(await listed(desk, policy_id, status=park_pb2.CERTIFICATE_STATUS_CANCELLED, page_size=100)) == BATCH + 5
    assert await listed(desk, policy_id, covered_on=date_message(JULY)) == []
    assert await desk.refused(issue(policy_id, 99)) == ("FAILED_PRECONDITION", "POLICY_NOT_IN_FORCE")


async def test_certificates_expire_with_their_master(desk: Desk) -> None:
    bound = await park(desk, joining(1), joining(2, JULY))

    await desk.move_to(datetime(2027, 1, 2, tzinfo=UTC))

    names = await listed(desk, bound.policy.policy_id, status=park_pb2.CERTIFICATE_STATUS_EXPIRED)
    assert len(names) == 2
    assert (await summary(desk, bound.policy.policy_id)).premium == a.yuan("15041.10")


async def test_sums_and_bordereaux_have_the_members_premium(desk: Desk) -> None:
    bound = await park(desk, joining(1), joining(2, JULY))
    await desk.ask(withdraw(bound.certificates[0].certificate.certificate_id, JULY))
    await desk.catch_up()

    totals = await desk.ask(policy_pb.GetPremiumSummaryRequest())
    treaty_id = bound.policy.timeline.quota_share.treaty_id
    file, content = await desk.exported(
        treaty_service_pb2.ExportPremiumBordereauRequest(
            treaty_id=treaty_id,
            format=treaty_service_pb2.FILE_FORMAT_CSV,
            booked_from=date_message(date(2025, 1, 1)),
            booked_until=date_message(date(2027, 1, 1)),
        )
    )

    assert (totals.policies, totals.premium) == (1, a.yuan(10_000))
    assert totals.ceded == a.yuan("1800.00")  # 30 % of 60 % of each movement, rounded once for each
    text = content.decode("utf-8-sig")
    assert (text.count("HBC2026-"), file.rows) == (3, 4)  # And the master's, of nothing.
