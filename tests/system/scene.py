"""What the system tests say of a running stack."""

from collections.abc import Sequence

from deploy.local.checks import Check, Figure, Invariant, failed
from deploy.local.flow import Unwatched
from deploy.local.players import Players
from deploy.local.portfolio.play import Portfolio, Sold
from deploy.local.year.play import Year


def wrong(checks: Sequence[Check]) -> list[str]:
    """Those that do not hold, for a person to read."""
    texts = []
    for check in failed(checks):
        match check:
            case Figure(name, expected, actual):
                texts.append(f"{name}: {actual}, should be {expected}")
            case Invariant(name, sums):
                texts.append(f"{name}: {', '.join(f'{value} ({source})' for source, value in sums)}")
    return texts


async def play(players: Players) -> list[Figure]:
    year = Year(players.cast, players.cluster)
    async for _ in year.play():
        pass
    return year.scene.figures


async def positions(players: Players) -> dict[str, int]:
    return {name: status.position for name, status in (await players.cluster.status()).items()}


async def portfolio(players: Players, count: int) -> list[Sold]:
    """The year and then so many generated enterprises; their policies."""
    year = Year(players.cast, players.cluster)
    async for _ in year.play():
        pass
    played = Portfolio(players.cast, players.cluster, year.scene, Unwatched(), count)
    await played.play()
    return played.sold
