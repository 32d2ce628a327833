"""What stands in the log stands there for ever: the names and shapes of events."""

from dataclasses import fields
from pathlib import Path
from typing import Any

from libs.common.events import registered
from libs.common.store import codec
from services.billing_subsidy.__main__ import SERVICE
from services.billing_subsidy.domain.account.events import AccountOpened, Cause, Invoiced, PremiumMoved
from services.billing_subsidy.domain.account.invoices import PaymentPlan
from services.billing_subsidy.domain.entitlement import entitle
from services.billing_subsidy.domain.programme.programme import ProgrammePublished
from services.billing_subsidy.domain.subsidy_case.events import Evidence, Reckoned
from tests.billing_subsidy.examples import BIND, BOUND_ON, account, facts, rules
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
            "PolicyExpired",
            "CertificateIssued",
            "CertificateWithdrawn",
            "CertificateEnded",
        },
        "vendor_gateway": {"OrderVerified", "ServiceCreditDue"},
        "claims": {"ClaimOpened", "ReserveChanged", "PaymentApproved"},
    }
