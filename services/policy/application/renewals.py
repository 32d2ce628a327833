"""Renewals: a submission made out of an expiring policy, quoted with its experience, bound as its successor."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from libs.common.application import Application, Done
from libs.common.context import Call
from libs.common.money import Money
from libs.common.streams import stream_id
from libs.common.unit import Unit
from services.policy.application.accumulations import declared_dependencies
from services.policy.application.predecessors import file_of_policy
from services.policy.application.products import product_of
from services.policy.application.submissions import submission_of
from services.policy.domain.answers import Answer
from services.policy.domain.cover import WantedPart
from services.policy.domain.enterprise import Enterprise
from services.policy.domain.errors import PolicyNotFound, SubmissionExists
from services.policy.domain.policy.events import Bound
from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.renewing import carried_answers, carried_parts, renewal_of, same_insured
from services.policy.domain.policy_file import PolicyFile
from services.policy.domain.submission.intake import next_year, receive
from services.policy.domain.submission.renewal import RenewalBegun
from services.policy.domain.submission.submission import Submission
from services.policy.domain.submission.values import DeclaredDependency, DeclaredLoss, DeclaredSystem


@dataclass(frozen=True)
class RenewalWish:
    """What is to be otherwise than in the expiring policy; None, or nothing, for what stays."""

    inception: date | None
    expiry: date | None
    gives_up_continuity: bool
    insured: Enterprise | None
    parts: tuple[WantedPart, ...]
    aggregate_limit: Money | None
    annual_revenue: Money | None
    answers: tuple[Answer, ...]
    systems: tuple[DeclaredSystem, ...]
    dependencies: tuple[DeclaredDependency, ...]
    bundled_services: bool | None


class Renewals:
    def __init__(self, application: Application) -> None:
        self._application = application

    async def begin(self, call: Call, policy_id: UUID, submission_key: str, wish: RenewalWish) -> Done[Submission]:
        key = submission_key or call.request_id
        stream = stream_id(call.tenant, Submission.KIND, key)

        async def plan(unit: Unit) -> None:
            policy, file = await _expiring(unit, policy_id)
            inception = wish.inception or policy.bound.period.expiry
            continuous = not wish.gives_up_continuity
            renewal = renewal_of(str(policy_id), policy, file, inception, continuous, call.today)
            if not await unit.is_new(Submission, stream):
                raise SubmissionExists(submission_key=key)
            bound, inputs = policy.bound, policy.bound.cover.inputs
            declared = await _declared(unit, bound)
            terms = (await product_of(unit, bound.product_id)).on_sale().terms
            created = receive(
                submission_key=key,
                product_id=bound.product_id,
                terms=terms,
                insured=same_insured(policy, wish.insured),
                inception=inception,
                expiry=wish.expiry or next_year(inception),
                parts=carried_parts(policy, wish.parts, continuous),
                aggregate_limit=wish.aggregate_limit or bound.aggregate_cap,
                annual_revenue=wish.annual_revenue or inputs.annual_revenue,
                answers=carried_answers(policy, terms, wish.answers),
                systems=wish.systems or declared.systems,
                dependencies=wish.dependencies or declared.dependencies,
                bundled_services=inputs.bundled if wish.bundled_services is None else wish.bundled_services,
                author=call.principal,
                questionnaire=terms.questionnaire,
                losses=declared.losses,
                today=call.today,
            )
            unit.record(Submission, stream, [*created, RenewalBegun(renewal=renewal)])

        return await self._application.execute(call, Submission, stream, plan)


@dataclass(frozen=True)
class _Declared:
    """What was declared for the expiring policy; of one that was imported, only on what it depends."""

    systems: tuple[DeclaredSystem, ...] = ()
    dependencies: tuple[DeclaredDependency, ...] = ()
    losses: tuple[DeclaredLoss, ...] = ()


async def _declared(unit: Unit, bound: Bound) -> _Declared:
    if not bound.submission_id:
        return _Declared(dependencies=await declared_dependencies(unit, bound))
    asked = (await submission_of(unit, UUID(bound.submission_id))).asked
    return _Declared(asked.systems, asked.dependencies, asked.losses)


async def _expiring(unit: Unit, policy_id: UUID) -> tuple[Policy, PolicyFile]:
    missing = PolicyNotFound(policy_id=policy_id)
    policy = await unit.get(Policy, policy_id, missing)
    return policy, await unit.get(PolicyFile, file_of_policy(unit.call.tenant, policy_id), missing)
