"""Real incidents as first notices: reading, mapping, choosing a policy, counting what came of them."""

from deploy.local.incidents.assigning import assign
from deploy.local.incidents.notice import notice_of
from deploy.local.incidents.outcomes import Tally, notify_all
from deploy.local.incidents.reading import HAND_MADE, Damaged, Incident, read_incidents

__all__ = ["HAND_MADE", "Damaged", "Incident", "Tally", "assign", "notice_of", "notify_all", "read_incidents"]
