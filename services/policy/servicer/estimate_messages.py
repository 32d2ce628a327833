"""Writing estimates."""

from decimal import Decimal

import numpy as np
from hubao.policy.v1 import quantification_service_pb2 as pb
from hubao.policy.v1 import submission_service_pb2

from libs.common.grpc.convert import decimal_text, enum_text, money_message
from libs.common.money import CNY
from services.policy.domain.answers import Answer
from services.policy.quantification.calibration import FittedPart
from services.policy.quantification.fingerprint import model_version
from services.policy.quantification.measures import Measures, PartShare, fen, value_at_risk
from services.policy.quantification.portfolio import ShockLosses
from services.policy.quantification.selfcheck import BAD_YEAR, SelfCheck
from services.policy.servicer.losses import effect_message

VERY_BAD_YEAR = "99"


def estimate_message(measures: Measures) -> pb.LossEstimate:
    return pb.LossEstimate(
        years=measures.years,
        average_annual_loss=money_message(measures.average),
        standard_error=money_message(measures.standard_error),
        standard_deviation=money_message(measures.standard_deviation),
        years_with_payment=decimal_text(measures.years_with_payment),
        tails=[
            pb.TailEstimate(
                level=decimal_text(tail.level),
                value_at_risk=money_message(tail.value_at_risk),
                tail_value_at_risk=money_message(tail.tail_value_at_risk),
            )
            for tail in measures.tails
        ],
        exceedance_curve=[
            pb.ExceedancePoint(return_period=point.return_period, loss=money_message(point.loss))
            for point in measures.curve
        ],
    )


def share_message(share: PartShare) -> pb.PartEstimate:
    return pb.PartEstimate(
        part_code=share.code,
        average_annual_loss=money_message(share.average),
        share=decimal_text(share.share),
        tail_average=money_message(share.tail_average),
        tail_share=decimal_text(share.tail_share),
        ground_up=money_message(share.ground_up),
    )


def fitted_message(fitted: FittedPart, answers: tuple[Answer, ...]) -> pb.FittedPart:
    given = {answer.question: answer for answer in answers}
    return pb.FittedPart(
        part_code=fitted.code,
        cell=fitted.cell,
        claims_per_year=f"{fitted.frequency.frequency.mean:.6f}",
        frequency_reason=fitted.frequency.reason,
        severity_reason=fitted.severity.reason,
        losses=fitted.severity.count,
        outage_reason="" if fitted.outage is None else fitted.outage.reason,
        effects=[effect_message(effect, given) for effect in fitted.effects],
    )


def shock_message(losses: ShockLosses) -> pb.ShockEstimate:
    """A dependency is named by its kind and its name, with a colon between them."""
    kind, _, name = losses.dependency.partition(":")
    events = np.sort(losses.events)
    known = len(events) > 0
    return pb.ShockEstimate(
        kind=enum_text(submission_service_pb2.DependencyKind, kind),
        name=name,
        policies=losses.exposed,
        shocks=len(events),
        average_shock=money_message(fen(float(events.mean()) if known else 0.0, CNY)),
        shock_at_99=money_message(fen(value_at_risk(events, Decimal(99)) if known else 0.0, CNY)),
        largest_shock=money_message(fen(float(events[-1]) if known else 0.0, CNY)),
    )


def self_check_message(found: SelfCheck, provenance: pb.Provenance) -> pb.SelfCheckResponse:
    return pb.SelfCheckResponse(
        band=enum_text(pb.RiskBand, found.band),
        sentences_zh=found.chinese,
        sentences_en=found.english,
        years_with_event=decimal_text(found.years_with_event),
        average_annual_loss=money_message(found.measures.average),
        bad_year=money_message(found.measures.at(BAD_YEAR).value_at_risk),
        very_bad_year=money_message(found.measures.at(VERY_BAD_YEAR).value_at_risk),
        parts=[share_message(share) for share in found.parts],
        provenance=provenance,
    )


def provenance_message(database_version: str, seed: int, sha256: str) -> pb.Provenance:
    return pb.Provenance(
        loss_database_version=database_version, seed=seed, model_version=model_version(), inputs_sha256=sha256
    )
