"""Writing what a change of a policy would book."""

from hubao.common.v1 import effects_pb2 as pb

from libs.common.grpc.convert import date_message, money_message
from libs.common.money import Money
from services.billing_subsidy.application.foreseeing import Foreseen, ForeseenCase
from services.billing_subsidy.domain.account.account import PolicyAccount
from services.billing_subsidy.domain.account.invoices import Invoice
from services.billing_subsidy.domain.ledger.chart import CHART
from services.billing_subsidy.domain.ledger.entry import JournalEntry, Line, Side
from services.billing_subsidy.domain.programme.rules import Level
from services.billing_subsidy.domain.subsidy_case.case import ZERO, LevelState, SubsidyCase


def effects_message(foreseen: Foreseen) -> pb.BillingEffects:
    return pb.BillingEffects(
        as_of=date_message(foreseen.today),
        account_etag=str(foreseen.version),
        before=account_message(foreseen.before, foreseen),
        after=account_message(foreseen.after, foreseen),
        invoices=invoice_messages(foreseen.before, foreseen.after),
        subsidies=[subsidy_message(case) for case in foreseen.cases],
        entries=[entry_message(entry) for entry in foreseen.entries],
    )


def account_message(account: PolicyAccount, foreseen: Foreseen) -> pb.AccountEffect:
    return pb.AccountEffect(
        invoiced=money_message(account.invoiced),
        received=money_message(account.received),
        receivable=money_message(account.position.receivable),
        unapplied=money_message(account.position.unapplied),
        refundable=money_message(account.position.refundable),
        overdue=money_message(account.overdue_on(foreseen.today)),
    )


def invoice_messages(before: PolicyAccount, after: PolicyAccount) -> list[pb.InvoiceEffect]:
    """The new ones, and those of which something else is left to pay."""
    known = {invoice.number for invoice in before.invoices}
    lacked, lacking = before.outstanding(), after.outstanding()
    return [
        invoice_message(invoice, lacked if invoice.number in known else None, lacking)
        for invoice in after.invoices
        if invoice.number not in known or lacked.get(invoice.number) != lacking.get(invoice.number)
    ]


def invoice_message(invoice: Invoice, lacked: dict[str, Money] | None, lacking: dict[str, Money]) -> pb.InvoiceEffect:
    zero = invoice.gross.zero()
    return pb.InvoiceEffect(
        invoice_number=invoice.number,
        kind=invoice.kind,
        net=money_message(invoice.net),
        vat=money_message(invoice.vat),
        gross=money_message(invoice.gross),
        issued_on=date_message(invoice.issued_on),
        due_on=date_message(invoice.due_on),
        transactions=invoice.transactions,
        outstanding_before=None if lacked is None else money_message(lacked.get(invoice.number, zero)),
        outstanding_after=money_message(lacking.get(invoice.number, zero)),
    )


def subsidy_message(case: ForeseenCase) -> pb.SubsidyEffect:
    after = case.after
    return pb.SubsidyEffect(
        case_id=str(case.case_id),
        case_number=after.case_number,
        programme_id=str(after.purse.programme_id),
        rule_version=after.rule_version,
        case_etag=str(case.version) if case.version else "",
        base=money_message(after.entitlement.base) if after.entitlement else None,
        status=after.status,
        refusals=after.refusals,
        levels=level_messages(case.before, after),
    )


def level_messages(before: SubsidyCase | None, after: SubsidyCase) -> list[pb.SubsidyLevelEffect]:
    """Every level that the rules give something, or that the case holds something at."""
    entitled = {item.level: item.amount for item in after.entitlement.amounts} if after.entitlement else {}
    cuts = {cut.level: cut.code for cut in after.cuts}
    return [
        level_message(
            level,
            entitled.get(level, ZERO),
            before.levels.get(level, LevelState()) if before else LevelState(),
            after.levels.get(level, LevelState()),
            cuts.get(level, ""),
        )
        for level in dict.fromkeys([*entitled, *after.levels])
    ]


def level_message(level: Level, entitled: Money, old: LevelState, new: LevelState, cut: str) -> pb.SubsidyLevelEffect:
    back = new.clawed_back - old.clawed_back
    return pb.SubsidyLevelEffect(
        level=level,
        entitled=money_message(entitled),
        granted_before=money_message(old.granted),
        granted_after=money_message(new.granted),
        added=money_message(new.granted - old.granted + back),
        clawed_back=money_message(back),
        cut=cut,
    )


def entry_message(entry: JournalEntry) -> pb.EntryEffect:
    return pb.EntryEffect(
        rule=entry.rule,
        cause=entry.cause,
        effective_date=date_message(entry.effective_date),
        booking_date=date_message(entry.booked_on),
        lines=[line_message(line) for line in entry.lines],
    )


def line_message(line: Line) -> pb.LineEffect:
    amount = money_message(line.amount)
    return pb.LineEffect(
        account_code=line.account,
        account_name=CHART[line.account].name_en,
        debit=amount if line.side is Side.DEBIT else None,
        credit=amount if line.side is Side.CREDIT else None,
        party=line.party,
    )
