"""What lies in the database for ever: the names and fields of the events, and that values survive the way there."""

from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

import services.policy.__main__  # noqa: F401  # Declares every event of the service.
from libs.common.events import registered, replay
from libs.common.money import Money
from libs.common.store import codec
from services.policy.domain.change_draft.conflict import Base
from services.policy.domain.change_draft.draft import ChangeDraft
from services.policy.domain.policy.lapsing import Debt, lapse_if_due
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.proposal import Proposal, ProposalKind
from services.policy.domain.policy.values import Change, ChangeKind
from services.policy.domain.policy_file import (
    FileOpened,
    GraceExpiryNoted,
    PolicyFile,
    PremiumReceiptNoted,
    SubsidyGrantNoted,
)
from services.policy.domain.product.product import Product
from services.policy.domain.product.terms import USUAL_LAPSE, CancellationMethod
from services.policy.domain.submission.values import Evidence, Subjectivity, SubjectivityPhase
from services.policy.domain.treaty.treaty import Treaty
from tests.policy import examples as an

CONDITION = Subjectivity("BACKUP", "Test them", SubjectivityPhase.POST_BIND, date(2026, 3, 1))


def a_full_policy() -> Any:
    policy = an.endorsed(an.policy(), date(2026, 7, 1), an.set_limit(an.DATA, an.RAISED_DATA_LIMIT))
    policy = an.endorsed(policy, date(2026, 4, 1), Change(ChangeKind.SET_ANSWER, answer=an.mfa("no")))
    return an.cancelled(policy, date(2026, 10, 1), CancellationMethod.SHORT_RATE)


def a_reinstated_policy() -> Any:
    ended = an.cancelled(an.policy(), date(2026, 7, 1), CancellationMethod.PRO_RATA)
    again = an.reinstated(ended, date(2026, 8, 1))
    return an.cancelled(again, date(2026, 10, 1), CancellationMethod.SHORT_RATE)


def a_lapsed_policy() -> Any:
    debt = Debt(Money.cny(106_000), Money.cny(0), date(2026, 3, 1))
    return replay(
        Policy, lapse_if_due(an.policy(), an.product_terms().lapse_rule(an.INCEPTION), debt, an.BOUND_AT), an.policy()
    )


def a_full_submission() -> Any:
    submission = an.submission()
    submission = an.after(submission, submission.record_assessment(an.assessed()))
    submission = an.quoted(submission, subjectivities=(CONDITION,))
    evidence = Evidence("file", "ab" * 32, an.QUOTED_ON)
    return an.after(submission, submission.close_subjectivity(1, "BACKUP", evidence))


def a_full_file() -> PolicyFile:
    granted = {"city": an.DATA_LIMIT}
    opened = PolicyFile.begin(FileOpened(policy_id="p"))
    return opened.evolve(SubsidyGrantNoted(case_id="c", programme_id="p", granted=granted))


def a_treaty() -> Treaty:
    (created,) = Treaty.create("QS", "r", an.quota_share().percent, an.quota_share().percent, an.INCEPTION, an.EXPIRY)
    return Treaty.begin(created)


def a_draft() -> ChangeDraft:
    changes = (Change(ChangeKind.SET_ANSWER, answer=an.mfa("no")), an.set_limit(an.DATA, an.RAISED_DATA_LIMIT))
    proposal = Proposal(ProposalKind.ENDORSE, date(2026, 7, 1), "why", changes=changes)
    (created,) = ChangeDraft.create(str(an.POLICY_ID), Base(3, 5), proposal, "note", "user:wang", an.BOUND_AT)
    return ChangeDraft.begin(created)


def a_draft_of_a_reinstatement() -> ChangeDraft:
    proposal = Proposal(ProposalKind.REINSTATE, date(2026, 7, 1), "PREMIUM_PAID", statement=an.statement())
    (created,) = ChangeDraft.create(str(an.POLICY_ID), Base(3, 5), proposal, "note", "user:wang", an.BOUND_AT)
    return ChangeDraft.begin(created)


def a_ceded_policy() -> Any:
    return an.policy(cessions=(an.facultative("20"), an.surplus(an.EXTORTION_LIMIT, 3), an.quota()))


