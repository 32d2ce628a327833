"""Drafts of changes: made on a version of a policy, changed, committed, discarded."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from google.protobuf.message import Message

from libs.common.application import Application, Done
from libs.common.context import Call
from libs.common.errors import Stale
from libs.common.events import replay
from libs.common.streams import stream_id
from libs.common.unit import Unit
from services.policy.application.authorities import authority_of_caller
from services.policy.application.billing import Asking
from services.policy.application.changing import decided, make_change, policy_of, terms_of
from services.policy.application.previewing import Previews
from services.policy.application.referrals import referred
from services.policy.domain.change_draft.conflict import Base, Between
from services.policy.domain.change_draft.draft import ChangeDraft
from services.policy.domain.change_errors import DraftNotFound, NothingToChange
from services.policy.domain.errors import PolicyNotFound
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.proposal import Proposal
from services.policy.domain.referral import Referral


@dataclass(frozen=True)
class DraftView:
    """A draft, with what has been done to the policy since it was made."""

    draft_id: UUID
    draft: ChangeDraft
    version: int
    policy_version: int
    between: tuple[Between, ...]


@dataclass(frozen=True)
class Seen:
    """The hash of a preview that somebody has seen, how a change is put as a message, and how billing is asked."""

    preview_hash: str
    put: Callable[[Proposal], Message]
    asking: Asking | None


class Drafts:
    def __init__(self, application: Application, previews: Previews) -> None:
        self._application = application
        self._previews = previews

    async def create(self, call: Call, policy_id: UUID, proposal: Proposal, note: str, policy_etag: str) -> DraftView:
        stream = stream_id(call.tenant, ChangeDraft.KIND, f"{call.owner}/{call.request_id}")

        async def plan(unit: Unit) -> None:
            policy, version = await policy_of(unit, policy_id)
            _check_etag(policy_etag, version)
            await _check_possible(unit, policy_id, policy, proposal)
            if await unit.is_new(ChangeDraft, stream):
                base = Base.of(policy, version)
                drafted = ChangeDraft.create(str(policy_id), base, proposal, note, call.principal, call.now)
                unit.record(ChangeDraft, stream, drafted)

        return await self._view(call, await self._application.execute(call, ChangeDraft, stream, plan))

    async def update(
        self, call: Call, draft_id: UUID, proposal: Proposal | None, note: str | None, policy_etag: str, etag: str
    ) -> DraftView:
        """What is None stays; `policy_etag` takes the draft over to that version, which must be the newest."""

        async def plan(unit: Unit) -> None:
            draft = await _draft_of(unit, draft_id)
            policy_id = UUID(draft.policy_id)
            policy, version = await policy_of(unit, policy_id)
            _check_etag(policy_etag, version)
            base = Base.of(policy, version) if policy_etag else draft.base
            wanted = draft.proposal if proposal is None else proposal
            updated = draft.update(base, wanted, draft.note if note is None else note, call.principal, call.now)
            if base.version == version:
                await _check_possible(unit, policy_id, policy, wanted)
            unit.record(ChangeDraft, draft_id, updated)

        return await self._view(call, await self._application.execute(call, ChangeDraft, draft_id, plan, etag=etag))

    async def commit(self, call: Call, draft_id: UUID, seen: Seen | None, etag: str) -> DraftView:
        """Makes the drafted change in the same append; with `seen`, only if it still does what was previewed."""
        before = await self._application.answered(call, ChangeDraft)
        if before is not None:
            return await self._view(call, before)

        async def plan(unit: Unit) -> None:
            draft = await _draft_of(unit, draft_id)
            policy_id = UUID(draft.policy_id)
            policy, version = await policy_of(unit, policy_id)
            committed = draft.commit(policy, version, call.principal, call.now)
            released = draft.release.released if draft.release else None
            if seen is None:
                made = await make_change(unit, policy_id, draft.proposal, released)
            else:
                put = seen.put(draft.proposal)
                made = await self._previews.make_as_seen(
                    unit, policy_id, draft.proposal, put, seen.preview_hash, seen.asking, released
                )
            if not made.changed:
                raise NothingToChange(policy_id=policy_id)
            unit.record(ChangeDraft, draft_id, committed)

        return await self._view(call, await self._application.execute(call, ChangeDraft, draft_id, plan, etag=etag))

    async def release(self, call: Call, draft_id: UUID, note: str, etag: str) -> DraftView:
        """Lets a referred change be made as it is drafted now."""

        async def plan(unit: Unit) -> None:
            draft = await _draft_of(unit, draft_id)
            referral = await _referral_of(unit, draft)
            held = await authority_of_caller(unit)
            unit.record(ChangeDraft, draft_id, draft.released(referral, held, call.principal, note, call.now))

        return await self._view(call, await self._application.execute(call, ChangeDraft, draft_id, plan, etag=etag))

    async def discard(self, call: Call, draft_id: UUID, etag: str) -> DraftView:
        missing = DraftNotFound(draft_id=draft_id)
        done = await self._application.change(
            call, ChangeDraft, draft_id, lambda draft: draft.discard(call.principal, call.now), missing, etag=etag
        )
        return await self._view(call, done)

    async def get(self, call: Call, draft_id: UUID) -> DraftView:
        missing = DraftNotFound(draft_id=draft_id)
        loaded = await self._application.read(ChangeDraft, draft_id, missing, tenant=call.tenant)
        return await self._seen_now(call, draft_id, loaded.value, loaded.version)

    async def made(self, call: Call, view: DraftView) -> tuple[Policy, int]:
        """The policy as it was right after the draft was committed, and its version."""
        policy_id = UUID(view.draft.policy_id)
        missing = PolicyNotFound(policy_id=policy_id)
        history = await self._application.history(Policy, policy_id, missing, tenant=call.tenant)
        version = view.draft.committed_version
        return history[version - 1].value, version

    async def _view(self, call: Call, done: Done[ChangeDraft]) -> DraftView:
        return await self._seen_now(call, done.stream, done.value, done.version)

    async def _seen_now(self, call: Call, draft_id: UUID, draft: ChangeDraft, version: int) -> DraftView:
        policy_id = UUID(draft.policy_id)
        missing = PolicyNotFound(policy_id=policy_id)
        policy = await self._application.read(Policy, policy_id, missing, tenant=call.tenant)
        return DraftView(draft_id, draft, version, policy.version, draft.between(policy.value, policy.version))


async def _draft_of(unit: Unit, draft_id: UUID) -> ChangeDraft:
    return await unit.get(ChangeDraft, draft_id, DraftNotFound(draft_id=draft_id))


async def _referral_of(unit: Unit, draft: ChangeDraft) -> Referral | None:
    """What the drafted change would be referred for, if it were made on the policy as it is; nothing is recorded."""
    policy_id = UUID(draft.policy_id)
    policy, _ = await policy_of(unit, policy_id)
    after = replay(Policy, await decided(unit, policy_id, policy, draft.proposal), policy)
    assert after is not None  # It was there before.
    return await referred(unit, policy_id, policy, after, draft.proposal, await terms_of(unit, policy))


async def _check_possible(unit: Unit, policy_id: UUID, policy: Policy, proposal: Proposal) -> None:
    """Refuses what the policy would refuse; nothing is recorded on it."""
    if not await decided(unit, policy_id, policy, proposal):
        raise NothingToChange(policy_id=policy_id)


def _check_etag(given: str, version: int) -> None:
    if given and given != str(version):
        raise Stale(current=str(version), given=given)
