"""The rules about a policy's end and what comes after it: reinstated, lapsed, renewed, reported later."""

from libs.common.errors import Refused


class NothingToReinstate(Refused):
    message = "The policy is {status}; only a cancelled or lapsed one is reinstated."


class ReinstatedBeforeEnd(Refused):
    message = "Cover ended on {ended_on}; it can't begin again on {effective_date}, before that."


class TermRanOut(Refused):
    message = "The term ran out on {expiry}."


class NoLossStatementMissing(Refused):
    message = "Cover ended on {ended_on}: the insured has to state that it knows of no loss since."


class StatementBeforeEnd(Refused):
    message = "The statement is of {signed_on}, but cover ended on {ended_on}, after that."


class LossKnown(Refused):
    message = "Losses since the end of cover on {ended_on} are known: {claim_ids}."


class CoverInterrupted(Refused):
    message = "Cover began again on {reinstated_from}; it can end after that day, not on {effective_date}."


class GraceNotExpired(Refused):
    message = "Billing has not said that grace ran out with premium missing."


class CoverNotEnded(Refused):
    message = "The policy is {status}; reporting is extended once cover has ended."


class NoExtendedReporting(Refused):
    message = "There is nothing to extend: {why}."


class ExtensionNotOffered(Refused):
    message = "The product extends reporting to {offered} days from the end of cover, not to {days}."


class ExtendedReportingOver(Refused):
    message = "Claims could be reported until before {until}; a longer time is bought before that day."


class ReportingExtendedAlready(Refused):
    message = "Reporting was extended to {days} days from the end of cover."


class PolicyRenewedAlready(Refused):
    message = "Policy {policy_id} renews it already."


class RenewalTooEarly(Refused):
    message = "The policy expires on {expiry}; its renewal is offered from {offered_from} on."


class TermsOverlap(Refused):
    message = "The new term begins on {inception}, before the old one ends on {expiry}."


class TermsNotContinuous(Refused):
    message = "The new term begins on {inception}, the old one ends on {expiry}; give up continuity to leave a gap."


class RetroactiveDateLost(Refused):
    message = "Part {part_code} is covered back to {carried}, not only to {retroactive_date}; give up continuity first."


class InsuredChanged(Refused):
    message = "The policy insures {uscc}; a renewal is not for {other_uscc}."


class ClaimsAgainstCancellation(Refused):
    message = "Claims of the days from {effective_date} on are paid or open: {claim_ids}. A chief may, and says why."
