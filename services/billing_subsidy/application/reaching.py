"""What a programme does by itself, for policies of all insurers: opens cases when it is published, and gives freed
budget to those who were cut.

Both run as timers of the programme's own streams, in steps of bounded size, and never on behalf of an insurer's person.
"""

from uuid import UUID

from libs.common.unit import Unit
from services.billing_subsidy.application.purses import Purses
from services.billing_subsidy.application.reckoning import reckon_cases
from services.billing_subsidy.application.streams import account_stream
from services.billing_subsidy.domain.account.account import PolicyAccount
from services.billing_subsidy.domain.programme.reach import Reach, ReachSwept
from services.billing_subsidy.domain.programme.waiting import WaitingList

ACCOUNTS_A_STEP = 50
CASES_A_STEP = 100
ACCOUNT_OPENED = "billing_subsidy.AccountOpened"


async def open_reached(unit: Unit, stream: UUID) -> None:
    """Opens cases for the next accounts that the published programme reaches; each is reckoned at once."""
    reach = await unit.find(Reach, stream)
    if reach is None:
        return
    begun = await unit.begun(ACCOUNT_OPENED, reach.through, ACCOUNTS_A_STEP)
    purses = Purses(unit)
    for _, policy_id, tenant in begun:
        account = await unit.find(PolicyAccount, account_stream(policy_id))
        if account is not None and reach.programme_id not in account.programmes:
            await reckon_cases(unit, policy_id, purses, tenant=tenant)
    if len(begun) == ACCOUNTS_A_STEP:
        unit.record(Reach, stream, [ReachSwept(through=begun[-1][0])])


async def serve_waiting(unit: Unit, stream: UUID) -> None:
    """Reckons the cases that wait, in the order in which they came; goes on if something was given and more wait."""
    waiting_list = await unit.find(WaitingList, stream)
    if waiting_list is None:
        return
    purses, before = Purses(unit), len(unit.events)
    for waiting in waiting_list.waiting[:CASES_A_STEP]:
        await reckon_cases(unit, waiting.policy_id, purses, tenant=waiting.tenant)
    if len(waiting_list.waiting) > CASES_A_STEP and len(unit.events) > before:
        now = await unit.find(WaitingList, stream)
        assert now is not None
        unit.record(WaitingList, stream, now.free())
