"""Read tables for lists and sums, derived from events alone; commands never look at them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Executable

from libs.common.changes import Recorded
from libs.common.projection.rows import RowChange
from libs.common.service import Projection
from services.policy.projections.certificates import project_certificates
from services.policy.projections.drafts import project_drafts
from services.policy.projections.history import project_history
from services.policy.projections.project import project
from services.policy.projections.shares import project_shares
from services.policy.projections.tables import metadata
from services.policy.projections.underwriting import project_underwriting


def project_all(recorded: Recorded[Any]) -> Sequence[Executable | RowChange]:
    """All rows that an event changes: lists and sums first, then what each module below is about."""
    return [change for each in _PROJECTED for change in each(recorded)]


_PROJECTED = (
    project,
    project_shares,
    project_history,
    project_underwriting,
    project_drafts,
    project_certificates,
)


PROJECTION = Projection(version=4, metadata=metadata, project=project_all)
