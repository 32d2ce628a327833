"""Questionnaires, authority and rules of underwriting through gRPC and the real log."""

from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from hubao.policy.v1 import authority_pb2 as authority_pb
from hubao.policy.v1 import policy_service_pb2 as pb
from hubao.policy.v1 import product_service_pb2 as product_pb
from hubao.policy.v1 import submission_service_pb2 as submission_pb

from libs.common.context import Call
from libs.common.grpc.convert import date_message
from libs.common.money import Money
from services.policy.application.authorities import Authorities
from tests.policy import desk as a
from tests.policy import examples as an
from tests.policy.desk import Desk

CHIEF = {"who": "zhou", "roles": ("chief_underwriter",)}
MFA = product_pb.Question(
    code="MFA", text="Is it in use?", kind=product_pb.ANSWER_KIND_YES_NO, required=True, factor="mfa"
)
STAFF = product_pb.Question(
    code="STAFF", text="How many?", kind=product_pb.ANSWER_KIND_WHOLE_NUMBER, required=True, minimum="1"
)
OTHERS = (
    product_pb.Question(code="SHOP", text="Revenue online?", kind=product_pb.ANSWER_KIND_AMOUNT),
    product_pb.Question(code="BACKUP", text="Last restored?", kind=product_pb.ANSWER_KIND_DATE),
    product_pb.Question(code="REMARKS", text="What else?", kind=product_pb.ANSWER_KIND_TEXT),
    product_pb.Question(code="PATCHES", text="Days to patch?", kind=product_pb.ANSWER_KIND_NUMBER, maximum="365"),
    product_pb.Question(code="HOSTING", text="Where?", kind=product_pb.ANSWER_KIND_CHOICE, options=["own", "cloud"]),
)
ANSWERS = (
    submission_pb.Answer(question="MFA", yes=True),
    submission_pb.Answer(question="STAFF", whole_number=240),
    submission_pb.Answer(question="SHOP", amount=a.yuan("1500000.50")),
    submission_pb.Answer(question="BACKUP", date=date_message(date(2025, 11, 30))),
    submission_pb.Answer(question="REMARKS", text="none"),
    submission_pb.Answer(question="PATCHES", number="14.5"),
    submission_pb.Answer(question="HOSTING", choice="cloud"),
)


def create_questionnaire(key: str = "SME") -> product_pb.CreateQuestionnaireRequest:
    return product_pb.CreateQuestionnaireRequest(
        request_id=str(uuid4()), questionnaire_key=key, name="Small firms", questions=[MFA, STAFF, *OTHERS]
    )


async def questionnaire(desk: Desk, key: str = "SME") -> str:
    """A published questionnaire; its id."""
    created = (await desk.ask(create_questionnaire(key))).questionnaire
    await desk.ask(product_pb.PublishQuestionnaireRequest(questionnaire_id=created.questionnaire_id))
    return str(created.questionnaire_id)


def pinning(questionnaire_id: str, version: int = 1, key: str = "PINNED") -> product_pb.CreateProductRequest:
    request = a.create_product(key)
    request.terms.ClearField("questions")
    request.terms.questionnaire.questionnaire_id = questionnaire_id
    request.terms.questionnaire.version = version
    return request


async def pinned_product(desk: Desk, questionnaire_id: str) -> str:
    product_id = str((await desk.ask(pinning(questionnaire_id))).product.product_id)
    await desk.ask(product_pb.PublishProductRequest(product_id=product_id))
    return product_id


def answering(
    product_id: str, questionnaire_id: str, version: int = 1, key: str = "S-1"
) -> submission_pb.CreateSubmissionRequest:
    request = a.create_submission(product_id, key)
    request.ClearField("answers")
    request.answers.extend(ANSWERS)
    request.questionnaire.questionnaire_id = questionnaire_id
    request.questionnaire.version = version
    return request


async def referred(desk: Desk, key: str = "S-1") -> str:
    return await a.quoted(desk, key, parts=[a.wanted(an.DATA, Money.cny(40_000_000))])


def release(submission_id: str) -> submission_pb.ReleaseReferralRequest:
    return submission_pb.ReleaseReferralRequest(submission_id=submission_id, quote_number=1, note="seen")


