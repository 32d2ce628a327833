"""Reading a row of an import. Each field is checked here, so that what is wrong with a row refuses the row alone."""

from hubao.common.v1 import party_pb2
from hubao.policy.v1 import policy_import_pb2 as pb
from hubao.policy.v1 import submission_service_pb2 as submission_pb
from hubao.policy.v1 import terms_pb2

from libs.common.checking import reading
from libs.common.grpc.convert import date_value, enum_name, money_value, optional, percent_value
from libs.common.grpc.validation import sound
from services.policy.domain.cover import WantedPart
from services.policy.domain.enterprise import Enterprise, EnterpriseSize
from services.policy.domain.policy.origin import ImportedAnswer, ImportedPart, ImportedPolicy
from services.policy.domain.policy.values import Share
from services.policy.domain.product.terms import ProductLine
from services.policy.domain.submission.values import DeclaredDependency, DependencyKind
from services.policy.servicer.values import each, within


def policy_value(message: pb.ImportedPolicy) -> ImportedPolicy:
    """The row, or a refusal with the path of each field that is wrong in it."""
    sound(message)
    insured = message.insured
    with reading() as read:
        return ImportedPolicy(
            row_key=row_key_of(message),
            policy_number=message.policy_number,
            insured=Enterprise(
                uscc=insured.uscc,
                name=insured.name,
                industry_code=insured.industry_code,
                region_code=insured.region_code,
                size=read(_size_value, insured.size),
                critical_infrastructure=insured.critical_infrastructure,
                protecting_department=insured.protecting_department,
            ),
            line=read(_line_value, message.line),
            product_key=message.product_key,
            product_version=message.product_version,
            inception=read(date_value, "inception", message.inception),
            expiry=read(date_value, "expiry", message.expiry),
            parts=read(each, "parts", message.parts, _part_value),
            aggregate_limit=read(optional, message, "aggregate_limit", money_value),
            shares=read(each, "shares", message.shares, _share_value),
            vat=read(optional, message, "vat", money_value),
            stamp_duty=read(optional, message, "stamp_duty", money_value),
            annual_revenue=read(optional, message, "annual_revenue", money_value),
            answers=tuple(ImportedAnswer(answer.question, answer.text) for answer in message.answers),
            bundled_services=message.bundled_services,
            dependencies=read(each, "dependencies", message.dependencies, _dependency_value),
        )


def _size_value(number: int) -> EnterpriseSize:
    return EnterpriseSize(enum_name("insured.size", party_pb2.EnterpriseSize, number))


def _line_value(number: int) -> ProductLine:
    return ProductLine(enum_name("line", terms_pb2.ProductLine, number))


def row_key_of(message: pb.ImportedPolicy) -> str:
    return message.row_key or message.policy_number


def _part_value(field: str, message: pb.ImportedPart) -> ImportedPart:
    with reading() as read:
        return ImportedPart(
            WantedPart(
                part_code=message.code,
                limit=read(money_value, f"{field}.limit", message.limit),
                deductible=read(within, field, message, "deductible", money_value),
                retroactive_date=read(within, field, message, "retroactive_date", date_value),
            ),
            read(money_value, f"{field}.annual_premium", message.annual_premium),
        )


def _share_value(field: str, message: terms_pb2.CoInsurerShare) -> Share:
    return Share(message.insurer_id, percent_value(f"{field}.percent", message.percent), message.lead)


def _dependency_value(field: str, message: pb.ImportedDependency) -> DeclaredDependency:
    kind = enum_name(f"{field}.kind", submission_pb.DependencyKind, message.kind)
    return DeclaredDependency(DependencyKind(kind), message.name)
