"""Values that the tests of billing and subsidies start from: the policy of DOMAIN.md §7 and its programme."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from libs.common.dates import Period
from libs.common.events import replay
from libs.common.money import CNY, Money
from services.billing_subsidy.domain.account.account import PolicyAccount
from services.billing_subsidy.domain.account.events import AccountOpened, Cause
from services.billing_subsidy.domain.account.invoices import PaymentPlan
from services.billing_subsidy.domain.account.premium import (
    Insurer,
    Movement,
    MovementKind,
    PartOfPremium,
    PolicyFacts,
    QuotaShare,
)
from services.billing_subsidy.domain.ledger.entry import EntryPosted
from services.billing_subsidy.domain.programme.rules import (
    Base,
    Level,
    LevelRule,
    Method,
    ProgrammeRules,
    Rate,
    WindowBasis,
)

POLICY = UUID("00000000-0000-4000-8000-000000000001")
PROGRAMME = UUID("00000000-0000-4000-8000-000000000002")
NUMBER = "HB2026-7K3M9-QX2PA"
LEAD, FOLLOWER, REINSURER = "lead", "follower", "reinsurer"
BOUND_ON = date(2025, 12, 20)
TERM = Period(date(2026, 1, 1), date(2027, 1, 1))


def yuan(text: str) -> Money:
    return Money.cny(text)


def facts(**changed: Any) -> PolicyFacts:
    fields: dict[str, Any] = {
        "policy_id": POLICY,
        "policy_number": NUMBER,
        "insured_uscc": "91310115000047110X",
        "size": "small",
        "industry": "I65",
        "region": "310115",
        "line": "comprehensive",
        "subsidy_classes": ("CYBER",),
        "term": TERM,
        "currency": CNY,
        "insurers": (Insurer(LEAD, Decimal(60), True), Insurer(FOLLOWER, Decimal(40), False)),
        "quota_share": QuotaShare(REINSURER, Decimal(30)),
    }
    return PolicyFacts(**{**fields, **changed})


def movement(
    number: int,
    kind: str,
    net: str,
    effective: date = TERM.inception,
    recorded: date = BOUND_ON,
    vat: str | None = None,
) -> Movement:
    """A movement at 60 % and 40 %, with a cession of 30 % at 25 % commission."""
    amount = yuan(net)
    own, follower = amount.allocate([60, 40])
    ceded = own.times(Decimal("0.3"))
    return Movement(
        number=number,
        kind=MovementKind(kind),
        effective_date=effective,
        recorded_on=recorded,
        net=amount,
        vat=amount.times(Decimal("0.06")) if vat is None else yuan(vat),
        stamp_duty=amount.times(Decimal("0.001")),
        ceded=ceded,
        ceding_commission=ceded.times(Decimal("0.25")),
        shares=(PartOfPremium(LEAD, own), PartOfPremium(FOLLOWER, follower)),
    )


BIND = movement(1, "bind", "100000.00")
JULY = movement(2, "endorse", "10082.19", date(2026, 7, 1), date(2026, 6, 20))
JULY_BACK = movement(3, "reverse", "-10082.19", date(2026, 7, 1), date(2026, 9, 1))
APRIL = movement(4, "endorse", "-6027.40", date(2026, 4, 1), date(2026, 9, 1))
JULY_AGAIN = movement(5, "reapply", "10082.19", date(2026, 7, 1), date(2026, 9, 1))
CANCELLATION = movement(6, "cancel", "-25407.12", date(2026, 10, 1), date(2026, 10, 1))
"""The movements of DOMAIN.md §7."""


def account(
    *events: object,
    bind: Movement = BIND,
    plan: PaymentPlan | None = None,
    tolerance: Money | None = None,
    **changed: Any,
) -> PolicyAccount:
    """The account of a bound policy, after more events."""
    opened = AccountOpened(facts=facts(**changed), plan=plan or PaymentPlan(), bound_on=BOUND_ON, tolerance=tolerance)
    begun = PolicyAccount.begin(opened)
    bound: PolicyAccount = after(begun, [*begun.move(Cause.BOUND, [bind], BOUND_ON, BOUND_ON), *events])
    return bound


def after(value: Any, events: Sequence[object]) -> Any:
    """The aggregate after more events."""
    return replay(type(value), events, value)


def paid(policy: PolicyAccount, amount: str, on: date = date(2026, 1, 15), reference: str = "R1") -> PolicyAccount:
    result: PolicyAccount = after(policy, policy.receive(reference, yuan(amount), on, "Orchid", "recorded", on))
    return result


def balances(events: Sequence[object]) -> dict[str, str]:
    """Debits less credits of each account, as text without the currency."""
    sums: dict[str, Money] = {}
    for event in events:
        if isinstance(event, EntryPosted):
            for line in event.entry.lines:
                sums[line.account] = sums.get(line.account, yuan("0")) + line.signed
    return {code: str(amount).removesuffix(" CNY") for code, amount in sorted(sums.items()) if amount}


def level(name: str, percent: str, cap: str, budget: str, method: str = "share", **changed: Any) -> LevelRule:
    fields: dict[str, Any] = {
        "level": Level(name),
        "method": Method(method),
        "rates": (Rate("", "", Decimal(percent)),),
        "policy_cap": yuan(cap),
        "enterprise_year_cap": None,
        "budget": yuan(budget),
    }
    return LevelRule(**{**fields, **changed})


def rules(**changed: Any) -> ProgrammeRules:
    """The programme of DOMAIN.md §7."""
    fields: dict[str, Any] = {
        "code": "SH-CYBER-2026",
        "name": "网络安全保险保费补贴",
        "window": Period(date(2026, 1, 1), date(2027, 1, 1)),
        "window_basis": WindowBasis.PAYMENT,
        "base": Base.PAID,
        "levels": (
            level("city", "50", "60000", "2000000"),
            level("district", "70", "30000", "1000000", method="top_up"),
        ),
        "minimum_term_days": 365,
        "regions": ("31",),
    }
    return ProgrammeRules(**{**fields, **changed})
