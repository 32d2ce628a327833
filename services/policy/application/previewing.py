"""Previews of changes, and commits of what was previewed.

Both run the same plan: the change is decided in a unit of work, billing is asked what it would book, and the cascade is
put together and sealed. A preview throws the unit away. A commit compares the seal and stores what the unit holds, in
one append.
"""

from collections.abc import Iterable
from uuid import UUID

from google.protobuf.message import Message
from hubao.policy.v1 import change_preview_pb2 as pb
from hubao.policy.v1 import terms_pb2

from libs.common.application import Application, Done
from libs.common.context import Call
from libs.common.grpc.convert import date_message, money_message
from libs.common.messaging.jetstream import message_class
from libs.common.money import Money, total
from libs.common.rehearsal import rehearse
from libs.common.store.requests import Outgoing
from libs.common.unit import Unit
from services.policy.application import sealing
from services.policy.application.billing import Asking, Billing
from services.policy.application.changing import Made, make_change, policy_of
from services.policy.application.effects import add_effects
from services.policy.application.policies import PolicyView, view_of
from services.policy.domain.change_errors import (
    NothingToChange,
    PreviewOfAnotherChange,
    PreviewScopeDiffers,
    PreviewStale,
)
from services.policy.domain.errors import PolicyNotFound
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.proposal import Proposal
from services.policy.domain.policy.values import Transaction
from services.policy.domain.referral import Referral


class Previews:
    def __init__(self, application: Application, billing: Billing) -> None:
        self._application = application
        self._billing = billing

    async def preview(
        self, call: Call, policy_id: UUID, proposal: Proposal, change: Message, asking: Asking | None
    ) -> pb.ChangePreview:
        """What a change would do; without `asking`, policy's own part alone. `change` is how it was asked for."""

        async def plan(unit: Unit) -> pb.ChangePreview:
            return await self._cascade(unit, await make_change(unit, policy_id, proposal, trying=True), change, asking)

        return await rehearse(self._application, call, plan)

    async def commit(
        self, call: Call, policy_id: UUID, proposal: Proposal, change: Message, seen: str, asking: Asking | None
    ) -> Done[Policy]:
        """Makes a change if it would still do what `seen`, the hash of its preview, stands for."""
        before = await self._application.answered(call, Policy)
        if before is not None:
            return before

        async def plan(unit: Unit) -> None:
            await self.make_as_seen(unit, policy_id, proposal, change, seen, asking)

        return await self._application.execute(call, Policy, policy_id, plan)

    async def make_as_seen(
        self,
        unit: Unit,
        policy_id: UUID,
        proposal: Proposal,
        change: Message,
        seen: str,
        asking: Asking | None,
        released: Referral | None = None,
    ) -> Made:
        """Makes a change inside a unit; PreviewStale if the cascade is not the one that was seen."""
        if sealing.part(seen, sealing.CHANGE) != sealing.change_part(str(policy_id), change):
            raise PreviewOfAnotherChange(policy_id=policy_id)
        if sealing.is_without_billing(seen) != (asking is None):
            made_with = "without" if sealing.is_without_billing(seen) else "with"
            raise PreviewScopeDiffers(made=made_with, asked="without" if asking is None else "with")
        _, version = await policy_of(unit, policy_id)
        if sealing.part(seen, sealing.POLICY_VERSION) != sealing.version_part(str(version)):
            raise PreviewStale(moved=sealing.POLICY_VERSION)
        made = await make_change(unit, policy_id, proposal, released)
        now = await self._cascade(unit, made, change, asking)
        if now.hash != seen:
            raise PreviewStale(moved=", ".join(sealing.moved(seen, now.hash)))
        return made

    async def _cascade(self, unit: Unit, made: Made, change: Message, asking: Asking | None) -> pb.ChangePreview:
        if not made.changed:
            raise NothingToChange(policy_id=made.policy_id)
        announced = _announced(unit, made.policy_id)
        preview = own_part(made, announced, unit)
        await add_effects(unit, made, preview)
        if asking is not None:
            preview.billing.CopyFrom(await self._billing.effects(asking, made.policy_id, announced))
        preview.hash = sealing.seal(change, preview)
        return preview

    async def view(self, call: Call, done: Done[Policy]) -> PolicyView:
        """The policy that a commit led to."""
        return await view_of(self._application, call, done)

    async def moved_by(self, call: Call, done: Done[Policy]) -> tuple[Transaction, ...]:
        """The movements of premium that one command made, also if that was long ago."""
        missing = PolicyNotFound(policy_id=done.stream)
        history = await self._application.history(Policy, done.stream, missing, tenant=call.tenant)
        return done.value.transactions[len(history[done.version - 2].value.transactions) :]


def _announced(unit: Unit, policy_id: UUID) -> Outgoing:
    """What the policy would announce."""
    outgoing = [new.outgoing for new in unit.events if new.stream == policy_id and new.outgoing is not None]
    return outgoing[-1]


def own_part(made: Made, announced: Outgoing, unit: Unit) -> pb.ChangePreview:
    """Policy's part, as it would be announced; nothing in it has been recorded yet, so nothing bears a time."""
    message = message_class(announced.type).FromString(announced.data)
    transactions: list[terms_pb2.PremiumTransaction] = list(message.transactions)  # type: ignore[attr-defined]
    for transaction in transactions:
        transaction.ClearField("recorded_time")
    return pb.ChangePreview(
        policy_id=str(made.policy_id),
        policy_etag=str(made.version),
        as_of=date_message(unit.call.today),
        premium=premium_effect(made.before, made.after),
        transactions=transactions,
        timeline=message.timeline,  # type: ignore[attr-defined]
        retained=getattr(message, "retained", None),
        referral_reasons=made.referral.reasons if made.referral else (),
        required_authority=money_message(made.referral.needed) if made.referral else None,
    )


def premium_effect(before: Policy, after: Policy) -> pb.PremiumEffect:
    moved = after.transactions[len(before.transactions) :]
    reinsurers = [part for each in moved for cession in each.cessions for part in cession.reinsurers]
    ceded = summed((part.reinsurer_id, part.ceded) for part in reinsurers)
    commission = summed((part.reinsurer_id, part.commission) for part in reinsurers)
    return pb.PremiumEffect(
        premium_before=money_message(before.premium),
        premium_after=money_message(after.premium),
        net=money_message(total(each.net for each in moved)),
        vat=money_message(total(each.vat for each in moved)),
        stamp_duty=money_message(total(each.stamp_duty for each in moved)),
        parts=[
            terms_pb2.PartPremium(part_code=code, amount=money_message(amount))
            for code, amount in summed((part.part_code, part.amount) for each in moved for part in each.parts).items()
        ],
        shares=[
            terms_pb2.InsurerPremium(insurer_id=insurer, amount=money_message(amount))
            for insurer, amount in summed((one.insurer_id, one.amount) for each in moved for one in each.shares).items()
        ],
        ceded=money_message(total(each.ceded for each in moved)),
        ceding_commission=money_message(total(each.ceding_commission for each in moved)),
        reinsurers=[
            terms_pb2.ReinsurerPremium(
                reinsurer_id=one, ceded=money_message(ceded[one]), commission=money_message(commission[one])
            )
            for one in ceded
        ],
    )


def summed(amounts: Iterable[tuple[str, Money]]) -> dict[str, Money]:
    """Amounts by name, in the order in which the names first come."""
    sums: dict[str, Money] = {}
    for name, amount in amounts:
        sums[name] = sums[name] + amount if name in sums else amount
    return sums
