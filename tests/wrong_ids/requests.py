"""For each method that takes an id: the rest of a request that is right, so that nothing but the id can be wrong."""

from datetime import date
from typing import Any
from uuid import UUID

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date
from google.type.money_pb2 import Money
from hubao.billing_subsidy.v1 import (
    account_preview_pb2,
    account_service_pb2,
    ledger_service_pb2,
    programme_service_pb2,
    reconciliation_service_pb2,
    settlement_service_pb2,
)
from hubao.billing_subsidy.v1 import subsidy_case_service_pb2 as case_pb
from hubao.claims.v1 import claim_pb2
from hubao.claims.v1 import claim_service_pb2 as claim_service_pb
from hubao.policy.v1 import certificates_pb2, draft_service_pb2, policy_life_pb2
from hubao.policy.v1 import policy_service_pb2 as policy_pb
from hubao.policy.v1 import product_service_pb2 as product_pb
from hubao.policy.v1 import quantification_service_pb2 as quantification_pb
from hubao.policy.v1 import submission_service_pb2 as submission_pb
from hubao.policy.v1 import treaty_service_pb2 as treaty_pb
from hubao.vendor_gateway.v1 import order_service_pb2 as order_pb
from hubao.vendor_gateway.v1 import vendor_service_pb2 as vendor_pb

from services.billing_subsidy.servicer.rules import rules_message
from services.policy.application import sealing
from tests.billing_subsidy import examples as billing_examples
from tests.billing_subsidy import heard
from tests.claims import desk as claims
from tests.claims import test_park as claims_park
from tests.policy import desk as policy
from tests.policy import test_draft_commands, test_service_park, test_service_underwriting
from tests.policy.quantification import test_served
from tests.vendor_gateway import gateway

