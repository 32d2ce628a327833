"""Reading an extract of the loss database."""

from decimal import Decimal
from typing import Any

from hubao.common.v1 import party_pb2
from hubao.policy.v1 import losses_pb2 as pb

from libs.common.errors import InvalidField
from libs.common.grpc.convert import date_value, decimal_text, decimal_value, enum_name, money_value
from libs.common.money import CNY, Money
from services.policy.domain.enterprise import EnterpriseSize
from services.policy.quantification.losses import Effect, LogMoments, LossCell, LossExtract, Observed
from services.policy.servicer.values import answer_message, answer_value, each, within

LARGEST_MEAN = 40
"""Of logarithms: e to the 40th is more than all the money there is."""


def extract_value(field: str, message: pb.LossExtract) -> LossExtract:
    """The extract, checked."""
    extract = LossExtract(
        version=message.version,
        released_on=date_value(f"{field}.released_on", message.released_on),
        least_insureds=message.least_insureds,
        cells=each(f"{field}.cells", message.cells, _cell_value),
        effects=each(f"{field}.effects", message.effects, _effect_value),
    )
    extract.check(field)
    return extract


def moments_value(field: str, message: pb.LogMoments) -> LogMoments:
    mean = decimal_value(f"{field}.mean", message.mean, minimum=-LARGEST_MEAN, maximum=LARGEST_MEAN)
    variance = decimal_value(f"{field}.variance", message.variance, maximum=LARGEST_MEAN)
    return LogMoments(message.count, mean, variance)


def effect_message(effect: Effect, kinds: Any) -> pb.AnswerEffect:
    """An effect that was applied; `kinds` are the answers as they were given, by their question."""
    return pb.AnswerEffect(
        answer=answer_message(kinds[effect.question]),
        part_codes=effect.part_codes,
        frequency_factor=decimal_text(effect.frequency_factor),
        severity_factor=decimal_text(effect.severity_factor),
    )


def _cell_value(field: str, message: pb.LossCell) -> LossCell:
    named = enum_name(f"{field}.size", party_pb2.EnterpriseSize, message.size) if message.size else ""
    return LossCell(
        part_code=message.part_code,
        industry=message.industry_code,
        size=EnterpriseSize(named) if named else None,
        insureds=message.insureds,
        observed=each(f"{field}.observed", message.observed, _observed_value),
        losses=each(f"{field}.losses", message.losses, _yuan_value),
        loss_moments=within(field, message, "loss_moments", moments_value),
        largest_possible=within(field, message, "largest_possible", _yuan_value),
        outage_hours=each(f"{field}.outage_hours", message.outage_hours, decimal_value),
        outage_moments=within(field, message, "outage_moments", moments_value),
    )


def _observed_value(field: str, message: pb.ObservedPeriod) -> Observed:
    return Observed(decimal_value(f"{field}.insured_years", message.insured_years), message.claims)


def _yuan_value(field: str, message: Any) -> Money:
    amount = money_value(field, message)
    if amount.currency != CNY:
        raise InvalidField(field=f"{field}.currency_code", problem=f"must be {CNY}")
    return amount


def _effect_value(field: str, message: pb.AnswerEffect) -> Effect:
    answer = answer_value(f"{field}.answer", message.answer)
    factors = [
        decimal_value(f"{field}.{name}", getattr(message, name), maximum=Decimal(1_000))
        for name in ("frequency_factor", "severity_factor")
    ]
    return Effect(answer.question, answer.text, tuple(message.part_codes), *factors)
