"""The methods of ClaimService that are about authority."""

from hubao.claims.v1 import authority_pb2 as pb

from libs.common.application import Application, Done, Loaded
from libs.common.context import current_call
from libs.common.grpc.convert import (
    date_message,
    date_value,
    enum_name,
    enum_text,
    money_message,
    money_value,
    optional,
)
from libs.common.grpc.methods import Context
from libs.common.grpc.pages import next_token, page_of
from services.claims.application.authorities import Authorities
from services.claims.domain.authority.profile import Act, Profile, Rule
from services.claims.domain.authority.value import Authority
from services.claims.projections import Reads


class AuthorityMethods:
    def __init__(self, application: Application, reads: Reads) -> None:
        self._authorities = Authorities(application)
        self._reads = reads

    async def GrantAuthority(self, request: pb.GrantAuthorityRequest, context: Context) -> pb.GrantAuthorityResponse:
        first = optional(request, "valid_from", date_value)
        done = await self._authorities.propose(
            current_call(), request.holder, profile_value(request), first, request.etag
        )
        return pb.GrantAuthorityResponse(authority=authority_message(done))

    async def ApproveAuthority(
        self, request: pb.ApproveAuthorityRequest, context: Context
    ) -> pb.ApproveAuthorityResponse:
        done = await self._authorities.grant(current_call(), request.holder, request.number, request.etag)
        return pb.ApproveAuthorityResponse(authority=authority_message(done))

    async def GetAuthority(self, request: pb.GetAuthorityRequest, context: Context) -> pb.GetAuthorityResponse:
        loaded = await self._authorities.get(current_call(), request.holder)
        return pb.GetAuthorityResponse(authority=authority_message(loaded))

    async def ListAuthorities(self, request: pb.ListAuthoritiesRequest, context: Context) -> pb.ListAuthoritiesResponse:
        tenant = current_call().tenant
        page = page_of(request, tenant)
        rows = await self._reads.authorities(tenant, page.after, page.size + 1)
        shown, token = next_token(page, rows, key=lambda row: (row.holder, row.authority_id))
        return pb.ListAuthoritiesResponse(
            authorities=[pb.AuthoritySummary(holder=row.holder, waiting=row.waiting) for row in shown],
            next_page_token=token,
        )


def profile_value(request: pb.GrantAuthorityRequest) -> Profile:
    rules = tuple(
        Rule(
            Act(enum_name(f"rules[{index}].act", pb.AuthorityAct, rule.act)) if rule.act else None,
            rule.part_code,
            money_value(f"rules[{index}].limit", rule.limit),
        )
        for index, rule in enumerate(request.rules)
    )
    return Profile(rules, request.committee)


def authority_message(found: Done[Authority] | Loaded[Authority]) -> pb.Authority:
    known = found.value
    waits = known.pending
    return pb.Authority(
        holder=known.holder,
        grants=[
            pb.AuthorityProfile(
                number=grant.number,
                valid_from=date_message(grant.valid_from),
                rules=rule_messages(grant.profile),
                committee=grant.profile.committee,
                proposed_by=grant.proposed_by,
                granted_by=grant.granted_by,
            )
            for grant in known.grants
        ],
        pending=None
        if waits is None
        else pb.AuthorityProfile(
            number=waits.number,
            valid_from=date_message(waits.valid_from),
            rules=rule_messages(waits.profile),
            committee=waits.profile.committee,
            proposed_by=waits.proposed_by,
        ),
        etag=str(found.version),
    )


def rule_messages(profile: Profile) -> list[pb.AuthorityRule]:
    return [
        pb.AuthorityRule(
            act=enum_text(pb.AuthorityAct, rule.act) if rule.act else None,
            part_code=rule.part_code,
            limit=money_message(rule.limit),
        )
        for rule in profile.rules
    ]
