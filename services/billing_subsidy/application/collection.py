"""An insurer's rules for what is missing of a premium: read, and set."""

from libs.common.application import Application
from libs.common.context import Call
from libs.common.errors import NotFound
from libs.common.money import Money
from libs.common.unit import Unit
from services.billing_subsidy.application.streams import collection_stream
from services.billing_subsidy.domain.collection import CollectionRules, set_tolerance

USUAL = CollectionRules()


class Collection:
    def __init__(self, application: Application) -> None:
        self._application = application

    async def get(self, call: Call) -> CollectionRules:
        """What the insurer has set, or what is usual."""
        try:
            loaded = await self._application.read(
                CollectionRules, collection_stream(call.tenant), NotFound(), tenant=call.tenant
            )
        except NotFound:
            return USUAL
        return loaded.value

    async def set_tolerance(self, call: Call, tolerance: Money) -> CollectionRules:
        stream = collection_stream(call.tenant)

        async def plan(unit: Unit) -> None:
            known = await unit.find(CollectionRules, stream)
            unit.record(CollectionRules, stream, set_tolerance(known, tolerance, call.principal))

        return (await self._application.execute(call, CollectionRules, stream, plan)).value


async def rules_of(unit: Unit) -> CollectionRules:
    """Those of the insurer whose unit of work this is."""
    return await unit.find(CollectionRules, collection_stream(unit.call.tenant)) or USUAL
