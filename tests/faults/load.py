"""Seeded load through the public API: several clients on the same policies, claims, orders, accounts and budgets."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from hubao.billing_subsidy.v1 import programme_service_pb2 as programme_pb
from hubao.policy.v1 import policy_service_pb2 as policy_pb
from hubao.policy.v1 import product_service_pb2 as product_pb
from hubao.vendor_gateway.v1 import order_service_pb2 as order_pb

from deploy.local import orders
from deploy.local.cast import Cast
from deploy.local.clients import Refusal
from deploy.local.cluster import Cluster
from deploy.local.flow import Unwatched
from deploy.local.loss import Event, Loss
from deploy.local.market import PORTFOLIO_TERMS, open_product, open_treaty, open_vendors, yuan
from deploy.local.portfolio.enterprises import Prospect, prospects
from deploy.local.portfolio.play import Portfolio, Sold
from deploy.local.year.paying import RULES, Paying
from deploy.local.year.play import Scene
from libs.common.grpc.convert import date_message

OPENING, TRADING, LOSS_DAY = date(2026, 9, 25), date(2026, 10, 12), date(2026, 10, 6)
INSURED, ENDING, PROSPECTS = 8, 12, 4_000
HEARD_TRIES = 30
CLAIMED = (10, 20, 40, 80)
"""The parts of a limit that claims are for."""
THINK_SECONDS = 0.3
BUDGETS = ("40000.00", "12000.00")
"""Of city and district: so small that a dozen receipts use them up."""


@dataclass
class Market:
    """What the clients share: a product, a treaty, and the policies that claims fall on."""

    product_id: str = ""
    scene: Scene = field(default_factory=Scene)
    insured: list[Sold] = field(default_factory=list)
    ending: list[Sold] = field(default_factory=list)
    """Policies in force that nobody claims on, to be cancelled; cover that has not begun can't end today."""
    prospects: Iterator[Prospect] = field(default_factory=lambda: iter(prospects(PROSPECTS)))

    async def open(self, cast: Cast, cluster: Cluster) -> None:
        """Opens the market and insures the first enterprises, before anything goes wrong."""
        await cluster.open_day(OPENING)
        await open_vendors(cast.operator)
        self.product_id = await open_product(cast.underwriter, "CYBER-SME", "中小企业网络安全综合险", PORTFOLIO_TERMS)
        self.scene.treaty_id = await open_treaty(cast.underwriter)
        await Paying(cast).publish_programme(_rules())
        portfolio = Portfolio(cast, cluster, self.scene, Unwatched(), 0)
        for number in range(INSURED + ENDING):
            prospect = replace(next(self.prospects), inception=date(2026, 10, 1), retroactive=date(2020, 1, 1))
            sold = await portfolio.bind(prospect, self.product_id)
            (self.insured if number < INSURED else self.ending).append(sold)
        await cluster.open_day(TRADING)


def _rules() -> programme_pb.ProgrammeRules:
    rules = programme_pb.ProgrammeRules()
    rules.CopyFrom(RULES)
    for level, budget in zip(rules.levels, BUDGETS, strict=True):
        level.budget.CopyFrom(yuan(budget))
    return rules


