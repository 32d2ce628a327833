"""From events to rows."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, func

from libs.common.changes import Draw, Recorded
from libs.common.money import Money
from libs.common.projection.rows import NOTHING, RowChange, Values, added, changed, put
from services.billing_subsidy.domain.account import events as account
from services.billing_subsidy.domain.entitlement import LevelAmount
from services.billing_subsidy.domain.guards import draws
from services.billing_subsidy.domain.ledger.entry import EntryPosted
from services.billing_subsidy.domain.programme.programme import ProgrammeCreated, ProgrammePublished
from services.billing_subsidy.domain.subsidy_case import events as subsidy
from services.billing_subsidy.domain.vendor_account import CreditAccrued, FeeAccrued, FeeBorneByClaim, VendorPaid
from services.billing_subsidy.projections import tables as t


def project(recorded: Recorded[Any]) -> list[RowChange]:
    """What one event does to the rows."""
    match recorded.event:
        case EntryPosted() as posted:
            return _entry(recorded, posted)
        case ProgrammeCreated() | ProgrammePublished() as programme:
            return _programme(recorded, programme)
        case FeeAccrued() | CreditAccrued() | VendorPaid() | FeeBorneByClaim() as vendor:
            return [_vendor_line(recorded, vendor)]
    return [*_account(recorded), *_case(recorded)]


def _account(recorded: Recorded[Any]) -> list[RowChange]:
    match recorded.event:
        case account.AccountOpened(facts=facts):
            row = {
                "policy_id": recorded.stream,
                "tenant": recorded.tenant,
                "policy_number": facts.policy_number,
                "insured_uscc": facts.insured_uscc,
                "currency": facts.currency,
            }
            return [added(t.accounts, row)]
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
            return [_account_row(recorded, {"overdue_at": recorded.recorded_at})]
        case account.OverdueCured(due_dates=()):
            return [_account_row(recorded, {"overdue_at": None})]
        case account.DifferenceWrittenOff(amount=amount):
            return [_moved(recorded, written_off=amount)]
    return []


def _account_row(recorded: Recorded[Any], sets: Values = NOTHING, *, adds: Values = NOTHING) -> RowChange:
    return changed(t.accounts, {"policy_id": recorded.stream}, sets, adds=adds)


def _moved(recorded: Recorded[Any], **amounts: Money) -> RowChange:
    """Adds to columns of an account's row."""
    return _account_row(recorded, adds={name: amount.minor_units for name, amount in amounts.items()})


def _entry(recorded: Recorded[Any], posted: EntryPosted) -> list[RowChange]:
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
    rows: list[RowChange] = []
    for number, line in enumerate(entry.lines, 1):
        sides = {"debit": 0, "credit": 0, line.side.value: line.amount.minor_units}
        row = {**common, **sides, "number": number, "account_code": line.account, "party": line.party}
        rows.append(added(t.lines, row))
    return rows


def _programme(recorded: Recorded[Any], event: ProgrammeCreated | ProgrammePublished) -> list[RowChange]:
    rules = event.rules
    row = {
        "code": rules.code,
        "name": rules.name,
        "window_from": rules.window.inception,
        "window_to": rules.window.expiry,
    }
    if isinstance(event, ProgrammeCreated):
        new = {**row, "programme_id": recorded.stream, "authority_id": event.authority_id, "version": 0}
        return [added(t.programmes, new)]
    return [changed(t.programmes, {"programme_id": recorded.stream}, {**row, "version": event.number})]


def _vendor_line(
    recorded: Recorded[Any], event: FeeAccrued | CreditAccrued | VendorPaid | FeeBorneByClaim
) -> RowChange:
    match event:
        case FeeAccrued():
            kind, day, order, text, amount = "fee", event.verified_on, event.order_id, event.service_type, event.fee
        case CreditAccrued():
            kind, day, order, text, amount = "credit", event.due_on, event.order_id, event.clock, event.amount
        case VendorPaid():
            kind, day, order, text, amount = "payment", event.paid_on, "", event.reference, event.amount
        case FeeBorneByClaim():
            kind, day, order, text, amount = "claim", event.borne_on, event.order_id, event.payment_id, event.amount
    row = {
        "position": recorded.position,
        "tenant": recorded.tenant,
        "vendor_id": event.vendor_id,
        "kind": kind,
        "effective_date": day,
        "order_id": order,
        "reference": text,
        "currency": amount.currency,
        "amount": amount.minor_units,
    }
    return added(t.vendor_lines, row)


_PAID = t.cases.c.disbursed > 0
_HELD = t.cases.c.disbursed
_OVER = t.cases.c.payable < _HELD  # Of a case without a payable amount this is unknown, and so not true.
_CUT = (("status", case((_OVER, "owed_back"), (_PAID, "disbursed"), else_="cut")),)
_APPROVED = (("status", case((_OVER, "owed_back"), (_PAID, "disbursed"), else_="approved")),)
_REFUSED = (("status", case((t.cases.c.clawed_back > 0, "clawed_back"), else_="refused")),)


