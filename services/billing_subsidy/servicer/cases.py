"""SubsidyCaseService: what each programme gives to each policy."""

from typing import Any
from uuid import UUID

from hubao.billing_subsidy.v1 import programme_service_pb2 as programme_pb
from hubao.billing_subsidy.v1 import subsidy_case_service_pb2 as pb
from hubao.billing_subsidy.v1 import subsidy_case_service_pb2_grpc as pb_grpc
from sqlalchemy import Row

from libs.common.context import current_call
from libs.common.grpc.convert import (
    date_message,
    date_value,
    enum_name,
    enum_text,
    money_message,
    money_value,
    optional,
    uuid_value,
)
from libs.common.grpc.methods import Context
from libs.common.grpc.pages import next_token, page_of
from libs.common.money import CNY, Money, total
from services.billing_subsidy.application.cases import SubsidyCases
from services.billing_subsidy.domain.entitlement import Entitlement, Step
from services.billing_subsidy.domain.programme.rules import Level
from services.billing_subsidy.domain.subsidy_case.case import LevelState, SubsidyCase
from services.billing_subsidy.projections import Reads
from services.billing_subsidy.servicer.rules import level_value


class SubsidyCaseServicer(pb_grpc.SubsidyCaseServiceServicer):
    """Each method reads the request, calls one command or read, and writes the reply."""

    def __init__(self, cases: SubsidyCases, reads: Reads) -> None:
        self._cases = cases
        self._reads = reads

    async def GetSubsidyCase(self, request: pb.GetSubsidyCaseRequest, context: Context) -> pb.GetSubsidyCaseResponse:
        call = current_call()
        if request.case_id:
            loaded = await self._cases.get(call, uuid_value("case_id", request.case_id))
        else:
            policy_id = uuid_value("policy_id", request.policy_id)
            loaded = await self._cases.find(call, policy_id, uuid_value("programme_id", request.programme_id))
        return pb.GetSubsidyCaseResponse(subsidy_case=case_message(loaded.stream, loaded.value, loaded.version))

    async def ListSubsidyCases(
        self, request: pb.ListSubsidyCasesRequest, context: Context
    ) -> pb.ListSubsidyCasesResponse:
        tenant = current_call().tenant
        page = page_of(request, tenant)
        rows = await self._reads.cases(
            tenant,
            page,
            optional(request, "policy_id", uuid_value),
            optional(request, "programme_id", uuid_value),
            enum_name("status", pb.CaseStatus, request.status) if request.status else "",
        )
        shown, token = next_token(page, rows, key=lambda row: (row.case_number,))
        return pb.ListSubsidyCasesResponse(subsidy_cases=[summary_message(row) for row in shown], next_page_token=token)

    async def RecordDisbursement(
        self, request: pb.RecordDisbursementRequest, context: Context
    ) -> pb.RecordDisbursementResponse:
        done = await self._cases.record_disbursement(
            current_call(),
            uuid_value("case_id", request.case_id),
            level_value("level", request.level),
            request.reference,
            money_value("amount", request.amount),
            date_value("value_date", request.value_date),
            request.reason,
            request.etag,
        )
        return pb.RecordDisbursementResponse(subsidy_case=case_message(done.stream, done.value, done.version))

    async def RecordRepayment(self, request: pb.RecordRepaymentRequest, context: Context) -> pb.RecordRepaymentResponse:
        done = await self._cases.record_repayment(
            current_call(),
            uuid_value("case_id", request.case_id),
            level_value("level", request.level),
            request.reference,
            money_value("amount", request.amount),
            date_value("value_date", request.value_date),
            request.reason,
            request.etag,
        )
        return pb.RecordRepaymentResponse(subsidy_case=case_message(done.stream, done.value, done.version))

    async def RecordPassedOn(self, request: pb.RecordPassedOnRequest, context: Context) -> pb.RecordPassedOnResponse:
        done = await self._cases.record_passed_on(
            current_call(),
            uuid_value("case_id", request.case_id),
            request.reference,
            money_value("amount", request.amount),
            date_value("paid_on", request.paid_on),
            request.reason,
            request.etag,
        )
        return pb.RecordPassedOnResponse(subsidy_case=case_message(done.stream, done.value, done.version))

    async def GetSubsidyTotals(
        self, request: pb.GetSubsidyTotalsRequest, context: Context
    ) -> pb.GetSubsidyTotalsResponse:
        programme_id = optional(request, "programme_id", uuid_value)
        rows = await self._reads.subsidy_totals(current_call().tenant, programme_id)
        return pb.GetSubsidyTotalsResponse(totals=[total_message(row) for row in rows])


