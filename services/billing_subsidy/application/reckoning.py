"""Opens the subsidy cases of a policy and reckons them anew.

This runs inside whatever moved the premium: a receipt, a refund, a change of the policy. The account is the only
source; no other service is asked.

On what premium a case rests: for the base `paid`, the net premium that was paid with a value date in the window (with
a window on inception: at all), but never more than the net premium of the timeline; for `invoiced`, the net premium of
the timeline. So an unpaid additional premium adds nothing, a return premium counts at once, and the same final premium
always leads to the same entitlement, whatever came in between.

All programmes together give at most what was paid net, or so much of it as a programme says. Cases are reckoned in
the order in which they were opened, and the later one is cut. With the base `invoiced` a programme grants, and holds
its budget for, at most what is invoiced net, before it is paid; of that grant at most what was paid net may come from
the treasury, and what is here and was paid back to the insured is owed back (docs/adr/0025).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from libs.common.context import SHARED
from libs.common.money import CNY, Money
from libs.common.unit import Unit
from services.billing_subsidy.application.purses import Purses
from services.billing_subsidy.application.streams import (
    DIRECTORY,
    account_stream,
    case_stream,
    reference_stream,
    waiting_stream,
)
from services.billing_subsidy.domain.account.account import PolicyAccount
from services.billing_subsidy.domain.entitlement import Applicant, Entitlement, LevelAmount, entitle
from services.billing_subsidy.domain.errors import AccountNotFound, ProgrammeNotFound
from services.billing_subsidy.domain.guards import budget_key
from services.billing_subsidy.domain.programme.directory import Listing, ProgrammeDirectory
from services.billing_subsidy.domain.programme.programme import Programme
from services.billing_subsidy.domain.programme.rules import Base, Level, ProgrammeRules, WindowBasis
from services.billing_subsidy.domain.programme.waiting import CaseWaits, Waiting, WaitingList
from services.billing_subsidy.domain.reference import Reference, ReferenceGiven, Target
from services.billing_subsidy.domain.subsidy_case.case import LevelState, Room, SubsidyCase
from services.billing_subsidy.domain.subsidy_case.events import CaseOpened, Evidence, Purse


@dataclass(frozen=True, slots=True)
class Others:
    """Whether any other programme gives to the policy, and of those whose cases were opened before, what they grant and
    how much of it may be claimed."""

    elsewhere: bool
    before: Money
    claimable: Money


async def reckon_cases(unit: Unit, policy_id: UUID, purses: Purses | None = None, *, tenant: str | None = None) -> None:
    """Opens what is missing among the policy's cases, and brings each grant to its entitlement, in order of opening.

    `purses` is for a unit that reckons many policies, `tenant` for one that reckons policies of all insurers.
    """
    purses = purses or Purses(unit)
    owner = unit.call.tenant if tenant is None else tenant
    account = await _open_missing(unit, policy_id, owner, any_tenant=tenant is not None)
    cases: dict[UUID, SubsidyCase] = {}
    for programme_id in account.programmes:
        stream = case_stream(owner, policy_id, programme_id)
        case = await unit.find(SubsidyCase, stream)
        assert case is not None
        cases[stream] = case
    before = claimable = account.facts.zero
    for stream, case in cases.items():
        elsewhere = any(other.granted for other_stream, other in cases.items() if other_stream != stream)
        others = Others(elsewhere, before, claimable)
        cases[stream] = await _reckon(unit, purses, account, stream, case, others)
        await _wait(unit, owner, stream, case, cases[stream])
        if account.facts.currency == CNY:
            before = before + cases[stream].granted
            claimable = claimable + cases[stream].claimable_in_all


async def _wait(unit: Unit, tenant: str, stream: UUID, before: SubsidyCase, after: SubsidyCase) -> None:
    """Keeps the programme's list of those who were cut, and calls them when this case has given something back."""
    programme_id = after.purse.programme_id
    fell = after.granted < before.granted
    if before.waits == after.waits and not fell:
        return
    place = waiting_stream(programme_id)
    waiting_list = await unit.find(WaitingList, place)
    if after.waits and (waiting_list is None or not waiting_list.has(stream)):
        waits = CaseWaits(programme_id=programme_id, waiting=Waiting(stream, after.policy_id, tenant))
        waiting_list = unit.record(WaitingList, place, [waits], tenant=SHARED)
    elif waiting_list is not None and not after.waits:
        waiting_list = unit.record(WaitingList, place, waiting_list.leave(stream)) or waiting_list
    rules = (await _programme(unit, programme_id)).rules(after.rule_version)
    if fell and waiting_list is not None and rules.reallocate_freed:
        unit.record(WaitingList, place, waiting_list.free(stream))


async def _open_missing(unit: Unit, policy_id: UUID, tenant: str, *, any_tenant: bool) -> PolicyAccount:
    missing = AccountNotFound(policy_id=policy_id)
    account = await unit.get(PolicyAccount, account_stream(policy_id), missing, any_tenant=any_tenant)
    directory = await unit.find(ProgrammeDirectory, DIRECTORY) or ProgrammeDirectory()
    facts = account.facts
    for listing in () if facts.is_master else directory.listings:
        known = listing.programme_id in account.programmes
        paid_on = (receipt.value_date for receipt in account.receipts)
        if not known and listing.addresses(facts.region, facts.term.inception, paid_on, unit.call.today):
            account = await _open(unit, account, listing, tenant)
    return account