def test_the_names_and_fields_of_stored_events_are_those_of_the_golden_file() -> None:
    """A field that is new here needs a new schema version and an upcaster, once anything is stored."""
    shapes = [
        f"{name} {kind.schema_version} ({', '.join(field.name for field in fields(kind.cls))})"
        for name, kind in registered("policy.").items()
    ]

    assert shapes == (Path(__file__).parent / "events.golden").read_text("utf-8").splitlines()


@pytest.mark.parametrize(
    "value",
    [
        a_full_policy(),
        a_ceded_policy(),
        a_reinstated_policy(),
        a_lapsed_policy(),
        a_full_submission(),
        a_full_file(),
        an.published(),
        a_treaty(),
        a_draft(),
        a_draft_of_a_reinstatement(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_comes_back_from_its_snapshot_as_it_was(value: Any) -> None:
    assert codec.decode_value(type(value), codec.encode_value(value)) == value


def test_what_was_stored_before_there_were_cessions_is_read_as_it_was_meant() -> None:
    """A sole quota share, in the shape that lies in logs: none of the newer fields."""
    bound = a_full_policy().bound
    name, version, payload = codec.encode(bound)
    stored = msgspec.json.decode(payload)
    del stored["cessions"], stored["transaction"]["cessions"]

    old = codec.decode(name, version, msgspec.json.encode(stored))

    assert old == replace(bound, transaction=replace(bound.transaction, cessions=()))
    assert old.quota_share == an.quota_share()
    endorsed = an.endorsed(Policy.begin(old), date(2026, 7, 1), an.set_limit(an.DATA, an.RAISED_DATA_LIMIT))
    back = an.endorsed(endorsed, date(2026, 4, 1), an.remove(an.EXTORTION))
    assert (back.transactions[1].ceded, back.transactions[2].ceded) == (Money.cny("1814.79"), Money.cny("-1814.79"))


def test_what_was_stored_before_there_were_renewals_renews_nothing() -> None:
    (bound,) = an.bound()
    name, version, payload = codec.encode(bound)
    stored = msgspec.json.decode(payload)
    del stored["renews"], stored["cover"]["inputs"]["experience"], stored["cancellation_rule"]["minimum_earned_percent"]

    assert codec.decode(name, version, msgspec.json.encode(stored)) == bound


def test_a_product_of_before_leaves_a_lapse_to_a_person() -> None:
    (drafted,) = Product.create("CYBER", "Cyber", an.product_terms())
    name, version, payload = codec.encode(drafted)
    stored = msgspec.json.decode(payload)
    del stored["terms"]["lapse_rules"], stored["terms"]["reporting_extensions"]

    old = codec.decode(name, version, msgspec.json.encode(stored))

    assert old == replace(drafted, terms=replace(drafted.terms, lapse_rules=()))
    assert old.terms.lapse_rule(an.INCEPTION) == USUAL_LAPSE


def test_a_grace_that_was_noted_before_billing_said_what_had_come_in_counts_what_was_noted_then() -> None:
    receipt = PremiumReceiptNoted(
        amount=Money.cny(1), received=Money.cny(1), invoiced=Money.cny(2), received_on=an.INCEPTION
    )
    name, version, payload = codec.encode(GraceExpiryNoted(outstanding=Money.cny(1), expired_on=an.INCEPTION))
    stored = msgspec.json.decode(payload)
    stored.pop("received", None)
    noted = codec.decode(name, version, msgspec.json.encode(stored))

    file = replay(PolicyFile, [FileOpened(policy_id="p"), receipt, noted])

    assert file is not None
    assert file.grace_received == Money.cny(1)


def test_a_treaty_of_before_is_a_quota_share() -> None:
    (created,) = Treaty.create("QS", "r", an.quota_share().percent, an.quota_share().percent, an.INCEPTION, an.EXPIRY)
    name, version, payload = codec.encode(created)
    stored = msgspec.json.decode(payload)
    del stored["terms"]

    assert codec.decode(name, version, msgspec.json.encode(stored)) == created


@pytest.mark.parametrize("happened", [a_full_policy().bound, *an.asked()], ids=lambda each: type(each).__name__)
def test_an_event_comes_back_from_the_log_as_it_was(happened: Any) -> None:
    assert codec.decode(*codec.encode(happened)) == happened
