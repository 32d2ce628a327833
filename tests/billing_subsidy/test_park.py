"""Certificates of a park policy in the books: accounts, invoices and subsidies of members; the master has none."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import pytest
from hubao.billing_subsidy.v1 import ledger_service_pb2 as ledger_pb
from hubao.billing_subsidy.v1 import subsidy_case_service_pb2 as case_pb
from hubao.common.v1.party_pb2 import Enterprise
from hubao.policy.v1 import events_pb2 as policy_pb
from hubao.policy.v1 import park_pb2 as park_pb
from hubao.policy.v1 import terms_pb2 as terms_pb

from libs.common.codes.uscc import compose
from libs.common.grpc.convert import date_message
from services.billing_subsidy.domain.account.premium import Movement
from services.billing_subsidy.domain.errors import CaseNotFound
from tests.billing_subsidy import heard
from tests.billing_subsidy.examples import BOUND_ON, LEAD, POLICY, TERM, level, movement, yuan
from tests.billing_subsidy.office import Office, shown

FIRST, SECOND = UUID(int=11), UUID(int=12)
JANUARY, JULY = date(2026, 1, 15), date(2026, 7, 1)
OPERATOR = "91310115000047110X"
FREE = movement(1, "bind", "0.00")
JOIN = movement(1, "join", "10000.00")
LEAVE = movement(2, "leave", "-5041.10", JULY, date(2026, 6, 20))
BACK = movement(3, "join", "2520.55", date(2026, 10, 1), date(2026, 9, 20))


def said(of: UUID, *, payer: str = OPERATOR, **changed: Any) -> park_pb.CertificateTerms:
    segment = terms_pb.TermsSegment(to=date_message(TERM.expiry))
    getattr(segment, "from").CopyFrom(date_message(TERM.inception))
    plain: dict[str, Any] = {
        "certificate_id": str(of),
        "certificate_number": f"HBC2026-00000-{of.int:05}",
        "policy_id": str(POLICY),
        "member": Enterprise(
            uscc=compose("310115", of.int),
            name=f"Member {of.int}",
            industry_code="I65",
            region_code="310115",
            size="ENTERPRISE_SIZE_SMALL",
        ),
        "payer": Enterprise(uscc=payer or compose("310115", of.int)),
        "expiry": date_message(TERM.expiry),
        "segments": [segment],
    }
    return park_pb.CertificateTerms(**{**plain, **changed})


def issued(of: UUID, movements: Sequence[Movement] = (JOIN,), **more: Any) -> policy_pb.CertificateIssued:
    return policy_pb.CertificateIssued(
        certificate=said(of, **more),
        transactions=[heard.transaction(one) for one in movements],
        issued_on=date_message(BOUND_ON),
    )


def withdrawn(of: UUID) -> policy_pb.CertificateWithdrawn:
    return policy_pb.CertificateWithdrawn(
        certificate=said(of), transactions=[heard.transaction(LEAVE)], leaves_on=date_message(JULY), reason="MOVED_OUT"
    )


def ended(of: UUID, cause: str, *movements: Movement) -> policy_pb.CertificateEnded:
    return policy_pb.CertificateEnded(
        certificate=said(of),
        transactions=[heard.transaction(one) for one in movements],
        ended_on=date_message(TERM.expiry),
        cause=cause,
    )


async def park(office: Office, *members: UUID) -> None:
    await office.hear(heard.bound(movement=FREE, line="park"))
    for each in members:
        await office.hear(issued(each))


async def test_a_programme_for_critical_infrastructure_looks_at_the_member(office: Office) -> None:
    programme = await office.publish(
        levels=(level("city", "50", "60000", "2000000"),), critical_infrastructure_only=True
    )
    await park(office, FIRST)
    declared = issued(SECOND)
    declared.certificate.member.critical_infrastructure = True
    await office.hear(declared)
    await office.move_to(JANUARY)

    for each in (FIRST, SECOND):
        await office.pay("10600.00", JANUARY, each)

    cases = [await office.case(programme, each) for each in (FIRST, SECOND)]
    assert [list(each.refusals) for each in cases] == [["NO_CRITICAL_INFRASTRUCTURE"], []]
    assert shown(cases[1].levels[0].granted) == "5,000.00"


async def sums(office: Office) -> None:
    """What DOMAIN §6 asks of premium and subsidies, by this service's own sources."""
    await office.project()
    totals = (await office.ask(ledger_pb.GetControlTotalsRequest())).totals
    assert totals.subsidy_granted_ledger == totals.subsidy_granted_cases
    received = money_of(totals.premium_received)
    assert money_of(totals.premium_receivable_ledger) == money_of(totals.premium_timeline) - received
    assert money_of(totals.premium_timeline) == money_of(totals.premium_invoiced)


