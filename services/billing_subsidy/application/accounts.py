"""Commands of policy accounts, and what their timers do."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from libs.common.application import Application, Done, Loaded
from libs.common.context import Call
from libs.common.errors import NotYet
from libs.common.money import Money
from libs.common.unit import Unit
from services.billing_subsidy.application import transit
from services.billing_subsidy.application.collection import rules_of
from services.billing_subsidy.application.reckoning import reckon_cases
from services.billing_subsidy.application.streams import account_stream, reference_stream
from services.billing_subsidy.domain.account.account import PolicyAccount
from services.billing_subsidy.domain.account.cessions import CededShare
from services.billing_subsidy.domain.account.events import AccountOpened, Cause, ClaimPaymentNoted, ClaimReserveNoted
from services.billing_subsidy.domain.account.invoices import PaymentPlan
from services.billing_subsidy.domain.account.premium import Movement, PolicyFacts
from services.billing_subsidy.domain.checks import check_explained
from services.billing_subsidy.domain.errors import AccountNotFound
from services.billing_subsidy.domain.reference import Reference, ReferenceGiven, Target
from services.billing_subsidy.domain.transit import Record, RecordKind

OWN = "recorded"
"""The source of money that a person recorded; a statement's is its id."""


class Accounts:
    """Receipts, refunds, payment plans and earned premium of policies."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def get(self, call: Call, policy_id: UUID) -> Loaded[PolicyAccount]:
        missing = AccountNotFound(policy_id=policy_id)
        return await self._application.read(PolicyAccount, account_stream(policy_id), missing, tenant=call.tenant)

    async def record_receipt(
        self,
        call: Call,
        policy_id: UUID,
        reference: str,
        amount: Money,
        value_date: date,
        payer_name: str,
        reason: str,
        etag: str,
    ) -> Done[PolicyAccount]:
        async def plan(unit: Unit) -> None:
            account = await account_of(unit, policy_id)
            events = account.receive(reference, amount, value_date, payer_name, OWN, unit.call.today, reason)
            if events:
                check_explained(value_date, unit.call.today, reason)
            record = Record(RecordKind.RECEIPT, policy_id, amount, value_date)
            await transit.note(unit, reference, record, events)
            unit.record(PolicyAccount, account_stream(policy_id), events)
            await reckon_cases(unit, policy_id)

        return await self._application.execute(call, PolicyAccount, account_stream(policy_id), plan, etag=etag)

    async def record_refund_paid(
        self, call: Call, policy_id: UUID, reference: str, amount: Money, paid_on: date, reason: str, etag: str
    ) -> Done[PolicyAccount]:
        async def plan(unit: Unit) -> None:
            account = await account_of(unit, policy_id)
            events = account.pay_refund(reference, amount, paid_on, OWN, unit.call.today, reason)
            if events:
                check_explained(paid_on, unit.call.today, reason)
            await transit.note(unit, reference, Record(RecordKind.REFUND, policy_id, -amount, paid_on), events)
            unit.record(PolicyAccount, account_stream(policy_id), events)
            await reckon_cases(unit, policy_id)

        return await self._application.execute(call, PolicyAccount, account_stream(policy_id), plan, etag=etag)

    async def set_plan(self, call: Call, policy_id: UUID, plan: PaymentPlan, etag: str) -> Done[PolicyAccount]:
        return await self._application.change(
            call,
            PolicyAccount,
            account_stream(policy_id),
            lambda account: account.set_plan(plan, call.today),
            AccountNotFound(policy_id=policy_id),
            etag=etag,
        )

    async def recognise_earned(self, call: Call, policy_id: UUID, through: date) -> Done[PolicyAccount]:
        return await self._application.change(
            call,
            PolicyAccount,
            account_stream(policy_id),
            lambda account: account.earn(through, call.today),
            AccountNotFound(policy_id=policy_id),
        )


async def account_of(unit: Unit, policy_id: UUID) -> PolicyAccount:
    """The account of one of the call's own policies."""
    return await unit.get(PolicyAccount, account_stream(policy_id), AccountNotFound(policy_id=policy_id))


async def heard_account(unit: Unit, policy_id: UUID) -> PolicyAccount:
    """The account, for a reaction to a service that may be ahead of policy's announcements here."""
    account = await unit.find(PolicyAccount, account_stream(policy_id))
    if account is None:
        raise NotYet(f"the account of policy {policy_id} is not open yet")
    return account


