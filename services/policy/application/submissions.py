"""Submissions: taken, assessed, quoted, referred and released, declined."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from libs.common.application import Application, Done, Loaded
from libs.common.context import Call
from libs.common.streams import stream_id
from libs.common.unit import Unit
from services.policy.application.accumulations import least_room
from services.policy.application.authorities import authority_of_caller
from services.policy.application.predecessors import with_experience
from services.policy.application.products import product_of
from services.policy.domain.cover import WantedPart
from services.policy.domain.errors import SubmissionExists, SubmissionNotFound
from services.policy.domain.submission.intake import receive
from services.policy.domain.submission.submission import Submission
from services.policy.domain.submission.values import Evidence, Subjectivity


@dataclass(frozen=True)
class QuoteWish:
    """What a quote is asked for; what is empty follows from product and submission."""

    product_version: int
    parts: tuple[WantedPart, ...]
    expires_on: date | None
    subjectivities: tuple[Subjectivity, ...]


class Submissions:
    def __init__(self, application: Application) -> None:
        self._application = application

    async def create(self, call: Call, submission_key: str, product_id: UUID, **asked: Any) -> Done[Submission]:
        """`asked` are the arguments of `receive` that the request fills."""
        key = submission_key or call.request_id
        stream = stream_id(call.tenant, Submission.KIND, key)

        async def plan(unit: Unit) -> None:
            if not await unit.is_new(Submission, stream):
                raise SubmissionExists(submission_key=key)
            product = await product_of(unit, str(product_id))
            created = receive(
                submission_key=key,
                product_id=str(product_id),
                terms=product.on_sale().terms,
                author=call.principal,
                today=call.today,
                **asked,
            )
            unit.record(Submission, stream, created)

        return await self._application.execute(call, Submission, stream, plan)

    async def request_assessment(self, call: Call, submission_id: UUID, code: str, etag: str) -> Done[Submission]:
        async def plan(unit: Unit) -> None:
            submission = await submission_of(unit, submission_id)
            terms = (await product_of(unit, submission.asked.product_id)).on_sale().terms
            ordered = submission.request_assessment(terms, code, call.today)
            unit.record(Submission, submission_id, ordered)

        return await self._application.execute(call, Submission, submission_id, plan, etag=etag)

    async def quote(self, call: Call, submission_id: UUID, wish: QuoteWish, etag: str) -> Done[Submission]:
        async def plan(unit: Unit) -> None:
            submission = await submission_of(unit, submission_id)
            version = (await product_of(unit, submission.asked.product_id)).on_sale(wish.product_version)
            submission, parts = await with_experience(unit, submission_id, submission, wish.parts)
            renews = submission.renewal.policy_id if submission.renewal else ""
            room = await least_room(unit, submission.asked.dependencies, renews)
            made = submission.quote(
                version, parts, wish.expires_on, wish.subjectivities, call.principal, call.today, room
            )
            unit.record(Submission, submission_id, made)

        return await self._application.execute(call, Submission, submission_id, plan, etag=etag)

    async def release(
        self, call: Call, submission_id: UUID, quote_number: int, note: str, etag: str
    ) -> Done[Submission]:
        async def plan(unit: Unit) -> None:
            submission = await submission_of(unit, submission_id)
            held = await authority_of_caller(unit)
            released = submission.release(quote_number, call.principal, held, note, call.today)
            unit.record(Submission, submission_id, released)

        return await self._application.execute(call, Submission, submission_id, plan, etag=etag)

    async def close_subjectivity(
        self, call: Call, submission_id: UUID, quote_number: int, code: str, reference: str, sha256: str, etag: str
    ) -> Done[Submission]:
        evidence = Evidence(reference, sha256, call.today)
        return await self._application.change(
            call,
            Submission,
            submission_id,
            lambda submission: submission.close_subjectivity(quote_number, code, evidence),
            SubmissionNotFound(submission_id=submission_id),
            etag=etag,
        )

    async def decline(self, call: Call, submission_id: UUID, reasons: Sequence[str], etag: str) -> Done[Submission]:
        return await self._application.change(
            call,
            Submission,
            submission_id,
            lambda submission: submission.decline(reasons, call.principal, call.today),
            SubmissionNotFound(submission_id=submission_id),
            etag=etag,
        )

    async def get(self, call: Call, submission_id: UUID) -> Loaded[Submission]:
        missing = SubmissionNotFound(submission_id=submission_id)
        return await self._application.read(Submission, submission_id, missing, tenant=call.tenant)


async def submission_of(unit: Unit, submission_id: UUID) -> Submission:
    return await unit.get(Submission, submission_id, SubmissionNotFound(submission_id=submission_id))
