"""What the page is about: a product, an insured, an extract of a loss database, a portfolio. All of it is made up."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache

from libs.common.money import Money
from services.policy.domain.product.terms import BaseRate, LossParty, ProductTerms
from services.policy.domain.submission.values import Quote
from services.policy.quantification.calibration import Calibrated, Profile, calibrate
from services.policy.quantification.development import Development, develop, triangle_of
from services.policy.quantification.distributions import LogNormal, Poisson
from services.policy.quantification.losses import LossExtract
from services.policy.quantification.portfolio import Member, PortfolioLosses, Shock, simulate_portfolio
from services.policy.quantification.simulation import YearLosses, simulate
from tests.policy import examples as policy
from tests.policy.quantification import examples as losses

SEED = 20260101
YEARS = 1_000_000
PORTFOLIO_YEARS = 131_072
POLICIES = 40

CODES = ("DATA", "EXTORTION", "RESPONSE", "BI")
LIMITS = {"DATA": 5_000_000, "EXTORTION": 1_000_000, "RESPONSE": 500_000, "BI": 3_000_000}
AGGREGATE = Money.cny(6_000_000)

CLOUD = Shock("cloud:aliyun", Poisson(0.1), 0.5, 1.5, ("BI",), LogNormal(3.2, 0.7))
SOFTWARE = Shock("key_software:erp", Poisson(0.05), 0.6, 1.2, ("DATA", "BI"), None)


def product() -> ProductTerms:
    plain = policy.product_terms()
    interruption = policy.part("BI", LossParty.FIRST, waiting_hours=8, coinsurance_percent=Decimal(0))
    rates = tuple(BaseRate(code, Decimal(rate), policy.TARIFF_FROM) for code, rate in zip(CODES, RATES, strict=True))
    return replace(
        plain,
        parts=(*plain.parts, interruption),
        rating=replace(plain.rating, base_rates=rates, bundle_credit_percent=Decimal(5)),
    )


RATES = ("0.005", "0.008", "0.012", "0.006")


@cache
def quote() -> Quote:
    """The offer to a small software house with multi-factor authentication and the bundled services."""
    terms = product()
    wanted = tuple(policy.wanted(code, Money.cny(limit)) for code, limit in LIMITS.items())
    asked = policy.submission(terms, parts=wanted, aggregate_limit=AGGREGATE, bundled_services=True)
    return policy.quoted(asked, terms).quotes[-1]


def extract() -> LossExtract:
    """Losses in fen: e to the 15th is about 33,000 yuan."""
    steady = losses.observed((410, 14), (455, 18), (470, 15), (520, 19), (560, 22))
    uneven = losses.observed((410, 4), (455, 31), (470, 9), (520, 38), (560, 6))
    return losses.extract(
        losses.cell("DATA", observed=steady, losses=losses.sample(1, 15.6, 1.7, 80)),
        losses.cell(
            "EXTORTION",
            observed=uneven,
            losses=losses.sample(2, 15.2, 1.1, 60),
            largest_possible=Money.cny(20_000_000),
        ),
        losses.cell("RESPONSE", industry="", size=None, observed=steady, losses=losses.sample(3, 14.6, 0.9, 120)),
        losses.cell(
            "BI", observed=steady, losses=losses.sample(4, 15.4, 1.3, 70), outage_moments=losses.moments(2.6, 0.8)
        ),
        released_on=date(2025, 9, 30),
        version="2025.3",
    )


def calibrated(key: str = "example") -> Calibrated:
    inputs = quote().cover.inputs
    profile = Profile(key, inputs.industry_code, inputs.size, inputs.answers)
    return calibrate(extract(), "losses", profile, quote().parts, AGGREGATE)


TRIANGLE = (
    (1_204_300, 2_350_100, 2_981_700, 3_240_500, 3_301_200),
    (1_418_800, 2_602_400, 3_410_900, 3_655_300),
    (1_655_000, 3_294_600, 4_105_200),
    (1_530_700, 2_871_500),
    (1_902_100,),
)
"""Paid losses of the years from 2021 on, cumulative, in yuan."""


@cache
def development() -> Development:
    cells = {
        (2021 + year, age): Money.cny(amount)
        for year, row in enumerate(TRIANGLE)
        for age, amount in enumerate(row, start=1)
    }
    return develop(triangle_of(cells, "cells"), "cells")


@cache
def years() -> YearLosses:
    return simulate(calibrated().risk, SEED, YEARS)


@cache
def portfolio(apart: bool) -> PortfolioLosses:
    """Like insureds; three in five depend on one cloud, a quarter on one key software."""
    members = []
    for number in range(POLICIES):
        wanted = {CLOUD.dependency: number % 5 < 3, SOFTWARE.dependency: number % 4 == 0}
        depends = frozenset(name for name, does in wanted.items() if does)
        members.append(Member(calibrated(f"policy-{number:02d}").risk, depends))
    return simulate_portfolio(members, [CLOUD, SOFTWARE], SEED, PORTFOLIO_YEARS, apart=apart)
