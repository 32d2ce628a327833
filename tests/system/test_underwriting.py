"""The underwriter's path on four real processes: asked, assessed, referred, released, bound, guarded, free again."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from hubao.common.v1 import party_pb2
from hubao.policy.v1 import accumulation_pb2, authority_pb2
from hubao.policy.v1 import draft_service_pb2 as draft_pb
from hubao.policy.v1 import policy_service_pb2 as pb
from hubao.policy.v1 import product_service_pb2 as product_pb
from hubao.policy.v1 import submission_service_pb2 as submission_pb
from hubao.vendor_gateway.v1 import order_service_pb2 as order_pb

from deploy.local import orders
from deploy.local.clients import Caller, Refusal
from deploy.local.market import PUDONG, TENANT, factors, open_product, open_vendors, terms, yuan
from deploy.local.players import Players
from deploy.local.stack import Stack
from deploy.local.year.selling import wanted
from libs.common.codes import uscc
from libs.common.grpc.convert import date_message

INCEPTION, EXPIRY = date(2026, 1, 1), date(2027, 1, 1)
CLOUD = submission_pb.DEPENDENCY_KIND_CLOUD
QUESTIONS = [
    product_pb.Question(
        code="MFA", text="远程访问是否启用多因素认证？", kind=product_pb.ANSWER_KIND_YES_NO, required=True, factor="mfa"
    ),
    product_pb.Question(code="STAFF", text="员工人数？", kind=product_pb.ANSWER_KIND_WHOLE_NUMBER, required=True),
]
ANSWERS = [
    submission_pb.Answer(question="MFA", yes=True),
    submission_pb.Answer(question="STAFF", whole_number=640),
]
PROOF = submission_pb.Subjectivity(
    code="OFFLINE_BACKUP", text="离线备份的证明", phase=submission_pb.SUBJECTIVITY_PHASE_PRE_BIND
)


@dataclass
class Underwriting:
    """What the underwriters of one insurer do on a running stack."""

    players: Players
    senior: Caller
    product_id: str = ""
    questionnaire_id: str = ""

    async def open(self) -> None:
        """A questionnaire and the product that asks it; a capacity; somebody who may release what is too large."""
        lin, zhou = self.players.cast.underwriter, self.players.cast.chief
        await open_vendors(self.players.cast.operator)
        create = product_pb.CreateQuestionnaireRequest(questionnaire_key="CYBER", name="投保问卷", questions=QUESTIONS)
        self.questionnaire_id = (await lin(create, "path/questions")).questionnaire.questionnaire_id
        publish = product_pb.PublishQuestionnaireRequest(questionnaire_id=self.questionnaire_id)
        await lin(publish, "path/questions/publish")
        mfa = factors("mfa", product_pb.FACTOR_BASIS_ANSWER, {"yes": "0.80", "no": "1.30"})
        mfa.question = "MFA"
        fixed = terms({"INTERRUPTION": "0.01", "LIABILITY": "0.01", "EXTORTION": "0.01"}, [mfa], "1000.00")
        fixed.questionnaire.questionnaire_id = self.questionnaire_id
        fixed.questionnaire.version = 1
        self.product_id = await open_product(lin, "CYBER-PATH", "企业网络安全综合险", fixed)
        capacity = accumulation_pb2.SetAccumulationCapacityRequest(
            kind=CLOUD, name="浦江云", capacity=yuan(40_000_000), refer_above_percent="100"
        )
        await zhou(capacity, "path/capacity")
        await zhou(
            authority_pb2.GrantAuthorityRequest(principal=f"user:li@{TENANT}", limit=yuan(30_000_000)), "path/li"
        )

    async def submit(self, number: int) -> str:
        request = submission_pb.CreateSubmissionRequest(
            submission_key=f"PATH-{number}",
            product_id=self.product_id,
            insured=party_pb2.Enterprise(
                uscc=uscc.compose(PUDONG, 30_260_100 + number),
                name="浦东远航物流有限公司",
                industry_code="G59",
                region_code=PUDONG,
                size=party_pb2.ENTERPRISE_SIZE_MEDIUM,
            ),
            inception=date_message(INCEPTION),
            expiry=date_message(EXPIRY),
            parts=[wanted("INTERRUPTION", 15_000_000, INCEPTION), wanted("LIABILITY", 10_000_000, INCEPTION)],
            annual_revenue=yuan(320_000_000),
            answers=ANSWERS,
            questionnaire=product_pb.QuestionnaireVersionRef(questionnaire_id=self.questionnaire_id, version=1),
            systems=[
                submission_pb.DeclaredSystem(
                    name="运单平台",
                    mlps_level=3,
                    mlps_filing_number=f"31011500001-2600{number}",
                    mlps_tested_on=date_message(date(2025, 6, 30)),
                )
            ],
            dependencies=[submission_pb.DeclaredDependency(kind=CLOUD, name="浦江云")],
        )
        return str((await self.players.cast.underwriter(request, f"path/{number}/submit")).submission.submission_id)

    async def assess(self, submission_id: str, number: int) -> None:
        """Ordered by the underwriter, taken and delivered by the vendor, verified by the underwriter."""
        cast, cluster = self.players.cast, self.players.cluster
        await cast.underwriter(
            submission_pb.RequestAssessmentRequest(submission_id=submission_id, entitlement_code="ASSESSMENT"),
            f"path/{number}/assess",
        )
        await cluster.drain()
        for order in [one async for one in orders.all_orders(cast.underwriter, submission_id=submission_id)]:
            await orders.accept(cast, order)
            result = order_pb.AssessmentResult(score=86, critical_findings=0, high_findings=1)
            await orders.verify(cast.underwriter, order, await orders.deliver(cast, order, result))
        await cluster.drain()

    async def quote(self, submission_id: str, number: int) -> Any:
        request = submission_pb.CreateQuoteRequest(submission_id=submission_id, subjectivities=[PROOF])
        return (await self.players.cast.underwriter(request, f"path/{number}/quote")).quote

    async def release_and_prove(self, submission_id: str, number: int) -> None:
        release = submission_pb.ReleaseReferralRequest(submission_id=submission_id, quote_number=1, note="看过了")
        await self.senior(release, f"path/{number}/release")
        proof = submission_pb.CloseSubjectivityRequest(
            submission_id=submission_id,
            quote_number=1,
            code=PROOF.code,
            evidence_reference="evidence/offline-backup.pdf",
            evidence_sha256="5d" * 32,
        )
        await self.players.cast.underwriter(proof, f"path/{number}/proof")

    async def bind(self, submission_id: str, key: str) -> Any:
        request = pb.BindPolicyRequest(submission_id=submission_id, quote_number=1)
        return (await self.players.cast.underwriter(request, key)).policy

    async def exposure(self) -> tuple[int, int]:
        """In yuan, and of how many policies."""
        await self.players.cluster.drain()
        request = accumulation_pb2.GetAccumulationRequest(kind=CLOUD, name="浦江云")
        found = (await self.players.cast.auditor(request)).accumulation
        return found.exposure.units, found.policies


async def refused(asked: Any) -> str:
    with pytest.raises(Refusal) as refusal:
        await asked
    return refusal.value.reason


async def test_the_underwriters_path(fresh_stack: Stack, fresh_players: Players) -> None:
    cast, cluster = fresh_players.cast, fresh_players.cluster
    li = Caller(fresh_players.channels, fresh_stack.issue(f"li@{TENANT}", TENANT, TENANT, ("underwriter",)))
    path = Underwriting(fresh_players, li)
    await cluster.open_day(date(2025, 11, 3))
    await path.open()

    await cluster.open_day(date(2025, 11, 10))
    first, second = await path.submit(1), await path.submit(2)
    await path.assess(first, 1)
    assessed = (await cast.auditor(submission_pb.GetSubmissionRequest(submission_id=first))).submission
    assert (assessed.status, assessed.assessment.score) == (submission_pb.SUBMISSION_STATUS_ASSESSED, 86)

    await cluster.open_day(date(2025, 12, 8))
    quote, other = await path.quote(first, 1), await path.quote(second, 2)
    assert list(quote.referral_reasons) == list(other.referral_reasons) == ["LIMIT_OVER_AUTHORITY"]
    assert quote.required_authority == yuan(25_000_000)
    assert quote.worksheet.annual_premium == yuan(200_000)  # One percent of 25 million, times 0.80 for the answer.
    release = submission_pb.ReleaseReferralRequest(submission_id=first, quote_number=1, note="自己的")
    assert await refused(cast.underwriter(release, "path/own")) == "RELEASED_BY_AUTHOR"
    assert await refused(path.bind(first, "path/early")) == "REFERRAL_OPEN"
    await path.release_and_prove(first, 1)
    await path.release_and_prove(second, 2)

    await cluster.open_day(date(2025, 12, 15))
    policy = await path.bind(first, "path/1/bind")
    assert policy.status == pb.POLICY_STATUS_IN_FORCE
    assert await path.exposure() == (25_000_000, 1)
    assert await refused(path.bind(second, "path/2/bind")) == "GUARD_EXCEEDED"
    left = (await cast.auditor(submission_pb.GetSubmissionRequest(submission_id=second))).submission
    assert left.status == submission_pb.SUBMISSION_STATUS_QUOTED

    await cluster.open_day(date(2025, 12, 20))
    raised = pb.PolicyChange(kind=pb.CHANGE_KIND_SET_PART, part_code="INTERRUPTION", limit=yuan(18_000_000))
    endorse = pb.EndorsePolicyRequest(
        policy_id=policy.policy_id, effective_date=date_message(date(2026, 3, 1)), changes=[raised]
    )
    # It adds risk beyond the underwriter's authority, as the quote did: drafted, released by somebody else, committed.
    assert await refused(cast.underwriter(endorse, "path/endorse")) == "ACT_REFERRED"
    change = pb.ProposedChange(
        endorsement=pb.ProposedEndorsement(effective_date=endorse.effective_date, changes=[raised])
    )
    look = pb.PreviewChangeRequest(policy_id=policy.policy_id, change=change, without_billing=True)
    seen = (await cast.underwriter(look)).preview
    create = draft_pb.CreateDraftRequest(policy_id=policy.policy_id, change=change)
    draft_id = (await cast.underwriter(create, "path/draft")).draft.draft_id
    await cast.chief(draft_pb.ReleaseDraftRequest(draft_id=draft_id, note="条约之内"), "path/draft/release")
    commit = draft_pb.CommitDraftRequest(draft_id=draft_id, preview_hash=seen.hash, without_billing=True)
    await cast.underwriter(commit, "path/draft/commit")
    assert await path.exposure() == (28_000_000, 1)

    cancel = pb.CancelPolicyRequest(
        policy_id=policy.policy_id,
        effective_date=date_message(INCEPTION),
        method=product_pb.CANCELLATION_METHOD_PRO_RATA,
        reason="INSURED_REQUEST",
    )
    await cast.underwriter(cancel, "path/cancel")
    assert await path.exposure() == (0, 0)
    assert (await path.bind(second, "path/2/bind/again")).status == pb.POLICY_STATUS_IN_FORCE
    assert await path.exposure() == (25_000_000, 1)
    logs = await cluster.verify_logs()
    assert [list(log.violations) for log in logs.values()] == [[]] * 4