async def open_account(unit: Unit, facts: PolicyFacts, bound_on: date, movements: Sequence[Movement]) -> None:
    """Opens a policy's account, invoices its premium, and opens its subsidy cases."""
    stream = account_stream(facts.policy_id)
    if not await unit.is_new(PolicyAccount, stream):
        return
    tolerance = (await rules_of(unit)).tolerance
    opened = AccountOpened(facts=facts, plan=PaymentPlan(), bound_on=bound_on, tolerance=tolerance)
    account = unit.record(PolicyAccount, stream, [opened])
    assert account is not None
    unit.record(PolicyAccount, stream, account.move(Cause.BOUND, movements, bound_on, unit.call.today))
    number = reference_stream(unit.call.tenant, facts.policy_number)
    if not await unit.is_new(Reference, number):
        raise ValueError(f"policy number {facts.policy_number} was used before")
    given = ReferenceGiven(number=facts.policy_number, target=Target.POLICY, target_id=facts.policy_id)
    unit.record(Reference, number, [given])
    await reckon_cases(unit, facts.policy_id)


async def admit_member(unit: Unit, member: PolicyFacts, issued_on: date, movements: Sequence[Movement]) -> None:
    """Opens the account of a member's certificate, divided as the master's is, or invoices that it came back.

    Raises ValueError without the master: it was announced before in the same feed, so waiting would not bring it.
    """
    assert member.master_id is not None
    if await unit.find(PolicyAccount, account_stream(member.policy_id)) is not None:
        await move_premium(unit, member.policy_id, Cause.CHANGED, movements)
        return
    found = await unit.find(PolicyAccount, account_stream(member.master_id))
    if found is None:
        raise ValueError(f"master {member.master_id} is not known; replay its own announcement first")
    master = found.facts
    facts = replace(
        member,
        line=master.line,
        subsidy_classes=master.subsidy_classes,
        insurers=master.insurers,
        quota_share=master.quota_share,
        cessions=master.cessions,
    )
    await open_account(unit, facts, issued_on, movements)


async def move_premium(unit: Unit, policy_id: UUID, cause: Cause, movements: Sequence[Movement]) -> None:
    """Invoices or credits what a change of a policy makes, and reckons its subsidy cases."""
    account = await heard_account(unit, policy_id)
    if not movements:
        return
    events = account.move(cause, movements, movements[-1].recorded_on, unit.call.today)
    unit.record(PolicyAccount, account_stream(policy_id), events)
    await reckon_cases(unit, policy_id)


async def put_back(unit: Unit, policy_id: UUID, by_payment: bool) -> None:
    """A policy is in force again: what becomes of arrears whose grace had run out."""
    account = await heard_account(unit, policy_id)
    unit.record(PolicyAccount, account_stream(policy_id), account.put_back(by_payment, unit.call.today))


async def move_cessions(unit: Unit, policy_id: UUID, cessions: Sequence[CededShare]) -> None:
    account = await heard_account(unit, policy_id)
    unit.record(PolicyAccount, account_stream(policy_id), account.move_cessions(cessions))


async def open_claim(unit: Unit, policy_id: UUID, claim_id: UUID, day: date | None) -> None:
    """A claim was opened; without a day of loss it is taken as one of the first day of the term."""
    account = await heard_account(unit, policy_id)
    events = account.open_claim(claim_id, day or account.facts.term.inception)
    unit.record(PolicyAccount, account_stream(policy_id), events)


async def earn_all(unit: Unit, policy_id: UUID, expired_on: date) -> None:
    """Recognises what is left of a policy's premium when its term has run out."""
    account = await heard_account(unit, policy_id)
    today = max(unit.call.today, expired_on)  # Policy's clock may be a moment ahead of this one.
    through = max(expired_on, min(account.earned.through, today)) if account.earned else expired_on
    unit.record(PolicyAccount, account_stream(policy_id), account.earn(through, today))


async def note_reserve(unit: Unit, policy_id: UUID, noted: ClaimReserveNoted) -> None:
    account = await heard_account(unit, policy_id)
    unit.record(PolicyAccount, account_stream(policy_id), account.note_reserve(noted, unit.call.today))


async def note_claim_payment(unit: Unit, policy_id: UUID, noted: ClaimPaymentNoted) -> None:
    account = await heard_account(unit, policy_id)
    unit.record(PolicyAccount, account_stream(policy_id), account.note_claim_payment(noted, unit.call.today))


async def find_overdue(unit: Unit, stream: UUID) -> None:
    """A due date has passed: announces it if its money is missing."""
    account = await unit.find(PolicyAccount, stream)
    if account is not None:
        unit.record(PolicyAccount, stream, account.find_overdue(unit.call.today))


async def end_grace(unit: Unit, stream: UUID) -> None:
    """Grace has run out: announces it if the money is still missing, or gives it up if that is next to nothing."""
    account = await unit.find(PolicyAccount, stream)
    if account is not None:
        unit.record(PolicyAccount, stream, account.end_grace(unit.call.today))
