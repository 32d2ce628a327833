"""The rules of claims by name. The reason that a client sees is the class name in UPPER_SNAKE."""

from libs.common.errors import NotFound, Refused


class PolicyNotKnown(NotFound):
    message = "There is no policy {policy_id}, or it has not been announced yet."


class ClaimNotFound(NotFound):
    message = "There is no claim {claim_id}."


class PaymentNotFound(NotFound):
    message = "The claim has no payment {payment_id}."


class InsuredNotOnPolicy(Refused):
    message = "The policy does not cover {insured_uscc}."


class NotifiedBeforeOccurred(Refused):
    message = "Notified on {notified_on}, before it happened on {occurred_on}."


class DiscoveredBeforeOccurred(Refused):
    message = "Discovered on {discovered_on}, before it happened on {occurred_on}."


class ReferenceReused(Refused):
    message = "Reference {reference} was used before for claim {claim_id}, with another payload."


class QuestionNotAsked(Refused):
    message = "Nobody asked for {question}."


class TermsNotKnown(Refused):
    message = "At {as_known} nothing was known of the policy's terms."


class ClaimEnded(Refused):
    message = "The claim is {state}; reopen it first."


class OverAuthority(Refused):
    message = "{amount} is over the caller's authority of {authority}."


class OwnAuthority(Refused):
    message = "{principal} can't decide on the authority of {principal}."


class AuthorityNotPending(Refused):
    message = "No profile with number {number} of {holder} waits for approval."


class AuthorityNotFound(NotFound):
    message = "Nothing was ever granted to {holder}."


class SelfApproval(Refused):
    message = "{principal} entered it, so somebody else has to approve it."


class ReservesNotPending(Refused):
    message = "No set of reserves with number {number} waits for approval."


class ReserveBelowDecided(Refused):
    message = "{part_code} {cost_type} needs a reserve of {unpaid} at least: so much is decided and not paid."


class DecisionMissing(Refused):
    message = "{problem}"


class DecisionOutdated(Refused):
    message = "Terms or limits left have changed since: {part_code} would now pay {now}, not {proposed}; propose again."


class DecisionBelowPaid(Refused):
    message = "{paid} was paid for {part_code} {cost_type} already, more than {payable}."


class CoverDenied(Refused):
    message = "{part_code} is not covered: {reasons}."


class QuestionsOpen(Refused):
    message = "{part_code} can't be decided before it is known: {questions}."


class InterruptionHoursMissing(Refused):
    message = "{part_code} has a waiting period of {waiting_hours} hours; the hours of interruption are missing."


class PaymentOverDecision(Refused):
    message = "{part_code} {cost_type} may pay {left} more, not {amount}."


class PaymentRejected(Refused):
    message = "Payment {payment_id} was rejected; request another one."


class PaymentAlreadyApproved(Refused):
    message = "Payment {payment_id} is approved already."


class PaymentOutstanding(Refused):
    message = "{problem}"


class OrderNotVerified(Refused):
    message = "No verified service order stands behind the response cost; it needs one, or a coded override."


class OrderUsedUp(Refused):
    message = "Order {order_id} has {left} left of its fee, not {amount}."


class PaidAlready(Refused):
    message = "{paid} was paid already, so the claim can't be withdrawn; close it instead."


class MemberNotNamed(Refused):
    message = "Policy {policy_number} covers the members of a park; the notice must say which of them."
