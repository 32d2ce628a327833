"""Where things are kept: the stream of each aggregate from its business key."""

from uuid import UUID

from libs.common.context import Call
from libs.common.streams import derived_id, stream_id
from libs.common.unit import Unit
from services.claims.domain.account import CoverageAccount
from services.claims.domain.claim.value import Claim
from services.claims.domain.cover import Cover
from services.claims.domain.errors import InsuredNotOnPolicy, MemberNotNamed, PolicyNotKnown
from services.claims.domain.member import Member, MemberCover
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


def member_stream(tenant: str, policy_id: UUID, insured_uscc: str) -> UUID:
    return stream_id(tenant, Member.KIND, f"{policy_id}/{insured_uscc}")


async def cover_of(unit: Unit, policy_id: UUID, insured_uscc: str) -> Cover:
    """By what a claim of an insured is decided: the policy's account, or a member's under a park policy."""
    account = await account_of(unit, policy_id)
    if not account.terms.members_only:
        return account
    if not insured_uscc:
        raise MemberNotNamed(policy_number=account.terms.policy_number)
    member = await unit.find(Member, member_stream(unit.call.tenant, policy_id, insured_uscc))
    if member is None:
        raise InsuredNotOnPolicy(insured_uscc=insured_uscc)
    return MemberCover(await account_of(unit, member.certificate_id), account)


async def account_of(unit: Unit, policy_id: UUID) -> CoverageAccount:
    stream = account_stream(unit.call.tenant, policy_id)
    return await unit.get(CoverageAccount, stream, PolicyNotKnown(policy_id=policy_id))