def grant(limit: int = 40_000_000, principal: str = "user:li", **more: Any) -> authority_pb.GrantAuthorityRequest:
    return authority_pb.GrantAuthorityRequest(principal=principal, limit=a.yuan(limit), **more)


async def test_a_questionnaire_is_drafted_revised_published_listed_and_retired(desk: Desk) -> None:
    request = create_questionnaire()
    created, again = (await desk.ask(request)).questionnaire, (await desk.ask(request)).questionnaire
    named = {"questionnaire_id": created.questionnaire_id}

    await desk.ask(product_pb.PublishQuestionnaireRequest(**named))
    await desk.ask(product_pb.ReviseQuestionnaireRequest(questions=[MFA], **named))
    second = (await desk.ask(product_pb.PublishQuestionnaireRequest(**named))).questionnaire
    repeated = (await desk.ask(product_pb.PublishQuestionnaireRequest(**named))).questionnaire
    retired = (await desk.ask(product_pb.RetireQuestionnaireRequest(**named))).questionnaire
    await desk.catch_up()
    listed = (await desk.ask(product_pb.ListQuestionnairesRequest())).questionnaires

    assert again == created
    assert list(created.draft) == list(request.questions)
    assert [list(version.questions) for version in second.versions] == [list(request.questions), [MFA]]
    assert repeated == second
    assert (await desk.ask(product_pb.GetQuestionnaireRequest(**named))).questionnaire == retired
    assert [(each.questionnaire_key, each.status, each.latest_version) for each in listed] == [
        ("SME", product_pb.PRODUCT_STATUS_RETIRED, 2)
    ]
    assert await desk.refused(create_questionnaire()) == ("FAILED_PRECONDITION", "QUESTIONNAIRE_EXISTS")
    other = product_pb.GetQuestionnaireRequest(**named)
    assert await desk.refused(other, tenant="insurer-z") == ("NOT_FOUND", "QUESTIONNAIRE_NOT_FOUND")


async def test_a_product_pins_a_version_and_a_submission_answers_it(desk: Desk) -> None:
    questionnaire_id = await questionnaire(desk)
    product_id = await pinned_product(desk, questionnaire_id)

    submission = (await desk.ask(answering(product_id, questionnaire_id))).submission
    quote = (await desk.ask(submission_pb.CreateQuoteRequest(submission_id=submission.submission_id))).quote
    found = (await desk.ask(product_pb.GetProductRequest(product_id=product_id))).product

    assert list(submission.answers) == list(ANSWERS)
    assert submission.questionnaire.version == 1
    assert quote.worksheet.annual_premium == a.yuan(100_000)
    assert list(found.versions[0].terms.questions) == [MFA, STAFF, *OTHERS]
    # What a client read can be sent back as it is.
    again = product_pb.ReviseProductRequest(product_id=product_id, terms=found.versions[0].terms)
    assert (await desk.ask(again)).product.draft == found.versions[0].terms


async def test_a_questionnaire_of_another_version_is_refused_and_named(desk: Desk) -> None:
    questionnaire_id = await questionnaire(desk)
    product_id = await pinned_product(desk, questionnaire_id)
    unsaid = answering(product_id, questionnaire_id)
    unsaid.ClearField("questionnaire")
    fewer = answering(product_id, questionnaire_id)
    del fewer.answers[:2]

    assert [
        await desk.refused(request)
        for request in (
            answering(product_id, questionnaire_id, version=2),
            answering(product_id, await questionnaire(desk, "OTHER")),
            unsaid,
            fewer,
        )
    ] == [
        ("FAILED_PRECONDITION", "ANOTHER_QUESTIONNAIRE"),
        ("FAILED_PRECONDITION", "ANOTHER_QUESTIONNAIRE"),
        ("INVALID_ARGUMENT", "questionnaire"),
        ("FAILED_PRECONDITION", "REQUIRED_ANSWERS_MISSING"),
    ]


