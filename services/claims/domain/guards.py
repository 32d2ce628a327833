"""The limits of each policy as guards, so that no two decisions together take more than there is."""

from typing import Any
from uuid import UUID

from libs.common.changes import Draw, GuardChange, GuardWords, Recorded, SetLimit
from libs.common.money import CNY
from services.claims.domain.account import CoverageOpened, CoverageRetermed, LimitsDrawn
from services.claims.domain.limits import AGGREGATE


def limit_key(policy_id: UUID, part_code: str) -> str:
    """The guard of one part's limit, or of the aggregate."""
    return f"coverage:{policy_id}:{'aggregate' if part_code == AGGREGATE else part_code}"


def guard_words(key: str) -> GuardWords:
    """The limit, with the policy or the certificate whose it is."""
    _, cover, part = key.split(":", 2)
    name = "aggregate limit" if part == "aggregate" else f"limit of part {part}"
    return GuardWords(f"The {name} of policy or certificate {cover}", CNY)


def draws(recorded: Recorded[Any]) -> list[GuardChange]:
    """Terms set the limits; decisions draw on them."""
    match recorded.event:
        case CoverageOpened(policy_id=policy_id, limits=limits) | CoverageRetermed(policy_id=policy_id, limits=limits):
            return [SetLimit(limit_key(policy_id, entry.part_code), entry.amount.minor_units) for entry in limits]
        case LimitsDrawn(policy_id=policy_id, amounts=amounts):
            return [Draw(limit_key(policy_id, entry.part_code), entry.amount.minor_units) for entry in amounts]
    return []
