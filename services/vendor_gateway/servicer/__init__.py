"""gRPC in, one command, gRPC out."""

from hubao.vendor_gateway.v1 import order_service_pb2 as order_pb
from hubao.vendor_gateway.v1 import vendor_service_pb2 as vendor_pb
from hubao.vendor_gateway.v1.order_service_pb2_grpc import add_OrderServiceServicer_to_server
from hubao.vendor_gateway.v1.vendor_service_pb2_grpc import add_VendorServiceServicer_to_server

from libs.common.application import Application
from libs.common.grpc.server import Servicer
from libs.common.projection.tables import ReadTables
from services.vendor_gateway.application import Orders, Vendors
from services.vendor_gateway.projections import Reads
from services.vendor_gateway.servicer.orders import OrderServicer
from services.vendor_gateway.servicer.vendors import VendorServicer


def servicers(application: Application, tables: ReadTables) -> list[Servicer]:
    """The service's own gRPC services."""
    reads = Reads(tables)
    return [
        (
            add_VendorServiceServicer_to_server,
            VendorServicer(Vendors(application), reads),
            vendor_pb.DESCRIPTOR.services_by_name["VendorService"].full_name,
        ),
        (
            add_OrderServiceServicer_to_server,
            OrderServicer(Orders(application), reads, application.log),
            order_pb.DESCRIPTOR.services_by_name["OrderService"].full_name,
        ),
    ]
