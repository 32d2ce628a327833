"""A park through the four real processes: master, three members, one who leaves, a loss up to a sub-limit, all sums."""

from datetime import date
from typing import Any

import pytest
from hubao.billing_subsidy.v1 import account_service_pb2 as account_pb
from hubao.billing_subsidy.v1 import programme_service_pb2 as programme_pb
from hubao.billing_subsidy.v1 import subsidy_case_service_pb2 as case_pb
from hubao.claims.v1 import claim_pb2
from hubao.claims.v1 import claim_service_pb2 as claim_service_pb
from hubao.common.v1 import party_pb2
from hubao.policy.v1 import certificates_pb2 as pb
from hubao.policy.v1 import park_pb2, policy_service_pb2, product_service_pb2, submission_service_pb2, terms_pb2

from deploy.local.checks import read
from deploy.local.clients import Refusal
from deploy.local.invariants import invariants
from deploy.local.market import OPENING, PUDONG, YEAR_TERMS, open_product, open_vendors, yuan
from deploy.local.players import Players
from deploy.local.year.paying import RULES, Paying
from libs.common.codes import uscc
from libs.common.grpc.convert import date_message
from libs.common.money import Money, total
from tests.system.scene import wrong

PART = "LIABILITY"
INCEPTION, EXPIRY, FEBRUARY, JULY = date(2026, 1, 1), date(2027, 1, 1), date(2026, 2, 1), date(2026, 7, 1)
OPERATOR, ONE, TWO, THREE = (
    party_pb2.Enterprise(
        uscc=uscc.compose(PUDONG, 30_260_100 + number),
        name=f"张江示例园区{number}",
        industry_code="I65",
        region_code=PUDONG,
        size=party_pb2.ENTERPRISE_SIZE_SMALL,
    )
    for number in range(4)
)


def terms() -> product_service_pb2.ProductTerms:
    """One percent of each sub-limit a year; a park for two members at least, who pay for themselves."""
    found = product_service_pb2.ProductTerms()
    found.CopyFrom(YEAR_TERMS)
    found.line = terms_pb2.PRODUCT_LINE_PARK
    del found.exclusions[:]
    found.park.CopyFrom(
        park_pb2.ParkTerms(
            sub_limits=[park_pb2.ParkSubLimit(part_code=PART, minimum=yuan(100_000), maximum=yuan(500_000))],
            payer=park_pb2.PARK_PAYER_MEMBER,
            minimum_members=2,
        )
    )
    return found


def joining(member: party_pb2.Enterprise, joins_on: date = INCEPTION, limit: int = 300_000) -> pb.JoiningMember:
    return pb.JoiningMember(
        member=member,
        joins_on=date_message(joins_on),
        parts=[submission_service_pb2.WantedPart(part_code=PART, limit=yuan(limit))],
        annual_revenue=yuan(9_000_000),
    )


async def bind(players: Players) -> policy_service_pb2.BindPolicyResponse:
    """A master with a shared aggregate of 800,000 and two members from its first day on."""
    cast = players.cast
    product_id = await open_product(cast.underwriter, "CYBER-PARK", "网络安全园区保", terms())
    asked = submission_service_pb2.CreateSubmissionRequest(
        submission_key="PARK-2026",
        product_id=product_id,
        insured=OPERATOR,
        inception=date_message(INCEPTION),
        expiry=date_message(EXPIRY),
        parts=[submission_service_pb2.WantedPart(part_code=PART, limit=yuan(1_000_000))],
        aggregate_limit=yuan(800_000),
        annual_revenue=yuan(50_000_000),
    )
    submission_id = (await cast.underwriter(asked, "park/submit")).submission.submission_id
    await cast.underwriter(submission_service_pb2.CreateQuoteRequest(submission_id=submission_id), "park/quote")
    request = policy_service_pb2.BindPolicyRequest(
        submission_id=submission_id, quote_number=1, members=[joining(ONE), joining(TWO)]
    )
    return await cast.underwriter(request, "park/bind")  # type: ignore[no-any-return]


async def pay(players: Players, certificate: pb.Certificate, day: date) -> None:
    gross = read(certificate.premium) + read(certificate.vat)
    receipt = account_pb.RecordReceiptRequest(
        policy_id=certificate.certificate_id,
        reference=f"PARK-{certificate.member.uscc}",
        amount=yuan(f"{gross.minor_units // 100}.{gross.minor_units % 100:02}"),
        value_date=date_message(day),
    )
    await players.cast.finance(receipt, f"park/pay/{certificate.member.uscc}")


async def proposed(players: Players, policy_id: str, member: party_pb2.Enterprise, key: str, loss: int) -> str:
    """A claim of a member, with a decision that waits for a second person; its id."""
    notice = claim_service_pb.NotifyClaimRequest(
        policy_id=policy_id,
        insured_uscc=member.uscc,
        reference=key,
        reported_by="园区值班",
        occurred_on=date_message(date(2026, 3, 8)),
        discovered_on=date_message(date(2026, 3, 8)),
        reported_loss=claim_pb2.ReportedLoss(amount=f"{loss}.00", currency_code="CNY"),
    )
    claim_id = (await players.cast.handler(notice, f"park/notify/{key}")).claim.claim_id
    assessed = claim_service_pb.AssessedLoss(part_code=PART, cost_type="COST_TYPE_INDEMNITY", assessed=yuan(loss))
    propose = claim_service_pb.ProposeDecisionRequest(
        claim_id=claim_id, outcome="DECISION_OUTCOME_PAY_IN_FULL", losses=[assessed]
    )
    await players.cast.handler(propose, f"park/propose/{key}")
    return str(claim_id)


