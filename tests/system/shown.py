"""What a preview showed, beside what came of its commit in both services."""

from typing import Any
from uuid import UUID

from google.type import money_pb2
from hubao.billing_subsidy.v1 import account_service_pb2 as account_pb
from hubao.billing_subsidy.v1 import ledger_service_pb2 as ledger_pb
from hubao.policy.v1 import policy_service_pb2 as pb

from tests.billing_subsidy.office import shown
from tests.system.books import Books


async def positions(books: Books) -> tuple[int, int]:
    return (await books.desk.application.log.head()).position, (await books.office.log.head()).position


async def entries(books: Books) -> list[Any]:
    await books.office.project()
    return list((await books.office.ask(ledger_pb.ListJournalEntriesRequest(page_size=500))).entries)


def told(found: Any) -> list[Any]:
    return [
        (
            each.rule,
            each.cause,
            str(each.effective_date),
            str(each.booking_date),
            [(one.account_code, str(one.debit), str(one.credit), one.party) for one in each.lines],
        )
        for each in found
    ]


def money_fen(amount: money_pb2.Money) -> int:
    return int(amount.units) * 100 + int(amount.nanos) // 10_000_000


async def made_as_shown(books: Books, change: pb.ProposedChange) -> Any:
    """Previews, commits, lets billing hear of it, and compares all that was shown with all that came."""
    before, booked = await positions(books), await entries(books)
    preview = await books.preview(change)
    assert await positions(books) == before

    answer = await books.commit(change, preview)
    await books.carry()

    policy = answer.policy
    made = list(answer.transactions)
    for transaction in made:
        transaction.ClearField("recorded_time")
    assert made == list(preview.transactions)
    assert policy.timeline == preview.timeline
    assert policy.timeline.premium == preview.premium.premium_after
    for entry in preview.billing.entries:
        assert sum(money_fen(line.debit) - money_fen(line.credit) for line in entry.lines) == 0
    assert told(preview.billing.entries) == told((await entries(books))[len(booked) :])
    invoices = await books.office.ask(account_pb.ListInvoicesRequest(policy_id=books.policy_id))
    issued = {one.invoice_number: (shown(one.gross), shown(one.outstanding)) for one in invoices.invoices}
    for one in preview.billing.invoices:
        assert issued[one.invoice_number] == (shown(one.gross), shown(one.outstanding_after))
    levels = await books.office.levels(books.programme_id, UUID(books.policy_id))
    assert {one.level: shown(one.granted_after) for one in preview.billing.subsidies[0].levels} == {
        name: granted for name, (granted, _) in levels.items()
    }
    return preview


def commit(books: Books, change: pb.ProposedChange, preview: Any, **more: Any) -> pb.CommitChangeRequest:
    return pb.CommitChangeRequest(policy_id=books.policy_id, change=change, preview_hash=preview.hash, **more)
