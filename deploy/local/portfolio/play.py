"""A few hundred generated enterprises: insured, billed, subsidised, served by vendors, some with a paid claim."""

import hashlib
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from hubao.billing_subsidy.v1 import account_service_pb2 as account_pb
from hubao.policy.v1 import policy_service_pb2 as policy_pb
from hubao.policy.v1 import submission_service_pb2 as submission_pb
from hubao.policy.v1 import terms_pb2
from hubao.vendor_gateway.v1 import order_service_pb2 as order_pb

from deploy.local import orders
from deploy.local.cast import Cast
from deploy.local.cluster import Cluster
from deploy.local.flow import Watcher, each
from deploy.local.loss import Event, Loss
from deploy.local.market import FOLLOWER, PORTFOLIO_TERMS, TENANT, open_product, yuan
from deploy.local.portfolio.enterprises import Prospect, prospects
from deploy.local.year.play import Scene
from deploy.local.year.selling import wanted
from libs.common.grpc.convert import date_message

SELLING, SERVING, PAYING, CLAIMING = date(2026, 10, 20), date(2026, 10, 28), date(2026, 11, 30), date(2026, 12, 7)
PAID_OF_TEN, SERVED_OF_TEN = 8, 9
CLAIM_EVERY = 12


@dataclass(frozen=True)
class Sold:
    """A policy of the portfolio."""

    prospect: Prospect
    policy_id: str
    policy_number: str
    gross: Any

    @property
    def industry_code(self) -> str:
        return str(self.prospect.party.industry_code)


@dataclass
class Portfolio:
    """Plays the portfolio on top of the year; a second time changes nothing."""

    cast: Cast
    cluster: Cluster
    scene: Scene
    watcher: Watcher
    count: int
    sold: list[Sold] = field(default_factory=list)

    async def play(self) -> None:
        await self.cluster.open_day(SELLING)
        await self._sell()
        await self.cluster.open_day(SELLING, hour=15)
        await self._accept_offers()
        await self.cluster.open_day(SERVING)
        await self._serve()
        await self.cluster.open_day(PAYING)
        await self._receive()
        await self.cluster.open_day(CLAIMING)
        await self._claim()
        await self.cluster.drain()

    async def _sell(self) -> None:
        product_id = await open_product(self.cast.underwriter, "CYBER-SME", "中小企业网络安全综合险", PORTFOLIO_TERMS)
        advance = self.watcher.stage("policies: submission, quote, bind", self.count)
        sold: list[Sold] = []

        async def sell(prospect: Prospect) -> None:
            sold.append(await self.bind(prospect, product_id))

        await each(prospects(self.count), sell, advance)
        self.sold = sorted(sold, key=lambda one: one.prospect.number)

    async def bind(self, prospect: Prospect, product_id: str) -> Sold:
        """One enterprise from its submission to its policy."""
        key = f"portfolio/{prospect.number}"
        request = submission_pb.CreateSubmissionRequest(
            submission_key=f"P-{prospect.number:05d}",
            product_id=product_id,
            insured=prospect.party,
            inception=date_message(prospect.inception),
            expiry=date_message(prospect.expiry),
            parts=[wanted(code, limit, prospect.retroactive) for code, limit in prospect.limits.items()],
            annual_revenue=yuan(prospect.revenue),
            bundled_services=True,
        )
        submission = (await self.cast.underwriter(request, f"{key}/submit")).submission
        ask = submission_pb.CreateQuoteRequest(
            submission_id=submission.submission_id, expires_on=date_message(min(prospect.inception, date(2026, 11, 15)))
        )
        quote = (await self.cast.underwriter(ask, f"{key}/quote")).quote
        if quote.status == submission_pb.QUOTE_STATUS_REFERRED:
            release = submission_pb.ReleaseReferralRequest(
                submission_id=submission.submission_id, quote_number=quote.number, note="within the plan of the year"
            )
            await self.cast.chief(release, f"{key}/release")
        shares = [
            terms_pb2.CoInsurerShare(insurer_id=TENANT, percent="70", lead=True),
            terms_pb2.CoInsurerShare(insurer_id=FOLLOWER, percent="30"),
        ]
        bind = policy_pb.BindPolicyRequest(
            submission_id=submission.submission_id,
            quote_number=quote.number,
            shares=shares if prospect.shared else [],
            treaty_id=self.scene.treaty_id,
        )
        policy = (await self.cast.underwriter(bind, f"{key}/bind")).policy
        return Sold(prospect, policy.policy_id, policy.policy_number, quote.worksheet.gross_premium)

    async def _accept_offers(self) -> None:
        """Vendors answer what they are offered, with a no now and then, until nothing is offered any more."""
        while True:
            await self.cluster.drain()
            offered = [one for one in await self._orders(order_pb.ORDER_STATE_OFFERED) if one.vendor_id]
            if not offered:
                return

            async def answer(order: Any) -> None:
                if chance(order.order_id, order.vendor_id) == 0:
                    await orders.decline(self.cast, order, "no shift left")
                else:
                    await orders.accept(self.cast, order)

            await each(offered, answer, self.watcher.stage("vendors answer offers", len(offered)))

    async def _receive(self) -> None:
        """Most pay in full; the others stay on the list of what is receivable."""
        paying = [one for one in self.sold if chance(one.policy_id) < PAID_OF_TEN]

        async def receive(sold: Sold) -> None:
            await self.receive(sold, PAYING)

        await each(paying, receive, self.watcher.stage("premium comes in, subsidies are granted", len(paying)))

    async def receive(self, sold: Sold, paid_on: date) -> None:
        """The whole premium of a policy comes in."""
        request = account_pb.RecordReceiptRequest(
            policy_id=sold.policy_id,
            reference=f"BANK-{sold.policy_number}",
            amount=sold.gross,
            value_date=date_message(paid_on),
            payer_name=sold.prospect.party.name,
        )
        await self.cast.finance(request, f"portfolio/{sold.prospect.number}/pay")

    async def _serve(self) -> None:
        accepted = await self._orders(order_pb.ORDER_STATE_ACCEPTED)
        serving = [one for one in accepted if chance(one.order_id, "serve") < SERVED_OF_TEN]

        async def serve(order: Any) -> None:
            await orders.verify(self.cast.underwriter, order, await orders.deliver(self.cast, order))

        await each(serving, serve, self.watcher.stage("vendors deliver, the insurer verifies", len(serving)))

    async def _claim(self) -> None:
        """Some insureds have a loss that is paid and closed."""
        hit = [one for one in self.sold if one.prospect.number % CLAIM_EVERY == 0]

        async def claim(sold: Sold) -> None:
            limit = sold.prospect.limits["LIABILITY"]
            event = Event(
                key=f"portfolio/{sold.prospect.number}/claim",
                policy_id=sold.policy_id,
                insured_uscc=sold.prospect.party.uscc,
                occurred_on=date(2026, 11, 29),
                description="客户数据外泄, 第三人索赔",
                part_code="LIABILITY",
                assessed=f"{limit // 4}.00",
                reserve=f"{limit // 5}.00",
            )
            loss = Loss(self.cast, event)
            await loss.settle(await loss.notify())

        await each(hit, claim, self.watcher.stage("claims: notice, check, decision, payment", len(hit)))

    async def _orders(self, state: int) -> list[Any]:
        return [order async for order in orders.all_orders(self.cast.underwriter, state=state)]


def chance(text: str, salt: str = "") -> int:
    """A digit that looks random and is always the same for the same text."""
    return int(hashlib.sha256(f"{salt}{text}".encode()).hexdigest(), 16) % 10
