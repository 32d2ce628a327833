"""gRPC in, one command, gRPC out."""

from hubao.policy.v1 import (
    policy_service_pb2_grpc,
    product_service_pb2_grpc,
    quantification_service_pb2_grpc,
    submission_service_pb2_grpc,
    treaty_service_pb2_grpc,
)

from libs.common.application import Application
from libs.common.grpc.server import Servicer
from libs.common.projection.tables import ReadTables
from services.policy.projections.underwriting_reads import UnderwritingReads
from services.policy.servicer.policies import PolicyServicer
from services.policy.servicer.products import ProductServicer
from services.policy.servicer.quantification import QuantificationServicer
from services.policy.servicer.submissions import SubmissionServicer
from services.policy.servicer.treaties import TreatyServicer


def servicers(application: Application, tables: ReadTables) -> list[Servicer]:
    """All that this service offers."""
    reads = UnderwritingReads(tables)
    return [
        (
            product_service_pb2_grpc.add_ProductServiceServicer_to_server,
            ProductServicer(application, reads),
            "hubao.policy.v1.ProductService",
        ),
        (
            submission_service_pb2_grpc.add_SubmissionServiceServicer_to_server,
            SubmissionServicer(application, reads),
            "hubao.policy.v1.SubmissionService",
        ),
        (
            policy_service_pb2_grpc.add_PolicyServiceServicer_to_server,
            PolicyServicer(application, reads),
            "hubao.policy.v1.PolicyService",
        ),
        (
            treaty_service_pb2_grpc.add_TreatyServiceServicer_to_server,
            TreatyServicer(application, reads, tables),
            "hubao.policy.v1.TreatyService",
        ),
        (
            quantification_service_pb2_grpc.add_QuantificationServiceServicer_to_server,
            QuantificationServicer(application, reads),
            "hubao.policy.v1.QuantificationService",
        ),
    ]
