"""Commands of the operator about vendors."""

from uuid import UUID

from libs.common.application import Application, Done, Loaded
from libs.common.context import SHARED, Call
from libs.common.unit import Unit
from services.vendor_gateway.application.finding import DIRECTORY, check_etag, vendor_id_of
from services.vendor_gateway.domain.accreditation import Accreditation
from services.vendor_gateway.domain.directory import Directory
from services.vendor_gateway.domain.errors import VendorNotFound
from services.vendor_gateway.domain.vendor import Vendor, VendorKind, registration


class Vendors:
    """Keeps vendors, and the directory of those that are open to orders."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def get(self, call: Call, vendor_id: UUID) -> Loaded[Vendor]:
        """A vendor gets itself only: what others ask is none of its business."""
        missing = VendorNotFound(vendor_id=vendor_id)
        if call.is_vendor and call.organisation != str(vendor_id):
            raise missing
        return await self._application.read(Vendor, vendor_id, missing, tenant=SHARED)

    async def register(self, call: Call, uscc: str, name: str, kind: VendorKind) -> Done[Vendor]:
        vendor_id = vendor_id_of(uscc)

        async def plan(unit: Unit) -> None:
            vendor = await unit.find(Vendor, vendor_id)
            if vendor is None:
                unit.record(Vendor, vendor_id, registration(uscc, name, kind, call.today), tenant=SHARED)
            else:
                unit.record(Vendor, vendor_id, vendor.register(name, kind))

        return await self._application.execute(call, Vendor, vendor_id, plan)

    async def accredit(
        self, call: Call, vendor_id: UUID, accreditation: Accreditation, *, etag: str = ""
    ) -> Done[Vendor]:
        async def plan(unit: Unit) -> None:
            vendor = await find_vendor(unit, vendor_id, etag)
            unit.record(Vendor, vendor_id, vendor.accredit(accreditation, call.today))
            directory = await unit.find(Directory, DIRECTORY) or Directory()
            listed = directory.list_vendor(vendor_id, accreditation.service_types)
            unit.record(Directory, DIRECTORY, listed, tenant=SHARED)

        return await self._application.execute(call, Vendor, vendor_id, plan)

    async def suspend(self, call: Call, vendor_id: UUID, reason: str, *, etag: str = "") -> Done[Vendor]:
        async def plan(unit: Unit) -> None:
            vendor = await find_vendor(unit, vendor_id, etag)
            unit.record(Vendor, vendor_id, vendor.suspend(reason, call.today))
            await self._delist(unit, vendor_id)

        return await self._application.execute(call, Vendor, vendor_id, plan)

    async def terminate(self, call: Call, vendor_id: UUID, reason: str, *, etag: str = "") -> Done[Vendor]:
        async def plan(unit: Unit) -> None:
            vendor = await find_vendor(unit, vendor_id, etag)
            unit.record(Vendor, vendor_id, vendor.terminate(reason, call.today))
            await self._delist(unit, vendor_id)

        return await self._application.execute(call, Vendor, vendor_id, plan)

    @staticmethod
    async def _delist(unit: Unit, vendor_id: UUID) -> None:
        directory = await unit.find(Directory, DIRECTORY)
        if directory is not None:
            unit.record(Directory, DIRECTORY, directory.delist_vendor(vendor_id))


async def find_vendor(unit: Unit, vendor_id: UUID, etag: str = "") -> Vendor:
    vendor = await unit.get(Vendor, vendor_id, VendorNotFound(vendor_id=vendor_id))
    check_etag(unit, vendor_id, etag)
    return vendor
