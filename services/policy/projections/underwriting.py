"""The read tables of underwriting: questionnaires, authorities, accumulations; and what each event changes in them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Date, Index, Integer, String, Table, Uuid

from libs.common.changes import Recorded
from libs.common.projection.rows import RowChange, added, changed, put
from libs.common.projection.sums import Sum
from services.policy.application.accumulations import accumulation_id
from services.policy.domain.accumulation.accumulation import AccumulationCapacitySet, AccumulationOpened
from services.policy.domain.accumulation.exposure import ExposureFollowed
from services.policy.domain.authority import AuthorityGranted, AuthorityRevoked
from services.policy.domain.product.product import ProductStatus
from services.policy.domain.questionnaire import (
    QuestionnaireDrafted,
    QuestionnairePublished,
    QuestionnaireWithdrawn,
)
from services.policy.projections.tables import metadata

questionnaire = Table(
    "questionnaire",
    metadata,
    Column("questionnaire_id", Uuid, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("questionnaire_key", String, nullable=False),
    Column("name", String, nullable=False),
    Column("status", String, nullable=False),
    Column("latest_version", Integer, nullable=False),
    Index("questionnaire_by_key", "tenant", "questionnaire_key"),
)
authority = Table(
    "authority",
    metadata,
    Column("authority_id", Uuid, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("principal", String, nullable=False),
    Column("valid_from", Date, nullable=False),
    Column("limit", BigInteger, nullable=False),
    Column("reasons", String, nullable=False),
    Column("granted_by", String, nullable=False),
    Index("authority_by_principal", "tenant", "principal"),
)
accumulation = Table(
    "accumulation",
    metadata,
    Column("accumulation_id", Uuid, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("name", String, nullable=False),
    Column("capacity", BigInteger),
    Column("refer_above_percent", String, nullable=False),
    Column("exposure", Sum, nullable=False),
    Column("policies", Integer, nullable=False),
    Index("accumulation_by_name", "tenant", "kind", "name"),
)


def project_underwriting(recorded: Recorded[Any]) -> Sequence[RowChange]:
    match recorded.event:
        case QuestionnaireDrafted() | QuestionnairePublished() | QuestionnaireWithdrawn():
            return [_questionnaire(recorded, recorded.event)]
        case AuthorityGranted(limit=limit, reasons=reasons, granted_by=by):
            return [_authority(recorded, recorded.event, limit.minor_units, ",".join(reasons), by)]
        case AuthorityRevoked(revoked_by=by):
            return [_authority(recorded, recorded.event, 0, "", by)]
        case AccumulationOpened():
            return [_opened(recorded, recorded.event)]
        case AccumulationCapacitySet() as event:
            values = {
                "capacity": event.capacity.minor_units,
                "refer_above_percent": format(event.refer_above_percent, "f"),
            }
            return [changed(accumulation, {"accumulation_id": recorded.stream}, values)]
        case ExposureFollowed():
            return _exposed(recorded, recorded.event)
    return []


def _questionnaire(
    recorded: Recorded[Any], event: QuestionnaireDrafted | QuestionnairePublished | QuestionnaireWithdrawn
) -> RowChange:
    here = {"questionnaire_id": recorded.stream}
    match event:
        case QuestionnaireDrafted():
            row = {
                **here,
                "tenant": recorded.tenant,
                "questionnaire_key": event.questionnaire_key,
                "name": event.name,
                "status": ProductStatus.DRAFT,
                "latest_version": 0,
            }
            return added(questionnaire, row)
        case QuestionnairePublished():
            published = {"status": ProductStatus.PUBLISHED, "latest_version": event.version}
            return changed(questionnaire, here, published)
        case QuestionnaireWithdrawn():
            return changed(questionnaire, here, {"status": ProductStatus.RETIRED})


def _authority(
    recorded: Recorded[Any], event: AuthorityGranted | AuthorityRevoked, limit: int, reasons: str, by: str
) -> RowChange:
    """The newest grant of a person."""
    newest = {"valid_from": event.valid_from, "limit": limit, "reasons": reasons, "granted_by": by}
    row = {"authority_id": recorded.stream, "tenant": recorded.tenant, "principal": event.principal, **newest}
    return put(authority, row, sets=newest)


def _opened(recorded: Recorded[Any], event: AccumulationOpened) -> RowChange:
    return added(
        accumulation,
        {
            "accumulation_id": recorded.stream,
            "tenant": recorded.tenant,
            "kind": event.dependency.kind,
            "name": event.dependency.name,
            "refer_above_percent": "",
            "exposure": 0,
            "policies": 0,
        },
    )


def _exposed(recorded: Recorded[Any], event: ExposureFollowed) -> list[RowChange]:
    """A policy is counted while it is exposed at all."""
    before = event.amount - event.change
    adds = {"exposure": event.change.minor_units, "policies": bool(event.amount) - bool(before)}
    return [
        changed(accumulation, {"accumulation_id": accumulation_id(recorded.tenant, each)}, adds=adds)
        for each in event.dependencies
    ]
