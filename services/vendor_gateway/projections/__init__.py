"""Read tables: vendors, orders, what happened to them, and what policies promise."""

from libs.common.service import Projection
from services.vendor_gateway.projections.project import project
from services.vendor_gateway.projections.reads import OrderFilter, Reads, Viewer
from services.vendor_gateway.projections.tables import metadata

PROJECTION = Projection(version=3, metadata=metadata, project=project)

__all__ = ["PROJECTION", "OrderFilter", "Reads", "Viewer"]