def money_of(message: Any) -> int:
    return int(message.units * 100 + message.nanos // 10_000_000)


async def test_a_member_has_an_account_of_its_own_and_its_master_owes_nothing(office: Office) -> None:
    await park(office, FIRST, SECOND)
    await office.hear(issued(FIRST))  # Heard twice.

    master, member = await office.account(), await office.account(FIRST)

    assert (shown(master.invoiced), shown(master.premium)) == ("0.00", "0.00")
    assert (shown(member.premium), shown(member.invoiced)) == ("10,000.00", "10,600.00")
    assert (member.insured_uscc, member.payer_uscc) == (compose("310115", 11), OPERATOR)
    assert member.master_policy_id == str(POLICY)
    assert (await office.trial_balance())["1122"] == "21,200.00"
    await sums(office)


async def test_the_premium_of_a_certificate_is_divided_as_the_masters_is(office: Office) -> None:
    await park(office, FIRST)

    balance = await office.trial_balance()

    assert balance["2261"] == "-1,800.00"  # 30 % of the lead's 6,000.00


async def test_who_pays_is_the_member_where_the_product_says_so(office: Office) -> None:
    await park(office)
    await office.hear(issued(FIRST, payer=""))

    assert (await office.account(FIRST)).payer_uscc == ""


async def test_leaving_is_credited_and_coming_back_invoiced(office: Office) -> None:
    await park(office, FIRST)

    await office.hear(withdrawn(FIRST))
    out = await office.account(FIRST)
    await office.hear(issued(FIRST, (BACK,)))
    back = await office.account(FIRST)

    assert (shown(out.premium), shown(out.receivable)) == ("4,958.90", "5,256.43")
    assert (shown(back.premium), shown(back.receivable)) == ("7,479.45", "7,928.21")
    await sums(office)


async def test_each_member_has_a_subsidy_case_under_its_own_code(office: Office) -> None:
    """A cap of the enterprise's year is each member's; the master has no case."""
    city = level("city", "50", "60000", "2000000", enterprise_year_cap=yuan("4000"))
    programme = await office.publish(levels=(city,))
    await park(office, FIRST, SECOND)
    await office.move_to(JANUARY)

    for number, member in enumerate((FIRST, SECOND)):
        await office.pay("10600.00", JANUARY, member, f"R{number}")

    assert await office.levels(programme, FIRST) == {"city": ("4,000.00", "0.00")}
    assert await office.levels(programme, SECOND) == {"city": ("4,000.00", "0.00")}
    with pytest.raises(CaseNotFound):
        await office.case(programme)
    await sums(office)
    totals = await office.ask(case_pb.GetSubsidyTotalsRequest())
    assert [shown(one.granted) for one in totals.totals] == ["8,000.00"]


async def test_a_subsidy_goes_back_with_the_premium_of_a_member_that_leaves(office: Office) -> None:
    programme = await office.publish()
    await park(office, FIRST, SECOND)
    await office.move_to(JANUARY)
    for number, member in enumerate((FIRST, SECOND)):
        await office.pay("10600.00", JANUARY, member, f"R{number}")

    await office.hear(withdrawn(FIRST))

    left, stayed = await office.levels(programme, FIRST), await office.levels(programme, SECOND)
    assert left == {"city": ("2,479.45", "2,520.55"), "district": ("991.78", "1,008.22")}
    assert stayed == {"city": ("5,000.00", "0.00"), "district": ("2,000.00", "0.00")}
    await sums(office)


async def test_a_master_that_ends_ends_its_certificates_in_the_books(office: Office) -> None:
    await park(office, FIRST, SECOND)
    await office.move_to(date(2027, 1, 1))

    await office.hear(ended(FIRST, "expired"))
    await office.hear(ended(SECOND, "cancelled", movement(2, "cancel", "-4536.99", JULY)))

    assert shown((await office.account(FIRST)).earned) == "6,000.00"
    assert shown((await office.account(SECOND)).premium) == "5,463.01"
    await sums(office)


async def test_a_certificate_without_its_master_is_for_a_person_to_look_at(office: Office) -> None:
    with pytest.raises(ValueError, match="replay"):
        await office.hear(issued(FIRST), LEAD)
