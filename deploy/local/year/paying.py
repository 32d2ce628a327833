"""The money of the year: the programme, the premium by bank statement, the subsidies, the refund, the vendors' fees."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from hubao.billing_subsidy.v1 import account_service_pb2 as account_pb
from hubao.billing_subsidy.v1 import ledger_service_pb2 as ledger_pb
from hubao.billing_subsidy.v1 import programme_service_pb2 as pb
from hubao.billing_subsidy.v1 import reconciliation_service_pb2 as bank_pb
from hubao.billing_subsidy.v1 import settlement_service_pb2 as settlement_pb
from hubao.billing_subsidy.v1 import subsidy_case_service_pb2 as case_pb

from deploy.local.cast import Cast
from deploy.local.market import yuan
from libs.common.grpc.convert import date_message

BANK_ACCOUNT = "31001500000000002026"
PROFILE = bank_pb.CsvProfile(
    date_column="date", amount_column="amount", reference_column="text", payer_name_column="payer"
)
RULES = pb.ProgrammeRules(
    code="SH-CYBER-2026",
    name="网络安全保险保费补贴 2026",
    window_from=date_message(date(2026, 1, 1)),
    window_to=date_message(date(2027, 1, 1)),
    window_basis=pb.WINDOW_BASIS_PAYMENT,
    base=pb.SUBSIDY_BASE_PAID,
    levels=[
        pb.LevelRule(
            level=pb.GOVERNMENT_LEVEL_CITY,
            method=pb.LEVEL_METHOD_SHARE,
            rates=[pb.SubsidyRate(percent="50")],
            policy_cap=yuan("60000.00"),
            budget=yuan("2000000.00"),
        ),
        pb.LevelRule(
            level=pb.GOVERNMENT_LEVEL_DISTRICT,
            method=pb.LEVEL_METHOD_TOP_UP,
            rates=[pb.SubsidyRate(percent="70")],
            policy_cap=yuan("30000.00"),
            budget=yuan("1000000.00"),
        ),
    ],
    minimum_term_days=365,
    regions=["31"],
    subsidy_classes=["CYBER"],
)


@dataclass(frozen=True)
class Paying:
    """The acts that belong to the billing service, in the order of the year."""

    cast: Cast

    async def publish_programme(self, rules: pb.ProgrammeRules = RULES) -> str:
        """The authority publishes the rules and opens the budgets; the programme's id."""
        programme = (await self.cast.authority(pb.CreateProgrammeRequest(rules=rules), "year/programme")).programme
        publish = pb.PublishProgrammeRequest(programme_id=programme.programme_id)
        await self.cast.authority(publish, "year/programme/publish")
        return str(programme.programme_id)

    async def receive(self, policy_number: str) -> None:
        """The bank's statement of 15 January: the whole premium, and a charge that finance has to code."""
        rows = [
            "date,amount,text,payer",
            f"2026-01-15,106000.00,保费 {policy_number},浦东云帆软件有限公司",
            "2026-01-15,-12.00,账户管理费,",
        ]
        request = bank_pb.ImportStatementRequest(
            bank_account=BANK_ACCOUNT,
            file_name="2026-01-15.csv",
            content="".join(f"{row}\r\n" for row in rows).encode(),
            profile=PROFILE,
            opening_balance=yuan("500000.00"),
            closing_balance=yuan("605988.00"),
        )
        statement = (await self.cast.finance(request, "year/statement")).statement
        code = bank_pb.CodeEntryRequest(
            statement_id=statement.statement_id,
            line=3,
            code=bank_pb.DIFFERENCE_CODE_BANK_CHARGE,
            reason="account fee of January",
        )
        await self.cast.finance(code, "year/statement/code")

    async def disburse(self, case_id: str) -> None:
        """The city's treasury pays what it has granted."""
        request = case_pb.RecordDisbursementRequest(
            case_id=case_id,
            level=pb.GOVERNMENT_LEVEL_CITY,
            reference="TREASURY-2026-02-0001",
            amount=yuan("50000.00"),
            value_date=date_message(date(2026, 2, 20)),
        )
        await self.cast.finance(request, "year/disburse")

    async def earn(self, policy_id: str, through: date) -> None:
        """Finance recognises premium as earned."""
        request = ledger_pb.RecogniseEarnedRequest(policy_id=policy_id, through=date_message(through))
        await self.cast.finance(request, f"year/earn/{through}")

    async def refund(self, policy_id: str, amount: str, day: date) -> None:
        """Finance pays out what is to be given back after the cancellation."""
        request = account_pb.RecordRefundPaidRequest(
            policy_id=policy_id, reference="REFUND-2026-10-0001", amount=yuan(amount), paid_on=date_message(day)
        )
        await self.cast.finance(request, "year/refund")

    async def pay_vendor(self, vendor_id: str, amount: str, day: date) -> None:
        """Finance pays the assessor."""
        request = settlement_pb.RecordVendorPaymentRequest(
            vendor_id=vendor_id, reference="VENDOR-2025-12-0001", amount=yuan(amount), paid_on=date_message(day)
        )
        await self.cast.finance(request, "year/vendor")

    async def case(self, policy_id: str, programme_id: str) -> Any:
        request = case_pb.GetSubsidyCaseRequest(policy_id=policy_id, programme_id=programme_id)
        return (await self.cast.auditor(request)).subsidy_case

    async def account(self, policy_id: str) -> Any:
        return (await self.cast.auditor(account_pb.GetAccountRequest(policy_id=policy_id))).account
