"""Sums are exact beyond 64 bits, or refused by a rule with a name before they are recorded; nothing stands still."""

from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from hubao.billing_subsidy.v1 import account_service_pb2 as account_pb
from hubao.billing_subsidy.v1 import ledger_service_pb2 as ledger_pb

from libs.common.errors import AmountNotExpressible, AmountOutOfRange
from libs.common.grpc.convert import money_message
from libs.common.money import CNY, Money
from services.billing_subsidy.application.accounts import Accounts
from services.billing_subsidy.domain.ledger import chart
from services.billing_subsidy.projections.reads import Reads
from tests.billing_subsidy import heard
from tests.billing_subsidy.examples import BIND, LEAD, POLICY
from tests.billing_subsidy.office import Office, shown

JANUARY = date(2026, 1, 15)
MOST = Money(CNY, 10**18 - 1)
"""The largest amount that is recorded."""


async def receive(office: Office, amount: Money, number: int, policy_id: UUID = POLICY) -> None:
    """A receipt as the service records it; how much the edge lets in is another rule."""
    accounts = Accounts(office.application)
    await accounts.record_receipt(office.call(LEAD), policy_id, f"R{number}", amount, JANUARY, "", "", "")


async def test_what_comes_in_on_one_account_may_be_more_than_64_bits_of_fen(office: Office) -> None:
    await office.hear(heard.bound())
    await office.move_to(JANUARY)
    for number in range(10):
        await receive(office, MOST, number)
    await office.project()

    received = 10 * MOST.minor_units
    assert received > 2**63
    (listed,) = (await office.ask(account_pb.ListAccountsRequest())).accounts
    whole = str(Money(CNY, received)).removesuffix(" CNY")
    assert shown(listed.received) == shown((await office.account()).received) == whole
    assert (await office.trial_balance())[chart.BANK.code] == whole
    assert (await office.control_totals())["premium_received"] == whole
    assert await office.projector.rebuild() == (await office.tables.position(), True)


async def test_an_amount_that_is_too_large_to_be_recorded_is_refused_by_its_rule(office: Office) -> None:
    await office.hear(heard.bound())
    await office.move_to(JANUARY)
    before = await office.log.head()

    for amount in (MOST.minor_units + 1, 2**63, 2**64, 10**30):
        with pytest.raises(AmountOutOfRange):
            await receive(office, Money(CNY, amount), 1)

    assert await office.log.head() == before


async def test_a_sum_that_no_answer_can_say_is_refused_by_its_rule_and_reads_of_others_go_on(office: Office) -> None:
    await office.hear(heard.bound())
    await office.move_to(JANUARY)
    await receive(office, MOST, 1)
    await office.project()
    async with office.tables.engine.begin() as connection:  # As if a thousand accounts had received as much.
        await connection.exec_driver_sql(
            f"INSERT INTO {office.tables.schema}.journal_line"
            " SELECT position - 1000 - n, number, entry_id, tenant, rule, cause, effective_date, booked_on, policy_id,"
            " account_code, currency, debit, credit, party"
            f" FROM {office.tables.schema}.journal_line, generate_series(1, 1000) AS n WHERE debit + credit > 10^17"
        )

    balance = await Reads(office.tables).trial_balance(LEAD, None, None)
    bank = next(row for row in balance if row.account_code == chart.BANK.code)

    assert int(bank.debit) == 1001 * MOST.minor_units
    with pytest.raises(AmountNotExpressible) as refusal:
        await office.ask(ledger_pb.GetTrialBalanceRequest())
    assert refusal.value.details == {"amount": str(Money(CNY, 1001 * MOST.minor_units))}
    assert shown((await office.account()).received) == str(MOST).removesuffix(" CNY")


def test_an_answer_says_as_much_as_64_bits_of_whole_units() -> None:
    assert money_message(Money(CNY, 2**63 * 100 - 1)).units == 2**63 - 1
    with pytest.raises(AmountNotExpressible):
        money_message(Money(CNY, -(2**63) * 100))


async def test_the_largest_premium_that_policy_binds_is_booked_in_full(office: Office) -> None:
    """Ten trillion with VAT: invoiced, taxed, shared, ceded, subsidised and earned like any other."""
    times = 9_433_962_264_150 // 100_000
    net, vat, duty = (Money(CNY, amount.minor_units * times) for amount in (BIND.net, BIND.vat, BIND.stamp_duty))
    shares = tuple(replace(part, amount=Money(CNY, part.amount.minor_units * times)) for part in BIND.shares)
    ceded, commission = (Money(CNY, each.minor_units * times) for each in (BIND.ceded, BIND.ceding_commission))
    largest = replace(BIND, net=net, vat=vat, stamp_duty=duty, shares=shares, ceded=ceded, ceding_commission=commission)

    await office.hear(heard.bound(movement=largest))
    await office.move_to(JANUARY)
    await receive(office, net + vat, 1)
    await office.project()

    account = await office.account()
    assert shown(account.received) == str(net + vat).removesuffix(" CNY")
    assert (await office.trial_balance())[chart.BANK.code] == shown(account.received)
    assert await office.projector.rebuild() == (await office.tables.position(), True)
