"""Read tables: made from events, safe to delete and rebuild."""

from libs.common.service import Projection
from services.billing_subsidy.projections.project import project
from services.billing_subsidy.projections.reads import Reads
from services.billing_subsidy.projections.tables import metadata

PROJECTION = Projection(version=4, metadata=metadata, project=project)

__all__ = ["PROJECTION", "Reads"]
