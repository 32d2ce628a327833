"""The reads of underwriting."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from libs.common.grpc.pages import Page
from services.policy.projections.reads import Reads, Rows
from services.policy.projections.underwriting import accumulation, authority, questionnaire


class UnderwritingReads(Reads):
    async def questionnaires(self, tenant: str, page: Page, status: str = "") -> Rows:
        """By key; one row more than the page, if there are more."""
        query = select(questionnaire).where(questionnaire.c.tenant == tenant)
        if status:
            query = query.where(questionnaire.c.status == status)
        return await self._page(query, page, questionnaire.c.questionnaire_key, questionnaire.c.questionnaire_id)

    async def authorities(self, tenant: str, page: Page) -> Rows:
        """By principal."""
        query = select(authority).where(authority.c.tenant == tenant)
        return await self._page(query, page, authority.c.principal, authority.c.authority_id)

    async def accumulation(self, tenant: str, stream: UUID) -> Row[Any] | None:
        table = accumulation
        found = await self._all(select(table).where(table.c.tenant == tenant, table.c.accumulation_id == stream))
        return found[0] if found else None

    async def accumulations(self, tenant: str, page: Page, limited_only: bool) -> Rows:
        """By kind and name."""
        query = select(accumulation).where(accumulation.c.tenant == tenant)
        if limited_only:
            query = query.where(accumulation.c.capacity.is_not(None))
        return await self._page(query, page, accumulation.c.kind, accumulation.c.name, accumulation.c.accumulation_id)
