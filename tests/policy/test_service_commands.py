"""Every command through gRPC and the real log: it happens, it is refused, it is repeated."""

import asyncio
from datetime import UTC, date, datetime
from uuid import uuid4

import grpc
import pytest
from hubao.policy.v1 import policy_service_pb2 as pb
from hubao.policy.v1 import product_service_pb2 as product_pb
from hubao.policy.v1 import submission_service_pb2 as submission_pb
from hubao.policy.v1 import terms_pb2
from hubao.policy.v1 import treaty_service_pb2 as treaty_pb

from libs.common.grpc.convert import date_message
from libs.common.money import Money
from tests.policy import desk as a
from tests.policy import examples as an
from tests.policy.desk import Desk

MAY = date(2026, 5, 1)


async def test_a_product_is_drafted_published_revised_and_retired(desk: Desk) -> None:
    request = a.create_product()
    product = (await desk.ask(request)).product
    again = (await desk.ask(request)).product
    named = {"product_id": product.product_id}

    published = (await desk.ask(product_pb.PublishProductRequest(**named))).product
    await desk.ask(product_pb.ReviseProductRequest(terms=request.terms, **named))
    second = (await desk.ask(product_pb.PublishProductRequest(**named))).product
    retired = (await desk.ask(product_pb.RetireProductRequest(**named))).product
    await desk.catch_up()
    listed = (await desk.ask(product_pb.ListProductsRequest())).products

    assert again == product
    assert published.versions[0].terms == request.terms
    assert [version.number for version in second.versions] == [1, 2]
    assert retired.status == product_pb.PRODUCT_STATUS_RETIRED
    assert (await desk.ask(product_pb.GetProductRequest(**named))).product == retired
    assert [(each.product_key, each.latest_version) for each in listed] == [("CYBER", 2)]
    assert await desk.refused(a.create_submission(product.product_id)) == ("FAILED_PRECONDITION", "PRODUCT_RETIRED")


async def test_a_key_names_one_product(desk: Desk) -> None:
    await desk.ask(a.create_product())

    assert await desk.refused(a.create_product()) == ("FAILED_PRECONDITION", "PRODUCT_EXISTS")


async def test_a_request_id_is_for_one_payload(desk: Desk) -> None:
    request = a.create_product()
    await desk.ask(request)
    request.name = "another"

    assert await desk.refused(request) == ("FAILED_PRECONDITION", "REQUEST_ID_REUSED")


async def test_a_wrong_tariff_is_named_by_its_field(desk: Desk) -> None:
    request = a.create_product()
    request.terms.rating.factor_tables[0].rows[1].key = "Z"

    assert await desk.refused(request) == ("INVALID_ARGUMENT", "terms.rating.factor_tables[0].rows[1].key")


async def test_a_draft_can_not_be_sold(desk: Desk) -> None:
    product_id = (await desk.ask(a.create_product())).product.product_id

    assert await desk.refused(a.create_submission(product_id)) == ("FAILED_PRECONDITION", "PRODUCT_NOT_PUBLISHED")


async def test_a_treaty_is_entered_once_and_found(desk: Desk) -> None:
    treaty_id = await a.treaty(desk)
    await desk.catch_up()

    listed = (await desk.ask(treaty_pb.ListTreatiesRequest())).treaties
    found = (await desk.ask(treaty_pb.GetTreatyRequest(treaty_id=treaty_id))).treaty

    assert list(listed) == [found]
    assert found.percent == "30"
    with pytest.raises(grpc.aio.AioRpcError, match="belongs to another treaty"):
        await a.treaty(desk)


async def test_a_submission_is_taken_and_taken_again_without_effect(desk: Desk) -> None:
    request = a.create_submission(await a.product(desk))

    first = (await desk.ask(request)).submission
    again = (await desk.ask(request)).submission
    await desk.catch_up()
    listed = (await desk.ask(submission_pb.ListSubmissionsRequest(insured_uscc=first.insured.uscc))).submissions

    assert first == again
    assert first.author == "user:wang"
    assert [each.submission_id for each in listed] == [first.submission_id]
    assert await desk.refused(a.create_submission(request.product_id)) == ("FAILED_PRECONDITION", "SUBMISSION_EXISTS")


