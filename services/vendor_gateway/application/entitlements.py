"""What a policy's life means for its services: steps of reactions and timers, each part of one append."""

from datetime import date
from uuid import UUID

from libs.common.dates import PartialDate
from libs.common.errors import NotYet
from libs.common.unit import Unit
from services.vendor_gateway.application.finding import assessment_order, order_id_of, services_id
from services.vendor_gateway.application.orders import give_back
from services.vendor_gateway.application.placement import offer_order, request_order
from services.vendor_gateway.domain.order import ServiceOrder, State
from services.vendor_gateway.domain.order.events import CancelReason
from services.vendor_gateway.domain.policy_services import PolicyServices
from services.vendor_gateway.domain.policy_services.events import Opened, WithheldReason
from services.vendor_gateway.domain.values import Entitlement, Insured, Origin, OriginKind, Phase


async def request_assessment(unit: Unit, submission_id: UUID, service: Entitlement, insured: Insured) -> None:
    """Places the assessment before binding. Asked for again, it is searched a vendor anew if it is unplaced."""
    order_id, order = await assessment_order(unit, submission_id)
    if order is None:
        await request_order(unit, order_id, Origin(OriginKind.SUBMISSION, submission_id), service, insured)
    elif order.state is State.UNPLACED:
        reopened = unit.record(ServiceOrder, order_id, order.reopen(unit.call.principal, unit.call.now))
        assert reopened is not None
        await offer_order(unit, order_id, reopened)


async def open_services(unit: Unit, opened: Opened) -> None:
    """Remembers what a policy promises, places what is due at once, and says why nothing is ordered for the rest."""
    stream = services_id(unit.call.tenant, opened.policy_id)
    if not await unit.is_new(PolicyServices, stream):
        return
    unit.record(PolicyServices, stream, [opened])
    if opened.submission_id is not None:
        await link_assessment(unit, stream, opened.submission_id)
    await place_due(unit, stream)


async def link_assessment(unit: Unit, stream: UUID, submission_id: UUID) -> None:
    """The assessment that the submission had counts as the policy's."""
    order_id, order = await assessment_order(unit, submission_id)
    services = await unit.find(PolicyServices, stream)
    if services is None or order is None:
        return
    for promise in services.entitlements:
        if promise.phase is Phase.PRE_BIND and promise.service_type == order.service.service_type:
            unit.record(PolicyServices, stream, services.assessed(promise.code, order_id, unit.call.now))


async def assessors_of(unit: Unit, submission_id: UUID) -> frozenset[UUID]:
    """Who assessed the risk before it was bound: they may not appraise its loss."""
    _, order = await assessment_order(unit, submission_id)
    if order is None or order.vendor_id is None or order.deliver is None:
        return frozenset()
    return frozenset({order.vendor_id})


async def change_services(unit: Unit, policy_id: UUID, entitlements: tuple[Entitlement, ...], cover_ends: date) -> None:
    """An endorsement: what it took away is cancelled unless work has begun, what it added is placed."""
    stream = services_id(unit.call.tenant, policy_id)
    services = await known_services(unit, policy_id)
    promised = frozenset(entitlement.code for entitlement in entitlements)
    removed = frozenset(one.code for one in services.entitlements if one.code not in promised)
    unit.record(PolicyServices, stream, services.change(entitlements, cover_ends, unit.call.now))
    if removed:
        await end_orders(unit, services.open_orders(codes=removed), CancelReason.ENTITLEMENT_REMOVED)
    await place_due(unit, stream)


async def end_cover(unit: Unit, policy_id: UUID, ends_on: date, reason: CancelReason) -> None:
    """Services stop on the first day without cover: now, or by a timer if that day is still to come."""
    stream = services_id(unit.call.tenant, policy_id)
    services = await known_services(unit, policy_id)
    unit.record(PolicyServices, stream, services.end_cover(ends_on, reason, unit.call.now))
    if ends_on <= unit.call.today:
        await stop_services(unit, stream)


