"""All kinds of aggregates of this service: every stream of its log is one of them."""

from services.claims.domain.account import CoverageAccount
from services.claims.domain.authority.value import Authority
from services.claims.domain.claim.value import Claim
from services.claims.domain.member import Member
from services.claims.domain.notices import InsuredNotices

AGGREGATES = (
    Authority,
    Claim,
    CoverageAccount,
    InsuredNotices,
    Member,
)
