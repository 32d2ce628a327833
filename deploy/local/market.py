"""What is there before anyone is insured: the products, the treaty and the vendors of the local scene.

All names are made up; credit codes follow GB 32100-2015 and belong to nobody.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from google.type import money_pb2
from hubao.policy.v1 import product_service_pb2 as product_pb
from hubao.policy.v1 import terms_pb2, treaty_service_pb2
from hubao.vendor_gateway.v1 import vendor_service_pb2 as vendor_pb

from deploy.local.clients import Caller
from libs.common.codes import uscc
from libs.common.context import SHARED
from libs.common.grpc.convert import date_message
from libs.common.grpc.convert import money_message as _money_message
from libs.common.money import Money
from libs.common.streams import stream_id

TENANT, FOLLOWER, REINSURER = "donghai", "nanshan", "kunlun-re"
OPENING = date(2025, 11, 3)
"""The day on which the scene begins."""

SHANGHAI, PUDONG = "310000", "310115"


def yuan(amount: str | int) -> money_pb2.Money:
    """An amount in protobuf's form, from a decimal text in yuan."""
    return _money_message(Money.cny(amount))


def service(
    code: str, kind: str, phase: terms_pb2.ServicePhase, fee: str, *, mandatory: bool = False, quantity: int = 1
) -> Any:
    """A bundled service, with the usual clocks."""
    urgent = phase == terms_pb2.SERVICE_PHASE_INCIDENT
    return terms_pb2.ServiceEntitlement(
        code=code,
        service_type=kind,
        phase=phase,
        quantity=quantity,
        mandatory=mandatory,
        fee=yuan(fee),
        respond_within_hours=4 if urgent else 72,
        start_within_hours=24 if urgent else 240,
        deliver_within_hours=240 if urgent else 720,
    )


SERVICES = [
    service("ASSESSMENT", "assessment", terms_pb2.SERVICE_PHASE_PRE_BIND, "3000.00", mandatory=True),
    service("MONITORING", "monitoring", terms_pb2.SERVICE_PHASE_IN_FORCE, "6000.00", mandatory=True),
    service("RESPONSE", "incident_response", terms_pb2.SERVICE_PHASE_INCIDENT, "8000.00", quantity=4),
]


def part(code: str, name: str, *, third_party: bool = False, waiting_hours: int = 0, coinsurance: str = "0") -> Any:
    """A coverage part of the products here: claims-made, with a retroactive date, reported up to 90 days later."""
    return product_pb.CoveragePart(
        code=code,
        name=name,
        party=product_pb.LOSS_PARTY_THIRD if third_party else product_pb.LOSS_PARTY_FIRST,
        minimum_limit=yuan(100_000),
        maximum_limit=yuan(20_000_000),
        minimum_deductible=yuan(10_000),
        waiting_hours=waiting_hours,
        coinsurance_percent=coinsurance,
        trigger=terms_pb2.TRIGGER_CLAIMS_MADE,
        retroactive_rule=product_pb.RETROACTIVE_RULE_DATE,
        extended_reporting_days=90,
    )


PARTS = [
    part("INTERRUPTION", "网络营业中断损失", waiting_hours=8),
    part("LIABILITY", "网络安全与隐私责任", third_party=True),
    part("EXTORTION", "网络勒索损失", coinsurance="10"),
]


def terms(rates: dict[str, str], tables: list[Any], minimum: str, *, key_industries: tuple[str, ...] = ()) -> Any:
    """What a version of a product fixes."""
    first = date_message(date(2025, 1, 1))
    return product_pb.ProductTerms(
        line=terms_pb2.PRODUCT_LINE_COMPREHENSIVE,
        parts=PARTS,
        rating=product_pb.RatingPlan(
            base_rates=[product_pb.BaseRate(part_code=c, rate=rate, valid_from=first) for c, rate in rates.items()],
            factor_tables=tables,
            bundle_credit_percent="0",
        ),
        entitlements=SERVICES,
        underwriting=product_pb.UnderwritingRules(
            authority_limit=yuan(20_000_000),
            critical_findings_allowed=0,
            assessment_industries=key_industries,
            quote_valid_days=30,
        ),
        cancellation=product_pb.CancellationRule(
            methods=[product_pb.CANCELLATION_METHOD_PRO_RATA, product_pb.CANCELLATION_METHOD_SHORT_RATE],
            short_rate_percent="10",
        ),
        vat_rates=[product_pb.DatedRate(rate="0.06", valid_from=first)],
        stamp_duty_rates=[product_pb.DatedRate(rate="0.001", valid_from=first)],
        minimum_premium=yuan(minimum),
        subsidy_classes=["CYBER"],
        exclusions=["WAR"],
    )


def factors(name: str, basis: product_pb.FactorBasis, rows: dict[str, str]) -> Any:
    """A factor table that holds from 2025 on."""
    lines = [product_pb.FactorRow(key=key, factor=factor) for key, factor in rows.items()]
    return product_pb.FactorTable(name=name, basis=basis, valid_from=date_message(date(2025, 1, 1)), rows=lines)


