"""Many concurrent commands from two processes, and the check that each was decided on the truth."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

from libs.common.application import Done
from libs.common.errors import DomainError
from libs.common.outages import Conflict
from libs.common.store import codec
from libs.common.store.reading import Log
from libs.common.store.verify import verify
from tests.common.store.domain import Copied, Opened, Purse
from tests.common.store.purses import Purses, a_call

Both = tuple[Purses, Purses]


async def check(log: Log) -> dict[UUID, Purse]:
    """Plays the whole log in order: each event must have been decided on exactly what was true at its position."""
    values: dict[UUID, Purse] = {}
    rows = await log.events(0, 100_000)
    for row in rows:
        event = codec.decode(row.type, row.schema_version, row.payload)
        if isinstance(event, Copied):
            assert event.amount == values[event.source].balance, f"position {row.position}: copied what was not there"
        values[row.stream] = Purse.begin(event) if isinstance(event, Opened) else values[row.stream].evolve(event)
        assert values[row.stream].wrong == 0, f"position {row.position}: decided on another balance"
        assert values[row.stream].balance >= 0, f"position {row.position}: less than nothing"
    assert (await verify(log)) == (len(rows), [])
    return values


class Crowd:
    """Many concurrent commands of every kind on few purses, and a count of what was answered."""

    def __init__(self, both: Both, seed: int) -> None:
        self.both = both
        self.random = random.Random(seed)
        self.purses = [uuid4() for _ in range(3)]
        self.balance = Counter[UUID]()
        self.outcomes = Counter[str]()

    async def open(self) -> None:
        for purse in self.purses:
            await self.both[0].open(purse)
        await self.both[0].limit(self.purses[0], "budget", 150)

    async def command(self) -> None:
        """One command, often sent twice, to either process or both."""
        chosen = self.random
        one, two = chosen.sample(self.purses, 2)
        amount = chosen.randint(1, 9)
        call = a_call()
        commands: list[Callable[[Purses], Awaitable[Done[Purse]]]] = [
            lambda purses: purses.put_in(one, amount, call),
            lambda purses: purses.take_out(one, amount, call),
            lambda purses: purses.move(one, two, amount, call),
            lambda purses: purses.copy(one, two),
            lambda purses: purses.put_in_and_spend(one, amount, "budget", holder=f"{amount}"),
            lambda purses: purses.rename(one, f"{amount}", call),
        ]
        number = chosen.randrange(len(commands))
        repeats = chosen.choice((1, 1, 2)) if number in (0, 1, 2, 5) else 1
        sent = [commands[number](chosen.choice(self.both)) for _ in range(repeats)]
        results = await asyncio.gather(*sent, return_exceptions=True)
        done = [result for result in results if isinstance(result, Done)]
        self.outcomes.update(type(result).__name__ for result in results)
        for result in results:
            # On a busy machine others may be quicker until a command's time is up: then nothing of it is stored.
            assert isinstance(result, Done | DomainError | Conflict), repr(result)
        assert not done or len({(result.version, result.value) for result in done}) == 1
        if done:
            self.balance[one] += {0: amount, 1: -amount, 2: -amount, 4: amount}.get(number, 0)
            self.balance[two] += amount if number == 2 else 0

    async def run(self, commands: int, at_once: int) -> None:
        left = iter(range(commands))

        async def worker() -> None:
            for _ in left:
                await self.command()

        await asyncio.gather(*(worker() for _ in range(at_once)))
