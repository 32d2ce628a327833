"""gRPC in, one command, gRPC out."""

from hubao.billing_subsidy.v1 import (
    account_service_pb2_grpc,
    ledger_service_pb2_grpc,
    programme_service_pb2_grpc,
    reconciliation_service_pb2_grpc,
    settlement_service_pb2_grpc,
    subsidy_case_service_pb2_grpc,
)

from libs.common.application import Application
from libs.common.grpc.server import Servicer
from libs.common.projection.tables import ReadTables
from services.billing_subsidy.application.accounts import Accounts
from services.billing_subsidy.application.cases import SubsidyCases
from services.billing_subsidy.application.collection import Collection
from services.billing_subsidy.application.foreseeing import Foresight
from services.billing_subsidy.application.programmes import Programmes
from services.billing_subsidy.application.settlement import Settlement
from services.billing_subsidy.application.statements import Statements
from services.billing_subsidy.projections import Reads
from services.billing_subsidy.servicer.accounts import AccountServicer
from services.billing_subsidy.servicer.cases import SubsidyCaseServicer
from services.billing_subsidy.servicer.ledger import LedgerServicer
from services.billing_subsidy.servicer.programmes import ProgrammeServicer
from services.billing_subsidy.servicer.reconciliation import ReconciliationServicer
from services.billing_subsidy.servicer.settlement import SettlementServicer

PACKAGE = "hubao.billing_subsidy.v1"


def servicers(application: Application, tables: ReadTables) -> list[Servicer]:
    """The service's own gRPC services."""
    reads = Reads(tables)
    accounts = Accounts(application)
    return [
        (
            account_service_pb2_grpc.add_AccountServiceServicer_to_server,
            AccountServicer(accounts, Collection(application), Foresight(application), reads),
            f"{PACKAGE}.AccountService",
        ),
        (
            ledger_service_pb2_grpc.add_LedgerServiceServicer_to_server,
            LedgerServicer(accounts, reads),
            f"{PACKAGE}.LedgerService",
        ),
        (
            programme_service_pb2_grpc.add_ProgrammeServiceServicer_to_server,
            ProgrammeServicer(Programmes(application), reads),
            f"{PACKAGE}.ProgrammeService",
        ),
        (
            subsidy_case_service_pb2_grpc.add_SubsidyCaseServiceServicer_to_server,
            SubsidyCaseServicer(SubsidyCases(application), reads),
            f"{PACKAGE}.SubsidyCaseService",
        ),
        (
            reconciliation_service_pb2_grpc.add_ReconciliationServiceServicer_to_server,
            ReconciliationServicer(Statements(application)),
            f"{PACKAGE}.ReconciliationService",
        ),
        (
            settlement_service_pb2_grpc.add_SettlementServiceServicer_to_server,
            SettlementServicer(Settlement(application), reads),
            f"{PACKAGE}.SettlementService",
        ),
    ]
