"""An incident to its first notice, without guessing.

A date stays as partial or as impossible as it stands in the record, an amount keeps its currency or its lack of one:
the claims service is who refuses or asks.
"""

from datetime import date, timedelta
from fractions import Fraction
from math import ceil, floor
from uuid import NAMESPACE_URL, uuid5

from google.type import date_pb2
from hubao.claims.v1 import claim_pb2
from hubao.claims.v1.claim_service_pb2 import NotifyClaimRequest

from deploy.local.incidents.reading import Incident
from libs.common.dates import PartialDate

REQUESTS = uuid5(NAMESPACE_URL, "urn:hubao:incident")
LONGEST_DESCRIPTION = 4000

LENGTHS = {  # In days, the shortest and the longest.
    "Seconds": (Fraction(1, 86400), Fraction(1, 86400)),
    "Minutes": (Fraction(1, 1440), Fraction(1, 1440)),
    "Hours": (Fraction(1, 24), Fraction(1, 24)),
    "Days": (Fraction(1), Fraction(1)),
    "Weeks": (Fraction(7), Fraction(7)),
    "Months": (Fraction(28), Fraction(31)),
    "Years": (Fraction(365), Fraction(366)),
}
UP_TO = {"Seconds": 1, "Minutes": 1, "Hours": 1, "Days": 7, "Weeks": 31, "Months": 366}
"""Days that a unit without a number may reach: up to the next larger unit. Years may reach anything."""


def notice_of(incident: Incident, policy_id: str) -> NotifyClaimRequest:
    """The first notice of an incident under a policy, with a request id of its own for each record."""
    words = incident.words
    discovered = _discovered(incident)
    return NotifyClaimRequest(
        policy_id=policy_id,
        reference=incident.reference,
        reported_by="VERIS Community Database",
        occurred_on=_date(incident.occurred),
        notified_on=_date(incident.notified),
        discovered_on=_date((discovered.year, discovered.month, discovered.day)) if discovered else None,
        description="; ".join(incident.notes)[:LONGEST_DESCRIPTION],
        veris=claim_pb2.VerisCodes(
            actions=words["actions"],
            actors=words["actors"],
            assets=words["assets"],
            attributes=words["attributes"],
            action_varieties=words["action_varieties"],
        ),
        reported_loss=None
        if incident.amount is None
        else claim_pb2.ReportedLoss(amount=f"{incident.amount:f}", currency_code=incident.currency),
        request_id=str(uuid5(REQUESTS, incident.id)),
    )


def _discovered(incident: Incident) -> PartialDate | None:
    """When it was discovered, as exactly as the time that went by allows: a day, a month, a year, or not at all.

    "3 months" after 8 December may be any day of the two months around; the answer is the smallest date that holds
    them all.
    """
    year, month, day = incident.occurred
    lengths = LENGTHS.get(incident.discovery_unit)
    if year is None or lengths is None:
        return None
    value = incident.discovery_value
    if value is None and incident.discovery_unit not in UP_TO:
        return None
    try:
        occurred = PartialDate(year, month, day)
        if value is None:
            least, most = floor(lengths[0]), UP_TO[incident.discovery_unit]
        else:
            least = max(floor((Fraction(value) - 1) * lengths[0]), 0)
            most = ceil((Fraction(value) + 1) * lengths[1])
        return _holding(occurred.earliest + timedelta(days=least), occurred.latest + timedelta(days=most))
    except (ValueError, OverflowError):
        return None  # A date that does not exist, or a time that leaves the calendar: nothing follows from it.


def _holding(first: date, last: date) -> PartialDate | None:
    """The smallest partial date that holds two days and all between them."""
    if first == last:
        return PartialDate.of(first)
    if (first.year, first.month) == (last.year, last.month):
        return PartialDate(first.year, first.month)
    return PartialDate(first.year) if first.year == last.year else None


def _date(parts: tuple[int | None, int | None, int | None]) -> date_pb2.Date | None:
    """The date as it stands, whether or not there is such a day; None if nothing stands there."""
    year, month, day = parts
    return date_pb2.Date(year=year or 0, month=month or 0, day=day or 0) if any(parts) else None
