"""Posting rules for claims.

The reserve in the lead's books is its own share, with the reinsurers' parts of it as an asset. A payment goes out
whole: the followers owe their parts to the lead, and the reinsurers theirs of the lead's, with the fractions that
held on the day of the loss.
"""

from collections.abc import Sequence

from libs.common.money import Money
from services.billing_subsidy.domain.account.events import CostType
from services.billing_subsidy.domain.account.premium import PolicyFacts
from services.billing_subsidy.domain.ledger import chart
from services.billing_subsidy.domain.ledger.entry import EntryPosted, Occasion, credit, debit


def reserve_changed(
    facts: PolicyFacts,
    cost_type: CostType,
    outstanding: Money,
    delta: Money,
    occasion: Occasion,
    fractions: Sequence[str] = (),
) -> list[EntryPosted]:
    """The change of the own share, as the difference of rounded totals, so that parts always sum to the outstanding.

    An expected recovery lowers the reserve.
    """
    before = outstanding - delta
    own = facts.own(outstanding) - facts.own(before)
    sign = -1 if cost_type is CostType.RECOVERY else 1
    own = own.times(sign)
    both = zip(facts.ceded(outstanding, fractions), facts.ceded(before, fractions), strict=True)
    ceded = [(reinsurer, (now - then).times(sign)) for (reinsurer, now), (_, then) in both]
    return [
        *occasion.post("RESERVE_CHANGED", debit(chart.RESERVE_CHANGE, own), credit(chart.CLAIMS_RESERVE, own)),
        *occasion.post(
            "REINSURERS_RESERVE_CHANGED",
            *(debit(chart.REINSURERS_RESERVE, part, reinsurer) for reinsurer, part in ceded),
            *(credit(chart.REINSURERS_RESERVE_CHANGE, part, reinsurer) for reinsurer, part in ceded),
        ),
    ]


def claim_paid(
    facts: PolicyFacts, amount: Money, occasion: Occasion, fractions: Sequence[str] = ()
) -> list[EntryPosted]:
    """A payment was approved, so it is owed to the payee."""
    followers = [(insurer, part) for insurer, part in facts.split(amount) if not insurer.lead]
    ceded = facts.ceded(amount, fractions)
    return [
        *occasion.post(
            "CLAIM_PAID",
            debit(chart.CLAIMS_PAID, facts.own(amount)),
            *(debit(chart.COINSURER_RECEIVABLE, part, insurer.insurer_id) for insurer, part in followers),
            credit(chart.CLAIMS_PAYABLE, amount),
        ),
        *occasion.post(
            "CLAIM_CEDED",
            *(debit(chart.REINSURANCE_RECEIVABLE, part, reinsurer) for reinsurer, part in ceded),
            *(credit(chart.RECOVERED_CLAIMS, part, reinsurer) for reinsurer, part in ceded),
        ),
    ]
