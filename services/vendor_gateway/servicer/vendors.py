"""VendorService: gRPC in, one command, gRPC out."""

from typing import Any
from uuid import UUID

from hubao.vendor_gateway.v1 import vendor_service_pb2 as pb
from hubao.vendor_gateway.v1 import vendor_service_pb2_grpc as pb_grpc
from sqlalchemy import Row

from libs.common.checking import reading
from libs.common.context import current_call
from libs.common.grpc.convert import (
    date_message,
    date_value,
    enum_name,
    enum_text,
    money_message,
    money_value,
    uuid_value,
)
from libs.common.grpc.methods import Context
from libs.common.grpc.pages import next_token, page_of
from services.vendor_gateway.application import Vendors
from services.vendor_gateway.domain.accreditation import Accreditation, Capability, Certificate, Price
from services.vendor_gateway.domain.vendor import Rating, Vendor, VendorKind
from services.vendor_gateway.projections import Reads


class VendorServicer(pb_grpc.VendorServiceServicer):
    """Each method reads the request, calls one command, and writes the reply."""

    def __init__(self, vendors: Vendors, reads: Reads) -> None:
        self._vendors = vendors
        self._reads = reads

    async def RegisterVendor(self, request: pb.RegisterVendorRequest, context: Context) -> pb.RegisterVendorResponse:
        kind = VendorKind(enum_name("kind", pb.VendorKind, request.kind))
        done = await self._vendors.register(current_call(), request.uscc, request.name, kind)
        return pb.RegisterVendorResponse(vendor=vendor_message(done.stream, done.value, done.version))

    async def AccreditVendor(self, request: pb.AccreditVendorRequest, context: Context) -> pb.AccreditVendorResponse:
        done = await self._vendors.accredit(
            current_call(),
            uuid_value("vendor_id", request.vendor_id),
            accreditation_value(request.accreditation),
            etag=request.etag,
        )
        return pb.AccreditVendorResponse(vendor=vendor_message(done.stream, done.value, done.version))

    async def SuspendVendor(self, request: pb.SuspendVendorRequest, context: Context) -> pb.SuspendVendorResponse:
        vendor_id = uuid_value("vendor_id", request.vendor_id)
        done = await self._vendors.suspend(current_call(), vendor_id, request.reason, etag=request.etag)
        return pb.SuspendVendorResponse(vendor=vendor_message(done.stream, done.value, done.version))

    async def TerminateVendor(self, request: pb.TerminateVendorRequest, context: Context) -> pb.TerminateVendorResponse:
        vendor_id = uuid_value("vendor_id", request.vendor_id)
        done = await self._vendors.terminate(current_call(), vendor_id, request.reason, etag=request.etag)
        return pb.TerminateVendorResponse(vendor=vendor_message(done.stream, done.value, done.version))

    async def GetVendor(self, request: pb.GetVendorRequest, context: Context) -> pb.GetVendorResponse:
        loaded = await self._vendors.get(current_call(), uuid_value("vendor_id", request.vendor_id))
        return pb.GetVendorResponse(vendor=vendor_message(loaded.stream, loaded.value, loaded.version))

    async def ListVendors(self, request: pb.ListVendorsRequest, context: Context) -> pb.ListVendorsResponse:
        page = page_of(request)
        state = enum_name("state", pb.VendorState, request.state) if request.state else None
        rows = await self._reads.vendors(state, page.after, page.size + 1)
        shown, token = next_token(page, rows, key=lambda row: (row.name, row.vendor_id))
        return pb.ListVendorsResponse(vendors=[row_message(row) for row in shown], next_page_token=token)


def accreditation_value(message: pb.Accreditation) -> Accreditation:
    with reading() as read:
        return Accreditation(
            certificates=tuple(
                Certificate(
                    code=one.code,
                    number=one.number,
                    expires_on=read(date_value, f"accreditation.certificates[{place}].expires_on", one.expires_on),
                )
                for place, one in enumerate(message.certificates)
            ),
            capabilities=tuple(
                Capability(
                    service_type=one.service_type,
                    industries=tuple(one.industries),
                    regions=tuple(one.regions),
                    start_within_hours=one.start_within_hours,
                )
                for one in message.capabilities
            ),
            capacity=message.capacity,
            prices=tuple(
                Price(
                    service_type=one.service_type,
                    price=read(money_value, f"accreditation.prices[{place}].price", one.price),
                    valid_from=read(date_value, f"accreditation.prices[{place}].valid_from", one.valid_from),
                )
                for place, one in enumerate(message.prices)
            ),
            signing_key=message.signing_key,
            conflicts=frozenset(message.conflicts),
        )


def accreditation_message(value: Accreditation) -> pb.Accreditation:
    return pb.Accreditation(
        certificates=[
            pb.Certificate(code=one.code, number=one.number, expires_on=date_message(one.expires_on))
            for one in value.certificates
        ],
        capabilities=[
            pb.Capability(
                service_type=one.service_type,
                industries=one.industries,
                regions=one.regions,
                start_within_hours=one.start_within_hours,
            )
            for one in value.capabilities
        ],
        capacity=value.capacity,
        prices=[
            pb.Price(
                service_type=one.service_type,
                price=money_message(one.price),
                valid_from=date_message(one.valid_from),
            )
            for one in value.prices
        ],
        signing_key=value.signing_key,
        conflicts=sorted(value.conflicts),
    )


def vendor_message(vendor_id: UUID, vendor: Vendor, version: int) -> pb.Vendor:
    return pb.Vendor(
        vendor_id=str(vendor_id),
        uscc=vendor.uscc,
        name=vendor.name,
        kind=enum_text(pb.VendorKind, vendor.kind),
        state=enum_text(pb.VendorState, vendor.state),
        accreditation=None if vendor.accreditation is None else accreditation_message(vendor.accreditation),
        rating=rating_message(vendor.rating),
        reason=vendor.reason,
        etag=str(version),
    )


def row_message(row: Row[Any]) -> pb.Vendor:
    rating = Rating(closed=row.closed, on_time=row.on_time, first_time_right=row.first_time_right)
    return pb.Vendor(
        vendor_id=str(row.vendor_id),
        uscc=row.uscc,
        name=row.name,
        kind=enum_text(pb.VendorKind, row.kind),
        state=enum_text(pb.VendorState, row.state),
        rating=rating_message(rating),
        reason=row.reason,
        etag=str(row.version),
    )


def rating_message(rating: Rating) -> pb.Rating:
    return pb.Rating(
        closed_orders=rating.closed,
        on_time_orders=rating.on_time,
        first_time_right_orders=rating.first_time_right,
        score=rating.score or 0,
    )
