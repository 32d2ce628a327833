"""What timers do. Each looks again: what a timer was set for may be over when it is due."""

from uuid import UUID

from libs.common.unit import Unit
from services.policy.application.certificates import end_certificates, end_more_certificates
from services.policy.domain.policy.policy import Policy
from services.policy.domain.submission.submission import Submission
from services.policy.domain.timers import (
    CERTIFICATES_ENDING,
    POLICY_EXPIRY,
    QUOTE_EXPIRY,
    ROLL_ENDING,
    SUBJECTIVITY_DUE,
)


async def lapse_quotes(unit: Unit, stream: UUID) -> None:
    submission = await unit.find(Submission, stream)
    if submission is not None:
        unit.record(Submission, stream, submission.lapse_quotes(unit.call.today))


async def miss_subjectivities(unit: Unit, stream: UUID) -> None:
    submission = await unit.find(Submission, stream)
    if submission is not None:
        unit.record(Submission, stream, submission.miss_subjectivities(unit.call.today))


async def expire_policy(unit: Unit, stream: UUID) -> None:
    policy = await unit.find(Policy, stream)
    if policy is not None:
        unit.record(Policy, stream, policy.expire(unit.call.today))


FIRING = {
    QUOTE_EXPIRY: lapse_quotes,
    SUBJECTIVITY_DUE: miss_subjectivities,
    POLICY_EXPIRY: expire_policy,
    CERTIFICATES_ENDING: end_certificates,
    ROLL_ENDING: end_more_certificates,
}
