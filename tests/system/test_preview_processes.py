"""Previews and commits on four real processes: billing away, slow, and back; what was shown is what is booked."""

import os
import signal
import time
from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import uuid4

import grpc
from hubao.billing_subsidy.v1 import account_service_pb2 as account_pb
from hubao.billing_subsidy.v1 import programme_service_pb2 as programme_pb
from hubao.billing_subsidy.v1 import subsidy_case_service_pb2 as case_pb
from hubao.policy.v1 import policy_service_pb2 as pb
from hubao.policy.v1 import policy_service_pb2_grpc as pb_grpc
from hubao.policy.v1 import product_service_pb2 as product_pb

from deploy.local.market import TENANT, yuan
from deploy.local.players import Players
from deploy.local.stack import Stack
from deploy.local.year.play import Year
from libs.common.grpc.convert import date_message
from tests.billing_subsidy.office import shown
from tests.system.books import refusal_of

CITY, DISTRICT = programme_pb.GOVERNMENT_LEVEL_CITY, programme_pb.GOVERNMENT_LEVEL_DISTRICT
DEADLINE = 5.0
"""Seconds within which an answer is expected however billing is: its three, and what a busy machine adds."""


def endorsing(effective: date, change: pb.PolicyChange) -> pb.ProposedChange:
    return pb.ProposedChange(
        endorsement=pb.ProposedEndorsement(effective_date=date_message(effective), changes=[change])
    )


RAISE = endorsing(
    date(2026, 7, 1),
    pb.PolicyChange(kind=pb.CHANGE_KIND_SET_PART, part_code="INTERRUPTION", limit=yuan(7_000_000)),
)
DROP = endorsing(date(2026, 4, 1), pb.PolicyChange(kind=pb.CHANGE_KIND_REMOVE_PART, part_code="EXTORTION"))
CANCEL = pb.ProposedChange(
    cancellation=pb.ProposedCancellation(
        effective_date=date_message(date(2026, 10, 1)),
        method=product_pb.CANCELLATION_METHOD_SHORT_RATE,
        reason="INSURED_REQUEST",
    )
)


class Underwriter:
    """Previews and commits, each call once, without the patience of the scene's callers."""

    def __init__(self, stack: Stack, channel: grpc.aio.Channel, policy_id: str) -> None:
        token = stack.issue(f"lin@{TENANT}", TENANT, TENANT, ("underwriter",))
        self._metadata = (("authorization", f"Bearer {token}"),)
        self._stub = pb_grpc.PolicyServiceStub(channel)
        self.policy_id = policy_id

    async def preview(self, change: pb.ProposedChange, **more: Any) -> Any:
        request = pb.PreviewChangeRequest(policy_id=self.policy_id, change=change, **more)
        return (await self._stub.PreviewChange(request, metadata=self._metadata, timeout=30)).preview

    async def commit(self, change: pb.ProposedChange, preview: Any, request_id: str = "", **more: Any) -> Any:
        request = pb.CommitChangeRequest(
            request_id=request_id or str(uuid4()),
            policy_id=self.policy_id,
            change=change,
            preview_hash=preview.hash,
            **more,
        )
        return await self._stub.CommitChange(request, metadata=self._metadata, timeout=30)

    async def refused(self, asked: Any) -> tuple[str, str, Mapping[str, str], float]:
        """What an awaitable was refused with, and after how many seconds."""
        started = time.monotonic()
        try:
            await asked
        except grpc.aio.AioRpcError as error:
            return *refusal_of(error), time.monotonic() - started
        raise AssertionError("it was not refused")


async def levels(players: Players, policy_id: str, programme_id: str) -> dict[Any, tuple[str, str]]:
    request = case_pb.GetSubsidyCaseRequest(policy_id=policy_id, programme_id=programme_id)
    case = (await players.cast.auditor(request)).subsidy_case
    return {one.level: (shown(one.granted), shown(one.clawed_back)) for one in case.levels}


