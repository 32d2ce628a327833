"""What stands in the log stands there for ever: the names and shapes of events."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

from libs.common.events import registered
from libs.common.store import codec
from services.billing_subsidy.__main__ import SERVICE
from services.billing_subsidy.domain.account.events import AccountOpened, Cause, Invoiced, PremiumMoved, Received
from services.billing_subsidy.domain.account.invoices import PaymentPlan
from services.billing_subsidy.domain.entitlement import entitle
from services.billing_subsidy.domain.programme.programme import ProgrammePublished
from services.billing_subsidy.domain.statement.statement import EntryMatched, StatementAdded
from services.billing_subsidy.domain.subsidy_case.events import Evidence, Reckoned
from tests.billing_subsidy.examples import BIND, BOUND_ON, POLICY, account, facts, rules
from tests.billing_subsidy.test_case import granted
from tests.billing_subsidy.test_entitlement import applicant

GOLDEN = Path(__file__).parent / "events.golden"


def test_names_versions_and_fields_of_events_do_not_change() -> None:
    shapes = [
        f"{name} {kind.schema_version} ({', '.join(field.name for field in fields(kind.cls))})"
        for name, kind in registered("billing_subsidy.").items()
    ]

    assert shapes == GOLDEN.read_text("utf-8").splitlines()


def test_events_come_back_from_the_log_as_they_went_in() -> None:
    policy = account()
    found = entitle(rules(), 1, applicant("100000.00"))
    events: list[Any] = [
        AccountOpened(facts=facts(), plan=PaymentPlan(), bound_on=BOUND_ON),
        PremiumMoved(cause=Cause.BOUND, movements=(BIND,), net=BIND.net, vat=BIND.vat),
        Invoiced(invoice=policy.invoices[0]),
        *policy.receive("R1", BIND.gross, BOUND_ON, "Orchid", "recorded", BOUND_ON),
        *policy.earn(BOUND_ON, BOUND_ON),
        ProgrammePublished(number=1, rules=rules(), published_on=BOUND_ON, closed=()),
        Reckoned(entitlement=found, evidence=(Evidence.of("POLICY", "1", BOUND_ON),)),
        *granted().reckon(entitle(rules(), 1, applicant("1.00")), (), {}, "PREMIUM_REDUCED", BOUND_ON),
    ]

    assert [codec.decode(*codec.encode(event)) for event in events] == events


def test_the_service_reacts_to_what_the_domain_lists() -> None:
    heard = {upstream: {kind.__name__ for kind in table} for upstream, table in SERVICE.reactions.items()}

    assert heard == {
        "policy": {
            "PolicyBound",
            "PolicyChanged",
            "PolicyCancelled",
            "PolicyReinstated",
            "PolicyExpired",
            "CertificateIssued",
            "CertificateWithdrawn",
            "CertificateEnded",
        },
        "vendor_gateway": {"OrderVerified", "ServiceCreditDue"},
        "claims": {"ClaimOpened", "ReserveChanged", "PaymentApproved"},
    }


def test_events_that_were_stored_before_they_said_more_still_read() -> None:
    """Fields that came later are absent in a log of before, and mean what held then."""
    old = {
        Received: {"reason"},
        PremiumMoved: {"restores"},
        EntryMatched: {"parts"},
        StatementAdded: {"last_ids"},
    }
    events: list[Any] = [
        Received(
            reference="R1",
            amount=BIND.gross,
            applied=BIND.gross,
            value_date=BOUND_ON,
            payer_name="O",
            source="recorded",
        ),
        PremiumMoved(cause=Cause.BOUND, movements=(BIND,), net=BIND.net, vat=BIND.vat),
        EntryMatched(line=2, rule="POLICY_NUMBER", matched_to=POLICY),
        StatementAdded(
            statement_id=POLICY, opening=BIND.net, closing=BIND.net, first_date=BOUND_ON, last_date=BOUND_ON
        ),
    ]

    for event in events:
        name, version, payload = codec.encode(event)
        stored = {key: value for key, value in json.loads(payload).items() if key not in old[type(event)]}
        assert codec.decode(name, version, json.dumps(stored).encode()) == event
