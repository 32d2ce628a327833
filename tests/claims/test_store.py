"""What lies in the store for ever: names and shapes of events, and that they come back as they went in."""

from dataclasses import fields
from datetime import date
from pathlib import Path

import pytest

from libs.common.dates import PartialDate
from libs.common.events import registered
from libs.common.store import codec
from services.claims.domain.account import open_account
from services.claims.domain.claim import deciding, ending, noticing, paying
from services.claims.domain.claim.parts import Outcome, VerifiedOrder
from services.claims.domain.codes import IncidentClass, Veris
from services.claims.domain.facts import Asked, Question
from services.claims.domain.notices import InsuredNotices, file_notice
from services.claims.domain.terms import Trigger
from tests.claims.examples import (
    BOUND_AT,
    CLAIM,
    HANDLER,
    MANAGER,
    NOW,
    ORDER,
    PAYMENT,
    POLICY,
    account_of,
    cny,
    decided,
    loss_of,
    notice_of,
    noticed,
    part,
    terms_of,
)
from tests.claims.test_payments import requested, wanted

GOLDEN = Path(__file__).with_name("events.golden")
MADE = part(trigger=Trigger.CLAIMS_MADE, retroactive_date=date(2020, 1, 1))
NOTICE = notice_of(
    description="勒索软件",
    veris=Veris(actions=("malware",)),
    incident_class=IncidentClass.OTHER,
    notified_on=PartialDate(2026),
)


@pytest.mark.parametrize(
    "event",
    [
        *noticing.notify(CLAIM, NOTICE, account_of(), InsuredNotices(), HANDLER),
        *noticing.notify(CLAIM, notice_of(occurred_on=None, loss=None), account_of(), InsuredNotices(), HANDLER),
        *noticing.answer(CLAIM, noticed(loss=None), [(Question(Asked.LOSS_AMOUNT), "7.5", "x")], account_of(), HANDLER),
        *noticing.note_order(noticed(), VerifiedOrder(ORDER, "v", "response", cny("5"), NOW.date())),
        *deciding.propose(CLAIM, noticed(), Outcome.PAY_IN_FULL, (), (loss_of(),), account_of(), HANDLER),
        *paying.request_payment(decided(), wanted("5"), HANDLER),
        *paying.approve_payment(requested(decided(), wanted("5")), PAYMENT, "", MANAGER),
        *ending.withdraw(noticed(), "mistake", HANDLER),
        *open_account(POLICY, terms_of(MADE, exclusions=("WAR",)), BOUND_AT),
        *account_of().note_premium(account_of().premium, NOW),
        *account_of().draw(CLAIM, {"BI": cny("1")}, NOW),
        *file_notice(CLAIM, NOTICE),
    ],
    ids=lambda event: type(event).__name__,
)
def test_events_come_back_from_the_store_as_they_went_in(event: object) -> None:
    name, version, payload = codec.encode(event)

    assert codec.decode(name, version, payload) == event


def test_the_shapes_in_the_store_are_pinned() -> None:
    shapes = [
        f"{name} {kind.schema_version} ({', '.join(one.name for one in fields(kind.cls))})"
        for name, kind in registered("claims.").items()
    ]

    assert shapes == GOLDEN.read_text("utf-8").splitlines()
