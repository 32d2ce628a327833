"""What a submission for the next term of a policy knows of that policy."""

from dataclasses import dataclass
from datetime import date

from libs.common.events import event
from services.policy.domain.experience import Experience


@dataclass(frozen=True)
class Renewal:
    """`continuous`: the new term begins where the old one ends, and retroactive dates are carried over."""

    policy_id: str
    policy_number: str
    expiry: date
    continuous: bool
    experience: Experience


@event("policy.RenewalBegun")
class RenewalBegun:
    renewal: Renewal


@event("policy.ExperienceTaken")
class ExperienceTaken:
    """Claims and duties of the expiring policy, as known when a quote is about to be made."""

    experience: Experience
