"""What a park product (园区保) fixes for each member: values only, `park_tariff` says how they are used."""

from dataclasses import dataclass
from enum import StrEnum

from libs.common.money import Money


class ParkPayer(StrEnum):
    """Who owes the premium of a certificate."""

    OPERATOR = "operator"
    MEMBER = "member"


@dataclass(frozen=True)
class SubLimit:
    """The range from which a member chooses for one part."""

    part_code: str
    minimum: Money
    maximum: Money


@dataclass(frozen=True)
class ParkTerms:
    sub_limits: tuple[SubLimit, ...]
    payer: ParkPayer
    minimum_members: int
