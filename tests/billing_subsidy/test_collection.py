"""What is missing of a premium, in the engine: the insurer's tolerance, the write-off, what the others are told."""

from datetime import date

import pytest
from google.type import money_pb2
from hubao.billing_subsidy.v1 import account_service_pb2 as account_pb
from hubao.billing_subsidy.v1 import events_pb2 as pb

from libs.common.errors import InvalidField
from libs.common.grpc.convert import date_message
from tests.billing_subsidy import heard
from tests.billing_subsidy.examples import POLICY
from tests.billing_subsidy.office import Office, shown

EXPIRED = date(2026, 2, 19)
"""Due on 19 January, 30 days of grace: the first day without."""


def tolerance(units: int, nanos: int = 0, currency: str = "CNY") -> account_pb.SetCollectionRulesRequest:
    amount = money_pb2.Money(currency_code=currency, units=units, nanos=nanos)
    return account_pb.SetCollectionRulesRequest(rules=account_pb.CollectionRules(arrears_tolerance=amount))


async def test_a_fen_that_is_missing_lapses_nothing_and_is_written_off_when_grace_ends(office: Office) -> None:
    await office.hear(heard.bound())
    await office.move_to(date(2026, 1, 15))
    await office.pay("105999.99", date(2026, 1, 15))
    await office.announced()

    await office.move_to(EXPIRED)

    (told,) = await office.announced()
    assert isinstance(told, pb.PremiumReceived)
    assert (shown(told.amount), told.received, shown(told.overdue)) == ("0.00", told.invoiced, "0.00")
    policy = await office.account()
    assert (shown(policy.receivable), shown(policy.written_off)) == ("0.00", "0.01")
    assert (shown(policy.received), shown(policy.arrears_tolerance)) == ("105,999.99", "1.00")
    totals = await office.control_totals()
    assert (totals["premium_received"], totals["premium_written_off"]) == ("105,999.99", "0.01")
    assert totals["premium_receivable_ledger"] == totals["ledger_difference"] == "0.00"
    assert (await office.trial_balance())["6711"] == "0.01"


async def test_an_insurer_sets_its_tolerance_for_the_policies_that_follow(office: Office) -> None:
    usual = (await office.ask(account_pb.GetCollectionRulesRequest())).rules
    for _ in "twice":
        await office.ask(tolerance(0))
    await office.hear(heard.bound())
    await office.move_to(date(2026, 1, 15))
    await office.pay("105999.99", date(2026, 1, 15))
    await office.ask(tolerance(5))

    await office.move_to(EXPIRED)

    assert shown(usual.arrears_tolerance) == "1.00"
    expired = (await office.announced())[-1]
    assert isinstance(expired, pb.GraceExpired)
    assert (shown(expired.outstanding), shown(expired.tolerance)) == ("0.01", "0.00")
    assert shown((await office.ask(account_pb.GetCollectionRulesRequest())).rules.arrears_tolerance) == "5.00"


@pytest.mark.parametrize("wrong", [tolerance(-1), tolerance(1_001), tolerance(1, currency="USD")])
async def test_a_tolerance_is_a_small_amount(office: Office, wrong: account_pb.SetCollectionRulesRequest) -> None:
    with pytest.raises(InvalidField, match=r"rules\.arrears_tolerance"):
        await office.ask(wrong)


async def test_a_receipt_says_what_is_still_overdue_and_since_when(office: Office) -> None:
    await office.hear(heard.bound())
    plan = account_pb.PaymentPlan(instalments=12, due_days=30, grace_days=15)
    await office.ask(account_pb.SetPaymentPlanRequest(policy_id=str(POLICY), plan=plan))
    await office.move_to(date(2026, 3, 8))  # Two instalments are without grace.

    await office.pay("8833.34", date(2026, 3, 8))
    first = (await office.announced())[-1]
    await office.pay("8833.34", date(2026, 3, 8), reference="R2")
    second = (await office.announced())[-1]

    assert (shown(first.overdue), first.grace_expired_on) == ("8,833.34", date_message(date(2026, 3, 7)))
    assert (shown(second.overdue), second.HasField("grace_expired_on")) == ("0.00", False)
    assert not (await office.account()).HasField("grace_expired_on")


async def test_money_that_had_come_in_time_is_told_to_have_been_there(office: Office) -> None:
    await office.hear(heard.bound())
    await office.move_to(date(2026, 3, 1))
    await office.announced()

    await office.pay("106000.00", date(2026, 2, 17))

    received, withdrawn = await office.announced()
    assert isinstance(received, pb.PremiumReceived)
    assert isinstance(withdrawn, pb.GraceExpiryWithdrawn)
    assert (withdrawn.due_on, withdrawn.expired_on) == (date_message(date(2026, 1, 19)), date_message(EXPIRED))