async def _open(unit: Unit, account: PolicyAccount, listing: Listing, tenant: str) -> PolicyAccount:
    programme = await _programme(unit, listing.programme_id)
    policy_id = account.facts.policy_id
    stream = case_stream(tenant, policy_id, listing.programme_id)
    caps = tuple(
        LevelAmount(rule.level, rule.enterprise_year_cap)
        for rule in programme.rules(listing.version).levels
        if rule.enterprise_year_cap is not None
    )
    purse = Purse(listing.programme_id, account.facts.insured_uscc, account.facts.term.inception.year, caps)
    number = f"SC{stream.hex[:12].upper()}"
    opened = CaseOpened(
        policy_id=policy_id,
        case_number=number,
        rule_version=listing.version,
        purse=purse,
        opened_on=unit.call.today,
    )
    unit.record(SubsidyCase, stream, [opened], tenant=tenant)
    given = ReferenceGiven(number=number, target=Target.CASE, target_id=stream)
    unit.record(Reference, reference_stream(tenant, number), [given], tenant=tenant)
    linked = unit.record(PolicyAccount, account_stream(policy_id), account.link_case(listing.programme_id, stream))
    assert linked is not None
    return linked


async def _reckon(
    unit: Unit, purses: Purses, account: PolicyAccount, stream: UUID, case: SubsidyCase, others: Others
) -> SubsidyCase:
    programme = await _programme(unit, case.purse.programme_id)
    rules = programme.rules(case.rule_version)
    entitlement = entitle(rules, case.rule_version, applicant(account, rules, others))
    room = await _room(purses, case, entitlement)
    reason = "POLICY_CANCELLED" if account.cancelled else "PREMIUM_REDUCED"
    most = payable(account, rules, others)
    events = case.reckon(entitlement, evidence(account, rules), room, reason, unit.call.today, most)
    return unit.record(SubsidyCase, stream, events) or case


def applicant(account: PolicyAccount, rules: ProgrammeRules, others: Others) -> Applicant:
    """What the rules are asked about."""
    facts = account.facts
    rests_on = account.net if rules.base is Base.INVOICED else account.net_paid()
    most = max(rests_on, facts.zero).times(rules.total_percent / 100)
    window = rules.window if rules.window_basis is WindowBasis.PAYMENT else None
    paid_in_window = account.received_in(window) > facts.zero
    base = account.net_paid(window)
    if rules.base is Base.INVOICED:
        base = account.net if paid_in_window or window is None else facts.zero
    return Applicant(
        currency=facts.currency,
        size=facts.size,
        industry=facts.industry,
        region=facts.region,
        line=facts.line,
        subsidy_classes=facts.subsidy_classes,
        term=facts.term,
        base=max(base, facts.zero),
        paid_outside=account.received > facts.zero and not paid_in_window,
        subsidised_elsewhere=others.elsewhere,
        room=max(most - others.before, facts.zero),
        critical_infrastructure=facts.critical_infrastructure,
    )


def payable(account: PolicyAccount, rules: ProgrammeRules, others: Others) -> Money | None:
    """What may be here of a grant on what is invoiced; None where the grant itself is no more than that."""
    if rules.base is not Base.INVOICED or account.facts.currency != CNY:
        return None
    return max(account.net_paid().times(rules.total_percent / 100) - others.claimable, account.facts.zero)


def evidence(account: PolicyAccount, rules: ProgrammeRules) -> tuple[Evidence, ...]:
    """The policy, and the payments that count."""
    facts = account.facts
    policy = Evidence.of("POLICY", facts.policy_number, account.bound_on, facts.insured_uscc, facts.term, account.net)
    counted = (
        receipt
        for receipt in account.receipts
        if rules.window_basis is not WindowBasis.PAYMENT or receipt.value_date in rules.window
    )
    payments = (
        Evidence.of("PAYMENT", receipt.reference, receipt.value_date, receipt.amount, receipt.payer_name)
        for receipt in counted
    )
    return (policy, *payments)


async def _room(purses: Purses, case: SubsidyCase, entitlement: Entitlement) -> Mapping[Level, Room]:
    """What is left where the entitlement is above the grant."""
    room: dict[Level, Room] = {}
    for item in entitlement.amounts:
        if item.amount > case.levels.get(item.level, LevelState()).granted:
            cap_key = case.purse.cap_key(item.level)
            room[item.level] = Room(
                budget=await purses.available(budget_key(case.purse.programme_id, item.level)),
                enterprise=await purses.available(cap_key) if cap_key else None,
            )
    return room


async def _programme(unit: Unit, programme_id: UUID) -> Programme:
    return await unit.get(Programme, programme_id, ProgrammeNotFound(programme_id=programme_id), any_tenant=True)
