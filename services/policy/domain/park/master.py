"""What a master may not do that another policy may: certificates rest on its parts and its cessions."""

from collections.abc import Sequence
from fractions import Fraction

from services.policy.domain.park.errors import ParkCessionsFixed, PartOnCertificates
from services.policy.domain.policy.cession import fractions
from services.policy.domain.policy.charge import cessions_of, exposure_of
from services.policy.domain.policy.events import Bound
from services.policy.domain.policy.values import Change, ChangeKind, Segment
from services.policy.domain.product.terms import ProductLine


def check_master_changes(bound: Bound, changes: Sequence[Change], segments: Sequence[Segment]) -> None:
    """Refuses changes of a park policy that would take a part, or move a cession, from under its certificates."""
    if bound.line is not ProductLine.PARK:
        return
    for change in changes:
        if change.kind is ChangeKind.REMOVE_PART:
            raise PartOnCertificates(part_code=change.part_code)
    cessions, exposure = cessions_of(bound), exposure_of(bound.shares, bound.aggregate_cap)
    agreed: list[Fraction] = fractions(cessions, exposure.of(bound.parts))
    for segment in segments:
        now = fractions(cessions, exposure.of(segment.parts))
        for cession, before, after in zip(cessions, agreed, now, strict=True):
            if before != after:
                raise ParkCessionsFixed(source_id=cession.source_id, first=segment.first)