DAY = Date(year=2026, month=6, day=1)
YUAN = Money(currency_code="CNY", units=100)
REST: list[Message] = [
    account_service_pb2.RecordReceiptRequest(reference="R-9", amount=YUAN, value_date=DAY),
    account_service_pb2.RecordRefundPaidRequest(reference="R-9", amount=YUAN, paid_on=DAY),
    account_service_pb2.SetPaymentPlanRequest(plan=account_service_pb2.PaymentPlan(instalments=2)),
    account_preview_pb2.PreviewPolicyChangeRequest(type="hubao.policy.v1.PolicyChanged"),
    ledger_service_pb2.RecogniseEarnedRequest(through=DAY),
    programme_service_pb2.ReviseProgrammeRequest(rules=rules_message(billing_examples.rules())),
    reconciliation_service_pb2.CodeEntryRequest(line=2, code="DIFFERENCE_CODE_BANK_CHARGE", reason="fee"),
    reconciliation_service_pb2.UncodeEntryRequest(line=2, reason="mistyped"),
    case_pb.RecordRepaymentRequest(level="GOVERNMENT_LEVEL_CITY", reference="P-9", amount=YUAN, value_date=DAY),
    case_pb.RecordPassedOnRequest(reference="O-9", amount=YUAN, paid_on=DAY),
    settlement_service_pb2.RecordVendorPaymentRequest(reference="V-9", amount=YUAN, paid_on=DAY),
    case_pb.RecordDisbursementRequest(level="GOVERNMENT_LEVEL_CITY", reference="D-9", amount=YUAN, value_date=DAY),
    claims.notice(policy_id="", reference="R-9", insured_uscc=claims_park.uscc(claims_park.FIRST)),
    claim_service_pb.AnswerQuestionsRequest(answers=[claim_pb2.Answer(code="OCCURRED_ON", value="2026")]),
    claims.reserve("", 1000),
    claim_service_pb.ApproveReservesRequest(number=1),
    claims.proposal(""),
    claim_service_pb.ApproveDecisionRequest(number=1),
    claims.payment("", 1000),
    claim_service_pb.RejectPaymentRequest(reason="no"),
    claim_service_pb.ReopenClaimRequest(reason="new facts"),
    claim_service_pb.WithdrawClaimRequest(reason="no loss"),
    draft_service_pb2.CreateDraftRequest(change=test_draft_commands.RAISE),
    policy.bind(""),
    policy.endorse("", date(2026, 6, 1), policy.set_data(policy.Money.cny(3_000_000))),
    policy.cancel("", date(2026, 6, 1)),
    policy_pb.PreviewChangeRequest(change=test_draft_commands.RAISE),
    policy_pb.CommitChangeRequest(change=test_draft_commands.RAISE),
    test_service_park.issue("", 2),
    certificates_pb2.IssueCertificatesRequest(members=[test_service_park.joining(2)]),
    test_service_park.withdraw("", date(2026, 6, 1)),
    policy_life_pb2.ReinstatePolicyRequest(effective_date=DAY, reason="PREMIUM_PAID"),
    policy_life_pb2.ExtendReportingRequest(days=90),
    product_pb.ReviseProductRequest(terms=policy.create_product().terms),
    test_service_underwriting.pinning(""),
    product_pb.ReviseQuestionnaireRequest(questions=test_service_underwriting.create_questionnaire().questions),
    quantification_pb.SimulateRiskRequest(losses=test_served.losses(), years=1000),
    quantification_pb.SimulatePortfolioRequest(effective_date=DAY, losses=test_served.losses(), years=1000),
    policy.create_submission("", "S-9"),
    submission_pb.ReleaseReferralRequest(quote_number=1, note="fine"),
    submission_pb.CloseSubjectivityRequest(
        quote_number=1, code="MFA", evidence_reference="mail", evidence_sha256="0" * 64
    ),
    submission_pb.DeclineSubmissionRequest(reasons=["OUT_OF_APPETITE"]),
    treaty_pb.TerminateTreatyRequest(terminated_on=DAY, reason="sold"),
    policy.place("", "FAC-9"),
    treaty_pb.AcceptFacultativeRequest(reference="slip 9"),
    *(
        kind(booked_from=DAY, booked_until=Date(year=2026, month=12, day=1), format="FILE_FORMAT_CSV")
        for kind in (treaty_pb.ExportPremiumBordereauRequest, treaty_pb.ExportClaimsBordereauRequest)
    ),
    order_pb.RequestOrderRequest(entitlement_code="MONITORING"),
    order_pb.DeclineOrderRequest(reason="busy"),
    order_pb.ScheduleOrderRequest(start_time=Timestamp(seconds=1_780_000_000)),
    order_pb.PauseOrderRequest(reason="waiting"),
    order_pb.DeliverOrderRequest(deliverable=order_pb.Deliverable(sha256="0" * 64, size_bytes=9)),
    order_pb.RequestReworkRequest(reason="incomplete", deliver_within_hours=24),
    order_pb.CancelOrderRequest(reason="CANCEL_REASON_VENDOR_FAILED"),
    vendor_pb.AccreditVendorRequest(accreditation=gateway.accreditation()),
    vendor_pb.SuspendVendorRequest(reason="audit"),
    vendor_pb.TerminateVendorRequest(reason="left"),
]
BESIDE: dict[tuple[str, str], dict[str, Any]] = {
    ("SimulateRiskRequest", "policy.policy_id"): {"policy": quantification_pb.PolicyRisk(effective_date=DAY)},
    ("SimulateRiskRequest", "quote.submission_id"): {"quote": quantification_pb.QuoteRisk(quote_number=1)},
    ("CreateSubmissionRequest", "questionnaire.questionnaire_id"): {
        "questionnaire": product_pb.QuestionnaireVersionRef(version=1)
    },
}
"""What stands beside an id in a part of a request that is only there for it."""
TOGETHER = {"GetSubsidyCaseRequest": {"policy_id": "programme_id", "programme_id": "policy_id"}}
"""Fields that may be left out, but not one without the other."""


def fit(message: Message, path: str, value: str) -> None:
    """Lets the rest of a request follow the id that it is made with."""
    match message:
        case account_preview_pb2.PreviewPolicyChangeRequest() if value:
            message.data = heard.changed(billing_examples.BIND, policy_id=UUID(value)).SerializeToString()
        case policy_pb.CommitChangeRequest():
            short = sealing.change_part(value, message.change)
            message.preview_hash = ".".join(["0" * 64, short, *["0" * 12] * 6])
            message.without_billing = True
        case product_pb.ReviseProductRequest() if path.startswith("terms."):
            message.terms.CopyFrom(test_service_underwriting.pinning(value).terms)
