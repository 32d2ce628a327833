"""Reading and writing treaties and facultative placements."""

import json
from typing import Any

from hubao.policy.v1 import terms_pb2
from hubao.policy.v1 import treaty_service_pb2 as pb
from sqlalchemy import Row

from libs.common.application import Done, Loaded
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
    uuid_value,
)
from libs.common.money import CNY, Money
from services.policy.domain.policy.cession import CessionKind, Reinsurer
from services.policy.domain.product.terms import ProductLine
from services.policy.domain.treaty.facultative import Facultative, Slip
from services.policy.domain.treaty.terms import TreatyTerms
from services.policy.domain.treaty.treaty import Treaty
from services.policy.servicer.values import each


def terms_value(request: pb.CreateTreatyRequest) -> TreatyTerms:
    kind = enum_name("kind", terms_pb2.CessionKind, request.kind) if request.kind else CessionKind.QUOTA_SHARE
    return TreatyTerms(
        kind=CessionKind(kind),
        reinsurers=each("reinsurers", request.reinsurers, _reinsurer_value),
        retention=optional(request, "retention", money_value),
        line_count=request.line_count,
        capacity=optional(request, "capacity", money_value),
        product_lines=each("product_lines", request.product_lines, _line_value),
    )


def slip_value(request: pb.PlaceFacultativeRequest) -> Slip:
    return Slip(
        submission_id=str(uuid_value("submission_id", request.submission_id)),
        reinsurer_id=request.reinsurer_id,
        percent=percent_value("percent", request.percent),
        commission_percent=percent_value("commission_percent", request.commission_percent),
        valid_until=date_value("valid_until", request.valid_until),
        attachment=optional(request, "attachment", money_value),
        layer=optional(request, "layer", money_value),
    )


def treaty_message(found: Done[Treaty] | Loaded[Treaty]) -> pb.Treaty:
    treaty, terms = found.value, found.value.terms
    return pb.Treaty(
        treaty_id=str(found.stream),
        treaty_key=treaty.treaty_key,
        reinsurer_id=treaty.reinsurer_id,
        percent=decimal_text(treaty.percent),
        commission_percent=decimal_text(treaty.commission_percent),
        starts_on=date_message(treaty.period.inception),
        ends_on=date_message(treaty.period.expiry),
        etag=str(found.version),
        kind=enum_text(terms_pb2.CessionKind, terms.kind),
        reinsurers=[
            terms_pb2.CessionReinsurer(reinsurer_id=one.reinsurer_id, percent=decimal_text(one.percent))
            for one in treaty.reinsurers
        ],
        retention=None if terms.retention is None else money_message(terms.retention),
        line_count=terms.line_count,
        capacity=None if terms.capacity is None else money_message(terms.capacity),
        product_lines=[enum_text(terms_pb2.ProductLine, line) for line in terms.product_lines],
        terminated_on=None if treaty.ended_on is None else date_message(treaty.ended_on),
        termination_reason=treaty.end_reason,
    )


def row_message(row: Row[Any]) -> pb.Treaty:
    return pb.Treaty(
        treaty_id=str(row.treaty_id),
        treaty_key=row.treaty_key,
        reinsurer_id=row.reinsurer_id,
        percent=row.percent,
        commission_percent=row.commission_percent,
        starts_on=date_message(row.starts_on),
        ends_on=date_message(row.ends_on),
        etag=str(row.version),
        kind=enum_text(terms_pb2.CessionKind, row.kind),
        reinsurers=[
            terms_pb2.CessionReinsurer(reinsurer_id=reinsurer_id, percent=percent)
            for reinsurer_id, percent in json.loads(row.reinsurers)
        ],
        retention=None if row.retention is None else money_message(Money(CNY, row.retention)),
        line_count=row.line_count,
        capacity=None if row.capacity is None else money_message(Money(CNY, row.capacity)),
        product_lines=[enum_text(terms_pb2.ProductLine, line) for line in row.product_lines.split(",") if line],
        terminated_on=None if row.ended_on is None else date_message(row.ended_on),
        termination_reason=row.end_reason,
    )


def facultative_message(found: Done[Facultative] | Loaded[Facultative]) -> pb.Facultative:
    value, slip = found.value, found.value.slip
    accepted = value.accepted_on is not None
    return pb.Facultative(
        facultative_id=str(found.stream),
        facultative_key=value.facultative_key,
        submission_id=slip.submission_id,
        reinsurer_id=slip.reinsurer_id,
        percent=decimal_text(slip.percent),
        commission_percent=decimal_text(slip.commission_percent),
        attachment=None if slip.attachment is None else money_message(slip.attachment),
        layer=None if slip.layer is None else money_message(slip.layer),
        valid_until=date_message(slip.valid_until),
        status=pb.FACULTATIVE_STATUS_ACCEPTED if accepted else pb.FACULTATIVE_STATUS_OFFERED,
        offered_on=date_message(value.offered_on),
        accepted_on=None if value.accepted_on is None else date_message(value.accepted_on),
        reference=value.reference,
        etag=str(found.version),
    )


def _reinsurer_value(field: str, message: terms_pb2.CessionReinsurer) -> Reinsurer:
    return Reinsurer(message.reinsurer_id, percent_value(f"{field}.percent", message.percent))


def _line_value(field: str, number: int) -> ProductLine:
    return ProductLine(enum_name(field, terms_pb2.ProductLine, number))