async def test_every_wrong_field_of_a_submission_is_named(desk: Desk) -> None:
    product_id = await a.product(desk)
    uscc, industry, expiry, answer = (a.create_submission(product_id, f"S-{n}") for n in range(4))
    uscc.insured.uscc = "91310115MA1K4LD50A"
    industry.insured.industry_code = "T65"
    expiry.expiry.CopyFrom(date_message(date(2026, 6, 1)))
    answer.answers[0].choice = "often"

    assert [await desk.refused(request) for request in (uscc, industry, expiry, answer)] == [
        ("INVALID_ARGUMENT", "insured.uscc"),
        ("INVALID_ARGUMENT", "insured.industry_code"),
        ("INVALID_ARGUMENT", "expiry"),
        ("INVALID_ARGUMENT", "answers[0]"),
    ]


async def test_a_quote_is_repeated_by_its_request_id_and_made_anew_by_another(desk: Desk) -> None:
    submission_id = await a.quoted(desk)
    request = submission_pb.CreateQuoteRequest(request_id=str(uuid4()), submission_id=submission_id)

    first, again = (await desk.ask(request)).quote, (await desk.ask(request)).quote
    found = (await desk.ask(submission_pb.GetSubmissionRequest(submission_id=submission_id))).submission

    assert first == again
    assert [quote.number for quote in found.quotes] == [1, 2]
    assert first.worksheet.annual_premium == a.yuan(100_000)
    assert first.worksheet.gross_premium == a.yuan(106_000)


async def test_a_referral_is_released_by_a_chief_who_is_not_its_author(desk: Desk) -> None:
    parts = [a.wanted(an.DATA, Money.cny(40_000_000))]
    submission_id = await a.quoted(desk, parts=parts)
    release = submission_pb.ReleaseReferralRequest(submission_id=submission_id, quote_number=1, note="seen")

    assert await desk.refused(a.bind(submission_id)) == ("FAILED_PRECONDITION", "REFERRAL_OPEN")
    assert await desk.refused(release, roles=("auditor",)) == ("PERMISSION_DENIED", "ROLE_MISSING")
    assert await desk.refused(release, who="feng") == ("FAILED_PRECONDITION", "AUTHORITY_INSUFFICIENT")
    own = await desk.refused(release, who="wang", roles=("chief_underwriter",))
    released = (await desk.chief(release)).submission

    assert own == ("FAILED_PRECONDITION", "RELEASED_BY_AUTHOR")
    assert released.quotes[0].released_by == "user:zhou"
    assert (await desk.ask(a.bind(submission_id))).policy.status == pb.POLICY_STATUS_IN_FORCE


async def test_conditions_are_closed_by_evidence_and_missed_without(desk: Desk) -> None:
    proof = submission_pb.Subjectivity(code="MFA", text="Show it", phase=submission_pb.SUBJECTIVITY_PHASE_PRE_BIND)
    later = submission_pb.Subjectivity(
        code="BACKUP",
        text="Test it",
        phase=submission_pb.SUBJECTIVITY_PHASE_POST_BIND,
        due_on=date_message(date(2026, 3, 1)),
    )
    submission_id = await a.quoted(desk, subjectivities=[proof, later])
    assert await desk.refused(a.bind(submission_id)) == ("FAILED_PRECONDITION", "SUBJECTIVITY_OPEN")

    await desk.ask(
        submission_pb.CloseSubjectivityRequest(
            submission_id=submission_id,
            quote_number=1,
            code="MFA",
            evidence_reference="file:mfa.pdf",
            evidence_sha256="0f" * 32,
        )
    )
    await desk.ask(a.bind(submission_id))
    await desk.move_to(datetime(2026, 3, 1, 16, 0, 1, tzinfo=UTC))

    found = (await desk.ask(submission_pb.GetSubmissionRequest(submission_id=submission_id))).submission
    assert [(each.code, each.overdue) for each in found.quotes[0].subjectivities] == [("MFA", False), ("BACKUP", True)]
    assert found.quotes[0].subjectivities[0].evidence_sha256 == "0f" * 32


