"""What claims can be asked to do: commands on claims, and what other services' facts lead to."""

from collections.abc import Mapping

from libs.common.service import Firing
from services.claims.application.claims import Claims, Noticed

FIRING: Mapping[str, Firing] = {}
"""No claim waits for the clock yet."""

__all__ = ["FIRING", "Claims", "Noticed"]
