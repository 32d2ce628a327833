"""How much is simulated at a time: what keeps a run within a minute and its memory below one GiB.

Whatever is asked for beyond is refused before it begins. A block of years is drawn as a whole, so fewer years than a
block take as long as a block.
"""

from collections.abc import Sequence

from services.policy.domain.errors import TooMuchToSimulate
from services.policy.quantification.conditions import Risk
from services.policy.quantification.draws import BLOCK
from services.policy.quantification.portfolio import Member, Shock

MOST_EVENTS_A_YEAR = 50
"""Of one risk: its events of a block are in memory at once."""
MOST_EVENTS = 50_000_000
MOST_SHOCKS = 5_000_000


def check_risk(risk: Risk, years: int) -> None:
    """Refuses a risk with too many events."""
    expected = _events(risk)
    if expected > MOST_EVENTS_A_YEAR:
        raise TooMuchToSimulate(
            asked=f"{expected:,.1f} events a year of {risk.key}", allowed=f"{MOST_EVENTS_A_YEAR} events a year"
        )
    _check_all(expected, years)


def check_portfolio(members: Sequence[Member], shocks: Sequence[Shock], years: int) -> None:
    """Refuses a portfolio with too many events or shocks."""
    struck = sum(shock.frequency.mean for shock in shocks) * _drawn(years)
    if struck > MOST_SHOCKS:
        raise TooMuchToSimulate(asked=f"{struck:,.0f} shocks", allowed=f"{MOST_SHOCKS:,} shocks")
    expected = 0.0
    for member in members:
        check_risk(member.risk, years)
        expected += _events(member.risk)
        for shock in shocks:
            if shock.dependency in member.dependencies:
                expected += shock.frequency.mean * shock.hit_probability * len(shock.part_codes)
    _check_all(expected, years)


def _check_all(expected: float, years: int) -> None:
    if expected * _drawn(years) > MOST_EVENTS:
        raise TooMuchToSimulate(asked=f"{expected * _drawn(years):,.0f} events", allowed=f"{MOST_EVENTS:,} events")


def _events(risk: Risk) -> float:
    return sum(part.frequency.mean for part in risk.parts)


def _drawn(years: int) -> int:
    return max(years, BLOCK)
