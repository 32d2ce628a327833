"""Plays the year of DOMAIN.md §7 through the public API, day by day, with the clock of all services moved.

Each day ends when everyone has heard everything. A day that was played before is played again to no effect, so the
year can be broken off anywhere and taken up later, and a second year on the same data gives the same figures.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from deploy.local.cast import Cast
from deploy.local.checks import Figure
from deploy.local.cluster import Cluster
from deploy.local.loss import Event, Loss
from deploy.local.market import OPENING, YEAR_TERMS, open_product, open_treaty, open_vendors
from deploy.local.year import figures
from deploy.local.year.paying import Paying
from deploy.local.year.selling import INSURED, Selling

REFUND = "22633.47"
"""106,000.00 received, less the premium of the timeline with its VAT, 83,366.53."""


@dataclass
class Scene:
    """What the days of the year hand on to each other."""

    vendors: dict[str, str] = field(default_factory=dict)
    product_id: str = ""
    treaty_id: str = ""
    programme_id: str = ""
    submission_id: str = ""
    quote: Any = None
    policy_id: str = ""
    claim_id: str = ""
    figures: list[Figure] = field(default_factory=list)


class Year:
    """The days of the year, in order."""

    def __init__(self, cast: Cast, cluster: Cluster) -> None:
        self.scene = Scene()
        self._cast = cast
        self._cluster = cluster
        self._selling, self._paying = Selling(cast), Paying(cast)

    def days(self) -> list[tuple[date, str, Callable[[], Awaitable[None]]]]:
        """Each day with what happens on it."""
        return [
            (OPENING, "products, treaty, vendors and programme", self._open),
            (date(2025, 11, 10), "a submission; its assessment is ordered", self._submit),
            (date(2025, 11, 11), "the assessor accepts", self._take_assessment),
            (date(2025, 11, 14), "the assessment is delivered and verified", self._assess),
            (date(2025, 12, 8), "the quote", self._quote),
            (date(2025, 12, 15), "the policy is bound for lead and follower", self._bind),
            (date(2025, 12, 16), "a vendor takes the monitoring", self._take_monitoring),
            (date(2025, 12, 22), "the monitoring is on; the assessor is paid", self._monitor),
            (date(2026, 1, 15), "the premium comes in; city and district grant", self._receive),
            (date(2026, 2, 20), "the city's treasury pays", self._disburse),
            (date(2026, 3, 9), "a ransomware night is reported", self._notify),
            (date(2026, 3, 10), "incident response is delivered and verified", self._respond),
            (date(2026, 3, 27), "the loss is decided by two people, paid and closed", self._settle),
            (date(2026, 6, 20), "an endorsement from 1 July on", self._raise_limit),
            (date(2026, 9, 1), "an endorsement from 1 April on, out of sequence", self._drop_part),
            (date(2026, 10, 1), "the insured cancels at short rate", self._cancel),
            (date(2026, 10, 12), "the refund is paid", self._refund),
        ]

    async def play(self) -> AsyncIterator[tuple[date, str]]:
        """Plays day by day; yields each day before it begins."""
        for day, title, act in self.days():
            yield day, title
            await self._cluster.open_day(day)
            await act()
            await self._cluster.drain()

    async def _open(self) -> None:
        scene = self.scene
        scene.vendors = await open_vendors(self._cast.operator)
        scene.product_id = await open_product(self._cast.underwriter, "CYBER-YEAR", "企业网络安全综合险", YEAR_TERMS)
        scene.treaty_id = await open_treaty(self._cast.underwriter)
        scene.programme_id = await self._paying.publish_programme()

    async def _submit(self) -> None:
        self.scene.submission_id = await self._selling.submit(self.scene.product_id)

    async def _take_assessment(self) -> None:
        await self._selling.take_assessment(self.scene.submission_id)

    async def _assess(self) -> None:
        await self._selling.assess(self.scene.submission_id)

    async def _quote(self) -> None:
        self.scene.quote = await self._selling.quote(self.scene.submission_id)

    async def _bind(self) -> None:
        scene = self.scene
        scene.policy_id = await self._selling.bind(scene.submission_id, scene.quote, scene.treaty_id)
        scene.figures += figures.of_binding(await self._selling.policy(scene.policy_id))

    async def _take_monitoring(self) -> None:
        await self._selling.take_monitoring(self.scene.policy_id)

    async def _monitor(self) -> None:
        await self._selling.monitor(self.scene.policy_id)
        await self._paying.pay_vendor(self.scene.vendors["assessor"], "3000.00", date(2025, 12, 22))

    async def _receive(self) -> None:
        scene = self.scene
        await self._paying.receive((await self._selling.policy(scene.policy_id)).policy_number)
        await self._cluster.drain()
        scene.figures += figures.of_grant(await self._paying.case(scene.policy_id, scene.programme_id))

    async def _disburse(self) -> None:
        case = await self._paying.case(self.scene.policy_id, self.scene.programme_id)
        await self._paying.disburse(case.case_id)

    async def _notify(self) -> None:
        self.scene.claim_id = await self._loss().notify()
        await self._cluster.drain()
        await self._loss().take_response(self.scene.claim_id)

    async def _respond(self) -> None:
        await self._loss().respond(self.scene.claim_id)

    async def _settle(self) -> None:
        await self._loss().settle(self.scene.claim_id)

    def _loss(self) -> Loss:
        """The ransomware night of 8 March: thirty hours without the order platform."""
        event = Event(
            key="year/ransomware",
            policy_id=self.scene.policy_id,
            insured_uscc=INSURED.uscc,
            occurred_on=date(2026, 3, 8),
            description="夜间订单平台被加密, 业务中断三十小时",
            part_code="INTERRUPTION",
            assessed="260000.00",
            reserve="200000.00",
            interruption_hours=30,
            response_requested=True,
        )
        return Loss(self._cast, event)

    async def _raise_limit(self) -> None:
        await self._selling.raise_limit(self.scene.policy_id)

    async def _drop_part(self) -> None:
        await self._selling.drop_part(self.scene.policy_id)

    async def _cancel(self) -> None:
        scene = self.scene
        await self._selling.cancel(scene.policy_id)
        await self._cluster.drain()
        policy = await self._selling.policy(scene.policy_id)
        scene.figures += figures.of_timeline(policy)
        scene.figures += figures.of_end(policy, await self._paying.case(scene.policy_id, scene.programme_id))

    async def _refund(self) -> None:
        await self._paying.refund(self.scene.policy_id, REFUND, date(2026, 10, 12))
        await self._paying.earn(self.scene.policy_id, date(2026, 9, 30))
