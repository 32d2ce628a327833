"""Reading small things that several requests carry, each refusal with the field's whole path."""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from google.protobuf.internal.enum_type_wrapper import EnumTypeWrapper
from google.protobuf.message import Message
from google.type import money_pb2
from hubao.common.v1 import party_pb2
from hubao.policy.v1 import submission_service_pb2 as submission_pb

from libs.common.checking import reading
from libs.common.errors import InvalidField
from libs.common.grpc.convert import (
    date_message,
    date_value,
    decimal_text,
    decimal_value,
    enum_name,
    money_message,
    money_value,
)
from libs.common.money import Money
from services.policy.domain.answers import NO, YES, Answer
from services.policy.domain.cover import WantedPart
from services.policy.domain.enterprise import Enterprise, EnterpriseSize
from services.policy.domain.product.checks import check_money
from services.policy.domain.product.terms import AnswerKind

T = TypeVar("T")


def each(field: str, messages: Iterable[Any], read: Callable[[str, Any], T]) -> tuple[T, ...]:
    """A repeated field, whose elements are named `field[0]`, `field[1]` …"""
    with reading() as reads:
        return tuple(reads(read, f"{field}[{index}]", message) for index, message in enumerate(messages))


def within(path: str, message: Message, field: str, read: Callable[[str, Any], T]) -> T | None:
    """An optional field of a nested message, or None if it is unset."""
    return read(f"{path}.{field}", getattr(message, field)) if message.HasField(field) else None


def filter_name(kind: EnumTypeWrapper, number: int) -> str:
    """The name of an enum by which a list is filtered; empty for all."""
    return enum_name("status", kind, number) if number else ""


def enterprise_value(field: str, message: party_pb2.Enterprise) -> Enterprise:
    return Enterprise(
        uscc=message.uscc,
        name=message.name,
        industry_code=message.industry_code,
        region_code=message.region_code,
        size=EnterpriseSize(enum_name(f"{field}.size", party_pb2.EnterpriseSize, message.size)),
        critical_infrastructure=message.critical_infrastructure,
        protecting_department=message.protecting_department,
    )


def wanted_value(field: str, message: submission_pb.WantedPart) -> WantedPart:
    with reading() as read:
        return WantedPart(
            part_code=message.part_code,
            limit=read(money_value, f"{field}.limit", message.limit),
            deductible=read(within, field, message, "deductible", money_value),
            retroactive_date=read(within, field, message, "retroactive_date", date_value),
        )


def answer_value(field: str, message: submission_pb.Answer) -> Answer:
    match message.WhichOneof("value"):
        case "yes":
            return Answer(message.question, AnswerKind.YES_NO, YES if message.yes else NO)
        case "number":
            number = decimal_value(f"{field}.number", message.number)
            return Answer(message.question, AnswerKind.NUMBER, decimal_text(number))
        case "choice":
            return Answer(message.question, AnswerKind.CHOICE, message.choice)
        case "whole_number":
            return Answer(message.question, AnswerKind.WHOLE_NUMBER, str(message.whole_number))
        case "amount":
            return Answer(message.question, AnswerKind.AMOUNT, amount_text(f"{field}.amount", message.amount))
        case "date":
            day = date_value(f"{field}.date", message.date)
            return Answer(message.question, AnswerKind.DATE, day.isoformat())
        case "text":
            return Answer(message.question, AnswerKind.TEXT, message.text)
    raise InvalidField(field=field, problem="has no value")


def answer_message(answer: Answer) -> submission_pb.Answer:
    match answer.kind:
        case AnswerKind.YES_NO:
            return submission_pb.Answer(question=answer.question, yes=answer.text == YES)
        case AnswerKind.NUMBER:
            return submission_pb.Answer(question=answer.question, number=answer.text)
        case AnswerKind.CHOICE:
            return submission_pb.Answer(question=answer.question, choice=answer.text)
        case AnswerKind.WHOLE_NUMBER:
            return submission_pb.Answer(question=answer.question, whole_number=int(answer.text))
        case AnswerKind.AMOUNT:
            return submission_pb.Answer(question=answer.question, amount=money_message(Money.cny(answer.text)))
        case AnswerKind.DATE:
            day = date_message(date.fromisoformat(answer.text))
            return submission_pb.Answer(question=answer.question, date=day)
        case AnswerKind.TEXT:
            return submission_pb.Answer(question=answer.question, text=answer.text)


def amount_text(field: str, message: money_pb2.Money) -> str:
    """An amount in yuan, which is what questions ask for and factor tables look at: "1200.50"."""
    amount = money_value(field, message)
    check_money(field, amount)
    return decimal_text(Decimal(amount.minor_units).scaleb(-2))