async def settled(players: Players, claim_id: str, member: party_pb2.Enterprise) -> Money:
    """Approves the decision, and pays all of it; how much that is."""
    cast = players.cast
    approve = claim_service_pb.ApproveDecisionRequest(claim_id=claim_id, number=1)
    payable = (await cast.manager(approve, f"park/approve/{claim_id}")).claim.decisions[0].payable
    request = claim_service_pb.RequestPaymentRequest(
        claim_id=claim_id,
        part_code=PART,
        cost_type="COST_TYPE_INDEMNITY",
        amount=payable,
        payee_uscc=member.uscc,
    )
    payment = (await cast.handler(request, f"park/request/{claim_id}")).claim.payments[-1]
    done = claim_service_pb.ApprovePaymentRequest(claim_id=claim_id, payment_id=payment.payment_id)
    await cast.manager(done, f"park/paid/{claim_id}")
    return read(payable)


async def granted(players: Players, programme_id: str, certificate_id: str) -> list[tuple[str, str]]:
    """What each level grants to a member and has clawed back, by the case and by the certificate alike."""
    asked = case_pb.GetSubsidyCaseRequest(policy_id=certificate_id, programme_id=programme_id)
    case = (await players.cast.auditor(asked)).subsidy_case
    found = (await certificate(players, certificate_id)).subsidies
    by_case = [(str(read(each.granted)), str(read(each.clawed_back))) for each in case.levels]
    assert [(str(read(each.granted)), str(read(each.clawed_back))) for each in found] == by_case
    return by_case


async def certificate(players: Players, certificate_id: str) -> Any:
    return (await players.cast.auditor(pb.GetCertificateRequest(certificate_id=certificate_id))).certificate


async def test_a_park_from_its_master_to_the_last_sum(fresh_players: Players) -> None:
    players = fresh_players
    cast, cluster = players.cast, players.cluster
    await cluster.open_day(OPENING)
    await open_vendors(cast.operator)
    rules = programme_pb.ProgrammeRules()
    rules.CopyFrom(RULES)
    rules.minimum_term_days = 180
    programme_id = await Paying(cast).publish_programme(rules)

    await cluster.open_day(date(2025, 12, 15))
    bound = await bind(players)
    policy_id = bound.policy.policy_id
    one, two = (result.certificate for result in bound.certificates)
    await cluster.open_day(date(2026, 1, 15))
    for each in (one, two):
        await pay(players, each, date(2026, 1, 15))
    late = pb.IssueCertificateRequest(policy_id=policy_id, joining=joining(THREE, FEBRUARY))
    three = (await cast.underwriter(late, "park/join/3")).certificate
    await cluster.drain()
    await pay(players, three, date(2026, 1, 15))
    await cluster.drain()
    grants = {each.certificate_id: await granted(players, programme_id, each.certificate_id) for each in (one, three)}

    await cluster.open_day(date(2026, 3, 10))
    first = await settled(players, await proposed(players, policy_id, ONE, "P-1", 260_000), ONE)
    second = await settled(players, await proposed(players, policy_id, ONE, "P-2", 90_000), ONE)
    beyond = await proposed(players, policy_id, ONE, "P-3", 90_000)
    third = await cast.auditor(claim_service_pb.GetClaimRequest(claim_id=beyond))
    with pytest.raises(Refusal, match="INSURED_NOT_ON_POLICY"):
        await proposed(players, policy_id, OPERATOR, "P-4", 1_000)

    await cluster.open_day(date(2026, 6, 20))
    leave = pb.WithdrawCertificateRequest(
        certificate_id=two.certificate_id, leaves_on=date_message(JULY), reason="MOVED_OUT"
    )
    left = (await cast.underwriter(leave, "park/leave/2")).certificate
    checks = await invariants(cast, cluster)
    park = (await cast.auditor(policy_service_pb2.GetPolicyRequest(policy_id=policy_id))).policy.park
    totals = await cast.auditor(policy_service_pb2.GetPremiumSummaryRequest())

    assert read(bound.policy.timeline.premium) == Money.cny(0)
    assert [str(read(each.premium)) for each in (one, two, three)] == [
        "3,000.00 CNY",
        "3,000.00 CNY",
        "2,745.21 CNY",  # 3,000.00 × 334 ÷ 365
    ]
    assert grants == {
        one.certificate_id: [("1,500.00 CNY", "0.00 CNY"), ("600.00 CNY", "0.00 CNY")],
        three.certificate_id: [("1,372.61 CNY", "0.00 CNY"), ("549.04 CNY", "0.00 CNY")],
    }
    assert (first, second) == (Money.cny(250_000), Money.cny(50_000))  # The sub-limit is 300,000.
    assert read(third.claim.decisions[0].payable) == Money.cny(0)
    assert [list(part.reasons) for part in third.claim.coverage.parts] == [["LIMIT_EXHAUSTED"]]
    assert str(read(left.premium)) == "1,487.67 CNY"  # 3,000.00 − 3,000.00 × 184 ÷ 365
    assert await granted(players, programme_id, two.certificate_id) == [
        ("743.84 CNY", "756.16 CNY"),
        ("297.53 CNY", "302.47 CNY"),
    ]
    account = (await cast.auditor(claim_service_pb.GetCoverageAccountRequest(policy_id=policy_id))).account
    assert read(account.aggregate.paid) == read(account.aggregate.drawn) == Money.cny(300_000)
    assert (park.members, park.certificates, park.minimum_reached) == (2, 3, True)
    held = [await certificate(players, each.certificate_id) for each in (one, two, three)]
    assert read(park.premium) == read(totals.premium) == total(read(each.premium) for each in held)
    assert wrong(checks) == []
