"""What a simulation's thread does: reads the rest of the request, fits, simulates, and writes the answer."""

from collections.abc import Sequence
from decimal import Decimal

from hubao.policy.v1 import quantification_service_pb2 as pb
from hubao.policy.v1 import submission_service_pb2

from libs.common.errors import InvalidField
from libs.common.grpc.convert import decimal_text, decimal_value, enum_name, money_message, money_value
from libs.common.money import CNY
from services.policy.application.quantification import Terms
from services.policy.domain.product.checks import check_money
from services.policy.quantification.bounds import check_portfolio, check_risk
from services.policy.quantification.calibration import calibrate, calibrate_bare
from services.policy.quantification.distributions import Poisson
from services.policy.quantification.fingerprint import fingerprint
from services.policy.quantification.fitting import fit_moments
from services.policy.quantification.losses import LossExtract
from services.policy.quantification.measures import divided, fraction, measure, shares
from services.policy.quantification.portfolio import Member, PortfolioLosses, Shock, simulate_portfolio
from services.policy.quantification.selfcheck import YEARS, self_check
from services.policy.quantification.simulation import Stop, simulate
from services.policy.servicer.estimate_messages import (
    estimate_message,
    fitted_message,
    provenance_message,
    self_check_message,
    share_message,
    shock_message,
)
from services.policy.servicer.given_risk import profile_value
from services.policy.servicer.losses import extract_value, moments_value
from services.policy.servicer.values import each, within

SELF_CHECK_SEED = 0
LEAST = Decimal("0.000001")


def simulate_risk(request: pb.SimulateRiskRequest, terms: Terms, stop: Stop) -> pb.SimulateRiskResponse:
    extract = extract_value("losses", request.losses)
    calibrated = calibrate(extract, "losses", terms.profile, terms.parts, terms.aggregate)
    check_risk(calibrated.risk, request.years)
    simulated = simulate(calibrated.risk, request.seed, request.years, stop)
    inputs = fingerprint(terms, extract, request.seed, request.years)
    return pb.SimulateRiskResponse(
        estimate=estimate_message(measure(simulated.total)),
        parts=[share_message(share) for share in shares(simulated)],
        fitted=[fitted_message(part, terms.profile.answers) for part in calibrated.parts],
        provenance=provenance_message(extract.version, request.seed, inputs),
    )


def simulate_many(
    request: pb.SimulatePortfolioRequest, terms: Sequence[Terms], stop: Stop
) -> pb.SimulatePortfolioResponse:
    extract = extract_value("losses", request.losses)
    shocks = each("shocks", request.shocks, _shock_value)
    if len({shock.dependency for shock in shocks}) < len(shocks):
        raise InvalidField(field="shocks", problem="name a dependency twice")
    members = [_member(one, extract, request.net) for one in terms]
    check_portfolio(members, shocks, request.years)
    together, apart = (
        simulate_portfolio(members, shocks, request.seed, request.years, apart=apart, stop=stop)
        for apart in (False, True)
    )
    inputs = fingerprint(terms, extract, shocks, request.net, request.seed, request.years)
    return pb.SimulatePortfolioResponse(
        estimate=estimate_message(measure(together.totals)),
        without_accumulation=estimate_message(measure(apart.totals)),
        policies=_policies(members, together),
        shocks=[shock_message(told) for told in together.shocks],
        provenance=provenance_message(extract.version, request.seed, inputs),
    )


def check_oneself(request: pb.SelfCheckRequest, stop: Stop) -> pb.SelfCheckResponse:
    revenue = money_value("annual_revenue", request.annual_revenue)
    check_money("annual_revenue", revenue, 1)
    profile = profile_value("", "self-check", request)
    extract = extract_value("losses", request.losses)
    risk = calibrate_bare(extract, "losses", profile, CNY).risk
    check_risk(risk, YEARS)
    provenance = provenance_message(extract.version, SELF_CHECK_SEED, fingerprint(profile, revenue, extract))
    return self_check_message(self_check(risk, revenue, SELF_CHECK_SEED, stop), provenance)


def _member(terms: Terms, extract: LossExtract, net: bool) -> Member:
    return Member(
        risk=calibrate(extract, "losses", terms.profile, terms.parts, terms.aggregate).risk,
        dependencies=frozenset(_name(each.kind, each.name) for each in terms.dependencies),
        retained=float(terms.retained) if net else 1.0,
    )


def _policies(members: Sequence[Member], losses: PortfolioLosses) -> list[pb.PolicyEstimate]:
    whole = float(losses.by_member.sum())
    return [
        pb.PolicyEstimate(
            policy_id=member.risk.key,
            average_annual_loss=money_message(average),
            share=decimal_text(fraction(float(mean), whole)),
        )
        for member, mean, average in zip(members, losses.by_member, divided(losses.by_member, CNY), strict=True)
    ]


def _shock_value(field: str, message: pb.CommonShock) -> Shock:
    kind = enum_name(f"{field}.kind", submission_service_pb2.DependencyKind, message.kind)
    numbers = [
        float(decimal_value(f"{field}.{name}", getattr(message, name), minimum=LEAST, maximum=most))
        for name, most in (("frequency", 100), ("hit_probability", 1), ("severity_factor", 1_000))
    ]
    outage = within(field, message, "outage_moments", moments_value)
    if outage is not None and outage.variance <= 0:
        raise InvalidField(field=f"{field}.outage_moments.variance", problem="must be above 0")
    return Shock(
        dependency=_name(kind, message.name),
        frequency=Poisson(numbers[0]),
        hit_probability=numbers[1],
        severity_factor=numbers[2],
        part_codes=tuple(message.part_codes),
        outage=None if outage is None else fit_moments(outage, 1).severity,
    )


def _name(kind: str, name: str) -> str:
    return f"{kind}:{name}"
