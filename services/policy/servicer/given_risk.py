"""Reading a risk that is described in the request: parts as they might be offered."""

import re

from hubao.common.v1 import party_pb2
from hubao.policy.v1 import quantification_service_pb2 as pb
from hubao.policy.v1 import terms_pb2

from libs.common.codes import industry
from libs.common.errors import InvalidField
from libs.common.grpc.convert import enum_name, money_value, percent_value
from services.policy.application.quantification import Terms
from services.policy.domain.cover import PartTerms
from services.policy.domain.enterprise import EnterpriseSize
from services.policy.domain.product.checks import check_money
from services.policy.domain.product.terms import Trigger
from services.policy.quantification.calibration import Profile
from services.policy.servicer.values import answer_value, each, within

LONGEST_WAIT = 24 * 365
_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,39}")


def given_value(field: str, message: pb.GivenRisk) -> Terms:
    parts = each(f"{field}.parts", message.parts, _part_value)
    _check_parts(f"{field}.parts", parts)
    aggregate = within(field, message, "aggregate_limit", money_value)
    if aggregate is not None:
        check_money(f"{field}.aggregate_limit", aggregate, 1)
    return Terms(profile_value(field, "given", message), parts, aggregate)


def profile_value(field: str, key: str, message: pb.GivenRisk | pb.SelfCheckRequest) -> Profile:
    """Industry, size and answers; `field` is empty for the request itself."""
    path = f"{field}." if field else ""
    if not industry.is_division(message.industry_code):
        raise InvalidField(field=f"{path}industry_code", problem="is no division of GB/T 4754-2017")
    answers = each(f"{path}answers", message.answers, answer_value)
    seen: set[str] = set()
    for index, answer in enumerate(answers):
        if answer.question in seen:
            raise InvalidField(field=f"{path}answers[{index}].question", problem=f"{answer.question} is answered twice")
        seen.add(answer.question)
    size = EnterpriseSize(enum_name(f"{path}size", party_pb2.EnterpriseSize, message.size))
    return Profile(key, message.industry_code, size, answers)


def _part_value(field: str, message: terms_pb2.PartTerms) -> PartTerms:
    if not _CODE.fullmatch(message.code):
        raise InvalidField(field=f"{field}.code", problem="must be a part's code")
    if not 0 <= message.waiting_hours <= LONGEST_WAIT:
        raise InvalidField(field=f"{field}.waiting_hours", problem=f"must be from 0 to {LONGEST_WAIT}")
    limit = money_value(f"{field}.limit", message.limit)
    check_money(f"{field}.limit", limit, 1)
    deductible = within(field, message, "deductible", money_value) or limit.zero()
    check_money(f"{field}.deductible", deductible)
    return PartTerms(
        code=message.code,
        limit=limit,
        deductible=deductible,
        waiting_hours=message.waiting_hours,
        coinsurance_percent=percent_value(f"{field}.coinsurance_percent", message.coinsurance_percent or "0"),
        sub_limit_parent=message.sub_limit_parent,
        trigger=Trigger.OCCURRENCE,
        retroactive_date=None,
        extended_reporting_days=0,
        annual_premium=limit.zero(),
    )


def _check_parts(field: str, parts: tuple[PartTerms, ...]) -> None:
    """Each code once; a sub-limit stands under a part that is there, and never under itself."""
    codes = [part.code for part in parts]
    above = {part.code: part.sub_limit_parent for part in parts}
    for index, part in enumerate(parts):
        if part.code in codes[:index]:
            raise InvalidField(field=f"{field}[{index}].code", problem=f"{part.code} comes twice")
        code, steps = part.sub_limit_parent, 0
        while code:
            if code not in above or steps > len(parts):
                problem = f"{code} is not among the parts, or stands under itself"
                raise InvalidField(field=f"{field}[{index}].sub_limit_parent", problem=problem)
            code, steps = above[code], steps + 1
