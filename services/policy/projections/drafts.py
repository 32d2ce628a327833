"""The read table of drafts, what each event does to it, and the list."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Date, DateTime, Index, Row, String, Table, Uuid, select

from libs.common.changes import Recorded
from libs.common.grpc.pages import Page
from libs.common.projection.rows import RowChange, added, changed
from libs.common.projection.tables import ReadTables
from services.policy.domain.change_draft.draft import (
    DraftCommitted,
    DraftCreated,
    DraftDiscarded,
    DraftStatus,
    DraftUpdated,
)
from services.policy.projections.tables import metadata

change_draft = Table(
    "change_draft",
    metadata,
    Column("draft_id", Uuid, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("created_at_position", BigInteger, nullable=False),
    Column("policy_id", String, nullable=False),
    Column("status", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("effective_date", Date, nullable=False),
    Column("note", String, nullable=False),
    Column("drafted_on", BigInteger, nullable=False),
    Column("author", String, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("updated_at", DateTime(timezone=True), nullable=False),
    Index("change_draft_by_position", "tenant", "created_at_position"),
    Index("change_draft_by_policy", "tenant", "policy_id"),
)


def project_drafts(recorded: Recorded[Any]) -> Sequence[RowChange]:
    """What one event does to the list of drafts."""
    here, event = {"draft_id": recorded.stream}, recorded.event
    match event:
        case DraftCreated():
            fixed = {
                "tenant": recorded.tenant,
                "created_at_position": recorded.position,
                "policy_id": event.policy_id,
                "status": DraftStatus.OPEN,
                "author": event.author,
                "created_at": event.created_at,
                "updated_at": event.created_at,
            }
            return [added(change_draft, {**here, **fixed, **_content(event)})]
        case DraftUpdated():
            return [changed(change_draft, here, {**_content(event), "updated_at": event.updated_at})]
        case DraftCommitted():
            return [changed(change_draft, here, {"status": DraftStatus.COMMITTED, "updated_at": event.committed_at})]
        case DraftDiscarded():
            return [changed(change_draft, here, {"status": DraftStatus.DISCARDED, "updated_at": event.discarded_at})]
    return []


def _content(event: DraftCreated | DraftUpdated) -> dict[str, Any]:
    return {
        "kind": event.proposal.kind,
        "effective_date": event.proposal.effective_date,
        "note": event.note,
        "drafted_on": event.base.version,
    }


class DraftReads:
    def __init__(self, read_tables: ReadTables) -> None:
        self._tables = read_tables

    async def drafts(self, tenant: str, page: Page, policy_id: str = "", status: str = "") -> Sequence[Row[Any]]:
        """The newest first; one row more than the page, if there are more."""
        query = select(change_draft).where(change_draft.c.tenant == tenant)
        if policy_id:
            query = query.where(change_draft.c.policy_id == policy_id)
        if status:
            query = query.where(change_draft.c.status == status)
        if page.after:
            query = query.where(change_draft.c.created_at_position < page.after[0])
        query = query.order_by(change_draft.c.created_at_position.desc()).limit(page.size + 1)
        async with self._tables.connect() as connection:
            return (await connection.execute(query)).all()
