"""What other services' facts lead to: the coverage account opened and kept, verified orders noted.

Terms and premiums are recorded with the time at which their owner recorded them, so that a check as known at a time
does not depend on how long an announcement was under way.
"""

from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from libs.common.errors import NotYet
from libs.common.unit import Unit
from services.claims.application.streams import account_stream, member_stream
from services.claims.domain.account import CoverageAccount, open_account
from services.claims.domain.claim import noticing
from services.claims.domain.claim.parts import VerifiedOrder
from services.claims.domain.claim.value import Claim
from services.claims.domain.coverage.basis import Premium
from services.claims.domain.member import Member, know
from services.claims.domain.terms import Terms


async def set_terms(unit: Unit, policy_id: UUID, cause: str, terms: Terms) -> None:
    """Opens the account of a policy, or gives it new terms."""
    stream = account_stream(unit.call.tenant, policy_id)
    account = await unit.find(CoverageAccount, stream)
    if account is None:
        unit.record(CoverageAccount, stream, open_account(policy_id, terms, heard_at(unit)))
    else:
        unit.record(CoverageAccount, stream, account.reterm(cause, terms, heard_at(unit)))


async def set_member_terms(unit: Unit, master_id: UUID, certificate_id: UUID, cause: str, terms: Terms) -> None:
    """Opens the account of a member of a park policy, or gives it new terms; what is excluded is the master's.

    Raises ValueError without the master: it was announced before in the same feed, so waiting would not bring it.
    """
    master = await unit.find(CoverageAccount, account_stream(unit.call.tenant, master_id))
    if master is None:
        raise ValueError(f"master {master_id} is not known; replay its own announcement first")
    own = replace(terms, exclusions=master.terms.exclusions, aggregate_limit=master.terms.aggregate_limit)
    await set_terms(unit, certificate_id, cause, own)
    index = member_stream(unit.call.tenant, master_id, terms.insured_uscc)
    if await unit.find(Member, index) is None:
        unit.record(Member, index, know(master_id, terms.insured_uscc, certificate_id))


async def expire(unit: Unit, policy_id: UUID, on: date) -> None:
    account = await _account(unit, policy_id)
    unit.record(CoverageAccount, account_stream(unit.call.tenant, policy_id), account.expire(on, heard_at(unit)))


async def note_premium(unit: Unit, policy_id: UUID, premium: Premium, *, whole: bool = False) -> None:
    account = await _account(unit, policy_id)
    events = account.note_premium(premium, heard_at(unit), whole=whole)
    unit.record(CoverageAccount, account_stream(unit.call.tenant, policy_id), events)


async def bear_with_debt(unit: Unit, policy_id: UUID) -> None:
    """The insurer put cover back in force, so grace that ran out before does not end it."""
    account = await _account(unit, policy_id)
    events = account.bear_with_debt(heard_at(unit))
    unit.record(CoverageAccount, account_stream(unit.call.tenant, policy_id), events)


async def note_order(unit: Unit, claim_id: UUID, order: VerifiedOrder) -> None:
    claim = await unit.find(Claim, claim_id)
    if claim is None:
        raise NotYet(f"claim {claim_id} is not known")
    unit.record(Claim, claim_id, noticing.note_order(claim, order))


def heard_at(unit: Unit) -> datetime:
    """When the fact was recorded by its owner."""
    return unit.call.heard_at or unit.call.now


async def _account(unit: Unit, policy_id: UUID) -> CoverageAccount:
    account = await unit.find(CoverageAccount, account_stream(unit.call.tenant, policy_id))
    if account is None:
        raise NotYet(f"policy {policy_id} is not known")
    return account
