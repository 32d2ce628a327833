"""Coverage checks, coverage accounts and sums to their messages."""

from uuid import UUID

from hubao.claims.v1 import claim_check_pb2 as pb
from hubao.claims.v1 import claim_pb2 as claim_pb
from hubao.policy.v1 import terms_pb2 as terms_pb

from libs.common.grpc.convert import date_message, decimal_text, enum_text, money_message, timestamp_message
from libs.common.money import CNY, Money
from services.claims.domain.account import CoverageAccount
from services.claims.domain.coverage.results import Check, ClauseAnswer, PartCheck
from services.claims.domain.known import KnownTerms
from services.claims.domain.limits import AGGREGATE
from services.claims.domain.terms import PartTerms, Segment
from services.claims.projections import Totals
from services.claims.servicer.messages import opinion_message, question_message


def check_message(claim_id: UUID, check: Check) -> pb.CoverageCheck:
    return pb.CoverageCheck(
        claim_id=str(claim_id),
        opinion=opinion_message(check.opinion),
        parts=[part_check_message(part) for part in check.parts],
        terms_recorded_time=timestamp_message(check.terms_recorded_at),
    )


def part_check_message(part: PartCheck) -> pb.PartCheck:
    return pb.PartCheck(
        part_code=part.code,
        answer=enum_text(claim_pb.CoverageAnswer, part.says),
        clauses=[clause_message(answer) for answer in part.clauses],
    )


def clause_message(answer: ClauseAnswer) -> pb.ClauseAnswer:
    return pb.ClauseAnswer(
        clause=answer.clause,
        answer=enum_text(claim_pb.CoverageAnswer, answer.says),
        reason=answer.reason,
        facts=[pb.CoverageFact(name=fact.name, value=fact.value) for fact in answer.facts],
        question=question_message(answer.question) if answer.question else None,
    )


def account_message(version: int, account: CoverageAccount) -> pb.CoverageAccount:
    terms, premium = account.terms, account.premium
    drawn = account.drawn()
    paid = {entry.part_code: entry.amount for entry in account.paid}
    limits = {code: Money(terms.currency, 0) for known in account.terms_history for code in known.terms.part_codes}
    limits.update(terms.limits)

    def use(code: str, limit: Money) -> pb.LimitUse:
        taken = drawn.get(code, limit.zero())
        return pb.LimitUse(
            part_code=code,
            limit=money_message(limit),
            drawn=money_message(taken),
            paid=money_message(paid.get(code, limit.zero())),
            available=money_message(max(limit - taken, limit.zero())),
        )

    return pb.CoverageAccount(
        policy_id=str(account.policy_id),
        etag=str(version),
        policy_number=terms.policy_number,
        insured_uscc=terms.insured_uscc,
        inception=date_message(terms.inception),
        cover_end=date_message(terms.cover_end),
        aggregate=None if terms.master_id else use(AGGREGATE, terms.aggregate_limit),
        parts=[use(code, limit) for code, limit in limits.items()],
        terms_history=[known_terms_message(known) for known in account.terms_history],
        premium_received=money_message(premium.received) if premium.received else None,
        premium_invoiced=money_message(premium.invoiced) if premium.invoiced else None,
        premium_state=premium.state,
        master_policy_id=str(terms.master_id or ""),
    )


def known_terms_message(known: KnownTerms) -> pb.KnownTerms:
    return pb.KnownTerms(
        recorded_time=timestamp_message(known.recorded_at),
        cause=known.cause,
        segments=[segment_message(segment) for segment in known.terms.segments],
        aggregate_limit=money_message(known.terms.aggregate_limit),
        exclusions=known.terms.exclusions,
    )


def segment_message(segment: Segment) -> terms_pb.TermsSegment:
    message = terms_pb.TermsSegment(to=date_message(segment.end), parts=[part_message(part) for part in segment.parts])
    getattr(message, "from").CopyFrom(date_message(segment.start))  # A word of Python, so not by its name.
    return message


def part_message(part: PartTerms) -> terms_pb.PartTerms:
    """A part as claims know it: without its premium."""
    return terms_pb.PartTerms(
        code=part.code,
        limit=money_message(part.limit),
        deductible=money_message(part.deductible),
        waiting_hours=part.waiting_hours,
        coinsurance_percent=decimal_text(part.coinsurance_percent),
        sub_limit_parent=part.sub_limit_parent,
        trigger=enum_text(terms_pb.Trigger, part.trigger),
        retroactive_date=date_message(part.retroactive_date) if part.retroactive_date else None,
        extended_reporting_days=part.extended_reporting_days,
    )


def totals_message(totals: Totals) -> pb.ClaimTotals:
    return pb.ClaimTotals(
        claims=sum(totals.by_state.values()),
        by_state=[
            pb.StateCount(state=enum_text(claim_pb.ClaimState, state), claims=number)
            for state, number in sorted(totals.by_state.items())
        ],
        by_answer=[
            pb.AnswerCount(answer=enum_text(claim_pb.CoverageAnswer, answer), claims=number)
            for answer, number in sorted(totals.by_answer.items())
        ],
        reserved=money_message(Money(CNY, totals.reserved)),
        recovery_reserved=money_message(Money(CNY, totals.recovery_reserved)),
        payments_approved=money_message(Money(CNY, totals.payments_approved)),
        coverage_paid=money_message(Money(CNY, totals.coverage_paid)),
        coverage_drawn=money_message(Money(CNY, totals.coverage_drawn)),
        payments=totals.payments,
    )
