"""The figures of DOMAIN.md §7, each against what the running system says."""

from typing import Any

from hubao.billing_subsidy.v1 import programme_service_pb2 as programme_pb
from hubao.policy.v1 import terms_pb2

from deploy.local.checks import Figure, read, shown
from deploy.local.market import FOLLOWER, TENANT
from libs.common.money import total

LEVELS = {"city": programme_pb.GOVERNMENT_LEVEL_CITY, "district": programme_pb.GOVERNMENT_LEVEL_DISTRICT}
NOTHING = "nothing"
"""Where the system does not even have a line for a figure."""


def of_binding(policy: Any) -> list[Figure]:
    """Step 1."""
    bound = policy.transactions[0]
    shares = {share.insurer_id: share.amount for share in bound.shares}
    return [
        _figure("1 annual premium, net of VAT", "100,000.00", bound.net),
        _figure("1 VAT", "6,000.00", bound.vat),
        Figure("1 gross premium", "106,000.00", shown(read(bound.net) + read(bound.vat))),
        _figure("1 stamp duty, each side", "100.00", bound.stamp_duty),
        _figure("1 lead's premium, 60 %", "60,000.00", shares.get(TENANT)),
        _figure("1 follower's premium, 40 %", "40,000.00", shares.get(FOLLOWER)),
        _figure("1 ceded, 30 % of the lead's", "18,000.00", bound.ceded),
        _figure("1 ceding commission, 25 %", "4,500.00", bound.ceding_commission),
    ]


def of_grant(case: Any) -> list[Figure]:
    """Step 2: what was granted at first, which is what is granted now and what was clawed back since."""
    first = {level.level: read(level.granted) + read(level.clawed_back) for level in case.levels}
    return [
        Figure(f"2 {name}'s subsidy", expected, shown(first[LEVELS[name]]) if LEVELS[name] in first else NOTHING)
        for name, expected in (("city", "50,000.00"), ("district", "20,000.00"))
    ]


def of_timeline(policy: Any) -> list[Figure]:
    """Steps 3 to 5, and 7: the movements of premium, in the order in which they were recorded."""
    moved = {(one.kind, one.effective_date.month): one for one in policy.transactions}
    july = moved.get((terms_pb2.TRANSACTION_KIND_ENDORSE, 7))
    april = moved.get((terms_pb2.TRANSACTION_KIND_ENDORSE, 4))
    reversed_july = moved.get((terms_pb2.TRANSACTION_KIND_REVERSE, 7))
    reapplied = moved.get((terms_pb2.TRANSACTION_KIND_REAPPLY, 7))
    cancelled = moved.get((terms_pb2.TRANSACTION_KIND_CANCEL, 10))
    return [
        _figure("3 July's endorsement", "10,082.19", july and july.net),
        _figure("4 April's endorsement", "-6,027.40", april and april.net),
        _figure("4 July's, reversed", "-10,082.19", reversed_july and reversed_july.net),
        _figure("4 July's, re-applied", "10,082.19", reapplied and reapplied.net),
        _figure("5 unearned at the cancellation", "28,230.14", policy.cancellation.unearned),
        _figure("5 refund at short rate", "25,407.12", policy.cancellation.refund),
        _figure("5 kept by the insurer", "2,823.02", policy.cancellation.retained),
        _figure("5 return premium", "-25,407.12", cancelled and cancelled.net),
        _figure("7 VAT of July's", "604.93", july and july.vat),
        _figure("7 VAT of April's", "-361.64", april and april.vat),
        _figure("7 VAT of the return premium", "-1,524.43", cancelled and cancelled.vat),
    ]


def of_end(policy: Any, case: Any) -> list[Figure]:
    """Step 6."""
    granted, clawed_back = _by_level(case, "granted"), _by_level(case, "clawed_back")
    transactions = total(read(one.net) for one in policy.transactions)
    return [
        _figure("6 premium of the timeline", "78,647.67", policy.timeline.premium),
        Figure("6 sum of its transactions", "78,647.67", shown(transactions)),
        Figure("6 city's subsidy, reckoned anew", "39,323.84", granted["city"]),
        Figure("6 district's subsidy, reckoned anew", "15,729.53", granted["district"]),
        Figure("6 both together, 70 %", "55,053.37", shown(total(read(level.granted) for level in case.levels))),
        Figure("6 clawed back by the city", "10,676.16", clawed_back["city"]),
        Figure("6 clawed back by the district", "4,270.47", clawed_back["district"]),
    ]


def _by_level(case: Any, field: str) -> dict[str, str]:
    amounts = {level.level: getattr(level, field) for level in case.levels}
    return {name: _text(amounts.get(level)) for name, level in LEVELS.items()}


def _figure(name: str, expected: str, message: Any) -> Figure:
    return Figure(name, expected, _text(message))


def _text(message: Any) -> str:
    return NOTHING if message is None else shown(read(message))
