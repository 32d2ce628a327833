"""Reading who joins a park policy, and writing certificates with all that they state."""

from datetime import date
from typing import Any

from hubao.policy.v1 import certificates_pb2 as pb
from hubao.policy.v1 import park_pb2
from sqlalchemy import Row

from libs.common.errors import DomainError, Invalid
from libs.common.grpc.convert import date_message, date_value, enum_text, money_message, money_value, timestamp_message
from libs.common.money import CNY, Money
from services.policy.application.certificates import CertificateView
from services.policy.application.public import enterprise_message, part_message, transaction_message
from services.policy.domain.park.events import Stay
from services.policy.domain.park.joining import Joining
from services.policy.servicer.policy_messages import level_messages
from services.policy.servicer.submission_messages import worksheet_message
from services.policy.servicer.values import answer_value, each, enterprise_value, wanted_value, within


def joining_value(field: str, message: pb.JoiningMember) -> Joining:
    return Joining(
        member=enterprise_value(f"{field}.member", message.member),
        joins_on=within(field, message, "joins_on", date_value),
        leaves_on=within(field, message, "leaves_on", date_value),
        parts=each(f"{field}.parts", message.parts, wanted_value),
        annual_revenue=money_value(f"{field}.annual_revenue", message.annual_revenue),
        answers=each(f"{field}.answers", message.answers, answer_value),
    )


def row_value(message: pb.JoiningMember) -> tuple[Joining | DomainError, bytes]:
    """A row of a bulk request with its bytes; one that can't be read is its own refusal."""
    payload = message.SerializeToString(deterministic=True)
    try:
        return joining_value("joining", message), payload
    except DomainError as wrong:
        return wrong, payload


def certificate_message(view: CertificateView, effective: date) -> pb.Certificate:
    """The certificate; `terms` are those of the effective date."""
    certificate, master, file = view.certificate, view.certificate.master, view.file
    stay = certificate.stay_on(effective)
    return pb.Certificate(
        certificate_id=str(view.certificate_id),
        certificate_number=certificate.number,
        policy_id=master.policy_id,
        policy_number=master.policy_number,
        status=enum_text(park_pb2.CertificateStatus, certificate.status),
        policyholder=enterprise_message(master.operator),
        member=enterprise_message(certificate.member),
        payer=enum_text(park_pb2.ParkPayer, master.payer),
        inception=date_message(master.term.inception),
        expiry=date_message(master.term.expiry),
        stays=[stay_message(each) for each in certificate.stays],
        terms=None if stay is None else stay_message(stay),
        aggregate_limit=money_message(view.master.aggregate_limit),
        exclusions=master.exclusions,
        transactions=[transaction_message(each) for each in certificate.transactions],
        premium=money_message(certificate.premium),
        vat=money_message(certificate.vat),
        premium_received=money_message(file.premium_received),
        premium_invoiced=money_message(file.premium_invoiced),
        subsidies=[
            pb.CertificateSubsidy(
                case_id=one.case_id,
                level=one.level,
                granted=one.granted,
                disbursed=one.disbursed,
                clawed_back=one.clawed_back,
            )
            for case_id, case in file.subsidies.items()
            for one in level_messages(case_id, case)
        ],
        effective_date=date_message(effective),
        etag=str(view.version),
    )


def stay_message(stay: Stay) -> pb.MemberStay:
    return pb.MemberStay(
        number=stay.number,
        joins_on=date_message(stay.joins_on),
        leaves_on=date_message(stay.leaves_on),
        left=bool(stay.reason),
        reason=stay.reason,
        parts=[part_message(part) for part in stay.parts],
        worksheet=worksheet_message(stay.worksheet),
        recorded_time=timestamp_message(stay.recorded_at),
    )


def result_message(row: int, result: CertificateView | DomainError, effective: date) -> pb.CertificateResult:
    if not isinstance(result, DomainError):
        return pb.CertificateResult(row=row, certificate=certificate_message(result, effective))
    field = result.field.removeprefix("joining.") if isinstance(result, Invalid) else ""
    return pb.CertificateResult(row=row, reason=result.reason, message=str(result), field=field)


def row_message(row: Row[Any]) -> pb.CertificateSummary:
    return pb.CertificateSummary(
        certificate_id=str(row.certificate_id),
        certificate_number=row.certificate_number,
        policy_id=str(row.policy_id),
        status=enum_text(park_pb2.CertificateStatus, row.status),
        member_uscc=row.insured_uscc,
        member_name=row.insured_name,
        joins_on=date_message(row.joins_on),
        leaves_on=date_message(row.leaves_on),
        premium=money_message(Money(CNY, row.premium)),
    )
