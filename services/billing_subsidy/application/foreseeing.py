"""What a change of a policy would book: the reaction to its announcement, rehearsed and not stored.

There is no second reckoning. The reaction that will hear the announcement runs in a unit that is thrown away, and what
it recorded there is what it would record.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from google.protobuf.message import DecodeError

from libs.common.application import Application
from libs.common.context import Call
from libs.common.errors import InvalidField
from libs.common.grpc.convert import uuid_value
from libs.common.rehearsal import recorded_in, rehearse
from libs.common.service import Reaction
from libs.common.unit import Unit
from services.billing_subsidy.application.accounts import account_of
from services.billing_subsidy.application.streams import account_stream, case_stream
from services.billing_subsidy.domain.account.account import PolicyAccount
from services.billing_subsidy.domain.errors import AccountAhead, AccountBehind
from services.billing_subsidy.domain.ledger.entry import EntryPosted, JournalEntry
from services.billing_subsidy.domain.subsidy_case.case import SubsidyCase


@dataclass(frozen=True)
class ForeseenCase:
    """One subsidy case before and after; `before` is None and `version` 0 if the change would open it."""

    case_id: UUID
    version: int
    before: SubsidyCase | None
    after: SubsidyCase


@dataclass(frozen=True)
class Foreseen:
    """What would be booked, and the version of the account that this rests on."""

    today: date
    version: int
    before: PolicyAccount
    after: PolicyAccount
    cases: tuple[ForeseenCase, ...]
    entries: tuple[JournalEntry, ...]


class Foresight:
    """What would be booked if policy announced something."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._reactions = application.service.reactions["policy"]

    async def of(self, call: Call, policy_id: UUID, type_name: str, data: bytes) -> Foreseen:
        """What the reaction to an announcement would book, if it were heard now."""
        reaction, heard = self._reaction_to(type_name, data)
        if uuid_value("data", heard.timeline.policy_id) != policy_id:
            raise InvalidField(field="data", problem=f"is of policy {heard.timeline.policy_id}")

        async def plan(unit: Unit) -> Foreseen:
            before = await account_of(unit, policy_id)
            _check_next(before, heard)
            cases = {stream: await unit.find(SubsidyCase, stream) for stream in _cases_of(unit, before)}
            await reaction(unit, heard)
            after = await account_of(unit, policy_id)
            versions = dict(unit.looked_at)
            found = [await _case(unit, stream, cases.get(stream), versions) for stream in _cases_of(unit, after)]
            return Foreseen(
                today=unit.call.today,
                version=versions[account_stream(policy_id)],
                before=before,
                after=after,
                cases=tuple(found),
                entries=tuple(event.entry for _, event in recorded_in(unit) if isinstance(event, EntryPosted)),
            )

        return await rehearse(self._application, call, plan)

    def _reaction_to(self, type_name: str, data: bytes) -> tuple[Reaction, Any]:
        """What hears this announcement, and the announcement; only what moves premium of a bound policy is taken."""
        known = {kind.DESCRIPTOR.full_name: kind for kind in self._reactions}
        kind = known.get(type_name)
        if kind is None or not {"timeline", "transactions"} <= set(kind.DESCRIPTOR.fields_by_name):
            raise InvalidField(field="type", problem="is no announcement that moves premium of a bound policy")
        try:
            return self._reactions[kind], kind.FromString(data)
        except DecodeError:
            raise InvalidField(field="data", problem=f"is no {type_name}") from None


def _check_next(account: PolicyAccount, heard: Any) -> None:
    """The announcement must begin where the account stands: others may still be on their way to it."""
    heard_of = len(account.movements)
    first = heard.transactions[0].number if heard.transactions else heard_of + 1
    if first > heard_of + 1:
        raise AccountBehind(heard=heard_of, first=first)
    if first <= heard_of:
        raise AccountAhead(heard=heard_of, first=first)


def _cases_of(unit: Unit, account: PolicyAccount) -> list[UUID]:
    policy_id = account.facts.policy_id
    return [case_stream(unit.call.tenant, policy_id, programme_id) for programme_id in account.programmes]


async def _case(unit: Unit, stream: UUID, before: SubsidyCase | None, versions: dict[UUID, int]) -> ForeseenCase:
    after = await unit.find(SubsidyCase, stream)
    assert after is not None
    return ForeseenCase(stream, versions.get(stream, 0), before, after)
