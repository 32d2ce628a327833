"""gRPC in, one command, gRPC out."""

from hubao.claims.v1 import claim_service_pb2_grpc as pb_grpc

from libs.common.application import Application
from libs.common.grpc.server import Servicer
from libs.common.projection.tables import ReadTables
from services.claims.projections import Reads
from services.claims.servicer.claims import ClaimServicer


def servicers(application: Application, tables: ReadTables) -> list[Servicer]:
    """What this service serves."""
    servicer = ClaimServicer(application, Reads(tables))
    return [(pb_grpc.add_ClaimServiceServicer_to_server, servicer, "hubao.claims.v1.ClaimService")]
