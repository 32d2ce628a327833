"""The rules that billing and subsidies refuse by. The class name is the reason that clients see."""

from libs.common.errors import NotFound, Refused


class AccountNotFound(NotFound):
    message = "There is no account for policy {policy_id}."


class ProgrammeNotFound(NotFound):
    message = "There is no programme {programme_id}."


class CaseNotFound(NotFound):
    message = "There is no subsidy case {case_id}."


class StatementNotFound(NotFound):
    message = "There is no statement {statement_id}."


class EntryNotFound(NotFound):
    message = "The statement has no entry on line {line}."


class VendorAccountNotFound(NotFound):
    message = "Vendor {vendor_id} has never earned anything here."


class ReferenceUsed(Refused):
    message = "Reference {reference} belongs to another {use}."


class RefundTooHigh(Refused):
    message = "The account has a credit of {credit}; {amount} is more."


class PaymentPlanFixed(Refused):
    message = "The payment plan can't be set any more: {why}."


class AlreadyEarned(Refused):
    message = "Premium is recognised through {through} already."


class ProgrammeCodeTaken(Refused):
    message = "Code {code} belongs to another programme."


class DisbursementTooHigh(Refused):
    message = "Level {level} still owes {owed}; {amount} is more."


class RepaymentTooHigh(Refused):
    message = "Level {level} is owed back {owed}; {amount} is more."


class NothingToPassOn(Refused):
    message = "Of the treasury's money {left} belongs to the insured still; {amount} is more."


class StatementNotContinuous(Refused):
    message = "The statement before ends on {closed_on} with {closing}; this one begins on {opened_on} with {opening}."


class EntryImported(Refused):
    message = "The entry on line {line} came with the statement before: the bank's id of it is {bank_id}."


class LateBookingUnexplained(Refused):
    message = "The money moved on {day}, more than {days} days ago: say why it is booked only now."


class PartsNotWhole(Refused):
    message = "The entry on line {line} is {amount}; its parts sum to {parts}."


class RecordNotFound(NotFound):
    message = "Nothing that was recorded under {reference} waits for a bank line of {amount}."


class EntrySettled(Refused):
    message = "The entry on line {line} is {status} already."


class VendorPaymentTooHigh(Refused):
    message = "Vendor {vendor_id} is owed {payable}; {amount} is more."


class AccountBehind(Refused):
    message = "The account has heard of {heard} premium transactions; the change begins with number {first}."


class AccountAhead(Refused):
    message = "The account has heard of {heard} premium transactions, of number {first} too."
