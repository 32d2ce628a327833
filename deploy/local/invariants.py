"""What must hold across the four services once all announcements have drained (DOMAIN.md §6), by public calls only.

Each sum comes from a source of its own: the ledger, the billing accounts, and the service that owns the fact.
"""

import asyncio
from typing import Any

from hubao.billing_subsidy.v1 import ledger_service_pb2 as ledger_pb
from hubao.billing_subsidy.v1 import programme_service_pb2 as programme_pb
from hubao.billing_subsidy.v1 import subsidy_case_service_pb2 as case_pb
from hubao.claims.v1 import claim_service_pb2 as claim_pb
from hubao.policy.v1 import policy_service_pb2 as policy_pb
from hubao.vendor_gateway.v1 import order_service_pb2 as order_pb

from deploy.local.cast import Cast
from deploy.local.checks import Invariant, read, shown
from deploy.local.cluster import Cluster
from libs.common.money import Money, total


async def invariants(cast: Cast, cluster: Cluster) -> list[Invariant]:
    """All of them, read after everything has drained."""
    await cluster.drain()
    control, subsidies, claims, premium, orders, trial = await asyncio.gather(
        cast.auditor(ledger_pb.GetControlTotalsRequest()),
        cast.auditor(case_pb.GetSubsidyTotalsRequest()),
        cast.auditor(claim_pb.GetClaimTotalsRequest()),
        cast.auditor(policy_pb.GetPremiumSummaryRequest()),
        cast.auditor(order_pb.GetOrderTotalsRequest()),
        cast.auditor(ledger_pb.GetTrialBalanceRequest()),
    )
    totals = control.totals
    return [
        _granted(totals, subsidies, await _usage(cast, subsidies)),
        _receivable(totals, subsidies),
        _claims_paid(totals, claims.totals),
        _vendor_fees(totals, orders),
        _premium(totals, premium),
        _entitlements(orders),
        _in_force(orders, premium),
        _ledger(trial),
        *await _logs(cluster),
    ]


async def _usage(cast: Cast, subsidies: Any) -> Money:
    """What is used of the budgets of all programmes that have a case here, as the authority sees it."""
    ids = sorted({one.programme_id for one in subsidies.totals})
    answers = await asyncio.gather(*(cast.auditor(programme_pb.GetProgrammeRequest(programme_id=one)) for one in ids))
    return total(read(level.used) for answer in answers for level in answer.programme.usage)


def _granted(totals: Any, subsidies: Any, usage: Money) -> Invariant:
    return _equal(
        "Subsidy granted",
        ("ledger: granted less clawed back", read(totals.subsidy_granted_ledger)),
        ("cases: committed entitlements", read(totals.subsidy_granted_cases)),
        ("cases' draws on the budget guards", total(read(one.used) for one in subsidies.totals)),
        ("programmes: used of all budgets", usage),
    )


def _receivable(totals: Any, subsidies: Any) -> Invariant:
    open_cases = total(read(one.granted) - read(one.disbursed) for one in subsidies.totals)
    granted = read(totals.subsidy_granted_cases) - read(totals.subsidy_disbursed_cases)
    return _equal(
        "Subsidy receivable",
        ("ledger: balance", read(totals.subsidy_receivable_ledger)),
        ("cases: granted less disbursed", granted),
        ("by programme and level: granted less disbursed", open_cases),
    )


def _claims_paid(totals: Any, claims: Any) -> Invariant:
    return _equal(
        "Claims paid",
        ("ledger", read(totals.claims_paid_ledger)),
        ("billing accounts: payments heard of", read(totals.claims_paid_accounts)),
        ("claims: payments approved", read(claims.payments_approved)),
        ("claims: paid out of coverage accounts", read(claims.coverage_paid)),
    )


def _vendor_fees(totals: Any, orders: Any) -> Invariant:
    settled = read(totals.vendor_settled)
    return _equal(
        "Vendor fees payable",
        ("ledger: balance", read(totals.vendor_payable_ledger)),
        (
            "vendor accounts: verified less credits less settled",
            read(totals.vendor_fees_verified) - read(totals.vendor_credits) - settled,
        ),
        ("orders: verified less credits, less settled", read(orders.verified_fees) - read(orders.credits) - settled),
    )


def _premium(totals: Any, premium: Any) -> Invariant:
    received = read(totals.premium_received) + read(totals.premium_written_off)
    return _equal(
        "Premium receivable, gross",
        ("ledger: receivable less credits owed", read(totals.premium_receivable_ledger)),
        ("policies: timeline premium and VAT, less received", read(premium.premium) + read(premium.vat) - received),
        ("billing: timelines less received", read(totals.premium_timeline) - received),
        ("billing: invoiced less received", read(totals.premium_invoiced) - received),
    )


def _entitlements(orders: Any) -> Invariant:
    coded = sum(one.entitlements for one in orders.entitlements_unordered if one.reason)
    return Invariant(
        "Entitlements of policies in force",
        (
            ("promised", f"{orders.entitlements:,}"),
            ("with an order, or a coded reason why not", f"{orders.entitlements_ordered + coded:,}"),
        ),
    )


def _in_force(orders: Any, premium: Any) -> Invariant:
    return Invariant(
        "Policies in force, each with bundled services",
        (
            ("policies", f"{premium.policies_in_force:,}"),
            ("vendor gateway: policies with entitlements in force", f"{orders.policies:,}"),
        ),
    )


def _ledger(trial: Any) -> Invariant:
    return _equal(
        "The ledger balances",
        ("all debits", total(read(line.debit) for line in trial.lines)),
        ("all credits", total(read(line.credit) for line in trial.lines)),
        ("all debits, by the ledger's own sum", total(read(one) for one in trial.totals)),
    )


async def _logs(cluster: Cluster) -> list[Invariant]:
    """Each log is whole: its chain, its numbering, and every guard at every position, recomputed from the events."""
    return [
        Invariant(
            f"The log of {name} is whole, {answer.events:,} events",
            (("violations allowed", "none"), ("violations found", "; ".join(answer.violations) or "none")),
        )
        for name, answer in (await cluster.verify_logs()).items()
    ]


def _equal(name: str, *sums: tuple[str, Money]) -> Invariant:
    return Invariant(name, tuple((source, shown(amount)) for source, amount in sums))
