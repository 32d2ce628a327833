"""Who may not take an order although it could: conflicts of interest.

The assessor of a policy may not be its loss appraiser: an appraiser has to be independent of the parties and of the
judgement that the cover was sold on (Insurance Law art. 129). A vendor also declares enterprises that it is tied to.
"""

from collections.abc import Set
from uuid import UUID

from services.vendor_gateway.domain.accreditation import Accreditation

APPRAISALS = frozenset({"loss_appraisal", "judicial_appraisal"})
"""Kinds of service that an assessor of the same policy may not give."""


def conflict(
    vendor_id: UUID, accreditation: Accreditation, service_type: str, insured_uscc: str, assessors: Set[UUID]
) -> str | None:
    """Why the vendor may not work for this insured, or None if it may."""
    if service_type in APPRAISALS and vendor_id in assessors:
        return "it assessed the policy whose loss it would appraise"
    if insured_uscc in accreditation.conflicts:
        return f"it declared a conflict with {insured_uscc}"
    return None
