"""Read tables for lists and sums, derived from events alone; commands never look at them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Executable

from libs.common.changes import Recorded
from libs.common.projection.rows import RowChange
from libs.common.service import Projection
from services.policy.projections.history import project_history
from services.policy.projections.project import project
from services.policy.projections.shares import project_shares
from services.policy.projections.tables import metadata
from services.policy.projections.underwriting import project_underwriting


def project_all(recorded: Recorded[Any]) -> Sequence[Executable | RowChange]:
    """Lists and sums, who gets and bears what, what was known when, what underwriting asks, trusts and accumulates."""
    return [
        *project(recorded),
        *project_shares(recorded),
        *project_history(recorded),
        *project_underwriting(recorded),
    ]


PROJECTION = Projection(version=3, metadata=metadata, project=project_all)
