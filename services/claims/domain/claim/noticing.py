"""First notice, answers, and what the vendors' gateway says about orders."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

from libs.common.checking import problems, refuse
from libs.common.errors import Invalid, InvalidField
from services.claims.domain.claim.events import Notified, QuestionsAnswered, ServiceOrderVerified
from services.claims.domain.claim.parts import Actor, VerifiedOrder
from services.claims.domain.claim.value import Claim
from services.claims.domain.cover import Cover
from services.claims.domain.coverage.check import check
from services.claims.domain.coverage.results import Check
from services.claims.domain.errors import InsuredNotOnPolicy, QuestionNotAsked, ReferenceReused
from services.claims.domain.facts import CORRECTABLE, Answer, Asked, Question, checked_answer, facts_of
from services.claims.domain.notice import Notice, checked_dates
from services.claims.domain.notices import InsuredNotices

_LAST = (Asked.LOSS_CURRENCY, Asked.EXCHANGE_EVIDENCE)
"""In whichever order they are told, the currency is the amount's, and the exchange is the currency's."""


def notify(claim_id: UUID, notice: Notice, account: Cover, notices: InsuredNotices, actor: Actor) -> list[Notified]:
    """Takes a first notice. It may be incomplete, but it may not be impossible."""
    refuse(_wrong_on(notice, account, actor))
    terms = account.terms
    if notice.insured_uscc and notice.insured_uscc != terms.insured_uscc:
        raise InsuredNotOnPolicy(insured_uscc=notice.insured_uscc)
    facts = facts_of(notice, actor.now, (), actor.now)
    coverage = check(account.basis(facts, account.known_by(actor.now), claim_id)).opinion
    return [
        Notified(
            insured_uscc=terms.insured_uscc,
            currency=terms.currency,
            notice=notice,
            noticed_at=actor.now,
            coverage=coverage,
            possible_duplicates=notices.like(notice),
            certificate_id=account.certificate_id,
        )
    ]


def _wrong_on(notice: Notice, account: Cover, actor: Actor) -> Iterator[Invalid]:
    yield from problems(checked_dates, notice.occurred_on, notice.discovered_on, notice.notified_on, actor.today)
    for index, code in enumerate(notice.part_codes):
        if code not in account.part_codes_ever:
            yield InvalidField(field=f"affected_part_codes[{index}]", problem=f"the policy has no part {code}")


def notify_again(claim_id: UUID, claim: Claim, notice: Notice) -> list[Notified]:
    """The same notice once more is the same claim; another one under the same reference is refused."""
    if notice != claim.notice:
        raise ReferenceReused(reference=notice.reference, claim_id=claim_id)
    return []


def answer(
    claim_id: UUID, claim: Claim, answers: Sequence[tuple[Question, str, str]], account: Cover, actor: Actor
) -> list[QuestionsAnswered]:
    """Answers questions, each with its value and evidence, and checks the claim again with them.

    Facts of the notice are corrected in the same way: what was told stays, and what is told last counts.
    """
    claim.must_go_on()
    given: list[Answer] = []
    for index, (question, value, evidence) in sorted(enumerate(answers), key=lambda one: _turn(one[1][0])):
        _check_asked(f"answers[{index}]", claim, question, evidence)
        known = facts_of(claim.notice, claim.noticed_at, (*claim.answers, *given), actor.now)
        checked_answer(f"answers[{index}].value", question, value, known, actor.today)
        if question.asked is Asked.AFFECTED_PARTS:
            _check_parts(f"answers[{index}].value", value, account)
        if not _stands(claim, question, value, evidence):
            given.append(Answer(question, value, evidence, actor.principal, actor.now))
    if not given:
        return []
    facts = facts_of(claim.notice, claim.noticed_at, (*claim.answers, *given), actor.now)
    checked_dates(facts.occurred_on, facts.discovered_on, facts.made_on, actor.today)
    coverage = check(account.basis(facts, account.known_by(actor.now), claim_id)).opinion
    return [QuestionsAnswered(answers=tuple(given), coverage=coverage)]


def check_coverage(claim_id: UUID, claim: Claim, account: Cover, as_known: datetime) -> Check:
    """What the terms, as known at a time, say to what was known of the claim at that time."""
    return check(account.basis(claim.facts(as_known), as_known, claim_id))


def note_order(claim: Claim, order: VerifiedOrder) -> list[ServiceOrderVerified]:
    """A service order of this claim was verified, so its cost may be paid; also after the claim has ended."""
    if any(known.order_id == order.order_id for known in claim.orders):
        return []
    return [ServiceOrderVerified(order=order)]


def _turn(question: Question) -> int:
    return _LAST.index(question.asked) + 1 if question.asked in _LAST else 0


def _check_asked(field: str, claim: Claim, question: Question, evidence: str) -> None:
    """Only what was asked is answered; but a fact may be corrected by whoever says where it is written."""
    if question in claim.asked:
        return
    if question.subject or question.asked not in CORRECTABLE:
        raise QuestionNotAsked(question=question)
    if not evidence:
        raise InvalidField(
            field=f"{field}.evidence", problem=f"must say where a {question} that nobody asked for stands"
        )


def _stands(claim: Claim, question: Question, value: str, evidence: str) -> bool:
    """Whether the last answer to a question is this one."""
    last = next((answer for answer in reversed(claim.answers) if answer.question == question), None)
    return last is not None and (last.value, last.evidence) == (value, evidence)


def _check_parts(field: str, value: str, account: Cover) -> None:
    for code in value.split(","):
        if code not in account.part_codes_ever:
            raise InvalidField(field=field, problem=f"the policy has no part {code}")