class Client:
    """One client, who does one thing after the other until told to stop."""

    def __init__(self, number: int, seed: int, cast: Cast, cluster: Cluster, market: Market) -> None:
        self.cast = cast
        self.done: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._number = number
        self._dice = random.Random(f"{seed}/{number}")
        self._market = market
        self._portfolio = Portfolio(cast, cluster, market.scene, Unwatched(), 0)
        self._sold: list[Sold] = []
        self._acts = 0

    async def work(self, stopping: asyncio.Event) -> None:
        acts: list[tuple[Callable[[], Awaitable[None]], int]] = [
            (self._sell, 8),
            (self._claim, 6),
            (self._endorse, 4),
            (self._cancel, 1),
            (self._serve, 4),
        ]
        while not stopping.is_set():
            act = self._dice.choices([one for one, _ in acts], [weight for _, weight in acts])[0]
            self._acts += 1
            try:
                await act()
                self.done[act.__name__.strip("_")] += 1
            except Refusal as refusal:
                self.refused[refusal.reason] += 1
            await asyncio.sleep(self._dice.uniform(0.0, THINK_SECONDS))

    @property
    def _key(self) -> str:
        return f"faults/{self._number}/{self._acts}"

    def _policy(self) -> Sold:
        return self._dice.choice(self._market.insured + self._sold[-5:])

    async def _sell(self) -> None:
        """A new policy; mostly its premium comes in, and the subsidies with it."""
        day = date(2026, 11, self._dice.randrange(5, 28))
        sold = await self._portfolio.bind(replace(next(self._market.prospects), inception=day), self._market.product_id)
        self._sold.append(sold)
        if self._dice.random() < 0.8:
            await self._receive(sold)

    async def _receive(self, sold: Sold) -> None:
        """The premium comes in; billing may not have heard of the policy yet."""
        for _ in range(HEARD_TRIES):
            try:
                await self._portfolio.receive(sold, TRADING)
            except Refusal as refusal:
                if refusal.reason != "ACCOUNT_NOT_FOUND":
                    raise
                await asyncio.sleep(0.3)
            else:
                return

    async def _claim(self) -> None:
        """A part of a limit, on one of few policies: soon the aggregate is nearly used up, and stays so for a while."""
        sold = self._dice.choice(self._market.insured)
        limit, part = sold.prospect.limits["LIABILITY"], self._dice.choice(CLAIMED)
        event = Event(
            key=self._key,
            policy_id=sold.policy_id,
            insured_uscc=sold.prospect.party.uscc,
            occurred_on=LOSS_DAY,
            description="客户数据外泄, 第三人索赔",
            part_code="LIABILITY",
            assessed=f"{limit // part}.00",
            reserve=f"{limit // (part + 2)}.00",
            response_requested=self._dice.random() < 0.3,
        )
        loss = Loss(self.cast, event)
        await loss.settle(await loss.notify())

    async def _endorse(self) -> None:
        """Another limit for the rest of the term."""
        sold = self._policy()
        limit = sold.prospect.limits["LIABILITY"] + 10_000 * self._dice.randrange(1, 5)
        change = policy_pb.PolicyChange(kind=policy_pb.CHANGE_KIND_SET_PART, part_code="LIABILITY", limit=yuan(limit))
        effective = date_message(sold.prospect.inception + timedelta(days=self._dice.randrange(20, 300)))
        request = policy_pb.EndorsePolicyRequest(policy_id=sold.policy_id, effective_date=effective, changes=[change])
        await self.cast.underwriter(request, f"{self._key}/endorse")

    async def _cancel(self) -> None:
        """The next of the policies that end early."""
        if not self._market.ending:
            return
        request = policy_pb.CancelPolicyRequest(
            policy_id=self._market.ending.pop().policy_id,
            effective_date=date_message(TRADING),
            method=product_pb.CANCELLATION_METHOD_PRO_RATA,
            reason="INSURED_REQUEST",
        )
        await self.cast.underwriter(request, f"{self._key}/cancel")

    async def _serve(self) -> None:
        """Vendors take what they are offered, and do some of what they took."""
        for order in await self._orders(order_pb.ORDER_STATE_OFFERED):
            await orders.accept(self.cast, order)
        for order in await self._orders(order_pb.ORDER_STATE_ACCEPTED):
            await orders.verify(self.cast.underwriter, order, await orders.deliver(self.cast, order))

    async def _orders(self, state: int) -> list[Any]:
        """A few of those in a state."""
        found = (await self.cast.underwriter(order_pb.ListOrdersRequest(page_size=50, state=state))).orders
        able = [order for order in found if order.vendor_id]
        return self._dice.sample(able, min(3, len(able)))
