"""Where things are kept: the stream of each aggregate from its business key."""

from uuid import UUID

from libs.common.context import Call
from libs.common.streams import derived_id, stream_id
from libs.common.unit import Unit
from services.claims.domain.account import CoverageAccount
from services.claims.domain.claim.value import Claim
from services.claims.domain.errors import PolicyNotKnown
from services.claims.domain.notices import InsuredNotices


def account_stream(tenant: str, policy_id: UUID) -> UUID:
    return stream_id(tenant, CoverageAccount.KIND, str(policy_id))


def claim_stream(call: Call, reference: str) -> UUID:
    """The claim of a reference; a notice without one is known by its request alone."""
    key = f"reference:{reference}" if reference else f"request:{call.request_id}"
    return stream_id(call.tenant, Claim.KIND, key)


def notices_stream(tenant: str, insured_uscc: str) -> UUID:
    return stream_id(tenant, InsuredNotices.KIND, insured_uscc)


def payment_id(call: Call, claim_id: UUID) -> UUID:
    """The payment that a request asks for: the same request is the same payment."""
    return derived_id(claim_id, f"payment:{call.request_id}")


async def account_of(unit: Unit, policy_id: UUID) -> CoverageAccount:
    stream = account_stream(unit.call.tenant, policy_id)
    return await unit.get(CoverageAccount, stream, PolicyNotKnown(policy_id=policy_id))