YEAR_TERMS = terms({"INTERRUPTION": "0.01", "LIABILITY": "0.01", "EXTORTION": "0.01"}, [], "1000.00")
"""A plain tariff, one percent of each limit, so that the year's premium can be followed by head."""

INDUSTRY_FACTORS = {
    "A": "0.80",
    "C": "1.00",
    "F": "1.05",
    "G": "1.10",
    "I": "1.35",
    "J": "1.50",
    "M": "0.95",
    "Q": "1.30",
}
SIZE_FACTORS = {"large": "1.25", "medium": "1.00", "small": "0.85", "micro": "0.70"}

PORTFOLIO_TERMS = terms(
    {"INTERRUPTION": "0.0085", "LIABILITY": "0.0062", "EXTORTION": "0.0118"},
    [
        factors("industry", product_pb.FACTOR_BASIS_INDUSTRY, INDUSTRY_FACTORS),
        factors("size", product_pb.FACTOR_BASIS_SIZE, SIZE_FACTORS),
    ],
    "800.00",
    key_industries=("J",),
)


@dataclass(frozen=True)
class Firm:
    """A vendor of the scene."""

    key: str
    name: str
    kind: vendor_pb.VendorKind
    services: tuple[str, ...]
    number: int

    @property
    def uscc(self) -> str:
        return uscc.compose(PUDONG, self.number)


FIRMS = (
    Firm("assessor", "浦东网安测评有限公司", vendor_pb.VENDOR_KIND_ASSESSMENT_BODY, ("assessment",), 71_000_001),
    Firm("guard", "东方护网科技有限公司", vendor_pb.VENDOR_KIND_SECURITY_FIRM, ("monitoring",), 71_000_002),
    Firm("rescue", "沪上应急响应有限公司", vendor_pb.VENDOR_KIND_SECURITY_FIRM, ("incident_response",), 71_000_003),
    Firm(
        "second",
        "张江安全运营有限公司",
        vendor_pb.VENDOR_KIND_SECURITY_FIRM,
        ("monitoring", "incident_response"),
        71_000_004,
    ),
)
FIRST_VENDOR = str(stream_id(SHARED, "vendor_gateway.Vendor", FIRMS[0].uscc))
"""The id of the first vendor, which follows from its credit code, so its token can be written before it is there."""
INSURED = uscc.compose(PUDONG, 72_000_001)
"""An enterprise that is insured by nobody yet, for the self-check."""
PRICES = {"assessment": "2800.00", "monitoring": "5500.00", "incident_response": "7600.00"}


async def open_product(underwriter: Caller, key: str, name: str, fixed: Any) -> str:
    """Drafts and publishes a product; its id."""
    request = product_pb.CreateProductRequest(product_key=key, name=name, terms=fixed)
    product = (await underwriter(request, f"product/{key}")).product
    await underwriter(product_pb.PublishProductRequest(product_id=product.product_id), f"product/{key}/publish")
    return str(product.product_id)


async def open_treaty(underwriter: Caller) -> str:
    """Enters the quota share of 2026; its id."""
    request = treaty_service_pb2.CreateTreatyRequest(
        treaty_key="QS-2026",
        reinsurer_id=REINSURER,
        percent="30",
        commission_percent="25",
        starts_on=date_message(date(2026, 1, 1)),
        ends_on=date_message(date(2027, 1, 1)),
    )
    return str((await underwriter(request, "treaty/qs-2026")).treaty.treaty_id)


async def open_vendors(operator: Caller) -> dict[str, str]:
    """Registers and accredits the vendors; their ids by key."""
    ids = {}
    for firm in FIRMS:
        register = vendor_pb.RegisterVendorRequest(uscc=firm.uscc, name=firm.name, kind=firm.kind)
        vendor = (await operator(register, f"vendor/{firm.key}")).vendor
        accredit = vendor_pb.AccreditVendorRequest(vendor_id=vendor.vendor_id, accreditation=_accreditation(firm))
        await operator(accredit, f"vendor/{firm.key}/accredit")
        ids[firm.key] = str(vendor.vendor_id)
    return ids


def _accreditation(firm: Firm) -> Any:
    return vendor_pb.Accreditation(
        certificates=[
            vendor_pb.Certificate(
                code="CCRC-SERVICE-2", number=f"CCRC-{firm.number}", expires_on=date_message(date(2029, 1, 1))
            )
        ],
        capabilities=[vendor_pb.Capability(service_type=kind, start_within_hours=24) for kind in firm.services],
        capacity=10_000,
        prices=[
            vendor_pb.Price(service_type=kind, price=yuan(PRICES[kind]), valid_from=date_message(date(2025, 1, 1)))
            for kind in firm.services
        ],
    )