def case_message(case_id: UUID, case: SubsidyCase, version: int) -> pb.SubsidyCase:
    return pb.SubsidyCase(
        case_id=str(case_id),
        case_number=case.case_number,
        policy_id=str(case.policy_id),
        programme_id=str(case.purse.programme_id),
        status=enum_text(pb.CaseStatus, case.status),
        entitlement=entitlement_message(case.entitlement) if case.entitlement else None,
        levels=level_messages(case),
        evidence=[
            pb.Evidence(kind=one.kind, reference=one.reference, dated=date_message(one.dated), sha256=one.sha256)
            for one in case.evidence
        ],
        refusals=case.refusals,
        opened_on=date_message(case.opened_on),
        passed_on=money_message(total((passed.amount for passed in case.passed_on), CNY)),
        to_be_passed_on=money_message(case.belongs_to_insured),
        etag=str(version),
    )


def entitlement_message(entitlement: Entitlement) -> pb.Entitlement:
    return pb.Entitlement(
        rule_version=entitlement.rule_version,
        base=money_message(entitlement.base),
        steps=[step_message(step) for step in entitlement.steps],
        refusals=entitlement.refusals,
    )


def step_message(step: Step) -> pb.EntitlementStep:
    return pb.EntitlementStep(
        step=step.code,
        level=level_text(step.level) if step.level else None,
        explanation=step.explanation,
        amount=money_message(step.amount),
    )


def level_messages(case: SubsidyCase) -> list[pb.CaseLevel]:
    """Every level that the rules give something, or that the case holds something at."""
    entitled = {item.level: item.amount for item in case.entitlement.amounts} if case.entitlement else {}
    cuts = {cut.level: cut.code for cut in case.cuts}
    messages = []
    for level in dict.fromkeys([*entitled, *case.levels]):
        state = case.levels.get(level, LevelState())
        messages.append(
            pb.CaseLevel(
                level=level_text(level),
                entitled=money_message(entitled.get(level, Money(CNY, 0))),
                granted=money_message(state.granted),
                clawed_back=money_message(state.clawed_back),
                disbursed=money_message(state.disbursed),
                cut=cuts.get(level, ""),
                repaid=money_message(state.repaid),
                owed_back=money_message(case.owed_back(level)),
                claimable=money_message(case.claimable(level)),
            )
        )
    return messages


def level_text(level: Level) -> str:
    return enum_text(programme_pb.GovernmentLevel, level)


def summary_message(row: Row[Any]) -> pb.SubsidyCaseSummary:
    return pb.SubsidyCaseSummary(
        case_id=str(row.case_id),
        case_number=row.case_number,
        policy_id=str(row.policy_id),
        programme_id=str(row.programme_id),
        status=enum_text(pb.CaseStatus, row.status),
        granted=money_message(Money(CNY, row.granted)),
        clawed_back=money_message(Money(CNY, row.clawed_back)),
        disbursed=money_message(Money(CNY, row.disbursed)),
    )


def total_message(row: Row[Any]) -> pb.SubsidyTotal:
    return pb.SubsidyTotal(
        programme_id=str(row.programme_id),
        level=level_text(Level(row.level)),
        granted=money_message(Money(CNY, int(row.granted))),
        clawed_back=money_message(Money(CNY, int(row.clawed_back))),
        disbursed=money_message(Money(CNY, int(row.disbursed))),
        used=money_message(Money(CNY, int(row.used))),
    )
