"""Commands on the real engine: they happen, are refused, are repeated, and keep insurers apart."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from hubao.billing_subsidy.v1 import account_service_pb2 as account_pb
from hubao.billing_subsidy.v1 import ledger_service_pb2 as ledger_pb
from hubao.billing_subsidy.v1 import programme_service_pb2 as programme_pb
from hubao.billing_subsidy.v1 import settlement_service_pb2 as settlement_pb
from hubao.billing_subsidy.v1 import subsidy_case_service_pb2 as case_pb

from libs.common.errors import InvalidField, NotYet, RequestIdReused, Stale
from libs.common.grpc.convert import date_message, money_message
from services.billing_subsidy.domain.errors import (
    AccountNotFound,
    CaseNotFound,
    PaymentPlanFixed,
    ProgrammeCodeTaken,
    ProgrammeNotFound,
    VendorAccountNotFound,
)
from services.billing_subsidy.domain.programme.rules import Base, WindowBasis
from services.billing_subsidy.servicer.rules import rules_message
from tests.billing_subsidy import heard
from tests.billing_subsidy.examples import JULY, LEAD, POLICY, rules, yuan
from tests.billing_subsidy.office import AUTHORITY, Office, shown

JANUARY = date(2026, 1, 15)
OTHER = "other-insurer"


async def test_a_receipt_pays_and_the_same_request_again_answers_the_same(office: Office) -> None:
    await office.hear(heard.bound())
    await office.move_to(JANUARY)
    request_id = str(uuid4())

    first = await office.pay("106000.00", JANUARY, request_id=request_id)
    again = await office.pay("106000.00", JANUARY, request_id=request_id)

    assert (shown(first.received), shown(first.receivable)) == ("106,000.00", "0.00")
    assert again == first


async def test_a_request_id_is_for_one_payload(office: Office) -> None:
    await office.hear(heard.bound())
    await office.move_to(JANUARY)
    request_id = str(uuid4())
    await office.pay("106000.00", JANUARY, request_id=request_id)

    with pytest.raises(RequestIdReused):
        await office.pay("1.00", JANUARY, request_id=request_id)


async def test_a_receipt_for_an_account_that_moved_on_is_refused(office: Office) -> None:
    await office.hear(heard.bound())
    await office.move_to(JANUARY)

    with pytest.raises(Stale):
        await office.pay("1.00", JANUARY, etag="1")


async def test_another_insurers_account_is_not_found(office: Office) -> None:
    programme = await office.publish()
    await office.hear(heard.bound())
    case = await office.case(programme)

    with pytest.raises(AccountNotFound):
        await office.ask(account_pb.GetAccountRequest(policy_id=str(POLICY)), OTHER)
    with pytest.raises(CaseNotFound):
        await office.ask(case_pb.GetSubsidyCaseRequest(case_id=case.case_id), OTHER)
    await office.project()
    assert not (await office.ask(account_pb.ListAccountsRequest(), OTHER)).accounts
    assert not (await office.ask(ledger_pb.GetTrialBalanceRequest(), OTHER)).lines


async def test_invoices_come_in_pages(office: Office) -> None:
    await office.hear(heard.bound())
    plan = account_pb.PaymentPlan(instalments=4, due_days=30, grace_days=30)
    await office.ask(account_pb.SetPaymentPlanRequest(policy_id=str(POLICY), plan=plan))

    first = await office.ask(account_pb.ListInvoicesRequest(policy_id=str(POLICY), page_size=4))
    rest = await office.ask(
        account_pb.ListInvoicesRequest(policy_id=str(POLICY), page_size=4, page_token=first.next_page_token)
    )

    invoices = [*first.invoices, *rest.invoices]
    assert [shown(invoice.gross) for invoice in invoices] == ["106,000.00", "-106,000.00", *["26,500.00"] * 4]
    assert rest.next_page_token == ""
    with pytest.raises(InvalidField, match="page_token"):
        await office.ask(account_pb.ListInvoicesRequest(policy_id=str(uuid4()), page_token=first.next_page_token))


async def test_a_plan_is_refused_after_money_came_in(office: Office) -> None:
    await office.hear(heard.bound())
    await office.move_to(JANUARY)
    await office.pay("1.00", JANUARY)
    plan = account_pb.PaymentPlan(instalments=4, due_days=30, grace_days=30)

    with pytest.raises(PaymentPlanFixed):
        await office.ask(account_pb.SetPaymentPlanRequest(policy_id=str(POLICY), plan=plan))


async def test_accounts_are_listed_by_number_and_by_what_is_overdue(office: Office) -> None:
    other = UUID(int=8)
    await office.hear(heard.bound())
    await office.hear(heard.bound(other, "HB2026-AAAAA-AAAAA"))
    await office.move_to(JANUARY)
    await office.pay("106000.00", JANUARY, other)
    await office.move_to(date(2026, 1, 25))
    await office.project()

    every = (await office.ask(account_pb.ListAccountsRequest())).accounts
    overdue = (await office.ask(account_pb.ListAccountsRequest(overdue_only=True))).accounts

    assert [(one.policy_id, shown(one.balance)) for one in every] == [
        (str(POLICY), "106,000.00"),
        (str(other), "0.00"),
    ]
    assert [one.policy_id for one in overdue] == [str(POLICY)]


async def test_a_draft_is_seen_by_its_authority_only(office: Office) -> None:
    request = programme_pb.CreateProgrammeRequest(rules=rules_message(rules()), request_id=str(uuid4()))
    created = (await office.ask(request, AUTHORITY)).programme
    assert (await office.ask(request, AUTHORITY)).programme == created

    get = programme_pb.GetProgrammeRequest(programme_id=created.programme_id)
    assert (await office.ask(get, AUTHORITY)).programme.draft == rules_message(rules())
    with pytest.raises(ProgrammeNotFound):
        await office.ask(get)


async def test_a_programme_is_published_by_its_own_authority_and_once(office: Office) -> None:
    programme_id = await office.publish()
    publish = programme_pb.PublishProgrammeRequest(programme_id=programme_id)

    with pytest.raises(ProgrammeNotFound):
        await office.ask(publish, "another-authority")
    again = (await office.ask(publish, AUTHORITY)).programme

    assert [version.number for version in again.versions] == [1]
    assert (await office.ask(programme_pb.GetProgrammeRequest(programme_id=programme_id))).programme == again


async def test_a_revision_becomes_the_next_version_and_old_cases_keep_theirs(office: Office) -> None:
    programme_id = await office.publish()
    await office.hear(heard.bound())
    revise = programme_pb.ReviseProgrammeRequest(
        programme_id=programme_id, rules=rules_message(rules(levels=rules().levels[:1]))
    )
    await office.ask(revise, AUTHORITY)
    await office.ask(programme_pb.PublishProgrammeRequest(programme_id=programme_id), AUTHORITY)
    await office.hear(heard.bound(UUID(int=8), "HB2026-AAAAA-AAAAA"))
    await office.project()

    old, new = await office.case(programme_id), await office.case(programme_id, UUID(int=8))

    assert (old.entitlement.rule_version, new.entitlement.rule_version) == (1, 2)
    listed = (await office.ask(programme_pb.ListProgrammesRequest(), OTHER)).programmes
    assert [(one.code, one.version) for one in listed] == [("SH-CYBER-2026", 2)]


async def test_a_code_is_published_once(office: Office) -> None:
    await office.publish()

    with pytest.raises(ProgrammeCodeTaken):
        await office.publish()


async def test_a_case_shows_its_trace_and_its_evidence(office: Office) -> None:
    programme_id = await office.publish()
    await office.hear(heard.bound())
    await office.move_to(JANUARY)
    await office.pay("106000.00", JANUARY)

    case = await office.case(programme_id)

    assert case.status == case_pb.CASE_STATUS_APPROVED
    assert shown(case.entitlement.base) == "100,000.00"
    assert [step.step for step in case.entitlement.steps] == ["BASE", "RATE", "TOP_UP"]
    assert [(one.kind, one.reference) for one in case.evidence] == [("POLICY", "HB2026-7K3M9-QX2PA"), ("PAYMENT", "R1")]


async def test_a_payment_in_part_is_subsidised_in_part(office: Office) -> None:
    programme_id = await office.publish()
    await office.hear(heard.bound())
    await office.move_to(JANUARY)

    await office.pay("53000.00", JANUARY)

    assert await office.levels(programme_id) == {"city": ("25,000.00", "0.00"), "district": ("10,000.00", "0.00")}


async def test_a_payment_outside_of_the_window_is_not_subsidised(office: Office) -> None:
    programme_id = await office.publish()
    await office.hear(heard.bound())

    await office.pay("106000.00", date(2025, 12, 20))

    assert list((await office.case(programme_id)).refusals) == ["OUTSIDE_WINDOW"]


@pytest.mark.parametrize("declared", ["insured", "system", "nothing"])
async def test_a_programme_may_be_for_critical_infrastructure_only(office: Office, declared: str) -> None:
    programme_id = await office.publish(critical_infrastructure_only=True)
    bound = heard.bound()
    if declared == "insured":
        bound.timeline.insured.critical_infrastructure = True
    elif declared == "system":
        bound.timeline.critical_systems.add(name="SCADA", protecting_department="能源局")
    await office.hear(bound)
    await office.move_to(JANUARY)

    await office.pay("106000.00", JANUARY)

    refused = ["NO_CRITICAL_INFRASTRUCTURE"] if declared == "nothing" else []
    assert list((await office.case(programme_id)).refusals) == refused
    given = {"city": ("50,000.00", "0.00"), "district": ("20,000.00", "0.00")}
    assert await office.levels(programme_id) == ({} if refused else given)


async def test_a_programme_that_is_published_after_binding_still_takes_payments(office: Office) -> None:
    await office.hear(heard.bound())
    programme_id = await office.publish()
    await office.move_to(JANUARY)

    await office.pay("106000.00", JANUARY)

    assert await office.levels(programme_id) == {"city": ("50,000.00", "0.00"), "district": ("20,000.00", "0.00")}


async def test_a_subsidy_on_what_is_invoiced_is_granted_at_binding_and_follows_the_timeline(office: Office) -> None:
    programme_id = await office.publish(base=Base.INVOICED, window_basis=WindowBasis.INCEPTION)
    await office.hear(heard.bound())
    assert await office.levels(programme_id) == {"city": ("50,000.00", "0.00"), "district": ("20,000.00", "0.00")}

    await office.hear(heard.changed(JULY))

    assert await office.levels(programme_id) == {"city": ("55,041.10", "0.00"), "district": ("22,016.43", "0.00")}


async def test_a_second_programme_that_excludes_the_subsidised_gives_nothing(office: Office) -> None:
    await office.publish()
    second = await office.publish(code="SH-SECOND", exclude_already_subsidised=True)
    await office.hear(heard.bound())
    await office.move_to(JANUARY)

    await office.pay("106000.00", JANUARY)

    assert list((await office.case(second)).refusals) == ["ALREADY_SUBSIDISED"]


async def test_a_disbursement_is_recorded_announced_and_summed(office: Office) -> None:
    programme_id = await office.publish()
    await office.hear(heard.bound())
    await office.move_to(JANUARY)
    await office.pay("106000.00", JANUARY)
    case = await office.case(programme_id)
    request = case_pb.RecordDisbursementRequest(
        case_id=case.case_id,
        level=programme_pb.GOVERNMENT_LEVEL_CITY,
        reference="T1",
        amount=money_message(yuan("50000")),
        value_date=date_message(JANUARY),
    )

    first = (await office.ask(request)).subsidy_case
    again = (await office.ask(request)).subsidy_case

    assert first == again
    assert first.status == case_pb.CASE_STATUS_DISBURSED
    assert [type(one).__name__ for one in await office.announced()] == [
        "PremiumReceived",
        "SubsidyApproved",
        "SubsidyDisbursed",
    ]
    await office.project()
    totals = (await office.ask(case_pb.GetSubsidyTotalsRequest(programme_id=programme_id))).totals
    assert [(shown(one.granted), shown(one.disbursed), shown(one.used)) for one in totals] == [
        ("50,000.00", "50,000.00", "50,000.00"),
        ("20,000.00", "0.00", "20,000.00"),
    ]
    listed = (await office.ask(case_pb.ListSubsidyCasesRequest(status=case_pb.CASE_STATUS_DISBURSED))).subsidy_cases
    assert [one.case_id for one in listed] == [case.case_id]
    assert (await office.control_totals())["subsidy_receivable_ledger"] == "20,000.00"


async def test_journal_entries_are_listed_by_policy_and_account(office: Office) -> None:
    await office.hear(heard.bound())
    await office.hear(heard.bound(UUID(int=8), "HB2026-AAAAA-AAAAA"))
    await office.project()

    request = ledger_pb.ListJournalEntriesRequest(policy_id=str(POLICY), account_code="222102")
    [entry] = (await office.ask(request)).entries

    assert (entry.rule, entry.cause) == ("STAMP_DUTY", "policy.PremiumTransaction/1")
    assert entry.effective_date == date_message(date(2026, 1, 1))
    assert entry.booking_date == date_message(date(2025, 12, 20))
    assert [line.account_code for line in entry.lines] == ["6403", "222102"]
    with pytest.raises(InvalidField, match="account_code"):
        await office.ask(ledger_pb.ListJournalEntriesRequest(account_code="9999"))


async def test_the_chart_is_listed_with_both_names(office: Office) -> None:
    accounts = (await office.ask(ledger_pb.ListLedgerAccountsRequest())).accounts

    assert ("1122", "应收保费", "Premium receivable") in [(one.code, one.name_zh, one.name_en) for one in accounts]


async def test_fees_less_credits_less_payments_are_payable(office: Office) -> None:
    await office.hear(heard.verified("V1", "800.00"))
    await office.hear(heard.verified("V1", "800.00"))  # Announced twice for one order: paid for once.
    await office.hear(heard.credit_due("V1", "40.00"))
    pay = settlement_pb.RecordVendorPaymentRequest(
        vendor_id="V1",
        reference="P1",
        amount=money_message(yuan("700")),
        paid_on=date_message(date(2025, 12, 20)),
    )
    await office.ask(pay)
    await office.ask(pay)
    await office.project()

    statement = (await office.ask(settlement_pb.GetVendorStatementRequest(vendor_id="V1"))).statement

    assert [shown(one) for one in (statement.fees, statement.credits, statement.settled, statement.payable)] == [
        "800.00",
        "40.00",
        "700.00",
        "60.00",
    ]
    assert [shown(line.amount) for line in statement.lines] == ["800.00", "40.00", "700.00"]
    totals = await office.control_totals()
    assert totals["vendor_payable_ledger"] == "60.00"
    with pytest.raises(VendorAccountNotFound):
        await office.ask(settlement_pb.GetVendorStatementRequest(vendor_id="V1"), OTHER)


async def test_claims_are_posted_with_the_parts_of_others(office: Office) -> None:
    await office.hear(heard.bound())

    await office.hear(heard.reserve_changed("10000.00", "10000.00"))
    await office.hear(heard.payment_approved("4000.00"))
    await office.hear(heard.reserve_changed("6000.00", "-4000.00"))

    balances = await office.trial_balance()
    assert {code: balances[code] for code in ("2602", "1212", "2205", "6511", "122105", "6202")} == {
        "2602": "-3,600.00",  # 60 % of what is outstanding.
        "1212": "1,080.00",  # 30 % of that.
        "2205": "-4,000.00",
        "6511": "2,400.00",
        "122105": "1,600.00",
        "6202": "-720.00",
    }
    totals = await office.control_totals()
    assert totals["claims_paid_ledger"] == totals["claims_paid_accounts"] == "4,000.00"


async def test_work_that_a_claim_paid_for_is_one_expense_and_no_longer_owed(office: Office) -> None:
    await office.hear(heard.bound())
    await office.hear(heard.verified("V1", "3000.00"))
    paid = heard.payment_approved("2500.00", order_id="order-1", vendor_id="V1")

    await office.hear(paid)
    await office.hear(paid)

    balances = await office.trial_balance()
    assert {code: balances[code] for code in ("2202", "6601", "2205", "6511", "122105")} == {
        "2202": "-500.00",
        "6601": "500.00",
        "2205": "-2,500.00",
        "6511": "1,500.00",
        "122105": "1,000.00",
    }
    totals = await office.control_totals()
    assert (totals["vendor_fees_verified"], totals["vendor_settled"]) == ("3,000.00", "2,500.00")
    assert totals["vendor_payable_ledger"] == "500.00"
    statement = (await office.ask(settlement_pb.GetVendorStatementRequest(vendor_id="V1"))).statement
    assert [(line.kind, line.order_id) for line in statement.lines] == [
        (settlement_pb.VENDOR_LINE_KIND_FEE, "order-1"),
        (settlement_pb.VENDOR_LINE_KIND_CLAIM, "order-1"),
    ]


async def test_a_claims_payment_waits_for_the_work_that_it_paid_for(office: Office) -> None:
    await office.hear(heard.bound())
    paid = heard.payment_approved("2500.00", order_id="order-1", vendor_id="V1")

    with pytest.raises(NotYet):
        await office.hear(paid)
    await office.hear(heard.verified("V1", "3000.00", order_id="order-2"))
    with pytest.raises(NotYet):
        await office.hear(paid)

    totals = await office.control_totals()
    assert totals["claims_paid_ledger"] == "0.00"
    assert totals["vendor_payable_ledger"] == "3,000.00"


async def test_what_is_heard_of_an_unknown_policy_waits(office: Office) -> None:
    with pytest.raises(NotYet):
        await office.hear(heard.payment_approved("1.00"))
    with pytest.raises(NotYet):
        await office.hear(heard.reserve_changed("1.00", "1.00"))


async def test_binding_heard_twice_opens_one_account(office: Office) -> None:
    await office.hear(heard.bound())
    before = await office.account()

    await office.hear(heard.bound())

    assert await office.account() == before


async def test_read_tables_can_be_built_anew_and_are_the_same(office: Office, copied_rows: None) -> None:
    await office.publish()
    await office.hear(heard.bound())
    await office.move_to(JANUARY)
    await office.pay("106000.00", JANUARY)
    await office.hear(heard.verified("V1", "800.00"), LEAD)
    await office.project()

    _, one_by_one = await office.projector.rebuild(batch=1)
    _, together = await office.projector.rebuild()

    assert one_by_one and together
