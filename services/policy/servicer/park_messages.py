"""Reading and writing what a product fixes for the members of its park policies, and their sum."""

from hubao.policy.v1 import park_pb2 as pb

from libs.common.grpc.convert import enum_name, enum_text, money_message, money_value
from services.policy.application.certificates import ParkView
from services.policy.domain.product.park import ParkPayer, ParkTerms, SubLimit
from services.policy.servicer.values import each


def park_value(field: str, message: pb.ParkTerms) -> ParkTerms:
    return ParkTerms(
        sub_limits=each(f"{field}.sub_limits", message.sub_limits, _sub_limit_value),
        payer=ParkPayer(enum_name(f"{field}.payer", pb.ParkPayer, message.payer)),
        minimum_members=message.minimum_members,
    )


def _sub_limit_value(field: str, message: pb.ParkSubLimit) -> SubLimit:
    return SubLimit(
        part_code=message.part_code,
        minimum=money_value(f"{field}.minimum", message.minimum),
        maximum=money_value(f"{field}.maximum", message.maximum),
    )


def park_message(park: ParkTerms) -> pb.ParkTerms:
    return pb.ParkTerms(
        sub_limits=[
            pb.ParkSubLimit(
                part_code=one.part_code, minimum=money_message(one.minimum), maximum=money_message(one.maximum)
            )
            for one in park.sub_limits
        ],
        payer=enum_text(pb.ParkPayer, park.payer),
        minimum_members=park.minimum_members,
    )


def park_summary_message(park: ParkView) -> pb.ParkSummary:
    roll = park.roll
    return pb.ParkSummary(
        members=roll.members,
        certificates=roll.certificates,
        premium=money_message(roll.premium),
        vat=money_message(roll.vat),
        minimum_members=park.terms.minimum_members,
        minimum_reached=roll.members >= park.terms.minimum_members,
        payer=enum_text(pb.ParkPayer, park.terms.payer),
    )
