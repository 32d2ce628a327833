"""Makes a change of a policy inside a unit: for a command, a preview, a draft that is committed."""

from dataclasses import dataclass
from uuid import UUID

from libs.common.unit import Unit
from services.policy.application.products import product_of
from services.policy.domain.errors import PolicyNotFound
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.proposal import Proposal
from services.policy.domain.product.terms import ProductTerms


@dataclass(frozen=True)
class Made:
    """The policy before a change and after it. `version` is the one before."""

    policy_id: UUID
    before: Policy
    version: int
    after: Policy

    @property
    def changed(self) -> bool:
        """Not if the change had been made before."""
        return self.after is not self.before


async def policy_of(unit: Unit, policy_id: UUID) -> tuple[Policy, int]:
    """One of the call's own policies, and its version."""
    policy = await unit.get(Policy, policy_id, PolicyNotFound(policy_id=policy_id))
    entry = unit.entry(policy_id)
    assert entry is not None
    return policy, entry.version


async def terms_of(unit: Unit, policy: Policy) -> ProductTerms:
    """The product version that the policy was sold on."""
    product = await product_of(unit, policy.bound.product_id)
    return product.version(policy.bound.product_version).terms


async def make_change(unit: Unit, policy_id: UUID, proposal: Proposal) -> Made:
    """Decides and records; raises what the policy refuses."""
    policy, version = await policy_of(unit, policy_id)
    made = proposal.make(policy, await terms_of(unit, policy), unit.call.request_id, unit.call.now)
    return Made(policy_id, policy, version, unit.record(Policy, policy_id, made) or policy)