async def test_a_newer_questionnaire_leaves_what_was_answered_quotable_on_the_version_that_asked_it(desk: Desk) -> None:
    questionnaire_id = await questionnaire(desk)
    product_id = await pinned_product(desk, questionnaire_id)
    submission_id = (await desk.ask(answering(product_id, questionnaire_id))).submission.submission_id
    await desk.ask(product_pb.ReviseQuestionnaireRequest(questionnaire_id=questionnaire_id, questions=[MFA]))
    await desk.ask(product_pb.PublishQuestionnaireRequest(questionnaire_id=questionnaire_id))
    newer = pinning(questionnaire_id, version=2)
    await desk.ask(product_pb.ReviseProductRequest(product_id=product_id, terms=newer.terms))
    await desk.ask(product_pb.PublishProductRequest(product_id=product_id))

    newest = submission_pb.CreateQuoteRequest(submission_id=submission_id)
    first = submission_pb.CreateQuoteRequest(submission_id=submission_id, product_version=1)

    assert await desk.refused(newest) == ("FAILED_PRECONDITION", "ANOTHER_QUESTIONNAIRE")
    assert (await desk.ask(first)).quote.product_version == 1


async def test_what_can_not_be_asked_is_not_pinned(desk: Desk) -> None:
    questionnaire_id = await questionnaire(desk)
    beside = pinning(questionnaire_id)
    beside.terms.questions.append(STAFF)
    draft = pinning(questionnaire_id, key="LATE")
    late = (await desk.ask(draft)).product.product_id

    assert [
        await desk.refused(request) for request in (pinning(questionnaire_id, 2), pinning(str(uuid4())), beside)
    ] == [
        ("FAILED_PRECONDITION", "QUESTIONNAIRE_VERSION_NOT_PUBLISHED"),
        ("NOT_FOUND", "QUESTIONNAIRE_NOT_FOUND"),
        ("INVALID_ARGUMENT", "terms.questions"),
    ]
    await desk.ask(product_pb.RetireQuestionnaireRequest(questionnaire_id=questionnaire_id))
    retired = ("FAILED_PRECONDITION", "QUESTIONNAIRE_RETIRED")
    assert await desk.refused(pinning(questionnaire_id)) == retired
    assert await desk.refused(product_pb.PublishProductRequest(product_id=late)) == retired


async def test_a_product_goes_on_asking_a_questionnaire_that_was_retired(desk: Desk) -> None:
    questionnaire_id = await questionnaire(desk)
    product_id = await pinned_product(desk, questionnaire_id)
    await desk.ask(product_pb.RetireQuestionnaireRequest(questionnaire_id=questionnaire_id))

    assert (await desk.ask(answering(product_id, questionnaire_id))).submission.questionnaire.version == 1


async def test_a_referral_is_released_by_somebody_who_was_granted_enough(desk: Desk) -> None:
    submission_id = await referred(desk)
    li: dict[str, Any] = {"who": "li"}
    await desk.chief(grant(39_999_999))
    little = await desk.refused(release(submission_id), **li)
    await desk.chief(grant(40_000_000, reasons=["LOSS_HISTORY"]))
    other_reason = await desk.refused(release(submission_id), **li)
    await desk.chief(grant(40_000_000))

    released = (await desk.ask(release(submission_id), **li)).submission
    again = (await desk.ask(release(submission_id), **li)).submission
    await desk.catch_up()
    listed = (await desk.ask(authority_pb.ListAuthoritiesRequest())).authorities

    assert little == other_reason == ("FAILED_PRECONDITION", "AUTHORITY_INSUFFICIENT")
    assert released.quotes[0].released_by == "user:li"
    assert released.quotes[0].required_authority == a.yuan(40_000_000)
    assert again == released
    assert [(each.principal, each.newest.limit) for each in listed] == [("user:li", a.yuan(40_000_000))]


async def test_authority_is_granted_by_chiefs_to_others_and_revoked(desk: Desk) -> None:
    request = grant()
    granted, again = (await desk.chief(request)).authority, (await desk.chief(request)).authority
    named = authority_pb.GetAuthorityRequest(principal="user:li")

    assert granted == again == (await desk.ask(named)).authority
    assert [(each.limit, each.granted_by) for each in granted.grants] == [(a.yuan(40_000_000), "user:zhou")]
    assert await desk.refused(grant()) == ("PERMISSION_DENIED", "ROLE_MISSING")
    own = grant(principal="user:zhou")
    assert await desk.refused(own, **CHIEF) == ("FAILED_PRECONDITION", "OWN_AUTHORITY")
    assert await desk.refused(grant(0), **CHIEF) == ("INVALID_ARGUMENT", "limit")
    assert await desk.refused(grant(reasons=["WEATHER"]), **CHIEF) == ("INVALID_ARGUMENT", "reasons[0]")
    assert await desk.refused(grant(etag="7"), **CHIEF) == ("ABORTED", "STALE")
    assert await desk.refused(named, tenant="insurer-z") == ("NOT_FOUND", "AUTHORITY_NOT_FOUND")

    await desk.chief(authority_pb.RevokeAuthorityRequest(principal="user:li"))
    insufficient = await desk.refused(release(await referred(desk)), who="li")

    assert insufficient == ("FAILED_PRECONDITION", "AUTHORITY_INSUFFICIENT")


