"""What was announced of a policy, and when it was recorded there: an account answers as it was known at a time."""

from dataclasses import dataclass
from datetime import datetime

from services.claims.domain.coverage.basis import Premium
from services.claims.domain.terms import Terms


@dataclass(frozen=True)
class KnownTerms:
    """Terms with the time at which the policy service recorded them."""

    recorded_at: datetime
    cause: str
    terms: Terms


@dataclass(frozen=True)
class KnownPremium:
    """How the premium stood, with the time at which billing recorded it."""

    recorded_at: datetime
    premium: Premium
