"""From events to rows: the statements for one event."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ARRAY, Executable, case, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from libs.common.changes import Draw, Recorded
from libs.common.money import Money
from services.billing_subsidy.domain.account import events as account
from services.billing_subsidy.domain.entitlement import LevelAmount
from services.billing_subsidy.domain.guards import draws
from services.billing_subsidy.domain.ledger.entry import EntryPosted, Side
from services.billing_subsidy.domain.programme.programme import ProgrammeCreated, ProgrammePublished
from services.billing_subsidy.domain.subsidy_case import events as subsidy
from services.billing_subsidy.domain.vendor_account import CreditAccrued, FeeAccrued, VendorPaid
from services.billing_subsidy.projections import tables as t


def project(recorded: Recorded[Any]) -> list[Executable]:
    """The statements for one event."""
    match recorded.event:
        case EntryPosted() as posted:
            return _entry(recorded, posted)
        case ProgrammeCreated() | ProgrammePublished() as programme:
            return _programme(recorded, programme)
        case FeeAccrued() | CreditAccrued() | VendorPaid() as vendor:
            return [_vendor_line(recorded, vendor)]
    return [*_account(recorded), *_case(recorded)]


def _account(recorded: Recorded[Any]) -> list[Executable]:
    match recorded.event:
        case account.AccountOpened(facts=facts):
            row = {
                "policy_id": recorded.stream,
                "tenant": recorded.tenant,
                "policy_number": facts.policy_number,
                "insured_uscc": facts.insured_uscc,
                "currency": facts.currency,
            }
            return [insert(t.accounts).values(row)]
        case account.PremiumMoved(net=net, vat=vat):
            return [_moved(recorded, timeline=net + vat)]
        case account.Invoiced(invoice=invoice):
            return [_moved(recorded, invoiced=invoice.gross)]
        case account.Received(amount=amount):
            return [_moved(recorded, received=amount)]
        case account.RefundPaid(amount=amount):
            return [_moved(recorded, received=-amount)]
        case account.ClaimPaymentNoted(amount=amount):
            return [_moved(recorded, claims_paid=amount)]
        case account.OverdueFound():
            return [_account_row(recorded).values(overdue_at=recorded.recorded_at)]
        case account.OverdueCured():
            return [_account_row(recorded).values(overdue_at=None)]
    return []


def _account_row(recorded: Recorded[Any]) -> Any:
    return update(t.accounts).where(t.accounts.c.policy_id == recorded.stream)


def _moved(recorded: Recorded[Any], **amounts: Money) -> Executable:
    """Adds to columns of an account's row."""
    values = {name: t.accounts.c[name] + amount.minor_units for name, amount in amounts.items()}
    statement: Executable = _account_row(recorded).values(values)
    return statement


def _entry(recorded: Recorded[Any], posted: EntryPosted) -> list[Executable]:
    """All lines in one statement of one shape, whatever their number, so that it is compiled once and for all."""
    entry = posted.entry
    common = {
        "position": recorded.position,
        "entry_id": f"{recorded.stream}/{recorded.version}",
        "tenant": recorded.tenant,
        "rule": entry.rule,
        "cause": entry.cause,
        "effective_date": entry.effective_date,
        "booked_on": entry.booked_on,
        "policy_id": entry.policy_id,
        "currency": entry.lines[0].amount.currency,
    }
    each = {
        "number": list(range(1, len(entry.lines) + 1)),
        "account_code": [line.account for line in entry.lines],
        "debit": [line.amount.minor_units if line.side is Side.DEBIT else 0 for line in entry.lines],
        "credit": [line.amount.minor_units if line.side is Side.CREDIT else 0 for line in entry.lines],
        "party": [line.party for line in entry.lines],
    }
    column = t.lines.c
    rows = select(
        *(literal(value, column[name].type) for name, value in common.items()),
        *(func.unnest(literal(values, ARRAY(column[name].type))) for name, values in each.items()),
    )
    return [insert(t.lines).from_select([*common, *each], rows)]


def _programme(recorded: Recorded[Any], event: ProgrammeCreated | ProgrammePublished) -> list[Executable]:
    rules = event.rules
    row = {
        "code": rules.code,
        "name": rules.name,
        "window_from": rules.window.inception,
        "window_to": rules.window.expiry,
    }
    if isinstance(event, ProgrammeCreated):
        new = {**row, "programme_id": recorded.stream, "authority_id": event.authority_id, "version": 0}
        return [insert(t.programmes).values(new)]
    own = t.programmes.c.programme_id == recorded.stream
    return [update(t.programmes).where(own).values(**row, version=event.number)]


