"""Where each aggregate lives: every stream can be found again from its business key."""

from hashlib import sha256
from uuid import UUID

from libs.common.context import SHARED
from libs.common.streams import stream_id
from services.billing_subsidy.domain.collection import CollectionRules
from services.billing_subsidy.domain.programme.directory import ProgrammeDirectory
from services.billing_subsidy.domain.reference import Reference, reference_key
from services.billing_subsidy.domain.statement.statement import BankAccount, Statement
from services.billing_subsidy.domain.subsidy_case.case import SubsidyCase
from services.billing_subsidy.domain.vendor_account import VendorAccount

DIRECTORY = stream_id(SHARED, ProgrammeDirectory.KIND, "all")


def account_stream(policy_id: UUID) -> UUID:
    """A policy's account has the policy's own id."""
    return policy_id


def case_stream(tenant: str, policy_id: UUID, programme_id: UUID) -> UUID:
    return stream_id(tenant, SubsidyCase.KIND, f"{policy_id}/{programme_id}")


def reference_stream(tenant: str, number: str) -> UUID:
    return stream_id(tenant, Reference.KIND, reference_key(number))


def vendor_stream(tenant: str, vendor_id: str) -> UUID:
    return stream_id(tenant, VendorAccount.KIND, vendor_id)


def bank_stream(tenant: str, bank_account: str) -> UUID:
    return stream_id(tenant, BankAccount.KIND, bank_account)


def statement_stream(tenant: str, bank_account: str, content: bytes) -> UUID:
    return stream_id(tenant, Statement.KIND, f"{bank_account}/{sha256(content).hexdigest()}")


def collection_stream(tenant: str) -> UUID:
    return stream_id(tenant, CollectionRules.KIND, "rules")
