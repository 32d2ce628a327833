"""All kinds of aggregates of this service: every stream of its log is one of them."""

from services.billing_subsidy.domain.account.account import PolicyAccount
from services.billing_subsidy.domain.collection import CollectionRules
from services.billing_subsidy.domain.programme.directory import ProgrammeDirectory
from services.billing_subsidy.domain.programme.programme import Programme
from services.billing_subsidy.domain.programme.reach import Reach
from services.billing_subsidy.domain.programme.waiting import WaitingList
from services.billing_subsidy.domain.reference import Reference
from services.billing_subsidy.domain.statement.statement import BankAccount, Statement
from services.billing_subsidy.domain.subsidy_case.case import SubsidyCase
from services.billing_subsidy.domain.transit import Transit
from services.billing_subsidy.domain.vendor_account import VendorAccount

AGGREGATES = (
    BankAccount,
    CollectionRules,
    PolicyAccount,
    Programme,
    ProgrammeDirectory,
    Reach,
    Reference,
    Statement,
    SubsidyCase,
    Transit,
    VendorAccount,
    WaitingList,
)
