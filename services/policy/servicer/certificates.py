"""The methods of PolicyService on the members of park policies."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from hubao.policy.v1 import certificates_pb2 as pb
from hubao.policy.v1 import park_pb2, policy_service_pb2

from libs.common.application import Application
from libs.common.context import Call, current_call
from libs.common.grpc.convert import date_value, enum_name, optional, uuid_value
from libs.common.grpc.methods import Context
from libs.common.grpc.pages import next_token, page_of
from libs.common.projection.tables import ReadTables
from services.policy.application.certificates import Certificates
from services.policy.domain.policy.policy import Policy
from services.policy.domain.product.terms import ProductLine
from services.policy.projections.certificates import CertificateReads
from services.policy.servicer.certificate_messages import (
    certificate_message,
    joining_value,
    result_message,
    row_message,
    row_value,
)
from services.policy.servicer.park_messages import park_summary_message


class CertificateMethods:
    """Mixed into the servicer of PolicyService."""

    _certificates: Certificates
    _certificate_reads: CertificateReads

    def _serve_certificates(self, application: Application, tables: ReadTables) -> None:
        self._certificates = Certificates(application)
        self._certificate_reads = CertificateReads(tables)

    async def IssueCertificate(
        self, request: pb.IssueCertificateRequest, context: Context
    ) -> pb.IssueCertificateResponse:
        view = await self._certificates.issue(
            current_call(), uuid_value("policy_id", request.policy_id), joining_value("joining", request.joining)
        )
        return pb.IssueCertificateResponse(certificate=certificate_message(view, view.certificate.stays[-1].joins_on))

    async def IssueCertificates(
        self, request: pb.IssueCertificatesRequest, context: Context
    ) -> pb.IssueCertificatesResponse:
        policy_id = uuid_value("policy_id", request.policy_id)
        return pb.IssueCertificatesResponse(results=await self._issue_many(current_call(), policy_id, request.members))

    async def WithdrawCertificate(
        self, request: pb.WithdrawCertificateRequest, context: Context
    ) -> pb.WithdrawCertificateResponse:
        leaves_on = date_value("leaves_on", request.leaves_on)
        view = await self._certificates.withdraw(
            current_call(),
            uuid_value("certificate_id", request.certificate_id),
            leaves_on,
            request.reason,
            request.etag,
        )
        return pb.WithdrawCertificateResponse(certificate=certificate_message(view, leaves_on))

    async def GetCertificate(self, request: pb.GetCertificateRequest, context: Context) -> pb.GetCertificateResponse:
        call = current_call()
        view = await self._certificates.get(call, uuid_value("certificate_id", request.certificate_id))
        effective = optional(request, "effective_date", date_value) or call.today
        return pb.GetCertificateResponse(certificate=certificate_message(view, effective))

    async def ListCertificates(
        self, request: pb.ListCertificatesRequest, context: Context
    ) -> pb.ListCertificatesResponse:
        tenant = current_call().tenant
        page = page_of(request, tenant)
        status = enum_name("status", park_pb2.CertificateStatus, request.status) if request.status else ""
        rows = await self._certificate_reads.page(
            tenant,
            page,
            uuid_value("policy_id", request.policy_id),
            status,
            optional(request, "covered_on", date_value),
        )
        shown, token = next_token(page, rows, key=lambda row: (row.certificate_number, row.certificate_id))
        return pb.ListCertificatesResponse(certificates=[row_message(row) for row in shown], next_page_token=token)

    async def _issue_many(
        self, call: Call, policy_id: UUID, members: Iterable[pb.JoiningMember]
    ) -> list[pb.CertificateResult]:
        results = await self._certificates.issue_many(call, policy_id, [row_value(member) for member in members])
        return [result_message(row, result, call.today) for row, result in enumerate(results)]

    async def _with_park(
        self, call: Call, message: policy_service_pb2.Policy, policy: Policy, known_at: datetime | None = None
    ) -> policy_service_pb2.Policy:
        """A policy's message with the sum of its members, if it is a master."""
        if policy.bound.line is ProductLine.PARK:
            park = await self._certificates.park(call, UUID(message.policy_id), policy, known_at)
            message.park.CopyFrom(park_summary_message(park))
        return message
