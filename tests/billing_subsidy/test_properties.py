"""What holds whatever happens."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.money import Money, total
from services.billing_subsidy.domain.account.account import PolicyAccount
from services.billing_subsidy.domain.account.events import AccountOpened, Cause
from services.billing_subsidy.domain.account.invoices import PaymentPlan
from services.billing_subsidy.domain.account.position import Position
from services.billing_subsidy.domain.entitlement import Applicant, entitle
from services.billing_subsidy.domain.ledger.entry import EntryPosted
from services.billing_subsidy.domain.programme.rules import Level
from services.billing_subsidy.domain.subsidy_case.case import Room, SubsidyCase
from services.billing_subsidy.domain.subsidy_case.events import CaseOpened, ClawedBack, Purse, Reserved
from tests.billing_subsidy.examples import (
    BOUND_ON,
    POLICY,
    PROGRAMME,
    TERM,
    after,
    facts,
    level,
    movement,
    rules,
    yuan,
)

fen = st.integers(0, 10**10)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("move"), st.integers(-(10**8), 10**8)),
        st.tuples(st.just("receive"), st.integers(1, 10**8)),
        st.tuples(st.just("refund"), st.integers(1, 10**8)),
        st.tuples(st.just("earn"), st.integers(1, 60)),
    ),
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(plan=st.builds(PaymentPlan, st.integers(1, 12)), bind=st.integers(0, 10**9), steps=STEPS)
def test_books_invoices_and_position_always_agree(plan: PaymentPlan, bind: int, steps: list[tuple[str, int]]) -> None:
    account = PolicyAccount.begin(AccountOpened(facts=facts(), plan=plan, bound_on=BOUND_ON))
    events: list[object] = []
    day, number = BOUND_ON, 1
    first = movement(1, "bind", str(Decimal(bind) / 100))
    account, new = _apply(account, account.move(Cause.BOUND, [first], day, day))
    events += new
    for place, (what, amount) in enumerate(steps):
        day += timedelta(days=3)
        money = Money("CNY", amount)
        match what:
            case "move":
                number += 1
                change = movement(number, "endorse", str(Decimal(amount) / 100), max(day, TERM.inception), day)
                account, new = _apply(account, account.move(Cause.CHANGED, [change], day, day))
            case "receive":
                account, new = _apply(account, account.receive(f"R{place}", money, day, "", "t", day))
            case "refund":
                money = min(money, account.position.credit)
                refund = account.pay_refund(f"F{place}", money, day, "t", day) if money else []
                account, new = _apply(account, refund)
            case "earn":
                day += timedelta(days=amount)
                account, new = _apply(account, account.earn(day, day))
        events += new
    assert account.invoiced == account.net + account.vat
    assert account.position.balance == account.invoiced - account.received
    assert not (account.position.receivable and account.position.credit)
    assert total(account.outstanding().values()) == account.position.receivable
    assert yuan("0") <= account.net_paid() <= max(account.net, yuan("0"))
    assert _ledger(events, "1122") == account.position.receivable
    assert _ledger(events, "2203") == -account.position.unapplied
    assert _ledger(events, "224102") == -account.position.refundable
    assert _ledger(events, "2601") == -account.unearned


def _apply(account: PolicyAccount, events: Sequence[object]) -> tuple[PolicyAccount, Sequence[object]]:
    return after(account, events), events


def _ledger(events: list[object], code: str) -> Money:
    lines = (line for event in events if isinstance(event, EntryPosted) for line in event.entry.lines)
    return total(line.signed for line in lines if line.account == code)


@given(moves=st.lists(st.tuples(st.sampled_from(["charge", "receive", "refund"]), st.integers(-(10**9), 10**9))))
def test_a_position_is_never_a_debt_and_a_credit_at_once(moves: list[tuple[str, int]]) -> None:
    position, balance = Position.nothing("CNY"), 0
    for what, amount in moves:
        match what:
            case "charge":
                position, balance = position.charge(Money("CNY", amount)), balance + amount
            case "receive":
                position, balance = position.receive(Money("CNY", abs(amount))), balance - abs(amount)
            case "refund":
                given_back = min(abs(amount), position.credit.minor_units)
                position, balance = position.refund(Money("CNY", given_back)), balance + given_back
        assert position.balance.minor_units == balance
        assert not (position.receivable and position.credit)
        assert min(position.receivable, position.unapplied, position.refundable) >= yuan("0")


percents = st.decimals(Decimal("0.01"), Decimal(100), places=2).map(str)


@given(base=fen, city=percents, district=percents, caps=st.tuples(fen, fen))
def test_an_entitlement_never_passes_a_cap_or_the_base(
    base: int, city: str, district: str, caps: tuple[int, int]
) -> None:
    levels = (
        level("city", city, str(Decimal(caps[0] + 1) / 100), "1"),
        level("district", district, str(Decimal(caps[1] + 1) / 100), "1", method="top_up"),
    )

    found = entitle(rules(levels=levels), 1, applicant(base))

    for rule in levels:
        assert yuan("0") <= found.at(rule.level) <= rule.policy_cap
    assert total(item.amount for item in found.amounts) <= found.base
    assert total(item.amount for item in found.amounts) <= max(
        found.at(Level.CITY), found.base.times(Decimal(district) / 100)
    )


def applicant(base: int) -> Applicant:
    return Applicant("CNY", "small", "I65", "310115", "comprehensive", (), TERM, Money("CNY", base))


@settings(max_examples=150, deadline=None)
@given(bases=st.lists(fen, max_size=8), budgets=st.tuples(fen, fen))
def test_granted_and_clawed_back_are_conserved_and_budgets_hold(bases: list[int], budgets: tuple[int, int]) -> None:
    purse = Purse(PROGRAMME, "91310115000047110X", 2026, ())
    opened = CaseOpened(policy_id=POLICY, case_number="SC1", rule_version=1, purse=purse, opened_on=BOUND_ON)
    case = SubsidyCase.begin(opened)
    budget = {Level.CITY: budgets[0], Level.DISTRICT: budgets[1]}
    used = dict.fromkeys(budget, 0)
    given_in_all = dict.fromkeys(budget, 0)
    for base in bases:
        found = entitle(rules(), 1, applicant(base))
        room = {name: Room(Money("CNY", budget[name] - used[name])) for name in budget}
        for event in case.reckon(found, (), room, "PREMIUM_REDUCED", date(2026, 2, 1)):
            match event:
                case Reserved(amounts=amounts):
                    for item in amounts:
                        used[item.level] += item.amount.minor_units
                        given_in_all[item.level] += item.amount.minor_units
                case ClawedBack(amounts=amounts):
                    for item in amounts:
                        used[item.level] -= item.amount.minor_units
            case = case.evolve(event)
        for name in budget:
            state = case.levels.get(name)
            granted = state.granted.minor_units if state else 0
            back = state.clawed_back.minor_units if state else 0
            assert granted == used[name] <= budget[name]
            assert granted + back == given_in_all[name]
            assert Money("CNY", granted) <= found.at(name)
        assert case.reckon(found, (), room_after(budget, used), "PREMIUM_REDUCED", date(2026, 2, 1)) == []


def room_after(budget: dict[Level, int], used: dict[Level, int]) -> dict[Level, Room]:
    return {name: Room(Money("CNY", budget[name] - used[name])) for name in budget}
