"""Own events to announcements; what is not listed here is private."""

from collections.abc import Sequence
from typing import Any

from google.protobuf.message import Message
from hubao.billing_subsidy.v1 import events_pb2 as pb

from libs.common.changes import Recorded
from libs.common.dates import date_in_shanghai
from libs.common.grpc.convert import date_message, money_message
from libs.common.money import Money
from services.billing_subsidy.domain.account import events as account
from services.billing_subsidy.domain.account.account import PolicyAccount
from services.billing_subsidy.domain.entitlement import LevelAmount
from services.billing_subsidy.domain.subsidy_case import events as case
from services.billing_subsidy.domain.subsidy_case.case import SubsidyCase


def announce(recorded: Recorded[Any]) -> Message | None:
    match recorded.event:
        case account.Received() as received:
            return premium_received(recorded, received.applied)
        case account.OverdueCured(by="credit") | account.DifferenceWrittenOff():
            # No money came, but what was missing is settled, or given up: others would wait for it for ever.
            return premium_received(recorded, recorded.value.facts.zero)
        case account.OverdueFound() as found:
            return premium_overdue(recorded, found)
        case account.GraceLapsed() as lapsed:
            return grace_expired(recorded, lapsed)
        case account.GraceLapseWithdrawn() as withdrawn:
            return grace_expiry_withdrawn(recorded, withdrawn)
        case case.SubsidyGranted() as granted:
            return subsidy_approved(recorded, granted)
        case case.Disbursed() as disbursed:
            return subsidy_disbursed(recorded, disbursed)
        case case.ClawedBack() as back:
            return subsidy_clawed_back(recorded, back)
    return None


def premium_received(recorded: Recorded[PolicyAccount], applied: Money) -> pb.PremiumReceived:
    value = recorded.value
    received_on = value.receipts[-1].value_date if value.receipts else value.bound_on
    expired_on = value.grace_expired_on()
    return pb.PremiumReceived(
        policy_id=str(value.facts.policy_id),
        amount=money_message(applied),
        received=money_message(value.invoiced - value.position.receivable),
        invoiced=money_message(value.invoiced),
        received_on=date_message(received_on),
        total_received=money_message(value.received),
        overdue=money_message(value.arrears_on(date_in_shanghai(recorded.recorded_at))),
        grace_expired_on=None if expired_on is None else date_message(expired_on),
    )


def premium_overdue(recorded: Recorded[PolicyAccount], event: account.OverdueFound) -> pb.PremiumOverdue:
    return pb.PremiumOverdue(
        policy_id=str(recorded.value.facts.policy_id),
        outstanding=money_message(event.outstanding),
        due_on=date_message(event.due_on),
        grace_until=date_message(event.grace_until),
    )


def grace_expired(recorded: Recorded[PolicyAccount], event: account.GraceLapsed) -> pb.GraceExpired:
    return pb.GraceExpired(
        policy_id=str(recorded.value.facts.policy_id),
        outstanding=money_message(event.outstanding),
        expired_on=date_message(event.expired_on),
        total_received=money_message(recorded.value.received),
        due_on=None if event.due_on is None else date_message(event.due_on),
        tolerance=money_message(recorded.value.tolerance),
    )


def grace_expiry_withdrawn(
    recorded: Recorded[PolicyAccount], event: account.GraceLapseWithdrawn
) -> pb.GraceExpiryWithdrawn:
    return pb.GraceExpiryWithdrawn(
        policy_id=str(recorded.value.facts.policy_id),
        due_on=date_message(event.due_on),
        expired_on=date_message(event.expired_on),
        total_received=money_message(recorded.value.received),
        withdrawn_on=date_message(date_in_shanghai(recorded.recorded_at)),
    )


def subsidy_approved(recorded: Recorded[SubsidyCase], event: case.SubsidyGranted) -> pb.SubsidyApproved:
    return pb.SubsidyApproved(
        case_id=str(recorded.stream),
        policy_id=str(recorded.value.policy_id),
        programme_id=str(recorded.value.purse.programme_id),
        granted=level_messages(event.granted),
        approved_on=date_message(event.approved_on),
    )


def subsidy_disbursed(recorded: Recorded[SubsidyCase], event: case.Disbursed) -> pb.SubsidyDisbursed:
    return pb.SubsidyDisbursed(
        case_id=str(recorded.stream),
        policy_id=str(recorded.value.policy_id),
        amounts=level_messages([LevelAmount(event.level, event.amount)]),
        disbursed_on=date_message(event.value_date),
    )


def subsidy_clawed_back(recorded: Recorded[SubsidyCase], event: case.ClawedBack) -> pb.SubsidyClawedBack:
    return pb.SubsidyClawedBack(
        case_id=str(recorded.stream),
        policy_id=str(recorded.value.policy_id),
        amounts=level_messages(event.amounts),
        granted=level_messages(event.granted),
        reason=event.reason,
        clawed_back_on=date_message(event.clawed_back_on),
    )


def level_messages(amounts: Sequence[LevelAmount]) -> list[pb.LevelAmount]:
    return [pb.LevelAmount(level=item.level.value, amount=money_message(item.amount)) for item in amounts]
