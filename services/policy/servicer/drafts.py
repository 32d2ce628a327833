"""DraftService."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from hubao.policy.v1 import draft_service_pb2 as pb
from hubao.policy.v1 import draft_service_pb2_grpc as pb_grpc
from hubao.policy.v1 import terms_pb2
from sqlalchemy import Row

from libs.common.context import current_call
from libs.common.grpc.convert import date_message, enum_text, money_message, optional, timestamp_message, uuid_value
from libs.common.grpc.methods import Context
from libs.common.grpc.pages import next_token, page_of
from services.policy.application.drafts import Drafts, DraftView, Seen
from services.policy.application.policies import Policies
from services.policy.domain.change_draft.conflict import Between
from services.policy.domain.change_draft.draft import DraftReleased
from services.policy.projections.drafts import DraftReads
from services.policy.servicer.changes import asking_of, proposal_message, proposal_value
from services.policy.servicer.policy_messages import policy_message
from services.policy.servicer.values import filter_name


class DraftServicer(pb_grpc.DraftServiceServicer):
    def __init__(self, drafts: Drafts, policies: Policies, reads: DraftReads) -> None:
        self._drafts = drafts
        self._policies = policies
        self._reads = reads

    async def CreateDraft(self, request: pb.CreateDraftRequest, context: Context) -> pb.CreateDraftResponse:
        view = await self._drafts.create(
            current_call(),
            uuid_value("policy_id", request.policy_id),
            proposal_value("change", request.change),
            request.note,
            request.policy_etag,
        )
        return pb.CreateDraftResponse(draft=draft_message(view))

    async def UpdateDraft(self, request: pb.UpdateDraftRequest, context: Context) -> pb.UpdateDraftResponse:
        view = await self._drafts.update(
            current_call(),
            uuid_value("draft_id", request.draft_id),
            optional(request, "change", proposal_value),
            request.note if request.HasField("note") else None,
            request.policy_etag,
            request.etag,
        )
        return pb.UpdateDraftResponse(draft=draft_message(view))

    async def GetDraft(self, request: pb.GetDraftRequest, context: Context) -> pb.GetDraftResponse:
        view = await self._drafts.get(current_call(), uuid_value("draft_id", request.draft_id))
        return pb.GetDraftResponse(draft=draft_message(view))

    async def ListDrafts(self, request: pb.ListDraftsRequest, context: Context) -> pb.ListDraftsResponse:
        tenant = current_call().tenant
        page = page_of(request, tenant)
        status = filter_name(pb.DraftStatus, request.status)
        policy_id = str(uuid_value("policy_id", request.policy_id)) if request.policy_id else ""
        rows = await self._reads.drafts(tenant, page, policy_id, status)
        shown, token = next_token(page, rows, key=lambda row: (row.created_at_position,))
        return pb.ListDraftsResponse(drafts=[row_message(row) for row in shown], next_page_token=token)

    async def DiscardDraft(self, request: pb.DiscardDraftRequest, context: Context) -> pb.DiscardDraftResponse:
        draft_id = uuid_value("draft_id", request.draft_id)
        view = await self._drafts.discard(current_call(), draft_id, request.etag)
        return pb.DiscardDraftResponse(draft=draft_message(view))

    async def ReleaseDraft(self, request: pb.ReleaseDraftRequest, context: Context) -> pb.ReleaseDraftResponse:
        draft_id = uuid_value("draft_id", request.draft_id)
        view = await self._drafts.release(current_call(), draft_id, request.note, request.etag)
        return pb.ReleaseDraftResponse(draft=draft_message(view))

    async def CommitDraft(self, request: pb.CommitDraftRequest, context: Context) -> pb.CommitDraftResponse:
        call = current_call()
        seen = None
        if request.preview_hash:
            asking = None if request.without_billing else asking_of(call, context)
            seen = Seen(request.preview_hash, proposal_message, asking)
        view = await self._drafts.commit(call, uuid_value("draft_id", request.draft_id), seen, request.etag)
        policy, version = await self._drafts.made(call, view)
        current = await self._policies.get(call, UUID(view.draft.policy_id))
        effective = view.draft.proposal.effective_date
        made = policy_message(replace(current, policy=policy, version=version), effective)
        return pb.CommitDraftResponse(draft=draft_message(view), policy=made)


def draft_message(view: DraftView) -> pb.ChangeDraft:
    draft = view.draft
    return pb.ChangeDraft(
        draft_id=str(view.draft_id),
        policy_id=draft.policy_id,
        status=enum_text(pb.DraftStatus, draft.status),
        change=proposal_message(draft.proposal),
        note=draft.note,
        drafted_on_etag=str(draft.base.version),
        policy_etag=str(view.policy_version),
        between=[between_message(each) for each in view.between],
        author=draft.author,
        created_time=timestamp_message(draft.created_at),
        last_author=draft.last_author,
        updated_time=timestamp_message(draft.updated_at),
        committed_etag=str(draft.committed_version) if draft.committed_version else "",
        etag=str(view.version),
        release=None if draft.release is None else release_message(draft.release),
    )


def release_message(release: DraftReleased) -> pb.DraftRelease:
    return pb.DraftRelease(
        released_by=release.author,
        note=release.note,
        released_time=timestamp_message(release.released_at),
        limit=money_message(release.released.needed),
        reasons=release.released.reasons,
    )


def between_message(between: Between) -> pb.ChangeBetween:
    return pb.ChangeBetween(
        kind=enum_text(terms_pb2.TransactionKind, between.kind),
        endorsement=between.endorsement,
        transaction=between.transaction,
        effective_date=date_message(between.effective_date),
        overlap=between.overlap,
        overlap_from=date_message(between.overlap_from),
    )


def row_message(row: Row[Any]) -> pb.ChangeDraftSummary:
    return pb.ChangeDraftSummary(
        draft_id=str(row.draft_id),
        policy_id=row.policy_id,
        status=enum_text(pb.DraftStatus, row.status),
        kind=row.kind,
        effective_date=date_message(row.effective_date),
        note=row.note,
        drafted_on_etag=str(row.drafted_on),
        author=row.author,
        created_time=timestamp_message(row.created_at),
        updated_time=timestamp_message(row.updated_at),
    )
