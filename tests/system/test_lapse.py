"""A policy that nobody pays: it lapses, is paid for and goes on, on four real processes; every sum agrees all along."""

from datetime import date, timedelta
from typing import Any

from hubao.billing_subsidy.v1 import account_service_pb2 as account_pb
from hubao.claims.v1 import claim_service_pb2 as claim_pb
from hubao.policy.v1 import policy_life_pb2 as life_pb
from hubao.policy.v1 import policy_service_pb2 as pb
from hubao.policy.v1 import product_service_pb2 as product_pb
from hubao.policy.v1 import submission_service_pb2 as submission_pb
from hubao.policy.v1 import terms_pb2

from deploy.local.invariants import invariants
from deploy.local.market import FOLLOWER, TENANT, YEAR_TERMS, open_product, open_treaty, open_vendors, yuan
from deploy.local.players import Players
from deploy.local.year.paying import Paying
from deploy.local.year.selling import EXPIRY, INCEPTION, INSURED, LIMITS, wanted
from libs.common.grpc.convert import date_message, money_value
from libs.common.money import Money
from tests.system.scene import wrong

OPENED, LAPSED = date(2025, 12, 1), date(2026, 1, 31)
"""Bound on 1 December, due on 31 December, 30 days of grace: the first day without is 31 January."""

TERMS = product_pb.ProductTerms()
TERMS.CopyFrom(YEAR_TERMS)
TERMS.lapse_rules.add(valid_from=date_message(date(2025, 1, 1)), automatic=True, cure_days=30)


def fen(amount: Any) -> int:
    return money_value("amount", amount).minor_units


async def bound(players: Players) -> Any:
    """A policy of 100,000.00 a year with a follower, a quota share, bundled services and a programme."""
    cast = players.cast
    await players.cluster.open_day(OPENED)
    await open_vendors(cast.operator)
    await Paying(cast).publish_programme()
    product_id = await open_product(cast.underwriter, "CYBER-LAPSE", "网络安全综合险", TERMS)
    request = submission_pb.CreateSubmissionRequest(
        submission_key="LAPSE-1",
        product_id=product_id,
        insured=INSURED,
        inception=date_message(INCEPTION),
        expiry=date_message(EXPIRY),
        parts=[wanted(code, limit, date(2024, 1, 1)) for code, limit in LIMITS.items()],
        annual_revenue=yuan(80_000_000),
        bundled_services=True,
    )
    submission_id = (await cast.underwriter(request, "lapse/submit")).submission.submission_id
    await cast.underwriter(submission_pb.CreateQuoteRequest(submission_id=submission_id), "lapse/quote")
    shares = [
        terms_pb2.CoInsurerShare(insurer_id=TENANT, percent="60", lead=True),
        terms_pb2.CoInsurerShare(insurer_id=FOLLOWER, percent="40"),
    ]
    bind = pb.BindPolicyRequest(
        submission_id=submission_id, quote_number=1, shares=shares, treaty_id=await open_treaty(cast.underwriter)
    )
    return (await cast.underwriter(bind, "lapse/bind")).policy


async def standing(players: Players, policy_id: str) -> tuple[int, Any, int, list[str]]:
    """Once all have heard all: the policy's state, its account, its premium, the causes of its terms in claims."""
    await players.cluster.drain()
    cast = players.cast
    policy = (await cast.auditor(pb.GetPolicyRequest(policy_id=policy_id))).policy
    account = (await cast.auditor(account_pb.GetAccountRequest(policy_id=policy_id))).account
    coverage = (await cast.auditor(claim_pb.GetCoverageAccountRequest(policy_id=policy_id))).account
    assert wrong(await invariants(cast, players.cluster)) == []
    causes = [known.cause for known in coverage.terms_history]
    return policy.status, account, fen(policy.timeline.premium), causes


async def pay(players: Players, policy_id: str, amount: str, on: date) -> None:
    receipt = account_pb.RecordReceiptRequest(
        policy_id=policy_id, reference=f"BANK-{on}", amount=yuan(amount), value_date=date_message(on)
    )
    await players.cast.finance(receipt, f"lapse/pay/{on}")


