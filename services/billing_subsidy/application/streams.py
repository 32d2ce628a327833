"""Where each aggregate lives: every stream can be found again from its business key."""

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from libs.common.context import SHARED
from libs.common.money import Money
from libs.common.streams import stream_id
from services.billing_subsidy.domain.collection import CollectionRules
from services.billing_subsidy.domain.programme.directory import ProgrammeDirectory
from services.billing_subsidy.domain.programme.reach import Reach
from services.billing_subsidy.domain.programme.waiting import WaitingList
from services.billing_subsidy.domain.reference import Reference, reference_key
from services.billing_subsidy.domain.statement.reading import Entry
from services.billing_subsidy.domain.statement.statement import BankAccount, Statement
from services.billing_subsidy.domain.subsidy_case.case import SubsidyCase
from services.billing_subsidy.domain.transit import Transit
from services.billing_subsidy.domain.vendor_account import VendorAccount

DIRECTORY = stream_id(SHARED, ProgrammeDirectory.KIND, "all")


def account_stream(policy_id: UUID) -> UUID:
    """A policy's account has the policy's own id."""
    return policy_id


def case_stream(tenant: str, policy_id: UUID, programme_id: UUID) -> UUID:
    return stream_id(tenant, SubsidyCase.KIND, f"{policy_id}/{programme_id}")


def reference_stream(tenant: str, number: str) -> UUID:
    return stream_id(tenant, Reference.KIND, reference_key(number))


def transit_stream(tenant: str, reference: str) -> UUID:
    return stream_id(tenant, Transit.KIND, reference_key(reference))


def waiting_stream(programme_id: UUID) -> UUID:
    return stream_id(SHARED, WaitingList.KIND, str(programme_id))


def reach_stream(programme_id: UUID) -> UUID:
    return stream_id(SHARED, Reach.KIND, str(programme_id))


def vendor_stream(tenant: str, vendor_id: str) -> UUID:
    return stream_id(tenant, VendorAccount.KIND, vendor_id)


def bank_stream(tenant: str, bank_account: str) -> UUID:
    return stream_id(tenant, BankAccount.KIND, bank_account)


def statement_stream(tenant: str, bank_account: str, opening: Money, closing: Money, entries: Sequence[Entry]) -> UUID:
    """A statement is its account, its period, its balances and its movements, however its file is written (ADR 24)."""
    days = sorted(entry.value_date for entry in entries)
    period = f"{days[0]}/{days[-1]}" if days else "no day"
    movements = sha256("\x1e".join(sorted(entry.identity for entry in entries)).encode()).hexdigest()
    return stream_id(tenant, Statement.KIND, f"{bank_account}/{period}/{opening}/{closing}/{movements}")


def statement_stream_by_content(tenant: str, bank_account: str, content: bytes) -> UUID:
    """Where a statement lies that was imported when it was named by its file."""
    return stream_id(tenant, Statement.KIND, f"{bank_account}/{sha256(content).hexdigest()}")


def collection_stream(tenant: str) -> UUID:
    return stream_id(tenant, CollectionRules.KIND, "rules")