async def test_a_quote_lapses_by_itself(desk: Desk) -> None:
    submission_id = await a.quoted(desk)

    await desk.move_to(datetime(2026, 1, 1, 16, 0, 1, tzinfo=UTC))

    found = (await desk.ask(submission_pb.GetSubmissionRequest(submission_id=submission_id))).submission
    assert found.status == submission_pb.SUBMISSION_STATUS_EXPIRED
    assert await desk.refused(a.bind(submission_id)) == ("FAILED_PRECONDITION", "QUOTE_EXPIRED")


async def test_a_declined_submission_does_not_bind(desk: Desk) -> None:
    submission_id = await a.quoted(desk)

    declined = await desk.ask(
        submission_pb.DeclineSubmissionRequest(submission_id=submission_id, reasons=["LOSS_HISTORY"])
    )

    assert declined.submission.status == submission_pb.SUBMISSION_STATUS_DECLINED
    assert await desk.refused(a.bind(submission_id)) == ("FAILED_PRECONDITION", "SUBMISSION_CLOSED")


async def test_binding_makes_one_policy_however_often_and_by_whomever_it_is_asked(desk: Desk) -> None:
    submission_id = await a.quoted(desk)
    request = a.bind(submission_id)

    first, again = (await desk.ask(request)).policy, (await desk.ask(request)).policy

    assert first == again
    assert await desk.refused(a.bind(submission_id)) == ("FAILED_PRECONDITION", "QUOTE_ALREADY_BOUND")


async def test_of_many_who_bind_at_once_one_does(desk: Desk) -> None:
    submission_id = await a.quoted(desk)

    answers = await asyncio.gather(*(desk.ask(a.bind(submission_id)) for _ in range(8)), return_exceptions=True)

    bound = [answer for answer in answers if not isinstance(answer, BaseException)]
    assert len(bound) == 1
    assert len([each for each in answers if "became policy" in str(each)]) == 7


async def test_a_binding_that_breaks_a_rule_leaves_the_quote_open(desk: Desk) -> None:
    submission_id = await a.quoted(desk)
    shares, treaty, stale, lead = (a.bind(submission_id) for _ in range(4))
    shares.shares[1].percent = "39"
    treaty.treaty_id = str(uuid4())
    stale.submission_etag = "1"
    lead.shares[0].insurer_id = "insurer-z"

    assert [await desk.refused(request) for request in (shares, treaty, stale, lead)] == [
        ("INVALID_ARGUMENT", "shares"),
        ("NOT_FOUND", "TREATY_NOT_FOUND"),
        ("ABORTED", "STALE"),
        ("FAILED_PRECONDITION", "LEAD_IS_NOT_TENANT"),
    ]
    assert (await desk.ask(a.bind(submission_id, submission_etag="2"))).policy.etag == "1"


async def test_without_shares_the_insurer_carries_the_whole_risk(desk: Desk) -> None:
    request = a.bind(await a.quoted(desk))
    request.ClearField("shares")

    policy = (await desk.ask(request)).policy

    assert [(share.insurer_id, share.percent, share.lead) for share in policy.timeline.shares] == [
        (an.TENANT, "100", True)
    ]
    assert policy.transactions[0].ceded == a.yuan(0)