@pytest.mark.parametrize(
    "principal",
    ["deng@westlake", "nobody-at-all", "user:Deng@westlake", "user:deng@westlake ", "user:deng\u200b", "user:"],
)
async def test_a_principal_has_one_written_form(desk: Desk, principal: str) -> None:
    wrong = ("INVALID_ARGUMENT", "principal")

    assert await desk.refused(grant(principal=principal), **CHIEF) == wrong
    assert await desk.refused(authority_pb.RevokeAuthorityRequest(principal=principal), **CHIEF) == wrong
    assert await desk.refused(authority_pb.GetAuthorityRequest(principal=principal)) == wrong


@pytest.mark.parametrize("who", ["Li", "li ", "l\u200bi", "ｌｉ"])
async def test_a_grant_holds_for_the_person_however_a_token_writes_the_name(desk: Desk, who: str) -> None:
    await desk.chief(grant())

    released = (await desk.ask(release(await referred(desk)), who=who)).submission

    assert released.quotes[0].released_by == "user:li"


async def test_nobody_is_a_second_person_under_another_spelling(desk: Desk) -> None:
    submission_id = await referred(desk)
    for who in ("WANG", "wang ", "wa\u200bng", "ｗａｎｇ"):
        refused = await desk.refused(release(submission_id), who=who, roles=("chief_underwriter",))
        own = await desk.refused(grant(principal="user:wang"), who=who, roles=("chief_underwriter",))

        assert refused == ("FAILED_PRECONDITION", "RELEASED_BY_AUTHOR")
        assert own == ("FAILED_PRECONDITION", "OWN_AUTHORITY")


async def test_a_grant_of_before_names_had_one_form_still_holds_and_is_replaced_by_one_of_now(desk: Desk) -> None:
    """A chief whose limit was lowered under a raw name must not get the unlimited authority of the role back."""
    call = Call(an.TENANT, an.TENANT, "user:zhou", frozenset(), str(uuid4()), b"before", desk.clock.now(), "c")
    await Authorities(desk.application).grant(call, "user:Deng", Money.cny(1), (), None, "")
    submission_id = await referred(desk)
    deng: dict[str, Any] = {"who": "Deng", "roles": ("chief_underwriter",)}

    before = await desk.refused(release(submission_id), **deng)
    await desk.chief(grant(principal="user:deng"))
    released = (await desk.ask(release(submission_id), **deng)).submission

    assert before == ("FAILED_PRECONDITION", "AUTHORITY_INSUFFICIENT")
    assert released.quotes[0].released_by == "user:deng"


async def test_a_product_declines_by_rule_and_an_overdue_test_refers(desk: Desk) -> None:
    request = a.create_product()
    request.terms.underwriting.excluded_industries.append("J")
    request.terms.underwriting.losses_allowed = 0
    product_id = (await desk.ask(request)).product.product_id
    await desk.ask(product_pb.PublishProductRequest(product_id=product_id))
    bank, late = a.create_submission(product_id, "BANK"), a.create_submission(product_id, "LATE")
    bank.insured.industry_code = "J66"
    late.systems[0].mlps_level = 3
    late.systems[0].mlps_tested_on.CopyFrom(date_message(date(2024, 6, 1)))
    late.losses.add(occurred_on=date_message(date(2024, 5, 1)), amount=a.yuan(20_000), description="ransom")

    ids = [(await desk.ask(each)).submission.submission_id for each in (bank, late)]
    declined, made = [await desk.ask(submission_pb.CreateQuoteRequest(submission_id=each)) for each in ids]

    assert not declined.HasField("quote")
    assert declined.submission.status == submission_pb.SUBMISSION_STATUS_DECLINED
    assert list(declined.submission.decline_reasons) == ["EXCLUDED_INDUSTRY"]
    assert list(made.quote.referral_reasons) == ["MLPS_TEST_OVERDUE", "LOSS_HISTORY"]
    assert made.submission.losses[0].amount == a.yuan(20_000)
    assert await desk.refused(submission_pb.CreateQuoteRequest(submission_id=ids[0])) == (
        "FAILED_PRECONDITION",
        "SUBMISSION_CLOSED",
    )


