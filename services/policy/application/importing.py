"""Imports: policies of another system, each row a command of its own.

A row's request id follows from the import's key and the row's, so the log itself knows which rows are in: the same row
again is a repetition, and the same key with another row is found out. A row becomes a policy with its file in one
append, and draws on the capacities for what it depends on, or nothing happens. The policy's id follows from the insurer
and the number, in the one form in which numbers compare, so no two imports take in one policy twice.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from time import monotonic
from uuid import UUID

from libs.common.application import Application
from libs.common.context import Call
from libs.common.errors import RequestIdReused
from libs.common.money import Money
from libs.common.names import number_key
from libs.common.rehearsal import rehearse
from libs.common.streams import derived_id, stream_id
from libs.common.unit import Unit
from services.policy.application.accumulations import follow_exposure
from services.policy.application.predecessors import file_of_policy
from services.policy.application.referrals import check_released_in_advance, import_subject
from services.policy.domain.errors import ProductNotFound
from services.policy.domain.import_errors import PolicyNumberTaken, RowKeyReused
from services.policy.domain.policy.importing import import_policy
from services.policy.domain.policy.origin import ImportedPolicy
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy_file import FileOpened, PolicyFile
from services.policy.domain.product.product import Product
from services.policy.domain.referral import referral_of_cover


@dataclass(frozen=True, slots=True)
class Taken:
    """A row that is a policy; `repeated` says that it had been one before."""

    policy_id: UUID
    repeated: bool
    premium: Money


class Import:
    """One stream's part of one import."""

    def __init__(
        self, application: Application, call: Call, import_key: str, source: str, *, dry_run: bool = False
    ) -> None:
        self._application = application
        self._call = call
        self._key = import_key
        self._source = source
        self._id = stream_id(call.tenant, "policy.Import", import_key)
        self._began = monotonic()
        self._products: dict[str, UUID] = {}
        self._tried: set[UUID] = set()
        self.dry_run = dry_run

    async def take(self, row: ImportedPolicy, fingerprint: bytes) -> Taken:
        """Makes a policy of a row. Raises what refuses it, and the outages of any command."""
        call = self._call_of(row, fingerprint)
        policy_id = imported_policy(call.tenant, row.policy_number)
        product_id = self._products.get(row.product_key) or stream_id(call.tenant, Product.KIND, row.product_key)

        async def plan(unit: Unit) -> None:
            product = await unit.get(Product, product_id, ProductNotFound(product_id=row.product_key))
            self._products[row.product_key] = product_id
            version = product.on_sale(row.product_version)
            bound = import_policy(
                row, product_id, version, self._key, self._source, call.principal, call.tenant, call.now
            )
            rules, inputs = version.terms.underwriting, bound[0].cover.inputs
            referral = referral_of_cover(rules, row.insured, bound[0].parts, inputs, call.today)
            await check_released_in_advance(unit, import_subject(self._key), referral)
            if not await unit.is_new(Policy, policy_id):
                raise PolicyNumberTaken(policy_number=row.policy_number, policy_id=policy_id)
            unit.record(Policy, policy_id, bound)
            unit.record(PolicyFile, file_of_policy(call.tenant, policy_id), [FileOpened(policy_id=str(policy_id))])
            await follow_exposure(unit, policy_id)

        try:
            if self.dry_run:
                return await self._try(call, policy_id, row, plan)
            done = await self._application.execute(call, Policy, policy_id, plan)
        except RequestIdReused:
            raise RowKeyReused(row_key=row.row_key, import_key=self._key) from None
        return Taken(done.stream, done.repeated, done.value.bound.transaction.net)

    async def _try(
        self, call: Call, policy_id: UUID, row: ImportedPolicy, plan: Callable[[Unit], Awaitable[None]]
    ) -> Taken:
        """What would become of a row; nothing is stored. Of rows of one number, the first counts."""
        first = policy_id not in self._tried
        self._tried.add(policy_id)
        before = await self._application.answered(call, Policy)
        if before is not None:
            return Taken(before.stream, True, before.value.bound.transaction.net)

        async def tried(unit: Unit) -> Money:
            await plan(unit)
            entry = unit.entry(policy_id)
            assert entry is not None  # The plan records its binding.
            net: Money = entry.value.bound.transaction.net
            return net

        premium = await rehearse(self._application, call, tried)
        if not first:
            raise PolicyNumberTaken(policy_number=row.policy_number, policy_id=policy_id)
        return Taken(policy_id, False, premium)

    def _call_of(self, row: ImportedPolicy, fingerprint: bytes) -> Call:
        """The row's own command. A stream may last, so the time that has passed since its begin is added."""
        request_id = str(derived_id(self._id, row.row_key))
        now = self._call.now + timedelta(seconds=monotonic() - self._began)
        return replace(self._call, request_id=request_id, fingerprint=fingerprint, now=now)


def imported_policy(tenant: str, policy_number: str) -> UUID:
    """The id of the policy that is imported under a number, however that is written."""
    return stream_id(tenant, Policy.KIND, f"imported/{number_key(policy_number).upper()}")
