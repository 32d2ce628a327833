"""Read tables for lists and sums, derived from events alone; commands never look at them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Executable

from libs.common.changes import Recorded
from libs.common.projection.rows import RowChange
from libs.common.service import Projection
from services.policy.projections.certificates import project_certificates
from services.policy.projections.drafts import project_drafts
from services.policy.projections.project import project
from services.policy.projections.shares import project_shares
from services.policy.projections.tables import metadata


def project_all(recorded: Recorded[Any]) -> Sequence[Executable | RowChange]:
    """Lists and sums, who gets and bears what, what is drafted, and the members of park policies."""
    projected = (project, project_shares, project_drafts, project_certificates)
    return [change for each in projected for change in each(recorded)]


PROJECTION = Projection(version=3, metadata=metadata, project=project_all)
