"""What a quote and a binding ask of the policy that a submission renews."""

from dataclasses import replace
from uuid import UUID

from libs.common.streams import stream_id
from libs.common.unit import Unit
from services.policy.domain.cover import WantedPart
from services.policy.domain.errors import PolicyNotFound
from services.policy.domain.policy.events import Bound
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.renewing import carried_parts, check_renewable, experience_of, renew
from services.policy.domain.policy_file import PolicyFile
from services.policy.domain.submission.renewal import ExperienceTaken
from services.policy.domain.submission.submission import Submission


def file_of_policy(tenant: str, policy_id: UUID) -> UUID:
    return stream_id(tenant, PolicyFile.KIND, str(policy_id))


async def with_experience(
    unit: Unit, submission_id: UUID, submission: Submission, parts: tuple[WantedPart, ...]
) -> tuple[Submission, tuple[WantedPart, ...]]:
    """The submission with the experience of today, and the parts of a quote with the dates that are carried over."""
    if submission.renewal is None:
        return submission, parts
    renewal = submission.renewal
    policy = await _predecessor(unit, renewal.policy_id)
    missing = PolicyNotFound(policy_id=renewal.policy_id)
    file = await unit.get(PolicyFile, file_of_policy(unit.call.tenant, UUID(renewal.policy_id)), missing)
    experience = experience_of(policy, file, unit.call.today)
    if replace(experience, known_on=renewal.experience.known_on) != renewal.experience:
        unit.record(Submission, submission_id, [ExperienceTaken(experience=experience)])
        submission = replace(submission, renewal=replace(renewal, experience=experience))
    return submission, carried_parts(policy, parts, renewal.continuous) if parts else ()


async def renew_predecessor(unit: Unit, submission: Submission, policy_id: UUID, bound: Bound) -> None:
    """The policy that is renewed says so, in the append that binds its successor."""
    if submission.renewal is None:
        return
    policy = await _predecessor(unit, submission.renewal.policy_id)
    renewed = renew(policy, bound, str(policy_id), submission.renewal.continuous)
    unit.record(Policy, UUID(submission.renewal.policy_id), renewed)


async def expiring_of(unit: Unit, submission: Submission) -> Bound | None:
    """The contract that a submission renews, None if it renews none; refused if it can't be renewed any more."""
    if submission.renewal is None:
        return None
    policy = await _predecessor(unit, submission.renewal.policy_id)
    check_renewable(policy)
    return policy.bound


async def _predecessor(unit: Unit, policy_id: str) -> Policy:
    return await unit.get(Policy, UUID(policy_id), PolicyNotFound(policy_id=policy_id))
