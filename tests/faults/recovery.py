"""How long a fault's effects last, measured while others are injected."""

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hubao.feed.v1 import admin_service_pb2 as admin_pb

from deploy.local.clients import Refusal
from tests.faults.firing import Injected

if TYPE_CHECKING:
    from tests.faults.rig import Rig

WITHIN = 90.0
ASK_EVERY, ANSWER_WITHIN = 0.2, 3.0


class Recovery:
    """Asks the processes that faults have hurt, until each has answered and a change of a client was acknowledged."""

    def __init__(self, rig: "Rig") -> None:
        self._rig = rig
        self._given_up: set[int] = set()

    @property
    def waiting(self) -> list[Injected]:
        """The faults whose effects are not known to be over."""
        return [one for one in self._rig.injected if one.recovered is None and id(one) not in self._given_up]

    def watch(self, processes: Sequence[str]) -> list[asyncio.Task[None]]:
        """Begins to ask each process on its own, so that one which does not answer keeps no other waiting."""
        asking = [asyncio.create_task(self._ask(process)) for process in processes]
        return [*asking, asyncio.create_task(self._judge())]

    async def _ask(self, process: str) -> None:
        while True:
            await asyncio.sleep(ASK_EVERY)
            asked = time.monotonic()
            concerned = [one for one in self.waiting if process in one.unheard and (one.healed or asked) < asked]
            if not concerned:
                continue
            try:
                asking = self._rig.operator(admin_pb.GetStatusRequest(), at=process)
                status = await asyncio.wait_for(asking, ANSWER_WITHIN)
            except (Refusal, TimeoutError):
                continue
            self._rig.note_leases(process, status.leases)
            for one in concerned:
                one.unheard.discard(process)

    async def _judge(self) -> None:
        while True:
            await asyncio.sleep(ASK_EVERY / 2)
            for one in self.waiting:
                assert one.healed is not None
                seconds = time.monotonic() - one.healed
                if not one.unheard and self._rig.journal.stored_from > one.healed:
                    one.recovered = seconds
                elif seconds > WITHIN:
                    self._given_up.add(id(one))
                    left = f"; {', '.join(sorted(one.unheard))} did not answer" if one.unheard else ""
                    self._rig.violated(f"no recovery within {WITHIN:.0f} s of: {one.kind}, {one.where}{left}")
