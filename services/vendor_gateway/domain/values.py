"""What the aggregates of the gateway speak about: phases, entitlements, the insured, where an order comes from."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from libs.common.money import Money


class Phase(StrEnum):
    """When in the life of a policy a service is given."""

    PRE_BIND = "pre_bind"
    IN_FORCE = "in_force"
    INCIDENT = "incident"
    POST_INCIDENT = "post_incident"


@dataclass(frozen=True)
class Entitlement:
    """A bundled service that a policy version promises, on the terms that an order under it keeps.

    `pause_allowance_hours` is how long a vendor's pauses of one order may stop its clocks in all without the insurer's
    consent.
    """

    code: str
    service_type: str
    phase: Phase
    quantity: int
    mandatory: bool
    fee: Money
    respond_within_hours: int
    start_within_hours: int
    deliver_within_hours: int
    pause_allowance_hours: int = 72

    @property
    def is_assessment(self) -> bool:
        return self.phase is Phase.PRE_BIND or self.service_type == "assessment"


@dataclass(frozen=True)
class Insured:
    """What a vendor needs to know of the insured, and no more."""

    uscc: str
    name: str
    industry_code: str
    region_code: str


class OriginKind(StrEnum):
    SUBMISSION = "submission"
    POLICY = "policy"
    CLAIM = "claim"


@dataclass(frozen=True)
class Origin:
    """Why an order exists: the submission, the policy or the claim that asked for the work."""

    kind: OriginKind
    id: UUID
