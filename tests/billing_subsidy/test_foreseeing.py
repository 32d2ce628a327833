"""What a change would book, against what is booked when it comes: to the fen, through the year of DOMAIN.md §7."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from google.protobuf.message import Message
from hubao.billing_subsidy.v1 import account_preview_pb2 as pb
from hubao.billing_subsidy.v1 import account_service_pb2 as account_pb
from hubao.billing_subsidy.v1 import ledger_service_pb2 as ledger_pb

from libs.common.errors import InvalidField
from services.billing_subsidy.domain.errors import AccountAhead, AccountBehind, AccountNotFound
from tests.billing_subsidy import heard
from tests.billing_subsidy.examples import (
    APRIL,
    CANCELLATION,
    JULY,
    JULY_AGAIN,
    JULY_BACK,
    POLICY,
    level,
    movement,
)
from tests.billing_subsidy.office import Office, shown

JANUARY, JUNE, SEPTEMBER, OCTOBER = date(2026, 1, 15), date(2026, 6, 20), date(2026, 9, 1), date(2026, 10, 1)


async def foreseen(office: Office, announced: Message, who: str = "", policy_id: UUID = POLICY) -> Any:
    request = pb.PreviewPolicyChangeRequest(
        policy_id=str(policy_id), type=announced.DESCRIPTOR.full_name, data=announced.SerializeToString()
    )
    answer = await (office.ask(request, who) if who else office.ask(request))
    return answer.effects


async def entries(office: Office) -> list[ledger_pb.JournalEntry]:
    await office.project()
    return list((await office.ask(ledger_pb.ListJournalEntriesRequest(page_size=500))).entries)


async def invoices(office: Office) -> list[account_pb.Invoice]:
    return list((await office.ask(account_pb.ListInvoicesRequest(policy_id=str(POLICY)))).invoices)


def lines(found: Sequence[Any]) -> list[Any]:
    """Entries as they can be compared, whether they would be posted or were."""
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


async def came_true(office: Office, announced: Message, programme: str) -> Any:
    """Foresees, lets it happen, and compares everything that was foreseen with what was booked."""
    booked, issued = await entries(office), await invoices(office)
    position = (await office.log.head()).position
    effects = await foreseen(office, announced)
    assert (await office.log.head()).position == position

    await office.hear(announced)

    assert lines(effects.entries) == lines((await entries(office))[len(booked) :])
    new = [each for each in effects.invoices if not each.HasField("outstanding_before")]
    assert [(each.invoice_number, shown(each.gross), str(each.due_on)) for each in new] == [
        (each.invoice_number, shown(each.gross), str(each.due_on)) for each in (await invoices(office))[len(issued) :]
    ]
    lacking = {each.invoice_number: shown(each.outstanding) for each in await invoices(office)}
    assert {each.invoice_number: shown(each.outstanding_after) for each in effects.invoices}.items() <= lacking.items()
    account = await office.account()
    for field in ("invoiced", "received", "receivable", "unapplied", "refundable", "overdue"):
        assert shown(getattr(effects.after, field)) == shown(getattr(account, field)), field
    (subsidy,) = effects.subsidies
    after = await office.levels(programme)
    assert {each.level: shown(each.granted_after) for each in subsidy.levels} == {
        level: granted for level, (granted, _) in after.items()
    }
    return effects


async def paid_year(office: Office) -> str:
    programme = await office.publish()
    await office.hear(heard.bound())
    await office.move_to(JANUARY)
    await office.pay("106000.00", JANUARY)
    return programme


async def test_every_change_of_the_year_is_foreseen_to_the_fen(office: Office) -> None:
    programme = await paid_year(office)

    await office.move_to(JUNE)
    july = await came_true(office, heard.changed(JULY), programme)
    await office.move_to(SEPTEMBER)
    april = await came_true(office, heard.changed(JULY_BACK, APRIL, JULY_AGAIN), programme)
    await office.move_to(OCTOBER)
    october = await came_true(office, heard.cancelled(CANCELLATION), programme)

    assert [shown(each.gross) for each in july.invoices] == ["10,687.12"]
    assert shown(april.after.invoiced) == "110,298.08"
    assert [(each.kind, shown(each.net), shown(each.vat)) for each in april.invoices if each.kind == "credit_note"] == [
        ("credit_note", "-6,027.40", "-361.64")
    ]
    (subsidy,) = october.subsidies
    assert [(each.level, shown(each.granted_after), shown(each.clawed_back)) for each in subsidy.levels] == [
        ("city", "39,323.84", "10,676.16"),
        ("district", "15,729.53", "4,270.47"),
    ]
    assert subsidy.status == "approved"
    assert shown(subsidy.base) == "78,647.67"


async def test_what_was_foreseen_is_not_stored_and_draws_on_no_budget(office: Office) -> None:
    programme = await paid_year(office)
    position = (await office.log.head()).position
    account, levels = await office.account(), await office.levels(programme)

    await foreseen(office, heard.cancelled(movement(2, "cancel", "-90000.00", OCTOBER, JANUARY)))
    await foreseen(office, heard.changed(JULY))

    assert (await office.log.head()).position == position
    assert await office.account() == account
    assert await office.levels(programme) == levels


async def test_a_case_that_the_change_would_open_is_foreseen_without_a_version(office: Office) -> None:
    await office.hear(heard.bound())
    await office.move_to(JANUARY)
    await office.pay("106000.00", JANUARY)
    await office.publish()

    effects = await foreseen(office, heard.changed(JULY))

    (subsidy,) = effects.subsidies
    assert subsidy.case_etag == ""
    assert [(each.level, shown(each.granted_before), shown(each.added)) for each in subsidy.levels] == [
        ("city", "0.00", "50,000.00"),
        ("district", "0.00", "20,000.00"),
    ]


async def test_what_the_budget_does_not_allow_is_foreseen_as_cut(office: Office) -> None:
    await office.hear(heard.bound())
    await office.move_to(JANUARY)
    await office.pay("106000.00", JANUARY)
    await office.publish(
        levels=(level("city", "50", "60000", "30000"), level("district", "70", "30000", "1000000", method="top_up"))
    )

    effects = await foreseen(office, heard.changed(JULY))

    city = effects.subsidies[0].levels[0]
    assert (shown(city.entitled), shown(city.added), city.cut) == ("50,000.00", "30,000.00", "BUDGET_EXHAUSTED")


async def test_the_versions_of_account_and_case_move_with_a_receipt(office: Office) -> None:
    programme = await office.publish()
    await office.hear(heard.bound())
    before = await foreseen(office, heard.changed(JULY))

    await office.move_to(JANUARY)
    await office.pay("106000.00", JANUARY)

    after = await foreseen(office, heard.changed(JULY))
    assert before.account_etag != after.account_etag == (await office.account()).etag
    assert before.subsidies[0].case_etag != after.subsidies[0].case_etag == (await office.case(programme)).etag


async def test_a_change_that_comes_too_early_or_too_late_is_refused(office: Office) -> None:
    await office.hear(heard.bound())

    with pytest.raises(AccountBehind) as behind:
        await foreseen(office, heard.changed(JULY_BACK, APRIL, JULY_AGAIN))
    await office.hear(heard.changed(JULY))
    with pytest.raises(AccountAhead):
        await foreseen(office, heard.changed(JULY))

    assert behind.value.details == {"heard": "1", "first": "3"}


async def test_only_what_moves_premium_of_the_insurers_own_policy_is_foreseen(office: Office) -> None:
    await office.hear(heard.bound())

    with pytest.raises(AccountNotFound):
        await foreseen(office, heard.changed(JULY), "other-insurer")
    with pytest.raises(InvalidField) as other_policy:
        await foreseen(office, heard.changed(JULY), policy_id=UUID(int=5))
    with pytest.raises(InvalidField) as expiry:
        await foreseen(office, heard.expired())
    with pytest.raises(InvalidField) as unreadable:
        await office.ask(
            pb.PreviewPolicyChangeRequest(policy_id=str(POLICY), type="hubao.policy.v1.PolicyChanged", data=b"\xff")
        )

    assert [each.value.field for each in (other_policy, expiry, unreadable)] == ["data", "type", "data"]
