"""Makes a change of a policy inside a unit: for a command, a preview, a draft that is committed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from libs.common.unit import Unit
from services.policy.application.accumulations import follow_exposure
from services.policy.application.capacities import capacity_uses
from services.policy.application.predecessors import file_of_policy
from services.policy.application.products import product_of
from services.policy.application.referrals import referred
from services.policy.domain.authority import CHIEF
from services.policy.domain.errors import PolicyNotFound
from services.policy.domain.policy.events import Cancelled, Endorsed
from services.policy.domain.policy.life import Reinstated
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.proposal import Moment, Proposal, ProposalKind
from services.policy.domain.policy_file import PolicyFile
from services.policy.domain.product.terms import ProductTerms
from services.policy.domain.referral import Referral, check_released

WITHDRAWN = "WITHDRAWN"
"""The outcome of a claim that was none."""


@dataclass(frozen=True)
class Made:
    """The policy before a change and after it. `version` is the one before; `referral` says why it needs a release."""

    policy_id: UUID
    before: Policy
    version: int
    after: Policy
    referral: Referral | None = None

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
    """The product version that the policy was sold on, with the rates of VAT that the newest version knows: those are
    the law's, and none of the contract's."""
    product = await product_of(unit, policy.bound.product_id)
    return product.taxed_today(policy.bound.product_version)


async def decided(
    unit: Unit, policy_id: UUID, policy: Policy, proposal: Proposal
) -> Sequence[Endorsed | Cancelled | Reinstated]:
    """What the policy decides on a proposal, with all that it has to know; nothing is recorded."""
    call, losses, claimed = unit.call, dict[str, date](), dict[str, date | None]()
    if proposal.kind is not ProposalKind.ENDORSE:
        file = await file_of(unit, policy_id)
        losses, claimed = known_losses(file), paid_or_open(file)
    moment = Moment(call.request_id, call.today, call.now, losses, claimed, chief=CHIEF in call.roles)
    return proposal.make(policy, await terms_of(unit, policy), moment)


async def make_change(
    unit: Unit, policy_id: UUID, proposal: Proposal, released: Referral | None = None, *, trying: bool = False
) -> Made:
    """Decides and records; raises what the policy refuses, and ActReferred for what waits for a release.

    `released` is what somebody else has released of it; whoever is only `trying` is told of the referral.
    """
    policy, version = await policy_of(unit, policy_id)
    after = unit.record(Policy, policy_id, await decided(unit, policy_id, policy, proposal)) or policy
    referral = await referred(unit, policy_id, policy, after, proposal, await terms_of(unit, policy))
    await follow_exposure(unit, policy_id)
    if unit.consulted:  # What was looked at of capacities is not found out by the append any more.
        await capacity_uses(unit, policy_id)
    if not trying:
        check_released(referral, released)
    return Made(policy_id, policy, version, after, referral)


def known_losses(file: PolicyFile) -> dict[str, date]:
    """The claims of which a day is known, with the first on which it may have happened."""
    return {
        claim_id: claim.occurred_from
        for claim_id, claim in file.claims.items()
        if claim.occurred_from is not None and claim.outcome != WITHDRAWN
    }


def paid_or_open(file: PolicyFile) -> dict[str, date | None]:
    """The claims that were paid something, or may be, with the first day on which they may have happened."""
    return {
        claim_id: claim.occurred_from
        for claim_id, claim in file.claims.items()
        if claim.outcome != WITHDRAWN and (claim.paid or not claim.outcome)
    }


async def file_of(unit: Unit, policy_id: UUID) -> PolicyFile:
    """What others told about a policy."""
    stream = file_of_policy(unit.call.tenant, policy_id)
    return await unit.get(PolicyFile, stream, PolicyNotFound(policy_id=policy_id))
