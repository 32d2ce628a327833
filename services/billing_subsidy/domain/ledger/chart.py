"""The chart of accounts, after the Ministry of Finance's accounts for insurers (企业会计准则应用指南附录).

Codes of four digits are the Ministry's; those of six are ours below them. Codes stand in stored entries, so the chart
only grows.
"""

from dataclasses import dataclass
from enum import StrEnum


class AccountType(StrEnum):
    ASSET = "asset"
    LIABILITY = "liability"
    INCOME = "income"
    EXPENSE = "expense"


@dataclass(frozen=True, slots=True)
class LedgerAccount:
    """One account of the chart."""

    code: str
    name_zh: str
    name_en: str
    type: AccountType


_ASSET, _LIABILITY, _INCOME, _EXPENSE = AccountType

BANK = LedgerAccount("1002", "银行存款", "Bank", _ASSET)
PREMIUM_RECEIVABLE = LedgerAccount("1122", "应收保费", "Premium receivable", _ASSET)
REINSURANCE_RECEIVABLE = LedgerAccount("1211", "应收分保账款", "Reinsurance receivable", _ASSET)
REINSURERS_RESERVE = LedgerAccount("1212", "应收分保未决赔款准备金", "Reinsurers' share of claims reserve", _ASSET)
COINSURER_RECEIVABLE = LedgerAccount("122105", "应收共保人摊赔款", "Claims receivable from co-insurers", _ASSET)
SUBSIDY_NATIONAL = LedgerAccount("122101", "应收财政补贴——国家级", "Subsidy receivable, national", _ASSET)
SUBSIDY_PROVINCE = LedgerAccount("122102", "应收财政补贴——省级", "Subsidy receivable, province", _ASSET)
SUBSIDY_CITY = LedgerAccount("122103", "应收财政补贴——市级", "Subsidy receivable, city", _ASSET)
SUBSIDY_DISTRICT = LedgerAccount("122104", "应收财政补贴——区县级", "Subsidy receivable, district", _ASSET)
VENDOR_PAYABLE = LedgerAccount("2202", "应付账款——服务方", "Vendor fees payable", _LIABILITY)
UNAPPLIED_CASH = LedgerAccount("2203", "预收保费", "Unapplied premium receipts", _LIABILITY)
CLAIMS_PAYABLE = LedgerAccount("2205", "应付赔付款", "Claims payable", _LIABILITY)
VAT_PAYABLE = LedgerAccount("222101", "应交税费——应交增值税", "VAT payable", _LIABILITY)
STAMP_DUTY_PAYABLE = LedgerAccount("222102", "应交税费——应交印花税", "Stamp duty payable", _LIABILITY)
SUBSIDY_PAYABLE = LedgerAccount("224101", "其他应付款——应付被保险人补贴", "Subsidy payable to insureds", _LIABILITY)
REFUND_PAYABLE = LedgerAccount("224102", "其他应付款——应付退保费", "Premium refunds payable", _LIABILITY)
SUSPENSE = LedgerAccount("224103", "其他应付款——待查款项", "Suspense", _LIABILITY)
RETURNABLE = LedgerAccount("224104", "其他应付款——应退款项", "Money to be returned", _LIABILITY)
COINSURER_PAYABLE = LedgerAccount("224105", "其他应付款——应付共保人保费", "Premium payable to co-insurers", _LIABILITY)
REINSURANCE_PAYABLE = LedgerAccount("2261", "应付分保账款", "Reinsurance payable", _LIABILITY)
UNEARNED_PREMIUM = LedgerAccount("2601", "未到期责任准备金", "Unearned premium", _LIABILITY)
CLAIMS_RESERVE = LedgerAccount("2602", "未决赔款准备金", "Claims reserve", _LIABILITY)
EARNED_PREMIUM = LedgerAccount("6031", "已赚保费", "Earned premium", _INCOME)
OTHER_INCOME = LedgerAccount("6301", "营业外收入", "Other income", _INCOME)
REINSURERS_RESERVE_CHANGE = LedgerAccount(
    "6201", "摊回保险责任准备金", "Change in reinsurers' share of claims reserve", _INCOME
)
RECOVERED_CLAIMS = LedgerAccount("6202", "摊回赔付支出", "Claims recovered from reinsurers", _INCOME)
CEDING_COMMISSION = LedgerAccount("6203", "摊回分保费用", "Ceding commission", _INCOME)
STAMP_DUTY = LedgerAccount("6403", "税金及附加——印花税", "Stamp duty", _EXPENSE)
RESERVE_CHANGE = LedgerAccount("6502", "提取未决赔款准备金", "Change in claims reserve", _EXPENSE)
CLAIMS_PAID = LedgerAccount("6511", "赔付支出", "Claims paid", _EXPENSE)
CEDED_PREMIUM = LedgerAccount("6541", "分出保费", "Ceded premium", _EXPENSE)
SERVICE_COST = LedgerAccount("6601", "业务及管理费——安全服务费", "Security services", _EXPENSE)
BANK_RESULT = LedgerAccount("6603", "财务费用", "Bank charges and interest", _EXPENSE)
OTHER_EXPENSE = LedgerAccount("6711", "营业外支出", "Other expenses", _EXPENSE)

SUBSIDY_RECEIVABLE: dict[str, LedgerAccount] = {
    "national": SUBSIDY_NATIONAL,
    "province": SUBSIDY_PROVINCE,
    "city": SUBSIDY_CITY,
    "district": SUBSIDY_DISTRICT,
}
"""The account of subsidy receivable for each level of government."""

CHART: dict[str, LedgerAccount] = {
    account.code: account
    for account in sorted(
        (value for value in list(globals().values()) if isinstance(value, LedgerAccount)), key=lambda found: found.code
    )
}
"""All accounts by code."""
