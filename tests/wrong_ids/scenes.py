"""One log for each service, with an aggregate of every kind in it, made by the commands and reactions themselves."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from uuid import uuid4

from libs.common.runtime import Servicers
from libs.common.service import Service
from services.billing_subsidy.servicer import servicers as billing_servicers
from services.claims.servicer import servicers as claims_servicers
from services.policy.servicer import servicers as policy_servicers
from services.vendor_gateway.servicer import servicers as vendor_servicers
from tests.billing_subsidy import heard
from tests.billing_subsidy import office as billing
from tests.billing_subsidy.test_import import PREMIUM
from tests.billing_subsidy.test_import import request as statement
from tests.claims import desk as claims
from tests.claims import examples as claims_examples
from tests.claims import test_authority_served
from tests.claims import test_park as claims_park
from tests.policy import desk as policy
from tests.policy import examples as policy_examples
from tests.policy import test_draft_commands, test_service_accumulation, test_service_park, test_service_underwriting
from tests.vendor_gateway import gateway

VENDOR_POLICY, VENDOR_CLAIM = uuid4(), uuid4()
BILLING_VENDOR = str(uuid4())


@dataclass(frozen=True)
class Scene:
    """What was made, and who may see it. `keys` are ids by which something is named that is no stream's own id."""

    service: Service
    servicers: Servicers
    tenant: str
    now: Callable[[], datetime]
    organisations: Mapping[str, str]
    keys: Mapping[str, str]


async def policy_scene(database: str, directory: Path) -> Scene:
    async with policy.open_desk(database, directory) as desk:
        sold = await policy.bound_again(desk)
        await test_service_park.park(desk, test_service_park.joining())
        await test_service_underwriting.questionnaire(desk)
        await test_draft_commands.drafted(desk, sold.policy_id)
        await desk.ask(policy.place(await policy.quoted(desk, "S-3")))
        open_submission = await policy.quoted(desk, "S-4")
        await desk.chief(test_service_underwriting.grant())
        await desk.chief(test_service_accumulation.capacity(100_000_000))
        await desk.catch_up()
        clock = desk.clock
    keys = {"submission_id": open_submission}
    return Scene(policy.SERVICE, policy_servicers, policy_examples.TENANT, clock.now, {}, keys)


async def claims_scene(database: str, directory: Path) -> Scene:
    async with claims.Desk(database) as desk:
        await claims_park.park(desk, claims_park.FIRST)
        claim = await desk.decided(insured_uscc=claims_park.uscc(claims_park.FIRST))
        paid = await desk.pay(claim.claim_id, 100_000)
        await test_authority_served.granted(desk, "user:new", test_authority_served.rule(7))
        await desk.project()
        keys = {"policy_id": str(claims_examples.POLICY), "payment_id": paid.payments[-1].payment_id}
        return Scene(claims.SERVICE, claims_servicers, desk.tenant, desk.clock.now, {}, keys)


async def billing_scene(database: str, directory: Path) -> Scene:
    async with billing.Office(database) as office:
        await office.publish()
        await office.hear(heard.bound())
        await office.move_to(date(2026, 1, 15))
        await office.ask(statement(PREMIUM))
        await office.hear(heard.verified(BILLING_VENDOR, "800.00"))
        await office.project()
        keys = {"policy_id": str(billing.POLICY), "vendor_id": BILLING_VENDOR}
        organisations = {"authority": billing.AUTHORITY}
        return Scene(billing.SERVICE, billing_servicers, billing.LEAD, office.clock.now, organisations, keys)


async def vendor_scene(database: str, directory: Path) -> Scene:
    async with gateway.Gateway(database) as opened:
        vendor_id = await opened.vendor(1, ("monitoring", "incident_response"))
        await opened.hear(gateway.bound(VENDOR_POLICY))
        await opened.fire()
        await opened.project()
        keys = {"policy_id": str(VENDOR_POLICY), "claim_id": str(VENDOR_CLAIM), "submission_id": str(uuid4())}
        organisations = {"vendor": vendor_id, "operator": gateway.OPERATOR}
        return Scene(gateway.SERVICE, vendor_servicers, gateway.INSURER, opened.clock.now, organisations, keys)


SCENES: dict[str, Callable[[str, Path], Awaitable[Scene]]] = {
    "policy": policy_scene,
    "claims": claims_scene,
    "billing_subsidy": billing_scene,
    "vendor_gateway": vendor_scene,
}
