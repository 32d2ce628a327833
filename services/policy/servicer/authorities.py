"""The methods of SubmissionService that are about authority."""

from typing import Any

from hubao.policy.v1 import authority_pb2 as pb
from sqlalchemy import Row

from libs.common.application import Application, Done, Loaded
from libs.common.context import current_call
from libs.common.grpc.convert import date_message, date_value, money_message, money_value, optional, uuid_value
from libs.common.grpc.methods import Context
from libs.common.grpc.pages import next_token, page_of
from libs.common.money import CNY, Money
from libs.common.names import check_principal
from services.policy.application.authorities import Authorities
from services.policy.application.referrals import Releases, import_subject, park_subject
from services.policy.domain.authority import Authority
from services.policy.domain.release import ReleasedInAdvance
from services.policy.projections.underwriting_reads import UnderwritingReads


class AuthorityMethods:
    def __init__(self, application: Application, reads: UnderwritingReads) -> None:
        self._authorities = Authorities(application)
        self._releases = Releases(application)
        self._underwriting = reads

    async def GrantAuthority(self, request: pb.GrantAuthorityRequest, context: Context) -> pb.GrantAuthorityResponse:
        done = await self._authorities.grant(
            current_call(),
            check_principal("principal", request.principal),
            money_value("limit", request.limit),
            tuple(request.reasons),
            optional(request, "valid_from", date_value),
            request.etag,
        )
        return pb.GrantAuthorityResponse(authority=authority_message(done))

    async def ReleaseInAdvance(
        self, request: pb.ReleaseInAdvanceRequest, context: Context
    ) -> pb.ReleaseInAdvanceResponse:
        if request.WhichOneof("subject") == "import_key":
            subject = import_subject(request.import_key)
        else:
            subject = park_subject(uuid_value("park_policy_id", request.park_policy_id))
        limit = money_value("limit", request.limit)
        done = await self._releases.release(current_call(), subject, limit, request.reasons, request.note)
        return pb.ReleaseInAdvanceResponse(releases=[release_message(each) for each in done.value.given])

    async def RevokeAuthority(self, request: pb.RevokeAuthorityRequest, context: Context) -> pb.RevokeAuthorityResponse:
        principal = check_principal("principal", request.principal)
        first = optional(request, "valid_from", date_value)
        done = await self._authorities.revoke(current_call(), principal, first, request.etag)
        return pb.RevokeAuthorityResponse(authority=authority_message(done))

    async def GetAuthority(self, request: pb.GetAuthorityRequest, context: Context) -> pb.GetAuthorityResponse:
        loaded = await self._authorities.get(current_call(), check_principal("principal", request.principal))
        return pb.GetAuthorityResponse(authority=authority_message(loaded))

    async def ListAuthorities(self, request: pb.ListAuthoritiesRequest, context: Context) -> pb.ListAuthoritiesResponse:
        tenant = current_call().tenant
        page = page_of(request, tenant)
        rows = await self._underwriting.authorities(tenant, page)
        shown, token = next_token(page, rows, key=lambda row: (row.principal, row.authority_id))
        return pb.ListAuthoritiesResponse(authorities=[row_message(row) for row in shown], next_page_token=token)


def release_message(given: ReleasedInAdvance) -> pb.AdvanceRelease:
    return pb.AdvanceRelease(
        limit=money_message(given.limit),
        reasons=given.reasons,
        note=given.note,
        released_by=given.released_by,
        released_on=date_message(given.released_on),
    )


def authority_message(found: Done[Authority] | Loaded[Authority]) -> pb.Authority:
    return pb.Authority(
        principal=found.value.principal,
        grants=[
            pb.AuthorityGrant(
                valid_from=date_message(grant.valid_from),
                limit=money_message(grant.limit),
                reasons=grant.reasons,
                granted_by=grant.granted_by,
            )
            for grant in found.value.grants
        ],
        etag=str(found.version),
    )


def row_message(row: Row[Any]) -> pb.AuthoritySummary:
    newest = pb.AuthorityGrant(
        valid_from=date_message(row.valid_from),
        limit=money_message(Money(CNY, row.limit)),
        reasons=row.reasons.split(",") if row.reasons else [],
        granted_by=row.granted_by,
    )
    return pb.AuthoritySummary(principal=row.principal, newest=newest)
