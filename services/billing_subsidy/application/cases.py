"""Commands of subsidy cases. Opening and reckoning follow from the account: see `reckoning`."""

from datetime import date
from uuid import UUID

from libs.common.application import Application, Done, Loaded
from libs.common.context import Call
from libs.common.money import Money
from services.billing_subsidy.application.accounts import OWN
from services.billing_subsidy.application.streams import case_stream
from services.billing_subsidy.domain.checks import check_explained
from services.billing_subsidy.domain.errors import CaseNotFound
from services.billing_subsidy.domain.programme.rules import Level
from services.billing_subsidy.domain.subsidy_case.case import SubsidyCase
from services.billing_subsidy.domain.subsidy_case.events import CaseEvent


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
        def decide(case: SubsidyCase) -> list[CaseEvent]:
            events = case.disburse(level, reference, amount, value_date, OWN, call.today, reason)
            if events:
                check_explained(value_date, call.today, reason)
            return events

        return await self._application.change(
            call,
            SubsidyCase,
            case_id,
            decide,
            CaseNotFound(case_id=case_id),
            etag=etag,
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
        def decide(case: SubsidyCase) -> list[CaseEvent]:
            events = case.repay(level, reference, amount, value_date, OWN, call.today, reason)
            if events:
                check_explained(value_date, call.today, reason)
            return events

        missing = CaseNotFound(case_id=case_id)
        return await self._application.change(call, SubsidyCase, case_id, decide, missing, etag=etag)

    async def record_passed_on(
        self, call: Call, case_id: UUID, reference: str, amount: Money, paid_on: date, reason: str, etag: str
    ) -> Done[SubsidyCase]:
        def decide(case: SubsidyCase) -> list[CaseEvent]:
            events = case.pass_on(reference, amount, paid_on, OWN, call.today, reason)
            if events:
                check_explained(paid_on, call.today, reason)
            return events

        missing = CaseNotFound(case_id=case_id)
        return await self._application.change(call, SubsidyCase, case_id, decide, missing, etag=etag)