async def test_a_retired_version_is_neither_submitted_nor_quoted_nor_bound(desk: Desk) -> None:
    submission_id = await a.quoted(desk)
    product_id = (await desk.ask(submission_pb.GetSubmissionRequest(submission_id=submission_id))).submission.product_id
    retire = product_pb.RetireProductRequest(product_id=product_id, version=1)
    retired = (await desk.ask(retire)).product
    gone = ("FAILED_PRECONDITION", "PRODUCT_VERSION_RETIRED")

    assert (await desk.ask(retire)).product == retired
    assert retired.versions[0].retired
    assert retired.status == product_pb.PRODUCT_STATUS_PUBLISHED
    assert [
        await desk.refused(request)
        for request in (
            a.create_submission(product_id, "S-2"),
            submission_pb.CreateQuoteRequest(submission_id=submission_id),
            submission_pb.CreateQuoteRequest(submission_id=submission_id, product_version=1),
            submission_pb.RequestAssessmentRequest(submission_id=submission_id),
            a.bind(submission_id),
        )
    ] == [gone] * 5
    missing = product_pb.RetireProductRequest(product_id=product_id, version=2)
    assert await desk.refused(missing) == ("NOT_FOUND", "PRODUCT_VERSION_NOT_FOUND")

    await desk.ask(product_pb.ReviseProductRequest(product_id=product_id, terms=a.create_product().terms))
    await desk.ask(product_pb.PublishProductRequest(product_id=product_id))
    second = submission_pb.CreateQuoteRequest(submission_id=submission_id)
    assert (await desk.ask(second)).quote.product_version == 2


async def test_a_retired_product_is_not_bound_but_its_policies_are_endorsed(desk: Desk) -> None:
    policy = await a.bound(desk)
    submission_id = (await desk.ask(a.create_submission(policy.timeline.product_id, "S-2"))).submission.submission_id
    await desk.ask(submission_pb.CreateQuoteRequest(submission_id=submission_id))
    await desk.ask(product_pb.RetireProductRequest(product_id=policy.timeline.product_id))

    assert await desk.refused(a.bind(submission_id)) == ("FAILED_PRECONDITION", "PRODUCT_RETIRED")
    assert await desk.ask(a.endorse(policy.policy_id, date(2026, 5, 1), a.set_data(an.RAISED_DATA_LIMIT)))


def wrong_submission(product_id: str, **changes: str) -> submission_pb.CreateSubmissionRequest:
    request = a.create_submission(product_id, "WRONG")
    for name, value in changes.items():
        setattr(request.insured, name, value)
    return request