async def overpay(players: Players, policy_id: str) -> None:
    """One yuan more comes in than is owed."""
    request = account_pb.RecordReceiptRequest(
        policy_id=policy_id, reference="EXTRA-1", amount=yuan("1.00"), value_date=date_message(date(2026, 6, 20))
    )
    await players.cast.finance(request, "preview/receipt")


async def pay_back(players: Players, policy_id: str) -> None:
    request = account_pb.RecordRefundPaidRequest(
        policy_id=policy_id, reference="EXTRA-1", amount=yuan("1.00"), paid_on=date_message(date(2026, 6, 20))
    )
    await players.cast.finance(request, "preview/refund")


async def test_previews_and_commits_through_the_year_while_billing_dies_and_comes_back(
    fresh_stack: Stack, fresh_players: Players
) -> None:
    stack, players = fresh_stack, fresh_players
    year = Year(players.cast, players.cluster)
    async for day, _ in year.play():
        if day == date(2026, 6, 20):
            break
    await players.cluster.open_day(date(2026, 6, 20))
    scene = year.scene
    lin = Underwriter(stack, players.channels.by_service["policy"], scene.policy_id)
    july = await lin.preview(RAISE)

    async def positions() -> dict[str, int]:
        return {name: one.position for name, one in (await players.cluster.status()).items()}

    before = await positions()
    billing = stack.services["billing_subsidy"]
    os.kill(billing.pid, signal.SIGSTOP)
    slow = await lin.refused(lin.preview(RAISE))
    os.kill(billing.pid, signal.SIGCONT)
    billing.kill()
    dead = await lin.refused(lin.preview(RAISE))
    uncommitted = await lin.refused(lin.commit(RAISE, july))
    own = await lin.preview(RAISE, without_billing=True)
    stack.start_service("billing_subsidy")
    stack.await_health("billing_subsidy")
    await players.cluster.drain()

    for code, reason, details, seconds in (slow, dead, uncommitted):
        assert (code, reason, details["retry"]) == ("UNAVAILABLE", "BILLING_UNAVAILABLE", "yes")
        assert seconds < DEADLINE
    assert own.premium == july.premium
    assert (await positions())["policy"] == before["policy"]

    await overpay(players, scene.policy_id)
    code, reason, details, _ = await lin.refused(lin.commit(RAISE, july))
    assert (code, reason) == ("FAILED_PRECONDITION", "PREVIEW_STALE")
    assert details["moved"].startswith("ACCOUNT_VERSION")
    await pay_back(players, scene.policy_id)
    await lin.commit(RAISE, await lin.preview(RAISE))

    await players.cluster.open_day(date(2026, 9, 1))
    again = str(uuid4())
    april = await lin.preview(DROP)
    first = await lin.commit(DROP, april, again)
    billing.kill()
    repeated = await lin.commit(DROP, april, again)
    assert repeated == first
    assert [one.number for one in first.transactions] == [3, 4, 5]
    stack.start_service("billing_subsidy")
    stack.await_health("billing_subsidy")

    await players.cluster.open_day(date(2026, 10, 1))
    october = await lin.preview(CANCEL)
    await lin.commit(CANCEL, october)
    await players.cluster.drain()

    assert shown(october.premium.premium_after) == "78,647.67"
    (subsidy,) = october.billing.subsidies
    assert [(one.level, shown(one.granted_after), shown(one.clawed_back)) for one in subsidy.levels] == [
        ("city", "39,323.84", "10,676.16"),
        ("district", "15,729.53", "4,270.47"),
    ]
    assert await levels(players, scene.policy_id, scene.programme_id) == {
        CITY: ("39,323.84", "10,676.16"),
        DISTRICT: ("15,729.53", "4,270.47"),
    }
    account = (await players.cast.auditor(account_pb.GetAccountRequest(policy_id=scene.policy_id))).account
    assert shown(account.invoiced) == shown(october.billing.after.invoiced)
    assert shown(account.refundable) == shown(october.billing.after.refundable)
