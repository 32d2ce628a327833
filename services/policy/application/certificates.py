"""The members of park policies: taken in one by one or many at once, withdrawn, ended with their master."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

from libs.common.application import Application, Done
from libs.common.context import Call
from libs.common.errors import DomainError, NotFound, RequestIdReused
from libs.common.streams import derived_id, stream_id
from libs.common.unit import Unit
from services.policy.application.predecessors import file_of_policy
from services.policy.application.products import product_of
from services.policy.application.referrals import check_released_in_advance, park_subject
from services.policy.domain.errors import PolicyNotFound
from services.policy.domain.park.certificate import Certificate
from services.policy.domain.park.errors import CertificateNotFound
from services.policy.domain.park.events import CertificateEnded, CertificateStatus
from services.policy.domain.park.joining import Joining, issue
from services.policy.domain.park.roll import Roll, moved
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy_file import FileOpened, PolicyFile
from services.policy.domain.product.park import ParkTerms
from services.policy.domain.product.product import Product
from services.policy.domain.referral import referral_of_cover

AT_ONCE = 32
"""How many rows of a bulk request are under way at a time."""


@dataclass(frozen=True)
class CertificateView:
    """A certificate with its master, and what others told about it."""

    certificate_id: UUID
    certificate: Certificate
    version: int
    master: Policy
    file: PolicyFile


@dataclass(frozen=True)
class ParkView:
    """What a product fixes for the members of a master, and how many there are."""

    terms: ParkTerms
    roll: Roll


class Certificates:
    def __init__(self, application: Application) -> None:
        self._application = application

    async def issue(self, call: Call, policy_id: UUID, joining: Joining) -> CertificateView:
        """Takes a member in, on the certificate that it has or on its first one."""
        certificate_id = certificate_of(call.tenant, policy_id, joining.member.uscc)

        async def plan(unit: Unit) -> None:
            policy = await unit.get(Policy, policy_id, PolicyNotFound(policy_id=policy_id))
            product = await product_of(unit, policy.bound.product_id)
            terms = product.taxed_today(policy.bound.product_version)
            certificate = await unit.find(Certificate, certificate_id)
            issued = issue(certificate_id, certificate, policy_id, policy, terms, joining, call.request_id, call.now)
            for each in issued:
                stay, rules = each.stay, terms.underwriting
                referral = referral_of_cover(rules, each.member, stay.parts, stay.cover.inputs, call.today)
                await check_released_in_advance(unit, park_subject(policy_id), referral)
            unit.record(Certificate, certificate_id, issued)
            roll = await _roll(unit, policy_id)
            inside = all(each.leads_to is CertificateStatus.IN_FORCE for each in issued)
            unit.record(Roll, roll, moved(str(policy_id), str(certificate_id), inside, issued))
            if certificate is None:
                opened = FileOpened(policy_id=str(certificate_id), master_policy_id=str(policy_id))
                unit.record(PolicyFile, file_of_policy(call.tenant, certificate_id), [opened])

        return await self._view(call, await self._application.execute(call, Certificate, certificate_id, plan))

    async def issue_many(
        self, call: Call, policy_id: UUID, rows: Sequence[tuple[Joining | DomainError, bytes]]
    ) -> list[CertificateView | DomainError]:
        """Each row by itself; one that can't be read, or is refused, comes back as its refusal.

        A row's request id follows from the whole request's and the row's place, so a retry finds what was done. Rows of
        one member follow each other.
        """
        missing = PolicyNotFound(policy_id=policy_id)
        await self._application.read(Policy, policy_id, missing, tenant=call.tenant)
        room, turns = asyncio.Semaphore(AT_ONCE), defaultdict[str, asyncio.Lock](asyncio.Lock)

        async def one(place: int, row: Joining | DomainError, payload: bytes) -> CertificateView | DomainError:
            if isinstance(row, DomainError):
                return row
            fingerprint = sha256(policy_id.bytes + payload).digest()
            request_id = str(derived_id(UUID(call.request_id), f"certificate/{place}"))
            async with turns[row.member.uscc], room:
                try:
                    return await self.issue(
                        replace(call, request_id=request_id, fingerprint=fingerprint), policy_id, row
                    )
                except RequestIdReused:
                    raise
                except DomainError as refusal:
                    return refusal

        return list(await asyncio.gather(*(one(place, *row) for place, row in enumerate(rows))))

    async def withdraw(
        self, call: Call, certificate_id: UUID, leaves_on: date, reason: str, etag: str
    ) -> CertificateView:
        async def plan(unit: Unit) -> None:
            certificate = await unit.get(Certificate, certificate_id, _missing(certificate_id))
            policy_id = UUID(certificate.master.policy_id)
            policy = await unit.get(Policy, policy_id, PolicyNotFound(policy_id=policy_id))
            withdrawn = certificate.withdraw(policy, leaves_on, reason, call.now)
            unit.record(Certificate, certificate_id, withdrawn)
            roll = await _roll(unit, policy_id)
            unit.record(Roll, roll, moved(str(policy_id), str(certificate_id), False, withdrawn))

        done = await self._application.execute(call, Certificate, certificate_id, plan, etag=etag)
        return await self._view(call, done)

    async def get(self, call: Call, certificate_id: UUID) -> CertificateView:
        loaded = await self._application.read(Certificate, certificate_id, _missing(certificate_id), tenant=call.tenant)
        return await self._with_master(call, certificate_id, loaded.value, loaded.version)

    async def park(self, call: Call, policy_id: UUID, policy: Policy, known_at: datetime | None = None) -> ParkView:
        """The terms and the roll of a master, as they are known, or were known at a time."""
        product = await self._application.read(
            Product, UUID(policy.bound.product_id), PolicyNotFound(policy_id=policy_id), tenant=call.tenant
        )
        terms = product.value.version(policy.bound.product_version).terms.park
        assert terms is not None  # A product of the line has them: `check_park`.
        empty, roll_id = Roll(str(policy_id)), roll_of(call.tenant, policy_id)
        missing = PolicyNotFound(policy_id=policy_id)
        try:
            if known_at is None:
                loaded = await self._application.read(Roll, roll_id, missing, tenant=call.tenant)
                return ParkView(terms, loaded.value)
            history = await self._application.history(
                Roll, roll_id, missing, tenant=call.tenant, recorded_until=known_at
            )
        except PolicyNotFound:
            return ParkView(terms, empty)  # The first member is still to come.
        return ParkView(terms, history[-1].value if history else empty)

    async def _view(self, call: Call, done: Done[Certificate]) -> CertificateView:
        return await self._with_master(call, done.stream, done.value, done.version)

    async def _with_master(
        self, call: Call, certificate_id: UUID, certificate: Certificate, version: int
    ) -> CertificateView:
        policy_id, missing = UUID(certificate.master.policy_id), _missing(certificate_id)
        master = await self._application.read(Policy, policy_id, missing, tenant=call.tenant)
        file_id = file_of_policy(call.tenant, certificate_id)
        file = await self._application.read(PolicyFile, file_id, missing, tenant=call.tenant)
        return CertificateView(certificate_id, certificate, version, master.value, file.value)


async def end_certificates(unit: Unit, stream: UUID) -> None:
    """A master ended: so do its certificates, the first of them now."""
    policy = await unit.find(Policy, stream)
    if policy is not None:
        await _end_some(unit, stream, policy)


async def end_more_certificates(unit: Unit, stream: UUID) -> None:
    """The next certificates of a roll whose master ended."""
    roll = await unit.find(Roll, stream)
    policy_id = UUID(roll.policy_id) if roll else None
    policy = await unit.find(Policy, policy_id) if policy_id else None
    if policy_id and policy is not None:
        await _end_some(unit, policy_id, policy)


async def _end_some(unit: Unit, policy_id: UUID, policy: Policy) -> None:
    if policy.cancellation is None and not policy.expired:
        return
    roll_id = roll_of(unit.call.tenant, policy_id)
    roll = await unit.find(Roll, roll_id)
    if roll is None or not (going := roll.next_to_end()):
        return
    events: list[CertificateEnded] = []
    for certificate_id in going:
        certificate = await unit.find(Certificate, UUID(certificate_id))
        assert certificate is not None  # The roll names what was issued.
        ended = certificate.end(policy, unit.call.now)
        unit.record(Certificate, UUID(certificate_id), ended)
        events += ended
    unit.record(Roll, roll_id, roll.end(going, events))


def certificate_of(tenant: str, policy_id: UUID, uscc: str) -> UUID:
    """A member has one certificate in a park policy, so its id follows from both."""
    return stream_id(tenant, Certificate.KIND, f"{policy_id}/{uscc}")


def roll_of(tenant: str, policy_id: UUID) -> UUID:
    return stream_id(tenant, Roll.KIND, str(policy_id))


async def _roll(unit: Unit, policy_id: UUID) -> UUID:
    """The roll's stream, looked for so that a line may be added."""
    roll_id = roll_of(unit.call.tenant, policy_id)
    await unit.find(Roll, roll_id)
    return roll_id


def _missing(certificate_id: UUID) -> NotFound:
    return CertificateNotFound(certificate_id=certificate_id)
