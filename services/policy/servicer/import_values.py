"""Reading a row of an import. Each field is checked here, so that what is wrong with a row refuses the row alone."""

from hubao.common.v1 import party_pb2
from hubao.policy.v1 import policy_import_pb2 as pb
from hubao.policy.v1 import submission_service_pb2 as submission_pb
from hubao.policy.v1 import terms_pb2

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
    """The row, or InvalidField with the path of what is wrong in it."""
    sound(message)
    insured = message.insured
    return ImportedPolicy(
        row_key=row_key_of(message),
        policy_number=message.policy_number,
        insured=Enterprise(
            uscc=insured.uscc,
            name=insured.name,
            industry_code=insured.industry_code,
            region_code=insured.region_code,
            size=EnterpriseSize(enum_name("insured.size", party_pb2.EnterpriseSize, insured.size)),
            critical_infrastructure=insured.critical_infrastructure,
            protecting_department=insured.protecting_department,
        ),
        line=ProductLine(enum_name("line", terms_pb2.ProductLine, message.line)),
        product_key=message.product_key,
        product_version=message.product_version,
        inception=date_value("inception", message.inception),
        expiry=date_value("expiry", message.expiry),
        parts=each("parts", message.parts, _part_value),
        aggregate_limit=optional(message, "aggregate_limit", money_value),
        shares=each("shares", message.shares, _share_value),
        vat=optional(message, "vat", money_value),
        stamp_duty=optional(message, "stamp_duty", money_value),
        annual_revenue=optional(message, "annual_revenue", money_value),
        answers=tuple(ImportedAnswer(answer.question, answer.text) for answer in message.answers),
        bundled_services=message.bundled_services,
        dependencies=each("dependencies", message.dependencies, _dependency_value),
    )


def row_key_of(message: pb.ImportedPolicy) -> str:
    return message.row_key or message.policy_number


def _part_value(field: str, message: pb.ImportedPart) -> ImportedPart:
    return ImportedPart(
        WantedPart(
            part_code=message.code,
            limit=money_value(f"{field}.limit", message.limit),
            deductible=within(field, message, "deductible", money_value),
            retroactive_date=within(field, message, "retroactive_date", date_value),
        ),
        money_value(f"{field}.annual_premium", message.annual_premium),
    )


def _share_value(field: str, message: terms_pb2.CoInsurerShare) -> Share:
    return Share(message.insurer_id, percent_value(f"{field}.percent", message.percent), message.lead)


def _dependency_value(field: str, message: pb.ImportedDependency) -> DeclaredDependency:
    kind = enum_name(f"{field}.kind", submission_pb.DependencyKind, message.kind)
    return DeclaredDependency(DependencyKind(kind), message.name)
