"""Reading the terms of a product from a request."""

from hubao.policy.v1 import product_service_pb2 as pb
from hubao.policy.v1 import terms_pb2

from libs.common.checking import reading
from libs.common.grpc.convert import date_value, decimal_value, enum_name, money_value, percent_value, uuid_value
from services.policy.domain.product.pin import QuestionnairePin
from services.policy.domain.product.terms import (
    AnswerKind,
    BaseRate,
    CancellationMethod,
    CancellationRule,
    CoveragePart,
    DatedRate,
    FactorBasis,
    FactorRow,
    FactorTable,
    LapseRule,
    LossParty,
    ProductLine,
    ProductTerms,
    Question,
    RatingPlan,
    ReportingExtension,
    RetroactiveRule,
    ServiceClocks,
    ServiceEntitlement,
    ServicePhase,
    TaxClass,
    Trigger,
    UnderwritingRules,
)
from services.policy.servicer.park_messages import park_value
from services.policy.servicer.values import each, within


def terms_value(field: str, message: pb.ProductTerms) -> ProductTerms:
    with reading() as read:
        return ProductTerms(
            line=ProductLine(enum_name(f"{field}.line", terms_pb2.ProductLine, message.line)),
            parts=read(each, f"{field}.parts", message.parts, part_value),
            rating=read(plan_value, f"{field}.rating", message.rating),
            questions=read(each, f"{field}.questions", message.questions, question_value),
            entitlements=read(each, f"{field}.entitlements", message.entitlements, service_value),
            underwriting=read(underwriting_value, f"{field}.underwriting", message.underwriting),
            cancellation=read(cancellation_value, f"{field}.cancellation", message.cancellation),
            vat_rates=read(each, f"{field}.vat_rates", message.vat_rates, dated_value),
            stamp_duty_rates=read(each, f"{field}.stamp_duty_rates", message.stamp_duty_rates, dated_value),
            minimum_premium=read(money_value, f"{field}.minimum_premium", message.minimum_premium),
            subsidy_classes=tuple(message.subsidy_classes),
            exclusions=tuple(message.exclusions),
            park=read(within, field, message, "park", park_value),
            questionnaire=read(within, field, message, "questionnaire", pin_value),
            tax_class=read(tax_class_value, f"{field}.tax_class", message.tax_class),
            lapse_rules=read(each, f"{field}.lapse_rules", message.lapse_rules, lapse_rule_value),
            reporting_extensions=read(
                each, f"{field}.reporting_extensions", message.reporting_extensions, extension_value
            ),
        )


def pin_value(field: str, message: pb.QuestionnaireVersionRef) -> QuestionnairePin:
    return QuestionnairePin(str(uuid_value(f"{field}.questionnaire_id", message.questionnaire_id)), message.version)


def tax_class_value(field: str, number: int) -> TaxClass:
    return TaxClass(enum_name(field, pb.TaxClass, number)) if number else TaxClass.STANDARD


def part_value(field: str, message: pb.CoveragePart) -> CoveragePart:
    with reading() as read:
        return CoveragePart(
            code=message.code,
            name=message.name,
            party=LossParty(enum_name(f"{field}.party", pb.LossParty, message.party)),
            minimum_limit=read(money_value, f"{field}.minimum_limit", message.minimum_limit),
            maximum_limit=read(money_value, f"{field}.maximum_limit", message.maximum_limit),
            minimum_deductible=read(money_value, f"{field}.minimum_deductible", message.minimum_deductible),
            waiting_hours=message.waiting_hours,
            coinsurance_percent=read(percent_value, f"{field}.coinsurance_percent", message.coinsurance_percent),
            sub_limit_parent=message.sub_limit_parent,
            trigger=Trigger(enum_name(f"{field}.trigger", terms_pb2.Trigger, message.trigger)),
            retroactive_rule=RetroactiveRule(
                enum_name(f"{field}.retroactive_rule", pb.RetroactiveRule, message.retroactive_rule)
            ),
            extended_reporting_days=message.extended_reporting_days,
        )


def plan_value(field: str, message: pb.RatingPlan) -> RatingPlan:
    with reading() as read:
        return RatingPlan(
            base_rates=read(each, f"{field}.base_rates", message.base_rates, base_rate_value),
            factor_tables=read(each, f"{field}.factor_tables", message.factor_tables, table_value),
            bundle_credit_percent=read(percent_value, f"{field}.bundle_credit_percent", message.bundle_credit_percent),
        )


def base_rate_value(field: str, message: pb.BaseRate) -> BaseRate:
    return BaseRate(
        part_code=message.part_code,
        rate=decimal_value(f"{field}.rate", message.rate),
        valid_from=date_value(f"{field}.valid_from", message.valid_from),
    )


