"""The rules of this service that a command can break, three lines each. Clients see the class name in UPPER_SNAKE."""

from libs.common.errors import Invalid, NotFound, Refused


class ProductNotFound(NotFound):
    message = "There is no product {product_id}."


class ProductVersionNotFound(NotFound):
    message = "Product {product_id} has no version {version}."


class ProductExists(Refused):
    message = "The key {product_key} belongs to another product."


class ProductRetired(Refused):
    message = "Product {product_key} is not sold any more."


class ProductNotPublished(Refused):
    message = "Product {product_key} has no published version."


class TreatyNotFound(NotFound):
    message = "There is no treaty {treaty_id}."


class TreatyExists(Refused):
    message = "The key {treaty_key} belongs to another treaty."


class TreatyNotInForce(Refused):
    message = "Treaty {treaty_key} takes policies that begin from {starts_on} to before {ends_on}, not on {inception}."


class TreatyTerminated(Refused):
    message = "Treaty {treaty_key} takes no policy that begins on {terminated_on} or later."


class LineNotCovered(Refused):
    message = "Treaty {treaty_key} does not cover the line {line}; it covers: {lines}."


class TreatiesOverlap(Refused):
    message = "A policy is ceded to one {kind} treaty at most, not to {first} and {second}."


class TreatyCapacityExceeded(Refused):
    message = "Treaty {treaty_id} takes risks up to {capacity}; {sum_insured} is left to it: place some facultatively."


class RetentionAboveSumInsured(Refused):
    message = "Treaty {treaty_id} has nothing to take: its retention, {retention}, is not below {sum_insured}."


class FacultativeNotFound(NotFound):
    message = "There is no facultative placement {facultative_id}."


class FacultativeExists(Refused):
    message = "The key {facultative_key} belongs to another facultative placement."


class FacultativeOfferExpired(Refused):
    message = "The offer was valid until {valid_until}; place it anew."


class FacultativeAcceptedOtherwise(Refused):
    message = "It was accepted on {accepted_on} under the reference {reference}."


class FacultativeNotAccepted(Refused):
    message = "Reinsurer {reinsurer_id} has not accepted {facultative_id} yet."


class FacultativeForOther(Refused):
    message = "Placement {facultative_id} is for submission {submission_id}."


class RiskBoundAlready(Refused):
    message = "The submission became policy {policy_id}; a facultative cession is agreed before that."


class LayerAboveSumInsured(Refused):
    message = "The layer of {facultative_id} begins at {attachment}, not below the sum insured, {sum_insured}."


class CessionsExceedShare(Refused):
    message = "These facultative cessions take more than the lead's whole share: {facultative_ids}."


class SubmissionNotFound(NotFound):
    message = "There is no submission {submission_id}."


class SubmissionExists(Refused):
    message = "The key {submission_key} belongs to another submission."


class SubmissionClosed(Refused):
    message = "The submission is {status}."


class NoAssessmentService(Refused):
    message = "The product bundles no assessment {code} before binding; it has: {known}."


class QuoteNotFound(NotFound):
    message = "The submission has no quote {quote_number}."


class QuoteExpired(Refused):
    message = "The quote expired on {expired_on}; ask for a new one."


class QuoteAlreadyBound(Refused):
    message = "Quote {quote_number} became policy {policy_id}."


class QuoteNotReferred(Refused):
    message = "Quote {quote_number} is {status}; there is nothing to release."


class ReferralOpen(Refused):
    message = "Quote {quote_number} was referred ({reasons}) and waits for somebody with enough authority."


class ReleasedByAuthor(Refused):
    message = "{principal} made what is to be released; another person has to release it."


class SubjectivityNotFound(NotFound):
    message = "Quote {quote_number} has no subjectivity {code}."


class SubjectivityOpen(Refused):
    message = "These conditions have to be closed before binding: {codes}."


class SubjectivityClosedOtherwise(Refused):
    message = "Subjectivity {code} was closed on {closed_on} with other evidence."


class UnknownPart(Refused):
    message = "The product has no part {part_code}; it has: {known}."


class LimitOutOfRange(Refused):
    message = "The limit of {part_code} must be from {minimum} to {maximum}, not {limit}."


class DeductibleTooLow(Refused):
    message = "The deductible of {part_code} must be at least {minimum}, not {deductible}."


class DeductibleOverLimit(Refused):
    message = "The deductible of {part_code}, {deductible}, must be below its limit, {limit}."


class ParentPartMissing(Refused):
    message = "Part {part_code} is a sub-limit of {parent}, which is not covered."


class SubLimitOverParent(Refused):
    message = "The limit of {part_code}, {limit}, is above that of {parent}, {parent_limit}."


class RetroactiveDateNotOffered(Refused):
    message = "Part {part_code} has no retroactive date in this product."


class PartNotCovered(Refused):
    message = "Part {part_code} is not covered on {effective_date}."


class PartAlreadyCovered(Refused):
    message = "Part {part_code} is covered on {effective_date} already."


class NoPartLeft(Refused):
    message = "No part would be covered from {effective_date}; cancel the policy instead."


class AnswerMissing(Refused):
    message = "The rating needs an answer to {question}."


class FactorMissing(Refused):
    message = "Table {table} has no line for {key}."


class RateMissing(Refused):
    message = "There is no {what} for {on}."


class PremiumTooLarge(Refused):
    message = "A premium of {gross} with VAT is more than {most}, which is the most that is booked of one contract."


class LossCellMissing(Refused):
    message = "Version {version} of the loss database has no cell of {part_code} for {industry} and size {size}."


class TooFewLosses(Refused):
    message = "The cell {cell} has {count} {what}; at least {least} are needed."


class TooMuchToSimulate(Refused):
    message = "{asked} would be simulated; at most {allowed} are at a time."


class SharesNotWhole(Invalid):
    message = "{field}: {problem}"


class LeadIsNotTenant(Refused):
    message = "The lead must be {tenant}, not {lead}."


class PolicyNotFound(NotFound):
    message = "There is no policy {policy_id}."


class PolicyNotInForce(Refused):
    message = "The policy is {status}."


class EffectiveDateOutsideTerm(Refused):
    message = "{effective_date} is not in the term from {inception} to before {expiry}."


class EndorsementConflict(Refused):
    message = "Endorsement {endorsement} of {effective_date} can't be put back on top: {conflict}"


class MethodNotAllowed(Refused):
    message = "The product does not cancel by {method}; it allows: {allowed}."


class FlatFromInceptionOnly(Refused):
    message = "A flat cancellation holds from the inception, {inception}, not from {effective_date}."


class TriangleNotWhole(Invalid):
    message = "{field}: {problem}"
