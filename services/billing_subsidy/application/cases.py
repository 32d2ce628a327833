"""Commands of subsidy cases. Opening and reckoning follow from the account: see `reckoning`."""

from collections.abc import Callable, Sequence
from datetime import date
from uuid import UUID

from libs.common.application import Application, Done, Loaded
from libs.common.context import Call
from libs.common.money import Money
from libs.common.unit import Unit
from services.billing_subsidy.application.accounts import OWN
from services.billing_subsidy.application.streams import case_stream
from services.billing_subsidy.application.transit import note
from services.billing_subsidy.domain.checks import check_explained
from services.billing_subsidy.domain.errors import CaseNotFound
from services.billing_subsidy.domain.programme.rules import Level
from services.billing_subsidy.domain.subsidy_case.case import SubsidyCase
from services.billing_subsidy.domain.subsidy_case.events import CaseEvent
from services.billing_subsidy.domain.transit import Record, RecordKind


class SubsidyCases:
    """Reading cases, and taking the treasury's money for them."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def get(self, call: Call, case_id: UUID) -> Loaded[SubsidyCase]:
        missing = CaseNotFound(case_id=case_id)
        return await self._application.read(SubsidyCase, case_id, missing, tenant=call.tenant)

    async def find(self, call: Call, policy_id: UUID, programme_id: UUID) -> Loaded[SubsidyCase]:
        """The case of a policy under a programme."""
        return await self.get(call, case_stream(call.tenant, policy_id, programme_id))

    async def record_disbursement(
        self,
        call: Call,
        case_id: UUID,
        level: Level,
        reference: str,
        amount: Money,
        value_date: date,
        reason: str,
        etag: str,
    ) -> Done[SubsidyCase]:
        record = Record(RecordKind.DISBURSEMENT, case_id, amount, value_date)
        return await self._book(
            call,
            case_id,
            lambda case: case.disburse(level, reference, amount, value_date, OWN, call.today, reason),
            reference,
            record,
            reason,
            etag,
        )

    async def record_repayment(
        self,
        call: Call,
        case_id: UUID,
        level: Level,
        reference: str,
        amount: Money,
        value_date: date,
        reason: str,
        etag: str,
    ) -> Done[SubsidyCase]:
        record = Record(RecordKind.REPAYMENT, case_id, -amount, value_date)
        return await self._book(
            call,
            case_id,
            lambda case: case.repay(level, reference, amount, value_date, OWN, call.today, reason),
            reference,
            record,
            reason,
            etag,
        )

    async def record_passed_on(
        self, call: Call, case_id: UUID, reference: str, amount: Money, paid_on: date, reason: str, etag: str
    ) -> Done[SubsidyCase]:
        record = Record(RecordKind.PASSED_ON, case_id, -amount, paid_on)
        return await self._book(
            call,
            case_id,
            lambda case: case.pass_on(reference, amount, paid_on, OWN, call.today, reason),
            reference,
            record,
            reason,
            etag,
        )

    async def _book(
        self,
        call: Call,
        case_id: UUID,
        decide: Callable[[SubsidyCase], Sequence[CaseEvent]],
        reference: str,
        record: Record,
        reason: str,
        etag: str,
    ) -> Done[SubsidyCase]:
        """Records money of a case by hand; it waits for its bank line."""

        async def plan(unit: Unit) -> None:
            events = decide(await unit.get(SubsidyCase, case_id, CaseNotFound(case_id=case_id)))
            if events:
                check_explained(record.day, unit.call.today, reason)
            unit.record(SubsidyCase, case_id, events)
            await note(unit, reference, record, events)

        return await self._application.execute(call, SubsidyCase, case_id, plan, etag=etag)