async def test_a_policy_lapses_by_itself_and_a_payment_cures_it(fresh_players: Players) -> None:
    policy_id = (await bound(fresh_players)).policy_id

    await fresh_players.cluster.open_day(LAPSED - timedelta(1))
    before = await standing(fresh_players, policy_id)
    await fresh_players.cluster.open_day(LAPSED)
    lapsed = await standing(fresh_players, policy_id)
    await fresh_players.cluster.open_day(date(2026, 2, 10))
    await pay(fresh_players, policy_id, "8000.00", date(2026, 2, 10))
    part = await standing(fresh_players, policy_id)
    await fresh_players.cluster.open_day(date(2026, 2, 20))
    await pay(fresh_players, policy_id, "98000.00", date(2026, 2, 20))
    cured = await standing(fresh_players, policy_id)

    assert (before[0], before[2]) == (pb.POLICY_STATUS_IN_FORCE, 10_000_000)
    # 335 of 365 days come back: 91,780.82 and VAT of 5,506.85.
    assert (lapsed[0], lapsed[2], fen(lapsed[1].receivable)) == (pb.POLICY_STATUS_LAPSED, 821_918, 871_233)
    assert (part[0], fen(part[1].receivable)) == (pb.POLICY_STATUS_LAPSED, 71_233)
    assert (cured[0], cured[2], fen(cured[1].receivable)) == (pb.POLICY_STATUS_IN_FORCE, 10_000_000, 0)
    assert Money.cny(106_000) == money_value("received", cured[1].received)
    assert cured[3] == ["BOUND", "CANCELLED", "REINSTATED"]


async def test_a_lapsed_policy_begins_again_after_a_gap(
    fresh_players: Players,
) -> None:
    policy_id = (await bound(fresh_players)).policy_id
    await fresh_players.cluster.open_day(date(2026, 5, 1))
    statement = life_pb.NoKnownLosses(reference="file-1", sha256="ab" * 32, signed_on=date_message(date(2026, 5, 1)))
    request = life_pb.ReinstatePolicyRequest(
        policy_id=policy_id, effective_date=date_message(date(2026, 5, 1)), reason="AGREED", statement=statement
    )

    await fresh_players.cast.chief(request, "lapse/reinstate")

    status, account, premium, causes = await standing(fresh_players, policy_id)
    # 8,219.18 until the lapse, and 245 of 365 days of 50,000.00, 42,000.00 and 8,000.00 from 1 May on.
    assert (status, premium) == (pb.POLICY_STATUS_IN_FORCE, 821_918 + 6_712_328)
    assert fen(account.receivable) == 871_233 + 6_712_328 + 402_740
    assert causes == ["BOUND", "CANCELLED", "REINSTATED"]


async def test_a_lapse_whose_money_had_come_in_time_never_was(fresh_players: Players) -> None:
    policy_id = (await bound(fresh_players)).policy_id
    await fresh_players.cluster.drain()
    plan = account_pb.PaymentPlan(instalments=12, due_days=30, grace_days=45)
    await fresh_players.cast.finance(account_pb.SetPaymentPlanRequest(policy_id=policy_id, plan=plan), "lapse/plan")
    grace_over = date(2026, 2, 15)  # The first of twelve was due on 31 December.
    await fresh_players.cluster.open_day(grace_over - timedelta(1))
    before = await standing(fresh_players, policy_id)
    await fresh_players.cluster.open_day(grace_over)
    lapsed = await standing(fresh_players, policy_id)
    await fresh_players.cluster.open_day(date(2026, 2, 20))

    await pay(fresh_players, policy_id, "8833.34", date(2026, 2, 12))
    restored = await standing(fresh_players, policy_id)

    assert (before[0], fen(before[1].overdue)) == (pb.POLICY_STATUS_IN_FORCE, 1_766_668)
    assert lapsed[0] == pb.POLICY_STATUS_LAPSED
    assert (restored[0], restored[2]) == (pb.POLICY_STATUS_IN_FORCE, 10_000_000)
    assert restored[3] == ["BOUND", "CANCELLED", "REINSTATED"]
