"""Read tables for lists and sums, derived from events alone; commands never look at them."""

from libs.common.service import Projection
from services.policy.projections.project import project
from services.policy.projections.tables import metadata

PROJECTION = Projection(version=1, metadata=metadata, project=project)
