"""Duties of the insured as policy notes them."""

from hubao.vendor_gateway.v1 import events_pb2 as vendors

from libs.common.grpc.convert import date_value
from services.policy.domain.duty_notes import DutyBreachNoted, DutyDischargeNoted, DutyOpeningNoted


def opening_note(heard: vendors.DutyOpened) -> DutyOpeningNoted:
    return DutyOpeningNoted(
        duty_id=heard.duty_id,
        what=heard.what,
        due_on=date_value("due_on", heard.due_on),
        opened_on=date_value("opened_on", heard.opened_on),
    )


def breach_note(heard: vendors.DutyBreached) -> DutyBreachNoted:
    return DutyBreachNoted(duty_id=heard.duty_id, breached_on=date_value("breached_on", heard.breached_on))


def discharge_note(heard: vendors.DutyDischarged) -> DutyDischargeNoted:
    day = date_value("discharged_on", heard.discharged_on)
    return DutyDischargeNoted(duty_id=heard.duty_id, discharged_on=day, how=heard.how)
