"""Writing submissions and their quotes."""

from typing import Any

from hubao.policy.v1 import submission_service_pb2 as pb
from sqlalchemy import Row

from libs.common.application import Done, Loaded
from libs.common.grpc.convert import date_message, decimal_text, enum_text, money_message
from services.policy.application.public import enterprise_message, part_message
from services.policy.domain.assessment import Assessment
from services.policy.domain.cover import WantedPart
from services.policy.domain.rating import RatedPart, Worksheet
from services.policy.domain.submission.submission import Submission
from services.policy.domain.submission.values import DeclaredSystem, Quote, Subjectivity
from services.policy.servicer.life_messages import experience_message, renewal_message
from services.policy.servicer.product_messages import pin_message
from services.policy.servicer.values import answer_message


def submission_message(found: Done[Submission] | Loaded[Submission]) -> pb.Submission:
    submission, asked = found.value, found.value.asked
    return pb.Submission(
        submission_id=str(found.stream),
        submission_key=asked.submission_key,
        status=enum_text(pb.SubmissionStatus, submission.status),
        product_id=asked.product_id,
        insured=enterprise_message(asked.insured),
        inception=date_message(asked.period.inception),
        expiry=date_message(asked.period.expiry),
        parts=[wanted_message(part) for part in asked.parts],
        aggregate_limit=None if asked.aggregate_limit is None else money_message(asked.aggregate_limit),
        annual_revenue=money_message(asked.annual_revenue),
        answers=[answer_message(answer) for answer in asked.answers],
        systems=[system_message(system) for system in asked.systems],
        dependencies=[
            pb.DeclaredDependency(kind=enum_text(pb.DependencyKind, each.kind), name=each.name)
            for each in asked.dependencies
        ],
        bundled_services=asked.bundled_services,
        assessment=None if submission.assessment is None else assessment_message(submission.assessment),
        quotes=[quote_message(quote) for quote in submission.quotes],
        decline_reasons=submission.decline_reasons,
        author=asked.author,
        policy_id=submission.policy_id,
        etag=str(found.version),
        questionnaire=None if asked.questionnaire is None else pin_message(asked.questionnaire),
        losses=[
            pb.DeclaredLoss(
                occurred_on=date_message(each.occurred_on),
                amount=money_message(each.amount),
                description=each.description,
            )
            for each in asked.losses
        ],
        renewal=None if submission.renewal is None else renewal_message(submission.renewal),
    )


def row_message(row: Row[Any]) -> pb.SubmissionSummary:
    return pb.SubmissionSummary(
        submission_id=str(row.submission_id),
        submission_key=row.submission_key,
        status=enum_text(pb.SubmissionStatus, row.status),
        insured_uscc=row.insured_uscc,
        insured_name=row.insured_name,
        product_id=row.product_id,
        inception=date_message(row.inception),
        policy_id=row.policy_id,
    )


def wanted_message(part: WantedPart) -> pb.WantedPart:
    message = pb.WantedPart(part_code=part.part_code, limit=money_message(part.limit))
    if part.deductible is not None:
        message.deductible.CopyFrom(money_message(part.deductible))
    if part.retroactive_date is not None:
        message.retroactive_date.CopyFrom(date_message(part.retroactive_date))
    return message


def system_message(system: DeclaredSystem) -> pb.DeclaredSystem:
    return pb.DeclaredSystem(
        name=system.name,
        mlps_level=system.mlps_level,
        mlps_filing_number=system.mlps_filing_number,
        mlps_tested_on=None if system.mlps_tested_on is None else date_message(system.mlps_tested_on),
        critical_infrastructure=system.critical_infrastructure,
        protecting_department=system.protecting_department,
    )


def assessment_message(assessment: Assessment) -> pb.Assessment:
    return pb.Assessment(
        order_id=assessment.order_id,
        vendor_id=assessment.vendor_id,
        score=assessment.score,
        critical_findings=assessment.critical_findings,
        high_findings=assessment.high_findings,
        report_sha256=assessment.report_sha256,
        verified_on=date_message(assessment.verified_on),
    )


def quote_message(quote: Quote) -> pb.Quote:
    return pb.Quote(
        number=quote.number,
        status=enum_text(pb.QuoteStatus, quote.status),
        product_version=quote.product_version,
        parts=[part_message(part) for part in quote.parts],
        worksheet=worksheet_message(quote.worksheet),
        quoted_on=date_message(quote.quoted_on),
        expires_on=date_message(quote.expires_on),
        subjectivities=[subjectivity_message(each) for each in quote.subjectivities],
        referral_reasons=quote.referral_reasons,
        author=quote.author,
        released_by=quote.released_by,
        required_authority=None if quote.required_authority is None else money_message(quote.required_authority),
    )


def subjectivity_message(subjectivity: Subjectivity) -> pb.Subjectivity:
    message = pb.Subjectivity(
        code=subjectivity.code,
        text=subjectivity.text,
        phase=enum_text(pb.SubjectivityPhase, subjectivity.phase),
        due_on=None if subjectivity.due_on is None else date_message(subjectivity.due_on),
        overdue=subjectivity.overdue,
    )
    if (evidence := subjectivity.evidence) is not None:
        message.evidence_reference = evidence.reference
        message.evidence_sha256 = evidence.sha256
        message.closed_on.CopyFrom(date_message(evidence.given_on))
    return message


def worksheet_message(worksheet: Worksheet) -> pb.Worksheet:
    return pb.Worksheet(
        rated_for=date_message(worksheet.rated_for),
        parts=[rated_message(part) for part in worksheet.parts],
        technical_premium=money_message(worksheet.technical_premium),
        bundle_credit=money_message(worksheet.bundle_credit),
        minimum_top_up=money_message(worksheet.minimum_top_up),
        annual_premium=money_message(worksheet.annual_premium),
        vat_rate=decimal_text(worksheet.vat_rate),
        vat=money_message(worksheet.vat),
        gross_premium=money_message(worksheet.annual_premium + worksheet.vat),
        stamp_duty_rate=decimal_text(worksheet.stamp_duty_rate),
        stamp_duty=money_message(worksheet.stamp_duty),
        experience=None if worksheet.experience is None else experience_message(worksheet.experience),
    )


def rated_message(part: RatedPart) -> pb.RatedPart:
    return pb.RatedPart(
        part_code=part.part_code,
        limit=money_message(part.limit),
        base_rate=decimal_text(part.base_rate),
        factors=[
            pb.AppliedFactor(name=factor.name, source=factor.source, value=decimal_text(factor.value))
            for factor in part.factors
        ],
        technical_premium=money_message(part.technical_premium),
        bundle_credit=money_message(part.bundle_credit),
        minimum_top_up=money_message(part.minimum_top_up),
        annual_premium=money_message(part.annual_premium),
    )
