"""Writing products: what the requests carry, in the same words."""

from typing import Any

from google.type import money_pb2
from hubao.policy.v1 import product_service_pb2 as pb
from hubao.policy.v1 import terms_pb2
from sqlalchemy import Row

from libs.common.application import Done, Loaded
from libs.common.grpc.convert import date_message, decimal_text, enum_text, money_message, timestamp_message
from libs.common.money import Money
from services.policy.application.public import service_message
from services.policy.domain.product.pin import QuestionnairePin
from services.policy.domain.product.product import Product, ProductVersion
from services.policy.domain.product.terms import (
    CoveragePart,
    DatedRate,
    FactorTable,
    ProductTerms,
    Question,
    RatingPlan,
    UnderwritingRules,
)
from services.policy.servicer.park_messages import park_message


def product_message(found: Done[Product] | Loaded[Product]) -> pb.Product:
    product = found.value
    return pb.Product(
        product_id=str(found.stream),
        product_key=product.product_key,
        name=product.name,
        status=enum_text(pb.ProductStatus, product.status),
        draft=None if product.draft is None else terms_message(product.draft),
        versions=[version_message(product, version) for version in product.versions],
        etag=str(found.version),
    )


def row_message(row: Row[Any]) -> pb.ProductSummary:
    return pb.ProductSummary(
        product_id=str(row.product_id),
        product_key=row.product_key,
        name=row.name,
        status=enum_text(pb.ProductStatus, row.status),
        line=enum_text(terms_pb2.ProductLine, row.line),
        latest_version=row.latest_version,
    )


def version_message(product: Product, version: ProductVersion) -> pb.ProductVersion:
    return pb.ProductVersion(
        number=version.number,
        terms=terms_message(version.terms),
        published_time=timestamp_message(version.published_at),
        retired=product.retired or version.number in product.versions_retired,
    )


def terms_message(terms: ProductTerms) -> pb.ProductTerms:
    return pb.ProductTerms(
        line=enum_text(terms_pb2.ProductLine, terms.line),
        parts=[part_message(part) for part in terms.parts],
        rating=plan_message(terms.rating),
        questions=[question_message(question) for question in terms.questions],
        entitlements=[service_message(service) for service in terms.entitlements],
        underwriting=underwriting_message(terms.underwriting),
        cancellation=pb.CancellationRule(
            methods=[enum_text(pb.CancellationMethod, method) for method in terms.cancellation.methods],
            short_rate_percent=decimal_text(terms.cancellation.short_rate_percent),
            minimum_earned_percent=decimal_text(terms.cancellation.minimum_earned_percent),
            despite_claims=terms.cancellation.despite_claims,
        ),
        vat_rates=[dated_message(rate) for rate in terms.vat_rates],
        stamp_duty_rates=[dated_message(rate) for rate in terms.stamp_duty_rates],
        minimum_premium=money_message(terms.minimum_premium),
        subsidy_classes=terms.subsidy_classes,
        exclusions=terms.exclusions,
        park=None if terms.park is None else park_message(terms.park),
        questionnaire=None if terms.questionnaire is None else pin_message(terms.questionnaire),
        tax_class=enum_text(pb.TaxClass, terms.tax_class),
        lapse_rules=[
            pb.LapseRule(valid_from=date_message(rule.valid_from), automatic=rule.automatic, cure_days=rule.cure_days)
            for rule in terms.lapse_rules
        ],
        reporting_extensions=[
            pb.ReportingExtension(days=each.days, premium_percent=decimal_text(each.premium_percent))
            for each in terms.reporting_extensions
        ],
    )


def question_message(question: Question) -> pb.Question:
    return pb.Question(
        code=question.code,
        text=question.text,
        kind=enum_text(pb.AnswerKind, question.kind),
        options=question.options,
        required=question.required,
        minimum="" if question.minimum is None else decimal_text(question.minimum),
        maximum="" if question.maximum is None else decimal_text(question.maximum),
        factor=question.factor,
    )


def pin_message(pin: QuestionnairePin) -> pb.QuestionnaireVersionRef:
    return pb.QuestionnaireVersionRef(questionnaire_id=pin.questionnaire_id, version=pin.version)


def part_message(part: CoveragePart) -> pb.CoveragePart:
    return pb.CoveragePart(
        code=part.code,
        name=part.name,
        party=enum_text(pb.LossParty, part.party),
        minimum_limit=money_message(part.minimum_limit),
        maximum_limit=money_message(part.maximum_limit),
        minimum_deductible=money_message(part.minimum_deductible),
        waiting_hours=part.waiting_hours,
        coinsurance_percent=decimal_text(part.coinsurance_percent),
        sub_limit_parent=part.sub_limit_parent,
        trigger=enum_text(terms_pb2.Trigger, part.trigger),
        retroactive_rule=enum_text(pb.RetroactiveRule, part.retroactive_rule),
        extended_reporting_days=part.extended_reporting_days,
    )


def plan_message(plan: RatingPlan) -> pb.RatingPlan:
    return pb.RatingPlan(
        base_rates=[
            pb.BaseRate(
                part_code=base.part_code, rate=decimal_text(base.rate), valid_from=date_message(base.valid_from)
            )
            for base in plan.base_rates
        ],
        factor_tables=[table_message(table) for table in plan.factor_tables],
        bundle_credit_percent=decimal_text(plan.bundle_credit_percent),
    )


def table_message(table: FactorTable) -> pb.FactorTable:
    return pb.FactorTable(
        name=table.name,
        basis=enum_text(pb.FactorBasis, table.basis),
        question=table.question,
        part_codes=table.part_codes,
        valid_from=date_message(table.valid_from),
        rows=[pb.FactorRow(key=row.key, factor=decimal_text(row.factor)) for row in table.rows],
    )


def underwriting_message(rules: UnderwritingRules) -> pb.UnderwritingRules:
    return pb.UnderwritingRules(
        authority_limit=money_message(rules.authority_limit),
        critical_findings_allowed=rules.critical_findings_allowed,
        authority_revenue=_money(rules.authority_revenue),
        assessment_industries=rules.assessment_industries,
        quote_valid_days=rules.quote_valid_days,
        loss_years=rules.loss_years,
        losses_allowed=rules.losses_allowed,
        loss_amount_allowed=_money(rules.loss_amount_allowed),
        losses_declined_above=rules.losses_declined_above,
        loss_amount_declined_above=_money(rules.loss_amount_declined_above),
        excluded_industries=rules.excluded_industries,
        refer_critical_infrastructure=rules.refer_critical_infrastructure,
    )


def _money(amount: Money | None) -> money_pb2.Money | None:
    return None if amount is None else money_message(amount)


def dated_message(rate: DatedRate) -> pb.DatedRate:
    return pb.DatedRate(rate=decimal_text(rate.rate), valid_from=date_message(rate.valid_from))