def _fallen(left: int) -> tuple[tuple[str, Any], ...]:
    """The status after a clawback that leaves so much granted: money that is here and not granted is owed back."""
    otherwise = case((_PAID, "disbursed"), else_=t.cases.c.status) if left else "clawed_back"
    return (("status", case((left < _HELD, "owed_back"), (_OVER, "owed_back"), else_=otherwise)),)


def _reckoned(payable: int) -> tuple[tuple[str, Any], ...]:
    """The status when so much may be here; what follows of the grant is told by events of its own."""
    settled = (t.cases.c.status == "owed_back") & (t.cases.c.granted >= _HELD)
    return (("status", case((payable < _HELD, "owed_back"), (settled, "disbursed"), else_=t.cases.c.status)),)


def _repaid(amount: int) -> tuple[tuple[str, Any], ...]:
    still = _HELD - amount > func.least(t.cases.c.granted, t.cases.c.payable)
    return (("status", case((still, "owed_back"), (t.cases.c.granted > 0, "disbursed"), else_="clawed_back")),)


_OPEN = t.cases.c.status.in_(("cut", "approved"))


def _case(recorded: Recorded[Any]) -> list[RowChange]:
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
            return [added(t.cases, new)]
        case subsidy.Reckoned(payable=Money(minor_units=most)):
            return [_row(recorded, {"payable": most}, computed=_reckoned(most))]
        case subsidy.Reserved(purse=purse, amounts=amounts):
            return [*_levels(recorded, purse, amounts, granted=1), *_used(recorded, purse)]
        case subsidy.SubsidyGranted() as granted:
            status = _CUT if granted.cuts else _APPROVED
            return [_row(recorded, {"granted": _sum(granted.granted)}, computed=status)]
        case subsidy.CutNoted(cuts=cuts):
            return [_row(recorded, {"status": "cut" if cuts else "approved"}, where=_OPEN)]
        case subsidy.SubsidyRefused():
            return [_row(recorded, computed=_REFUSED)]
        case subsidy.ClawedBack(purse=purse, amounts=amounts) as back:
            taken = {"clawed_back": _sum(amounts)}
            left = _sum(back.granted)
            row = _row(recorded, {"granted": left}, adds=taken, computed=_fallen(left))
            return [row, *_levels(recorded, purse, amounts, granted=-1, clawed_back=1), *_used(recorded, purse)]
        case subsidy.Disbursed(level=level, amount=amount):
            paid = {"disbursed": amount.minor_units}
            own = {"case_id": recorded.stream, "level": level.value}
            return [_row(recorded, {"status": "disbursed"}, adds=paid), changed(t.case_levels, own, adds=paid)]
        case subsidy.SubsidyRepaid(level=level, amount=amount):
            gone = {"disbursed": -amount.minor_units}
            own = {"case_id": recorded.stream, "level": level.value}
            repaid = _row(recorded, adds=gone, computed=_repaid(amount.minor_units))
            return [repaid, changed(t.case_levels, own, adds=gone)]
        case subsidy.Reconciled():
            return [_row(recorded, {"status": "reconciled"})]
    return []


def _row(recorded: Recorded[Any], *values: Any, **more: Any) -> RowChange:
    return changed(t.cases, {"case_id": recorded.stream}, *values, **more)


def _sum(amounts: Sequence[LevelAmount]) -> int:
    return sum(item.amount.minor_units for item in amounts)


def _levels(
    recorded: Recorded[Any], purse: subsidy.Purse, amounts: Sequence[LevelAmount], **signs: int
) -> list[RowChange]:
    """Adds to columns of a case's levels, each with its sign."""
    changes: list[RowChange] = []
    for item in amounts:
        more = {name: sign * item.amount.minor_units for name, sign in signs.items()}
        key = {"case_id": recorded.stream, "level": item.level.value}
        row = {**key, "tenant": recorded.tenant, "programme_id": purse.programme_id, **more}
        changes.append(put(t.case_levels, row, adds=more))
    return changes


def _used(recorded: Recorded[Any], purse: subsidy.Purse) -> list[RowChange]:
    """What the event draws on budget guards, as the guards themselves are told."""
    changes: list[RowChange] = []
    for change in draws(recorded):
        if isinstance(change, Draw) and change.key.startswith("budget:"):
            key = {"tenant": recorded.tenant, "guard": change.key, "level": change.key.rpartition(":")[2]}
            row = {**key, "programme_id": purse.programme_id, "used": change.amount}
            changes.append(put(t.usage, row, adds={"used": change.amount}))
    return changes