async def test_bad_input_is_refused_by_name_and_leaves_nothing_behind(desk: Desk) -> None:
    """Each refusal names a field or a rule, and not one event more lies in the log."""
    submission_id, open_referral = await a.quoted(desk), await referred(desk, "S-2")
    await desk.ask(a.bind(submission_id))
    questionnaire_id = await questionnaire(desk)
    pinned = await pinned_product(desk, questionnaire_id)
    product_id = str((await desk.ask(a.create_product("PLAIN"))).product.product_id)
    await desk.ask(product_pb.PublishProductRequest(product_id=product_id))
    unbound = str((await desk.ask(a.create_submission(product_id, "S-3"))).submission.submission_id)
    await desk.ask(submission_pb.CreateQuoteRequest(submission_id=unbound))
    short, long, twice = (wrong_submission(product_id) for _ in range(3))
    short.expiry.CopyFrom(date_message(date(2026, 12, 31)))
    long.expiry.CopyFrom(date_message(date(2027, 1, 2)))
    twice.dependencies.add(kind=submission_pb.DEPENDENCY_KIND_CLOUD, name="aliyun")
    unfiled, level, foreign = (wrong_submission(product_id) for _ in range(3))
    unfiled.systems[0].mlps_filing_number = ""
    level.systems[0].mlps_level = 6
    foreign.annual_revenue.currency_code = "USD"
    shares, no_lead = a.bind(unbound), a.bind(unbound)
    shares.shares[1].percent = "39.99"
    no_lead.shares[0].lead = False
    author: dict[str, Any] = {"who": "wang", "roles": ("chief_underwriter",)}
    before = (await desk.application.log.head()).position

    cases: list[tuple[Any, dict[str, Any], tuple[str, str]]] = [
        (shares, {}, ("INVALID_ARGUMENT", "shares")),
        (no_lead, {}, ("INVALID_ARGUMENT", "shares")),
        (a.bind(submission_id), {}, ("FAILED_PRECONDITION", "QUOTE_ALREADY_BOUND")),
        (release(open_referral), author, ("FAILED_PRECONDITION", "RELEASED_BY_AUTHOR")),
        (wrong_submission(product_id, industry_code="I99"), {}, ("INVALID_ARGUMENT", "insured.industry_code")),
        (wrong_submission(product_id, region_code="990000"), {}, ("INVALID_ARGUMENT", "insured.region_code")),
        (wrong_submission(product_id, uscc="91310115MA1K4LD50A"), {}, ("INVALID_ARGUMENT", "insured.uscc")),
        (answering(pinned, questionnaire_id, 2, "S-4"), {}, ("FAILED_PRECONDITION", "ANOTHER_QUESTIONNAIRE")),
        (short, {}, ("INVALID_ARGUMENT", "expiry")),
        (long, {}, ("INVALID_ARGUMENT", "expiry")),
        (twice, {}, ("INVALID_ARGUMENT", "dependencies[1]")),
        (unfiled, {}, ("INVALID_ARGUMENT", "systems[0].mlps_filing_number")),
        (level, {}, ("INVALID_ARGUMENT", "systems[0].mlps_level")),
        (foreign, {}, ("INVALID_ARGUMENT", "annual_revenue.currency_code")),
        (grant(principal="user:zhou"), CHIEF, ("FAILED_PRECONDITION", "OWN_AUTHORITY")),
    ]
    refused = [await desk.refused(request, **more) for request, more, _ in cases]

    assert refused == [expected for _, _, expected in cases]
    assert (await desk.application.log.head()).position == before


async def test_a_retired_product_refuses_and_leaves_nothing_behind(desk: Desk) -> None:
    submission_id = await a.quoted(desk)
    product_id = (await desk.ask(submission_pb.GetSubmissionRequest(submission_id=submission_id))).submission.product_id
    await desk.ask(product_pb.RetireProductRequest(product_id=product_id))
    before = (await desk.application.log.head()).position

    for request in (
        a.create_submission(product_id, "S-2"),
        submission_pb.CreateQuoteRequest(submission_id=submission_id),
        a.bind(submission_id),
    ):
        assert await desk.refused(request) == ("FAILED_PRECONDITION", "PRODUCT_RETIRED")
    assert (await desk.application.log.head()).position == before


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"code": "NOTHING"}, ("NOT_FOUND", "SUBJECTIVITY_NOT_FOUND")),
        ({"quote_number": 9}, ("NOT_FOUND", "QUOTE_NOT_FOUND")),
        ({"evidence_sha256": "0F" * 32}, ("INVALID_ARGUMENT", "evidence_sha256")),
        ({"evidence_reference": "another.pdf"}, ("FAILED_PRECONDITION", "SUBJECTIVITY_CLOSED_OTHERWISE")),
    ],
)
async def test_a_condition_is_closed_once_and_by_real_evidence(
    desk: Desk, changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    proof = submission_pb.Subjectivity(code="MFA", text="Show it", phase=submission_pb.SUBJECTIVITY_PHASE_PRE_BIND)
    submission_id = await a.quoted(desk, subjectivities=[proof])
    fields: dict[str, Any] = {
        "submission_id": submission_id,
        "quote_number": 1,
        "code": "MFA",
        "evidence_reference": "mfa.pdf",
        "evidence_sha256": "0f" * 32,
    }
    first = await desk.ask(submission_pb.CloseSubjectivityRequest(**fields))
    again = await desk.ask(submission_pb.CloseSubjectivityRequest(**fields))

    assert first == again
    assert await desk.refused(submission_pb.CloseSubjectivityRequest(**{**fields, **changes})) == expected
    assert (await desk.ask(a.bind(submission_id))).policy.status == pb.POLICY_STATUS_IN_FORCE
