"""What a change does beside the policy, as a preview shows it: to capacities, and to the certificates of a park."""

from hubao.policy.v1 import change_preview_pb2 as pb
from hubao.policy.v1 import submission_service_pb2 as submission_pb

from libs.common.grpc.convert import enum_text, money_message
from libs.common.unit import Unit
from services.policy.application.capacities import CapacityUse, capacity_uses
from services.policy.application.changing import Made
from services.policy.application.ending import ParkEnding, foresee_end


async def add_effects(unit: Unit, made: Made, preview: pb.ChangePreview) -> None:
    """GuardExceeded if a capacity would be passed."""
    preview.capacities.extend(capacity_message(use) for use in await capacity_uses(unit, made.policy_id))
    if made.before.cancellation is None and made.after.cancellation is not None:
        ending = await foresee_end(unit, made.policy_id, made.after)
        if ending is not None:
            preview.certificates.CopyFrom(ending_message(ending))


def capacity_message(use: CapacityUse) -> pb.CapacityEffect:
    return pb.CapacityEffect(
        kind=enum_text(submission_pb.DependencyKind, use.dependency.kind),
        name=use.dependency.name,
        exposure_before=money_message(use.before),
        exposure_after=money_message(use.after),
        left=None if use.left is None else money_message(use.left),
    )


def ending_message(ending: ParkEnding) -> pb.CertificatesEffect:
    return pb.CertificatesEffect(
        certificates=ending.sums.certificates,
        members=ending.members,
        net=money_message(ending.sums.net),
        vat=money_message(ending.sums.vat),
        stamp_duty=money_message(ending.sums.stamp_duty),
    )
