"""What a policy promises: ordered within its quantity, or withheld with a coded reason."""

from datetime import date
from uuid import UUID

import pytest

from libs.common.dates import PartialDate
from services.vendor_gateway.domain.errors import CoverEnded, EntitlementNotPromised, EntitlementUsedUp
from services.vendor_gateway.domain.order.events import CancelReason
from services.vendor_gateway.domain.policy_services import PolicyServices
from services.vendor_gateway.domain.policy_services import events as e
from services.vendor_gateway.domain.policy_services.events import WithheldReason
from services.vendor_gateway.domain.values import Phase
from tests.vendor_gateway.examples import (
    ASSESSMENT,
    CLAIM,
    NOON,
    ORDER,
    POLICY,
    RESPONSE,
    entitlement,
    given,
    opened,
    ordered,
)

OTHER = UUID(int=99)
ENDING = e.CoverEndHeard(
    policy_id=POLICY, ends_on=date(2026, 10, 1), reason=CancelReason.POLICY_CANCELLED, heard_at=NOON
)
STOPPED = e.Stopped(policy_id=POLICY, reason=CancelReason.POLICY_CANCELLED, stopped_at=NOON)
BACK = e.GivenBack(policy_id=POLICY, code="MONITORING", order_id=ORDER, given_back_at=NOON)


def test_services_in_force_are_due_at_once_and_only_once() -> None:
    services = given(PolicyServices, opened(entitlement(), RESPONSE, ASSESSMENT, entitlement("SCAN", quantity=0)))

    assert services.due_now() == [entitlement()]
    assert services.evolve(ordered()).due_now() == []
    assert services.evolve(ordered()).evolve(BACK).due_now() == []


def test_every_promise_without_an_order_has_a_coded_reason() -> None:
    recovery = entitlement("RECOVERY", service_type="recovery", phase=Phase.POST_INCIDENT)
    services = given(
        PolicyServices,
        opened(entitlement(), RESPONSE, ASSESSMENT, recovery, entitlement("SCAN", quantity=0)),
        ordered(),
    )

    assert {withheld.code: withheld.reason for withheld in services.explain(NOON)} == {
        "RESPONSE": WithheldReason.AWAITS_INCIDENT,
        "RECOVERY": WithheldReason.AWAITS_INCIDENT,
        "ASSESSMENT": WithheldReason.NOT_ASSESSED_BEFORE_BIND,
        "SCAN": WithheldReason.NO_QUANTITY,
    }


def test_a_promise_can_be_ordered() -> None:
    assert given(PolicyServices, opened()).order("MONITORING", ORDER, None, NOON) == [ordered()]


def test_the_same_order_is_placed_once() -> None:
    assert given(PolicyServices, opened(), ordered()).order("MONITORING", ORDER, None, NOON) == []


def test_what_is_not_promised_cannot_be_ordered() -> None:
    with pytest.raises(EntitlementNotPromised):
        given(PolicyServices, opened()).order("FORENSICS", ORDER, None, NOON)


def test_a_promise_cannot_be_ordered_more_often_than_its_quantity() -> None:
    with pytest.raises(EntitlementUsedUp) as refusal:
        given(PolicyServices, opened(), ordered()).order("MONITORING", OTHER, None, NOON)

    assert refusal.value.details == {"code": "MONITORING", "quantity": "1"}


def test_a_cancelled_order_may_be_ordered_once_more_under_a_new_number() -> None:
    services = given(PolicyServices, opened(), ordered(), BACK)

    assert services.order("MONITORING", OTHER, None, NOON) == [ordered(order_id=OTHER)]
    assert services.number("MONITORING") == 2
    assert services.give_back(ORDER, NOON) == []


def test_an_order_is_given_back_once() -> None:
    assert given(PolicyServices, opened(), ordered()).give_back(ORDER, NOON) == [BACK]


def test_nothing_is_ordered_once_cover_has_ended_except_for_a_claim() -> None:
    services = given(PolicyServices, opened(entitlement(), RESPONSE), ENDING, STOPPED)

    with pytest.raises(CoverEnded):
        services.order("MONITORING", ORDER, None, NOON)
    assert services.order("RESPONSE", ORDER, CLAIM, NOON) == [ordered("RESPONSE", claim_id=CLAIM)]
    assert services.due_now() == []


def test_a_claim_is_answered_with_the_promises_for_an_incident() -> None:
    services = given(PolicyServices, opened(entitlement(), RESPONSE))

    assert services.for_claim(PartialDate(2026, 7, 1)) == [RESPONSE]


def test_a_claim_finds_a_promise_used_up() -> None:
    services = given(PolicyServices, opened(RESPONSE), ordered("RESPONSE", claim_id=CLAIM))

    assert services.for_claim(PartialDate(2026, 7, 1)) is WithheldReason.USED_UP


def test_a_claim_finds_nothing_promised() -> None:
    assert given(PolicyServices, opened()).for_claim(None) is WithheldReason.NO_ENTITLEMENT


@pytest.mark.parametrize(
    ("occurred", "outside"),
    [
        (PartialDate(2025, 12, 31), True),
        (PartialDate(2025), True),
        (PartialDate(2026), False),
        (PartialDate(2026, 9, 30), False),
        (PartialDate(2026, 10), True),
        (None, False),
    ],
)
def test_a_loss_is_outside_of_cover_only_if_every_day_it_may_mean_is(
    occurred: PartialDate | None, outside: bool
) -> None:
    services = given(PolicyServices, opened(RESPONSE), ENDING)

    assert (services.for_claim(occurred) is WithheldReason.OUTSIDE_COVER) is outside


def test_an_endorsement_changes_promises_once() -> None:
    services = given(PolicyServices, opened())
    (changed,) = services.change((entitlement(), RESPONSE), date(2027, 1, 1), NOON)

    assert services.evolve(changed).entitlements == (entitlement(), RESPONSE)
    assert services.evolve(changed).change((entitlement(), RESPONSE), date(2027, 1, 1), NOON) == []


def test_services_stop_once_when_cover_ends() -> None:
    services = given(PolicyServices, opened())

    assert services.end_cover(date(2026, 10, 1), CancelReason.POLICY_CANCELLED, NOON) == [ENDING]
    assert services.stop(NOON) == []
    assert services.evolve(ENDING).stop(NOON) == [STOPPED]
    assert services.evolve(ENDING).evolve(STOPPED).stop(NOON) == []
    assert services.evolve(STOPPED).end_cover(date(2026, 10, 1), CancelReason.POLICY_CANCELLED, NOON) == []


def test_orders_of_claims_are_told_from_orders_of_the_policy() -> None:
    services = given(
        PolicyServices, opened(entitlement(), RESPONSE), ordered(), ordered("RESPONSE", OTHER, claim_id=CLAIM)
    )

    assert services.open_orders() == [ORDER]
    assert services.open_orders(claim_id=CLAIM) == [OTHER]
    assert services.open_orders(codes=frozenset({"SCAN"})) == []
