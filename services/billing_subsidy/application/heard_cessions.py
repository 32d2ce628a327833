"""Cessions as policy announces them, read."""

from collections.abc import Sequence

from hubao.policy.v1 import terms_pb2 as terms_pb

from libs.common.grpc.convert import date_value, money_value, percent_value
from services.billing_subsidy.domain.account.cessions import CededShare, FractionPeriod, Panelist, ReinsurersPart


def cession_values(timeline: terms_pb.PolicyTimeline) -> tuple[CededShare, ...]:
    """All that is ceded, over the term."""
    return tuple(_cession(f"timeline.cessions[{place}]", one) for place, one in enumerate(timeline.cessions))


def reinsurers_parts(field: str, cessions: Sequence[terms_pb.CededPremium]) -> tuple[ReinsurersPart, ...]:
    """What each reinsurer gets of a movement, cession by cession."""
    return tuple(
        ReinsurersPart(
            part.reinsurer_id,
            money_value(f"{field}.reinsurers.ceded", part.ceded),
            money_value(f"{field}.reinsurers.commission", part.commission),
        )
        for cession in cessions
        for part in cession.reinsurers
    )


def _cession(field: str, one: terms_pb.PolicyCession) -> CededShare:
    return CededShare(
        source_id=one.source_id,
        reinsurers=tuple(
            Panelist(each.reinsurer_id, percent_value(f"{field}.reinsurers.percent", each.percent))
            for each in one.reinsurers
        ),
        periods=tuple(
            FractionPeriod(
                date_value(f"{field}.periods.from", getattr(each, "from")),
                date_value(f"{field}.periods.to", each.to),
                each.fraction,
            )
            for each in one.periods
        ),
    )
