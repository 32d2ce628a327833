"""Generated enterprises: as many as asked for, always the same ones, with valid credit codes that belong to nobody."""

import random
from dataclasses import dataclass
from datetime import date
from typing import Any

from hubao.common.v1 import party_pb2

from deploy.local.market import INDUSTRY_FACTORS
from libs.common.codes import uscc
from libs.common.codes.industry import DIVISIONS

SEED = 45576
REGIONS = ("310101", "310104", "310105", "310112", "310115", "310117", "320505", "330106", "330212", "440305")
SYLLABLES = "云华海天星晨瑞通博远启信联创新泰恒达嘉盛"
ENDINGS = ("科技有限公司", "制造有限公司", "贸易有限公司", "服务有限公司", "股份有限公司")


@dataclass(frozen=True)
class Size:
    """What goes with the size of an enterprise, in yuan."""

    name: str
    value: party_pb2.EnterpriseSize
    weight: int
    limits: tuple[int, ...]
    revenue: int


SIZES = (
    Size("large", party_pb2.ENTERPRISE_SIZE_LARGE, 1, (5_000_000, 8_000_000), 2_000_000_000),
    Size("medium", party_pb2.ENTERPRISE_SIZE_MEDIUM, 3, (2_000_000, 3_000_000), 120_000_000),
    Size("small", party_pb2.ENTERPRISE_SIZE_SMALL, 6, (500_000, 1_000_000), 15_000_000),
    Size("micro", party_pb2.ENTERPRISE_SIZE_MICRO, 4, (100_000, 200_000), 1_200_000),
)


@dataclass(frozen=True)
class Prospect:
    """An enterprise that asks for cover, and what it wants."""

    number: int
    party: Any
    limits: dict[str, int]
    revenue: int
    inception: date
    retroactive: date
    shared: bool

    @property
    def expiry(self) -> date:
        return self.inception.replace(year=self.inception.year + 1)


def prospects(count: int) -> list[Prospect]:
    """The first so many of an endless list that never changes."""
    dice = random.Random(SEED)
    divisions = [code for code in DIVISIONS if code[0] in INDUSTRY_FACTORS]
    return [_prospect(dice, number, divisions) for number in range(1, count + 1)]


def _prospect(dice: random.Random, number: int, divisions: list[str]) -> Prospect:
    size = dice.choices(SIZES, [one.weight for one in SIZES])[0]
    region = dice.choice(REGIONS)
    name = "".join(dice.choices(SYLLABLES, k=3)) + dice.choice(ENDINGS)
    party = party_pb2.Enterprise(
        uscc=uscc.compose(region, 30_000_000 + number * 7_919),
        name=f"{name}({number:04d})",
        industry_code=dice.choice(divisions),
        region_code=region,
        size=size.value,
    )
    parts = ["INTERRUPTION", "LIABILITY"] + (["EXTORTION"] if dice.random() < 0.6 else [])
    return Prospect(
        number=number,
        party=party,
        limits={part: dice.choice(size.limits) for part in parts},
        revenue=size.revenue + dice.randrange(1, 1_000) * 1_000,
        inception=date(2026, 11, dice.randrange(1, 28)),
        retroactive=date(dice.randrange(2004, 2024), 1, 1),
        shared=dice.randrange(5) == 0,
    )
