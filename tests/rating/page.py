"""Writes the page: every figure on it comes from the run."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from libs.common.money import Money, round_half_up
from services.policy.quantification.development import Developed, Development
from services.policy.quantification.distributions import BoundedPareto, Frequency, NegativeBinomial, Severity
from services.policy.quantification.fingerprint import fingerprint
from services.policy.quantification.measures import Measures, fen, fraction, measure, shares, value_at_risk
from tests.rating import example as an

PICTURE = "rating.svg"


def page() -> str:
    return (
        "\n".join([*_head(), *_worksheet(), *_fitted(), *_simulated(), *_portfolio(), *_developed(), *_tail()]) + "\n"
    )


def table(*lines: Sequence[object]) -> list[str]:
    """The first line is the head."""
    head, *rest = [f"| {' | '.join(str(cell) for cell in line)} |" for line in lines]
    return [head, f"|{' --- |' * len(lines[0])}", *rest, ""]


def yuan(amount: Money) -> str:
    """Whole yuan, half up."""
    return f"{round_half_up(Fraction(amount.minor_units, 100)):,}"


def percent(value: object) -> str:
    return f"{float(str(value)) * 100:.1f} %"


def _head() -> list[str]:
    return [
        "# Rating and quantification, by example",
        "",
        "This page is made by `make rating` and checked by `tests/rating`: change nothing here by hand. The product,",
        "the insured and the losses are made up; what is done with them is what the services do. Amounts are in yuan.",
        "",
        "A premium is exact: decimals from dated tables, rounded half up once for each part. An estimate is not: it",
        "comes from a simulation in floating point, is rounded to fen at the end, and nothing is charged by it.",
        "",
    ]


def _worksheet() -> list[str]:
    sheet = an.quote().worksheet
    lines: list[list[object]] = [["part", "step", "value", "source"]]
    for part in sheet.parts:
        lines.append([part.part_code, "limit", str(part.limit), "the quote"])
        lines.append(["", "base rate", part.base_rate, f"rating plan for {sheet.rated_for}"])
        lines.extend(["", factor.name, factor.value, factor.source] for factor in part.factors)
        lines.append(["", "technical premium", str(part.technical_premium), "limit × base rate × factors, half up"])
        lines.append(["", "credit for services", f"−{part.bundle_credit}", "5 % of the technical premium, half up"])
        lines.append(["", "annual premium", f"**{part.annual_premium}**", ""])
    total = [
        ["", "amount", "rate"],
        ["annual premium, net", f"**{sheet.annual_premium}**", ""],
        ["VAT", str(sheet.vat), sheet.vat_rate],
        ["stamp duty of each side", str(sheet.stamp_duty), sheet.stamp_duty_rate],
    ]
    return [
        "## The worksheet of a price",
        "",
        "A small software house (I65) in Shanghai with multi-factor authentication, and with the bundled services.",
        "",
        *table(*lines),
        *table(*total),
    ]


def _fitted() -> list[str]:
    calibrated = an.calibrated()
    lines: list[list[object]] = [["part", "cell", "how often", "how large, in fen", "waiting"]]
    reasons = []
    for fitted, part in zip(calibrated.parts, calibrated.risk.parts, strict=True):
        hours = "" if part.outage is None else f"8 h of {_severity(part.outage)} h"
        lines.append([fitted.code, fitted.cell, _frequency(part.frequency), _severity(part.severity), hours])
        reasons.append(f"- {fitted.code}: {fitted.frequency.reason}; {fitted.severity.reason}.")
    return [
        "## From the loss database to distributions",
        "",
        f"Version {an.extract().version} of the loss database. With multi-factor authentication events are three",
        "quarters as frequent: the extract says so, and the frequencies below have that factor in them.",
        "",
        *table(*lines),
        "Why these:",
        "",
        *reasons,
        "",
    ]


def _simulated() -> list[str]:
    simulated = an.years()
    whole = measure(simulated.total)
    premium = an.quote().worksheet.annual_premium
    inputs = fingerprint(an.quote().parts, an.extract(), an.SEED, an.YEARS)
    parts = [
        [each.code, yuan(each.ground_up), yuan(each.average), percent(each.share), percent(each.tail_share)]
        for each in shares(simulated)
    ]
    return [
        f"## {an.YEARS:,} years of this policy",
        "",
        f"Seed {an.SEED}, inputs `{inputs[:16]}…`. Each event goes",
        "through waiting period, deductible, co-insurance, the limit of its part and of the part above it, and the",
        f"aggregate of {an.AGGREGATE}, as a claim would.",
        "",
        *_measures({"this policy": whole}),
        f"The average is {percent(fraction(whole.average.minor_units, premium.minor_units))} of the net premium. Its",
        f"standard error is {yuan(whole.standard_error)}.",
        f"In {percent(whole.years_with_payment)} of years something is paid.",
        "",
        *table(["part", "loss before any term", "paid on average", "share", "share of the worst 1 %"], *parts),
        f"![The loss that a year exceeds with a probability]({PICTURE})",
        "",
        *table(
            ["once in years", *(f"{point.return_period:,}" for point in whole.curve)],
            ["loss of the year", *(yuan(point.loss) for point in whole.curve)],
        ),
    ]


def _portfolio() -> list[str]:
    together, apart = an.portfolio(False), an.portfolio(True)
    ours, theirs = measure(together.totals), measure(apart.totals)
    shocks: list[list[object]] = [["dependency", "policies", "shocks", "average shock", "one in a hundred", "dearest"]]
    for told in together.shocks:
        events = np.sort(told.events)
        figures = (float(events.mean()), value_at_risk(events, ours.tails[2].level), float(events[-1]))
        shocks.append([told.dependency, told.exposed, len(events), *(yuan(fen(each)) for each in figures)])
    heavier = fraction(ours.at("99").tail_value_at_risk.minor_units, theirs.at("99").tail_value_at_risk.minor_units)
    return [
        f"## {an.POLICIES} policies that share what they depend on",
        "",
        "Three in five depend on one cloud, a quarter on one key software. A shock of the cloud (one in ten years)",
        "hits each with probability 0.5 and stops all whom it hits for the same hours; one of the software (one in",
        f"twenty) hits each with 0.6. {an.PORTFOLIO_YEARS:,} years. In the second column every policy meets as many",
        "shocks, but none together with others: the averages are the same but for chance, the tails are not. The",
        "difference is accumulation.",
        "",
        *_measures({"with common shocks": ours, "each shock apart": theirs}),
        f"The mean of the worst hundredth of years is {float(heavier):.2f} times as high with common shocks.",
        "",
        *table(*shocks),
    ]


def _developed() -> list[str]:
    developed = an.development()
    ages = range(1, len(an.TRIANGLE[0]) + 1)
    known = [
        [year.origin, *(f"{amount:,}" for amount in row), *[""] * (len(ages) - len(row))]
        for year, row in zip(developed.years, an.TRIANGLE, strict=True)
    ]
    factors = ["factor to the next age", *(f"{factor:.4f}" for factor in developed.factors), ""]
    years = [[each.origin, *_expected(each)] for each in developed.years]
    return [
        "## What young years will become",
        "",
        "Paid losses by year of origin and age in years, cumulative. The factors are volume-weighted; the standard",
        "error is Mack's (1993). `DevelopLosses` answers with the same.",
        "",
        *table(["year", *ages], *known, factors),
        *table(
            ["year", "known", "ultimate", "still to come", "standard error"],
            *years,
            ["all", *_expected(developed)],
        ),
    ]


def _expected(of: Developed | Development) -> list[str]:
    error = "" if of.standard_error is None else yuan(of.standard_error)
    return [yuan(of.latest), yuan(of.ultimate), yuan(of.outstanding), error]


def _tail() -> list[str]:
    return [
        "## What the model does not say",
        "",
        "- Parts of one policy have events of their own; that one event causes losses under several parts is modelled",
        "  for shocks only.",
        "- A loss grows evenly with the hours of an outage, and hours and loss are independent.",
        "- A frequency that varies from year to year does so for each policy by itself, not for a whole industry.",
        "- The parameters are taken as known: how uncertain a fit to few losses is does not show in the tail.",
        "",
        "## How to repeat it",
        "",
        "`make rating` computes all of it again and writes this page and its picture. The same seed, inputs, model",
        "version and numpy give the same figures; `QuantificationService` answers with all four. (On another kind of",
        "processor the last places of a float may differ, and with them a fen of an estimate.) The code is in",
        "[services/policy/quantification](../services/policy/quantification), its checks against closed forms, against",
        "Panjer's recursion and against the exact arithmetic of a claim in `tests/policy/quantification`.",
    ]


def _measures(columns: dict[str, Measures]) -> list[str]:
    found = list(columns.values())
    lines: list[list[object]] = [
        ["", *columns],
        ["average annual loss", *(yuan(each.average) for each in found)],
        ["standard deviation", *(yuan(each.standard_deviation) for each in found)],
    ]
    for number, tail in enumerate(found[0].tails):
        lines.append([f"VaR {tail.level} %", *(yuan(each.tails[number].value_at_risk) for each in found)])
        lines.append([f"TVaR {tail.level} %", *(yuan(each.tails[number].tail_value_at_risk) for each in found)])
    return table(*lines)


def _frequency(frequency: Frequency) -> str:
    if isinstance(frequency, NegativeBinomial):
        return f"negative binomial, mean {frequency.mean:.4f}, dispersion {frequency.dispersion:.2f}"
    return f"Poisson, mean {frequency.mean:.4f}"


def _severity(severity: Severity) -> str:
    if isinstance(severity, BoundedPareto):
        return f"bounded Pareto, α {severity.alpha:.3f}, {severity.low:,.0f} to {severity.high:,.0f}"
    return f"lognormal, {', '.join(f'{name} {value:.3f}' for name, value in vars(severity).items())}"
