"""What timers do."""

from libs.common.service import Firing
from services.billing_subsidy.application.accounts import end_grace, find_overdue
from services.billing_subsidy.application.reaching import open_reached, serve_waiting
from services.billing_subsidy.domain import timers

FIRING: dict[str, Firing] = {
    timers.OVERDUE: find_overdue,
    timers.GRACE: end_grace,
    timers.ROOM: serve_waiting,
    timers.REACH: open_reached,
}
