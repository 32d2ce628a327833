"""gRPC in, one command, gRPC out."""

import grpc
from hubao.policy.v1 import (
    draft_service_pb2_grpc,
    policy_service_pb2_grpc,
    product_service_pb2_grpc,
    quantification_service_pb2_grpc,
    submission_service_pb2_grpc,
    treaty_service_pb2_grpc,
)

from libs.common.application import Application
from libs.common.grpc.server import Servicer
from libs.common.projection.tables import ReadTables
from services.policy.application.billing import Billing
from services.policy.application.drafts import Drafts
from services.policy.application.policies import Policies
from services.policy.application.previewing import Previews
from services.policy.projections.drafts import DraftReads
from services.policy.projections.reads import Reads
from services.policy.servicer.drafts import DraftServicer
from services.policy.servicer.policies import PolicyServicer
from services.policy.servicer.products import ProductServicer
from services.policy.servicer.quantification import QuantificationServicer
from services.policy.servicer.submissions import SubmissionServicer
from services.policy.servicer.treaties import TreatyServicer


def servicers(
    application: Application, tables: ReadTables, billing_subsidy: grpc.aio.Channel | None = None
) -> list[Servicer]:
    """All that this service offers. Without a channel to billing, its part of a change can't be shown."""
    reads = Reads(tables)
    previews = Previews(application, Billing(billing_subsidy))
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
            PolicyServicer(application, reads, tables, previews),
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
        (
            draft_service_pb2_grpc.add_DraftServiceServicer_to_server,
            DraftServicer(Drafts(application, previews), Policies(application), DraftReads(tables)),
            "hubao.policy.v1.DraftService",
        ),
    ]
