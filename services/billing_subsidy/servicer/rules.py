"""A programme's rules, from and to their protobuf form."""

from decimal import Decimal

from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from google.type import money_pb2
from hubao.billing_subsidy.v1 import programme_service_pb2 as pb
from hubao.common.v1.party_pb2 import EnterpriseSize
from hubao.policy.v1.terms_pb2 import ProductLine

from libs.common.checking import reading
from libs.common.dates import Period
from libs.common.errors import InvalidField
from libs.common.grpc.convert import (
    date_message,
    date_value,
    decimal_text,
    enum_name,
    enum_text,
    money_message,
    money_value,
    optional,
    percent_value,
)
from libs.common.money import Money
from services.billing_subsidy.domain.programme.rules import (
    Base,
    Level,
    LevelRule,
    Method,
    ProgrammeRules,
    Rate,
    WindowBasis,
)


def rules_value(message: pb.ProgrammeRules) -> ProgrammeRules:
    with reading() as read:
        return ProgrammeRules(
            code=message.code,
            name=message.name,
            window=read(_window_value, message),
            window_basis=WindowBasis(enum_name("rules.window_basis", pb.WindowBasis, message.window_basis)),
            base=Base(enum_name("rules.base", pb.SubsidyBase, message.base)),
            levels=tuple(read(_level_value, f"rules.levels[{place}]", one) for place, one in enumerate(message.levels)),
            minimum_term_days=message.minimum_term_days,
            regions=tuple(message.regions),
            industries=tuple(message.industries),
            lines=tuple(
                read(enum_name, f"rules.lines[{place}]", ProductLine, line) for place, line in enumerate(message.lines)
            ),
            subsidy_classes=tuple(message.subsidy_classes),
            exclude_already_subsidised=message.exclude_already_subsidised,
            total_percent=read(percent_value, "rules.total_percent", message.total_percent or "100"),
            reallocate_freed=not message.keep_freed,
            critical_infrastructure_only=message.critical_infrastructure_only,
        )


def _window_value(message: pb.ProgrammeRules) -> Period:
    with reading() as read:
        start = read(date_value, "rules.window_from", message.window_from)
        end = read(date_value, "rules.window_to", message.window_to)
    if end <= start:
        raise InvalidField(field="rules.window_to", problem="must be after window_from")
    return Period(start, end)


def _level_value(field: str, message: pb.LevelRule) -> LevelRule:
    def yearly(name: str, money: money_pb2.Money) -> Money:
        return money_value(f"{field}.{name}", money)

    with reading() as read:
        return LevelRule(
            level=level_value(f"{field}.level", message.level),
            method=Method(enum_name(f"{field}.method", pb.LevelMethod, message.method)),
            rates=tuple(read(_rate_value, f"{field}.rates[{place}]", rate) for place, rate in enumerate(message.rates)),
            policy_cap=read(money_value, f"{field}.policy_cap", message.policy_cap),
            enterprise_year_cap=read(optional, message, "enterprise_year_cap", yearly),
            budget=read(money_value, f"{field}.budget", message.budget),
        )


def _rate_value(field: str, message: pb.SubsidyRate) -> Rate:
    percent: Decimal = percent_value(f"{field}.percent", message.percent)
    return Rate(
        line=enum_name(f"{field}.line", ProductLine, message.line) if message.line else "",
        size=enum_name(f"{field}.size", EnterpriseSize, message.size) if message.size else "",
        percent=percent,
    )


def level_value(field: str, number: int) -> Level:
    return Level(enum_name(field, pb.GovernmentLevel, number))


def rules_message(rules: ProgrammeRules) -> pb.ProgrammeRules:
    return pb.ProgrammeRules(
        code=rules.code,
        name=rules.name,
        window_from=date_message(rules.window.inception),
        window_to=date_message(rules.window.expiry),
        window_basis=enum_text(pb.WindowBasis, rules.window_basis),
        base=enum_text(pb.SubsidyBase, rules.base),
        levels=[_level_message(rule) for rule in rules.levels],
        minimum_term_days=rules.minimum_term_days,
        regions=rules.regions,
        industries=rules.industries,
        lines=[enum_text(ProductLine, line) for line in rules.lines],
        subsidy_classes=rules.subsidy_classes,
        exclude_already_subsidised=rules.exclude_already_subsidised,
        total_percent=decimal_text(rules.total_percent),
        keep_freed=not rules.reallocate_freed,
        critical_infrastructure_only=rules.critical_infrastructure_only,
    )


def _level_message(rule: LevelRule) -> pb.LevelRule:
    yearly = rule.enterprise_year_cap
    return pb.LevelRule(
        level=enum_text(pb.GovernmentLevel, rule.level),
        method=enum_text(pb.LevelMethod, rule.method),
        rates=[
            pb.SubsidyRate(
                line=_enum_or_all(ProductLine, rate.line),
                size=_enum_or_all(EnterpriseSize, rate.size),
                percent=decimal_text(rate.percent),
            )
            for rate in rule.rates
        ],
        policy_cap=money_message(rule.policy_cap),
        enterprise_year_cap=money_message(yearly) if yearly is not None else None,
        budget=money_message(rule.budget),
    )


def _enum_or_all(kind: EnumTypeWrapper, name: str) -> str | None:
    return enum_text(kind, name) if name else None