def _vendor_line(recorded: Recorded[Any], event: FeeAccrued | CreditAccrued | VendorPaid) -> Executable:
    match event:
        case FeeAccrued():
            kind, day, order, text, amount = "fee", event.verified_on, event.order_id, event.service_type, event.fee
        case CreditAccrued():
            kind, day, order, text, amount = "credit", event.due_on, event.order_id, event.clock, event.amount
        case VendorPaid():
            kind, day, order, text, amount = "payment", event.paid_on, "", event.reference, event.amount
    return insert(t.vendor_lines).values(
        position=recorded.position,
        tenant=recorded.tenant,
        vendor_id=event.vendor_id,
        kind=kind,
        effective_date=day,
        order_id=order,
        reference=text,
        currency=amount.currency,
        amount=amount.minor_units,
    )


def _case(recorded: Recorded[Any]) -> list[Executable]:
    row = update(t.cases).where(t.cases.c.case_id == recorded.stream)
    paid = t.cases.c.disbursed > 0
    match recorded.event:
        case subsidy.CaseOpened() as opened:
            new = {
                "case_id": recorded.stream,
                "tenant": recorded.tenant,
                "case_number": opened.case_number,
                "policy_id": opened.policy_id,
                "programme_id": opened.purse.programme_id,
                "status": "opened",
            }
            return [insert(t.cases).values(new)]
        case subsidy.Reserved(purse=purse, amounts=amounts):
            return [*_levels(recorded, purse, amounts, granted=1), *_used(recorded, purse)]
        case subsidy.SubsidyGranted() as granted:
            status = case((paid, "disbursed"), else_="cut" if granted.cuts else "approved")
            return [row.values(granted=_sum(granted.granted), status=status)]
        case subsidy.CutNoted(cuts=cuts):
            open_status = row.where(t.cases.c.status.in_(("cut", "approved")))
            return [open_status.values(status="cut" if cuts else "approved")]
        case subsidy.SubsidyRefused():
            return [row.values(status=case((t.cases.c.clawed_back > 0, "clawed_back"), else_="refused"))]
        case subsidy.ClawedBack(purse=purse, amounts=amounts) as back:
            left = _sum(back.granted)
            kept = case((paid, "disbursed"), else_=t.cases.c.status)
            changed = row.values(
                granted=left,
                clawed_back=t.cases.c.clawed_back + _sum(amounts),
                status=kept if left else "clawed_back",
            )
            return [changed, *_levels(recorded, purse, amounts, granted=-1, clawed_back=1), *_used(recorded, purse)]
        case subsidy.Disbursed(level=level, amount=amount):
            own = (t.case_levels.c.case_id == recorded.stream) & (t.case_levels.c.level == level.value)
            came = t.case_levels.c.disbursed + amount.minor_units
            return [
                row.values(disbursed=t.cases.c.disbursed + amount.minor_units, status="disbursed"),
                update(t.case_levels).where(own).values(disbursed=came),
            ]
        case subsidy.Reconciled():
            return [row.values(status="reconciled")]
    return []


def _sum(amounts: Sequence[LevelAmount]) -> int:
    return sum(item.amount.minor_units for item in amounts)


def _levels(
    recorded: Recorded[Any], purse: subsidy.Purse, amounts: Sequence[LevelAmount], **signs: int
) -> list[Executable]:
    """Adds to columns of a case's levels, each with its sign."""
    statements: list[Executable] = []
    for item in amounts:
        added = {name: sign * item.amount.minor_units for name, sign in signs.items()}
        key = {"case_id": recorded.stream, "level": item.level.value}
        new = upsert(t.case_levels).values(**key, tenant=recorded.tenant, programme_id=purse.programme_id, **added)
        old = {name: t.case_levels.c[name] + amount for name, amount in added.items()}
        statements.append(new.on_conflict_do_update(index_elements=list(key), set_=old))
    return statements


def _used(recorded: Recorded[Any], purse: subsidy.Purse) -> list[Executable]:
    """What the event draws on budget guards, as the guards themselves are told."""
    statements: list[Executable] = []
    for change in draws(recorded):
        if isinstance(change, Draw) and change.key.startswith("budget:"):
            key = {"tenant": recorded.tenant, "guard": change.key}
            new = upsert(t.usage).values(
                **key, programme_id=purse.programme_id, level=change.key.rpartition(":")[2], used=change.amount
            )
            more = {"used": t.usage.c.used + change.amount}
            statements.append(new.on_conflict_do_update(index_elements=list(key), set_=more))
    return statements