async def test_another_insurers_things_are_not_found(desk: Desk) -> None:
    policy = await a.bound(desk)
    other = {"tenant": "insurer-z"}

    for request, reason in (
        (pb.GetPolicyRequest(policy_id=policy.policy_id), "POLICY_NOT_FOUND"),
        (a.cancel(policy.policy_id, MAY), "POLICY_NOT_FOUND"),
        (a.endorse(policy.policy_id, MAY, a.remove(an.EXTORTION)), "POLICY_NOT_FOUND"),
        (submission_pb.GetSubmissionRequest(submission_id=policy.submission_id), "SUBMISSION_NOT_FOUND"),
        (a.bind(policy.submission_id), "SUBMISSION_NOT_FOUND"),
        (product_pb.GetProductRequest(product_id=policy.timeline.product_id), "PRODUCT_NOT_FOUND"),
        (treaty_pb.GetTreatyRequest(treaty_id=policy.timeline.quota_share.treaty_id), "TREATY_NOT_FOUND"),
    ):
        assert await desk.refused(request, **other) == ("NOT_FOUND", reason)
    await desk.catch_up()
    assert not (await desk.ask(pb.ListPoliciesRequest(), **other)).policies


async def test_an_endorsement_is_repeated_without_effect(desk: Desk) -> None:
    policy_id = (await a.bound(desk)).policy_id
    request = a.endorse(policy_id, MAY, a.set_data(an.RAISED_DATA_LIMIT))

    first, again = await desk.ask(request), await desk.ask(request)

    assert first == again
    assert [each.number for each in first.transactions] == [2]
    assert [each.number for each in first.policy.endorsements] == [1]


async def test_an_endorsement_that_breaks_a_rule_is_refused(desk: Desk) -> None:
    policy_id = (await a.bound(desk)).policy_id
    await desk.ask(a.endorse(policy_id, date(2026, 8, 1), a.set_data(an.RAISED_DATA_LIMIT)))
    extra = pb.PolicyChange(kind=pb.CHANGE_KIND_ADD_PART, part_code=an.RESPONSE, limit=a.yuan(1_000_000))
    await desk.ask(a.endorse(policy_id, date(2026, 8, 2), extra))
    no_limit = pb.PolicyChange(kind=pb.CHANGE_KIND_SET_PART, part_code=an.DATA)

    assert [
        await desk.refused(request)
        for request in (
            a.endorse(policy_id, date(2027, 1, 1), a.remove(an.DATA)),
            a.endorse(policy_id, MAY, a.remove("X")),
            a.endorse(policy_id, MAY, a.set_data(Money.cny(90_000_000))),
            a.endorse(policy_id, MAY, a.remove(an.DATA)),
            a.endorse(policy_id, MAY, no_limit),
            a.endorse(policy_id, MAY, a.remove(an.EXTORTION), etag="1"),
        )
    ] == [
        ("FAILED_PRECONDITION", "EFFECTIVE_DATE_OUTSIDE_TERM"),
        ("FAILED_PRECONDITION", "UNKNOWN_PART"),
        ("FAILED_PRECONDITION", "LIMIT_OUT_OF_RANGE"),
        ("FAILED_PRECONDITION", "ENDORSEMENT_CONFLICT"),
        ("INVALID_ARGUMENT", "changes[0].limit"),
        ("ABORTED", "STALE"),
    ]


async def test_a_cancellation_is_repeated_without_effect_and_final(desk: Desk) -> None:
    policy_id = (await a.bound(desk)).policy_id

    first = await desk.ask(a.cancel(policy_id, MAY))
    again = await desk.ask(a.cancel(policy_id, MAY))

    assert first == again
    assert await desk.refused(a.cancel(policy_id, date(2026, 6, 1))) == ("FAILED_PRECONDITION", "POLICY_NOT_IN_FORCE")


async def test_an_auditor_reads_and_changes_nothing(desk: Desk) -> None:
    policy_id = (await a.bound(desk)).policy_id
    auditor = {"roles": ("auditor",), "who": "he"}

    assert (await desk.ask(pb.GetPolicyRequest(policy_id=policy_id), **auditor)).policy.policy_id == policy_id
    assert (await desk.refused(a.cancel(policy_id, MAY), **auditor))[0] == "PERMISSION_DENIED"


async def test_a_share_for_a_blank_insurer_is_wrong(desk: Desk) -> None:
    request = a.bind(await a.quoted(desk))
    request.shares.append(terms_pb2.CoInsurerShare(percent="10"))

    assert await desk.refused(request) == ("INVALID_ARGUMENT", "shares[2].insurer_id")
