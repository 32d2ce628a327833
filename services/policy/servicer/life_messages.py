"""Writing what a policy's life is made of: reinstatements, lapse, extended reporting, duties, experience."""

from hubao.policy.v1 import policy_life_pb2 as pb
from hubao.policy.v1 import renewal_pb2

from libs.common.grpc.convert import date_message, decimal_text, enum_text, money_message, timestamp_message
from services.policy.domain.duty_notes import Duty
from services.policy.domain.experience import Experience
from services.policy.domain.policy.life import Lapse, NoKnownLosses, Reinstatement
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.reporting import reported_until
from services.policy.domain.submission.renewal import Renewal


def reinstatement_message(reinstatement: Reinstatement) -> pb.Reinstatement:
    statement = reinstatement.statement
    return pb.Reinstatement(
        ended_on=date_message(reinstatement.ended_on),
        effective_date=date_message(reinstatement.effective_date),
        recorded_time=timestamp_message(reinstatement.recorded_at),
        reason=reinstatement.reason,
        statement=None if statement is None else statement_message(statement),
    )


def statement_message(statement: NoKnownLosses) -> pb.NoKnownLosses:
    return pb.NoKnownLosses(
        reference=statement.reference, sha256=statement.sha256, signed_on=date_message(statement.signed_on)
    )


def lapse_message(lapse: Lapse) -> pb.Lapse:
    return pb.Lapse(
        effective_date=date_message(lapse.effective_date),
        outstanding=money_message(lapse.outstanding),
        cure_until=None if lapse.cure_until is None else date_message(lapse.cure_until),
        cured_by=money_message(lapse.cured_by),
        grace_expired_on=date_message(lapse.ground),
        tolerance=None if lapse.tolerance is None else money_message(lapse.tolerance),
    )


def reporting_messages(policy: Policy) -> list[pb.ExtendedReporting]:
    return [
        pb.ExtendedReporting(part_code=code, until=date_message(until))
        for code, until in reported_until(policy).items()
    ]


def duty_message(duty_id: str, duty: Duty) -> pb.DutyNote:
    return pb.DutyNote(
        duty_id=duty_id,
        state=enum_text(pb.DutyState, duty.state),
        what=duty.what,
        due_on=None if duty.due_on is None else date_message(duty.due_on),
        breached_on=None if duty.breached_on is None else date_message(duty.breached_on),
        discharged_on=None if duty.discharged_on is None else date_message(duty.discharged_on),
    )


def renewal_message(renewal: Renewal) -> renewal_pb2.RenewalOf:
    return renewal_pb2.RenewalOf(
        policy_id=renewal.policy_id,
        policy_number=renewal.policy_number,
        expiry=date_message(renewal.expiry),
        continuous=renewal.continuous,
        experience=experience_message(renewal.experience),
    )


def experience_message(experience: Experience) -> renewal_pb2.LossExperience:
    return renewal_pb2.LossExperience(
        policy_number=experience.policy_number,
        claims=experience.claims,
        open_claims=experience.open_claims,
        paid=money_message(experience.paid),
        outstanding=money_message(experience.outstanding),
        premium=money_message(experience.premium),
        loss_ratio_percent=decimal_text(experience.loss_ratio_percent),
        breached_duties=experience.breached_duties,
        known_on=date_message(experience.known_on),
    )
