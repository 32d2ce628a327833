"""What each event changes in the tables of what was known when: the rows of before are replaced by new ones."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Executable, update

from libs.common.changes import Recorded
from libs.common.money import total
from libs.common.projection.rows import RowChange, added
from services.policy.domain.policy.events import Bound, Cancelled, Endorsed, Expired
from services.policy.domain.policy.life import Lapsed, Reinstated
from services.policy.domain.policy.values import PolicyStatus, Segment
from services.policy.projections import history_tables as tables

Said = Sequence[Executable | RowChange]


def project_history(recorded: Recorded[Any]) -> Said:
    match recorded.event:
        case Bound() as event:
            period = event.period
            return _known(
                recorded, PolicyStatus.IN_FORCE, period.expiry, [Segment(period.inception, period.expiry, event.parts)]
            )
        case Endorsed() | Reinstated() as event:
            return [
                *_replaced(recorded, tables.policy_known, tables.policy_segment),
                *_known(recorded, PolicyStatus.IN_FORCE, event.segments[-1].end, event.segments),
            ]
        case Cancelled() | Lapsed() as event:
            status = PolicyStatus.CANCELLED if isinstance(event, Cancelled) else PolicyStatus.LAPSED
            return [
                *_replaced(recorded, tables.policy_known, tables.policy_segment),
                *_known(recorded, status, event.cancellation.effective_date, event.segments),
            ]
        case Expired(expired_on=day):
            return [*_replaced(recorded, tables.policy_known), *_known(recorded, PolicyStatus.EXPIRED, day, ())]
    return []


def _known(recorded: Recorded[Any], status: PolicyStatus, cover_until: date, segments: Sequence[Segment]) -> Said:
    here = {"policy_id": recorded.stream, "version": recorded.version, "recorded_at": recorded.recorded_at}
    rows = [added(tables.policy_known, {**here, "status": status, "cover_until": cover_until})]
    for number, segment in enumerate(segments, 1):
        row = {
            **here,
            "number": number,
            "tenant": recorded.tenant,
            "first": segment.first,
            "until": segment.end,
            "annual_premium": total(part.annual_premium for part in segment.parts).minor_units,
        }
        rows.append(added(tables.policy_segment, row))
    return rows


def _replaced(recorded: Recorded[Any], *of: Any) -> list[Executable]:
    """The terms of an expired policy stay what they were, so its segments do."""
    return [
        update(table)
        .where(table.c.policy_id == recorded.stream, table.c.replaced_at.is_(None))
        .values(replaced_at=recorded.recorded_at)
        for table in of
    ]