async def resume_services(unit: Unit, policy_id: UUID, entitlements: tuple[Entitlement, ...], cover_ends: date) -> None:
    """A policy is in force again: its services go on; orders that its end had cancelled are placed anew."""
    stream = services_id(unit.call.tenant, policy_id)
    services = await known_services(unit, policy_id)
    unit.record(PolicyServices, stream, services.resume(entitlements, cover_ends, unit.call.now))
    for promise in (await known_services(unit, policy_id)).due_again():
        number = services.number(promise.code)
        order_id = order_id_of(unit.call.tenant, "policy", policy_id, promise.code, number)
        await place(unit, stream, promise, order_id, None)
    await place_due(unit, stream)


async def stop_services(unit: Unit, stream: UUID) -> None:
    """Cover has ended: orders of the policy itself are wound up; those of claims go on."""
    services = await unit.find(PolicyServices, stream)
    if services is None:
        return
    for stopped in services.stop(unit.call.now):
        unit.record(PolicyServices, stream, [stopped])
        await end_orders(unit, services.open_orders(), stopped.reason)


async def answer_claim(unit: Unit, policy_id: UUID, claim_id: UUID, occurred: PartialDate | None) -> None:
    """Places the response to an incident under what is left of the policy's promises, or records why there is none."""
    stream = services_id(unit.call.tenant, policy_id)
    services = await known_services(unit, policy_id)
    promises = services.for_claim(occurred)
    if isinstance(promises, WithheldReason):
        unit.record(PolicyServices, stream, services.withhold("", claim_id, promises, unit.call.now))
        return
    for promise in promises:
        order_id = order_id_of(unit.call.tenant, "claim", claim_id, promise.code)
        await place(unit, stream, promise, order_id, claim_id)


async def end_claim(unit: Unit, policy_id: UUID, claim_id: UUID) -> None:
    """A claim was withdrawn: its orders are cancelled unless work has begun."""
    services = await known_services(unit, policy_id)
    await end_orders(unit, services.open_orders(claim_id=claim_id), CancelReason.CLAIM_WITHDRAWN)


async def place_due(unit: Unit, stream: UUID) -> None:
    """Places what is due without being asked for, and records why the rest is not."""
    services = await unit.find(PolicyServices, stream)
    if services is None:
        return
    for promise in services.due_now():
        order_id = order_id_of(unit.call.tenant, "policy", services.policy_id, promise.code, 1)
        await place(unit, stream, promise, order_id, None)
    services = await unit.find(PolicyServices, stream)
    if services is not None:
        unit.record(PolicyServices, stream, services.explain(unit.call.now))


async def place(unit: Unit, stream: UUID, promise: Entitlement, order_id: UUID, claim_id: UUID | None) -> None:
    """Places one order under a promise."""
    services = await unit.find(PolicyServices, stream)
    assert services is not None
    unit.record(PolicyServices, stream, services.order(promise.code, order_id, claim_id, unit.call.now))
    origin = Origin(OriginKind.POLICY, services.policy_id) if claim_id is None else Origin(OriginKind.CLAIM, claim_id)
    await request_order(
        unit,
        order_id,
        origin,
        promise,
        services.insured,
        policy_id=services.policy_id,
        assessors=services.assessors,
    )


async def end_orders(unit: Unit, order_ids: list[UUID], reason: CancelReason) -> None:
    """Cancels what has not begun and winds up what is under way; what is delivered or over stays as it is."""
    for order_id in order_ids:
        order = await unit.find(ServiceOrder, order_id)
        if order is None:
            continue
        ended = unit.record(ServiceOrder, order_id, order.end_cover(reason, unit.call.now))
        if ended is not None and ended.state is State.CANCELLED:
            await give_back(unit, order_id, order.policy_id)


async def known_services(unit: Unit, policy_id: UUID) -> PolicyServices:
    """The services of a policy; NotYet while the policy's binding has not been heard of."""
    services = await unit.find(PolicyServices, services_id(unit.call.tenant, policy_id))
    if services is None:
        raise NotYet(f"policy {policy_id} is not known yet")
    return services