def table_value(field: str, message: pb.FactorTable) -> FactorTable:
    with reading() as read:
        return FactorTable(
            name=message.name,
            basis=FactorBasis(enum_name(f"{field}.basis", pb.FactorBasis, message.basis)),
            question=message.question,
            part_codes=tuple(message.part_codes),
            valid_from=read(date_value, f"{field}.valid_from", message.valid_from),
            rows=read(each, f"{field}.rows", message.rows, row_value),
        )


def row_value(field: str, message: pb.FactorRow) -> FactorRow:
    return FactorRow(message.key, decimal_value(f"{field}.factor", message.factor))


def question_value(field: str, message: pb.Question) -> Question:
    kind = AnswerKind(enum_name(f"{field}.kind", pb.AnswerKind, message.kind))
    with reading() as read:
        return Question(
            code=message.code,
            text=message.text,
            kind=kind,
            options=tuple(message.options),
            required=message.required,
            minimum=read(decimal_value, f"{field}.minimum", message.minimum) if message.minimum else None,
            maximum=read(decimal_value, f"{field}.maximum", message.maximum) if message.maximum else None,
            factor=message.factor,
        )


def service_value(field: str, message: terms_pb2.ServiceEntitlement) -> ServiceEntitlement:
    with reading() as read:
        return ServiceEntitlement(
            code=message.code,
            service_type=message.service_type,
            phase=ServicePhase(enum_name(f"{field}.phase", terms_pb2.ServicePhase, message.phase)),
            quantity=message.quantity,
            mandatory=message.mandatory,
            fee=read(money_value, f"{field}.fee", message.fee),
            respond_within_hours=message.respond_within_hours,
            start_within_hours=message.start_within_hours,
            deliver_within_hours=message.deliver_within_hours,
            pause_allowance_hours=message.pause_allowance_hours if message.HasField("pause_allowance_hours") else 72,
            critical_infrastructure_clocks=_clocks_value(message),
        )


def _clocks_value(message: terms_pb2.ServiceEntitlement) -> ServiceClocks | None:
    if not message.HasField("critical_infrastructure_clocks"):
        return None
    clocks = message.critical_infrastructure_clocks
    return ServiceClocks(clocks.respond_within_hours, clocks.start_within_hours, clocks.deliver_within_hours)


def underwriting_value(field: str, message: pb.UnderwritingRules) -> UnderwritingRules:
    with reading() as read:
        return UnderwritingRules(
            authority_limit=read(money_value, f"{field}.authority_limit", message.authority_limit),
            critical_findings_allowed=message.critical_findings_allowed,
            authority_revenue=read(within, field, message, "authority_revenue", money_value),
            assessment_industries=tuple(message.assessment_industries),
            quote_valid_days=message.quote_valid_days,
            loss_years=message.loss_years,
            losses_allowed=message.losses_allowed if message.HasField("losses_allowed") else None,
            loss_amount_allowed=read(within, field, message, "loss_amount_allowed", money_value),
            losses_declined_above=message.losses_declined_above if message.HasField("losses_declined_above") else None,
            loss_amount_declined_above=read(within, field, message, "loss_amount_declined_above", money_value),
            excluded_industries=tuple(message.excluded_industries),
            refer_critical_infrastructure=message.refer_critical_infrastructure,
        )


def cancellation_value(field: str, message: pb.CancellationRule) -> CancellationRule:
    with reading() as read:
        return CancellationRule(
            methods=read(each, f"{field}.methods", message.methods, method_value),
            short_rate_percent=read(percent_value, f"{field}.short_rate_percent", message.short_rate_percent),
            minimum_earned_percent=read(
                percent_value, f"{field}.minimum_earned_percent", message.minimum_earned_percent or "0"
            ),
            despite_claims=message.despite_claims,
        )


def lapse_rule_value(field: str, message: pb.LapseRule) -> LapseRule:
    return LapseRule(date_value(f"{field}.valid_from", message.valid_from), message.automatic, message.cure_days)


def extension_value(field: str, message: pb.ReportingExtension) -> ReportingExtension:
    return ReportingExtension(message.days, decimal_value(f"{field}.premium_percent", message.premium_percent))


def method_value(field: str, number: int) -> CancellationMethod:
    return CancellationMethod(enum_name(field, pb.CancellationMethod, number))


def dated_value(field: str, message: pb.DatedRate) -> DatedRate:
    with reading() as read:
        return DatedRate(
            rate=read(decimal_value, f"{field}.rate", message.rate),
            valid_from=read(date_value, f"{field}.valid_from", message.valid_from),
        )
