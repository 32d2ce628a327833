"""The three simulations through gRPC: for a policy, a quote, given parts, a portfolio, and one enterprise alone."""

import asyncio
from datetime import date
from decimal import Decimal
from threading import Event

import pytest
from hubao.common.v1 import party_pb2
from hubao.policy.v1 import losses_pb2, policy_service_pb2, terms_pb2
from hubao.policy.v1 import quantification_service_pb2 as pb
from hubao.policy.v1 import submission_service_pb2 as submission_pb

from libs.common.grpc.convert import date_message, decimal_text, money_message, money_value
from libs.common.money import total
from libs.common.outages import Overloaded
from services.policy.application.quantification import PLACES, Quantification
from services.policy.quantification.calibration import calibrate
from services.policy.quantification.losses import LossExtract
from services.policy.quantification.measures import measure
from services.policy.quantification.simulation import simulate
from services.policy.servicer.losses import extract_value
from tests.policy import desk as a
from tests.policy import examples as policy_examples
from tests.policy.desk import Desk
from tests.policy.quantification import examples as an

YEARS = 5_000
JUNE = date(2026, 6, 1)
YES = submission_pb.Answer(question="MFA", yes=True)


def moments(count: int, mean: str, variance: str) -> losses_pb2.LogMoments:
    return losses_pb2.LogMoments(count=count, mean=mean, variance=variance)


def losses(extract: LossExtract | None = None) -> losses_pb2.LossExtract:
    """The example extract as a request carries it."""
    given = extract or an.extract()
    message = losses_pb2.LossExtract(
        version=given.version,
        released_on=date_message(given.released_on),
        least_insureds=given.least_insureds,
        effects=[
            losses_pb2.AnswerEffect(
                answer=submission_pb.Answer(question=effect.question, yes=effect.answer == "yes"),
                part_codes=effect.part_codes,
                frequency_factor=decimal_text(effect.frequency_factor),
                severity_factor=decimal_text(effect.severity_factor),
            )
            for effect in given.effects
        ],
    )
    for cell in given.cells:
        made = message.cells.add(
            part_code=cell.part_code,
            industry_code=cell.industry,
            size=party_pb2.ENTERPRISE_SIZE_SMALL if cell.size else 0,
            insureds=cell.insureds,
            observed=[
                losses_pb2.ObservedPeriod(insured_years=str(each.insured_years), claims=each.claims)
                for each in cell.observed
            ],
            losses=[money_message(loss) for loss in cell.losses],
        )
        if cell.outage_moments is not None:
            made.outage_moments.CopyFrom(
                moments(cell.outage_moments.count, str(cell.outage_moments.mean), str(cell.outage_moments.variance))
            )
    return message


def given(*parts: terms_pb2.PartTerms, **changes: object) -> pb.SimulateRiskRequest:
    risk = pb.GivenRisk(
        parts=parts or [part("DATA"), part("BI", waiting_hours=8, sub_limit_parent="DATA")],
        industry_code="I65",
        size=party_pb2.ENTERPRISE_SIZE_SMALL,
        answers=[YES],
    )
    plain: dict[str, object] = {"given": risk, "losses": losses(), "seed": 7, "years": YEARS}
    return pb.SimulateRiskRequest(**{**plain, **changes})  # type: ignore[arg-type]


def part(code: str, limit: int = 5_000_000, **changes: object) -> terms_pb2.PartTerms:
    return terms_pb2.PartTerms(
        code=code,
        limit=a.yuan(limit),
        deductible=a.yuan(10_000),
        coinsurance_percent="10",
        **changes,  # type: ignore[arg-type]
    )


async def test_a_risk_is_simulated_and_the_same_request_gets_the_same_answer(desk: Desk) -> None:
    request = given()

    first, again = await desk.ask(request), await desk.ask(request)

    assert first == again
    assert first.estimate.years == YEARS
    assert [tail.level for tail in first.estimate.tails] == ["90", "95", "99", "99.5"]
    average = money_value("", first.estimate.average_annual_loss)
    assert average.minor_units > 0
    assert total(money_value("", each.average_annual_loss) for each in first.parts) == average
    assert [each.part_code for each in first.fitted] == ["DATA", "BI"]
    assert first.fitted[0].cell == "DATA / I / small"
    assert first.fitted[1].outage_reason == "lognormal: only moments of logarithms are given out"
    assert [effect.frequency_factor for effect in first.fitted[0].effects] == ["0.75"]
    assert (first.provenance.loss_database_version, first.provenance.seed) == ("2026.1", 7)
    other = await desk.ask(given(seed=8))
    assert other.provenance.inputs_sha256 != first.provenance.inputs_sha256
    assert other.estimate != first.estimate


async def test_a_quote_and_its_policy_are_simulated_on_their_own_terms(desk: Desk) -> None:
    policy = await a.bound(desk)
    named = {"losses": losses(), "seed": 7, "years": YEARS}

    quote = pb.QuoteRisk(submission_id=policy.submission_id, quote_number=1)
    of_quote = await desk.ask(pb.SimulateRiskRequest(quote=quote, **named))
    on = pb.PolicyRisk(policy_id=policy.policy_id, effective_date=date_message(JUNE))
    of_policy = await desk.ask(pb.SimulateRiskRequest(policy=on, **named))
    await desk.ask(a.endorse(policy.policy_id, JUNE, a.remove(policy_examples.EXTORTION)))
    after = await desk.ask(pb.SimulateRiskRequest(policy=on, **named))

    assert [each.part_code for each in of_quote.parts] == ["DATA", "EXTORTION"]
    assert [each.part_code for each in of_policy.parts] == ["DATA", "EXTORTION"]
    assert [each.part_code for each in after.parts] == ["DATA"]
    # The part that stays has the same losses as before: it is the same policy, and the same seed.
    assert after.parts[0].ground_up == of_policy.parts[0].ground_up


async def test_a_changed_answer_holds_from_its_day_on(desk: Desk) -> None:
    policy = await a.bound(desk)
    answer = policy_service_pb2.PolicyChange(
        kind=policy_service_pb2.CHANGE_KIND_SET_ANSWER, answer=submission_pb.Answer(question="MFA", yes=False)
    )
    await desk.ask(a.endorse(policy.policy_id, JUNE, answer))

    factors = []
    for day in (date(2026, 5, 31), JUNE):
        risk = pb.PolicyRisk(policy_id=policy.policy_id, effective_date=date_message(day))
        found = await desk.ask(pb.SimulateRiskRequest(policy=risk, losses=losses(), seed=7, years=YEARS))
        factors.append(found.fitted[0].effects[0].frequency_factor)

    assert factors == ["0.75", "1.4"]


async def test_a_portfolio_accumulates_through_the_dependencies_that_were_declared(desk: Desk) -> None:
    policy = await a.bound(desk)
    await desk.catch_up()
    shock = pb.CommonShock(
        kind=submission_pb.DEPENDENCY_KIND_CLOUD,
        name="aliyun",
        frequency="0.2",
        hit_probability="0.5",
        severity_factor="1.5",
        part_codes=["DATA"],
    )
    request = pb.SimulatePortfolioRequest(
        effective_date=date_message(JUNE), losses=losses(), shocks=[shock], seed=7, years=YEARS
    )

    found = await desk.ask(request)
    named = pb.SimulatePortfolioRequest(policy_ids=[policy.policy_id])
    named.MergeFrom(request)
    net = pb.SimulatePortfolioRequest(net=True)
    net.MergeFrom(request)
    kept = await desk.ask(net)

    assert await desk.ask(named) == found
    assert [(each.policy_id, each.share) for each in found.policies] == [(policy.policy_id, "1.0")]
    [told] = found.shocks
    assert (told.name, told.policies) == ("aliyun", 1)
    assert told.shocks > 0
    assert money_value("", told.largest_shock) >= money_value("", told.shock_at_99)
    # The lead has 60 %, of which 30 % are ceded.
    whole, own = (money_value("", each.estimate.average_annual_loss).minor_units for each in (found, kept))
    assert own == pytest.approx(0.42 * whole, abs=1)
    empty = await desk.ask(request, tenant=policy_examples.FOLLOWER)
    assert list(empty.policies) == []


async def test_a_small_firm_checks_itself(desk: Desk) -> None:
    request = pb.SelfCheckRequest(
        industry_code="I65",
        size=party_pb2.ENTERPRISE_SIZE_SMALL,
        annual_revenue=a.yuan(20_000_000),
        answers=[YES],
        losses=losses(),
    )

    found = await desk.ask(request, tenant="", who="a-small-firm", roles=("insured",))

    assert found.band in (pb.RISK_BAND_LOW, pb.RISK_BAND_MODERATE, pb.RISK_BAND_HIGH, pb.RISK_BAND_SEVERE)
    assert len(found.sentences_zh) == len(found.sentences_en) == 5
    assert {each.part_code for each in found.parts} == {"DATA", "EXTORTION", "BI"}
    assert money_value("", found.bad_year) <= money_value("", found.very_bad_year)
    risks = (money_value("", each.average_annual_loss) for each in found.parts)
    assert total(risks) == money_value("", found.average_annual_loss)
    assert f"{Decimal(found.years_with_event) * 100:.1f}%" in found.sentences_en[1]
    without = pb.SelfCheckRequest()
    without.CopyFrom(request)
    without.answers[0].yes = False
    worse = await desk.ask(without, tenant="", who="a-small-firm", roles=("insured",))
    assert money_value("", worse.average_annual_loss) > money_value("", found.average_annual_loss)


async def test_an_insured_may_check_itself_and_nothing_else(desk: Desk) -> None:
    assert await desk.refused(given(), roles=("insured",), tenant="") == ("PERMISSION_DENIED", "ROLE_MISSING")


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (given(years=999), ("INVALID_ARGUMENT", "years")),
        (given(losses=None), ("INVALID_ARGUMENT", "losses")),
        (given(part("RANSOM")), ("FAILED_PRECONDITION", "LOSS_CELL_MISSING")),
        (given(part("DATA"), part("DATA")), ("INVALID_ARGUMENT", "given.parts[1].code")),
        (given(part("DATA", sub_limit_parent="DATA")), ("INVALID_ARGUMENT", "given.parts[0].sub_limit_parent")),
        (given(part("DATA", sub_limit_parent="BI")), ("INVALID_ARGUMENT", "given.parts[0].sub_limit_parent")),
        (given(part("DATA", limit=0)), ("INVALID_ARGUMENT", "given.parts[0].limit")),
        (given(part("DATA", waiting_hours=8)), ("INVALID_ARGUMENT", "losses.cells[0].outage_hours")),
        (
            given(losses=losses(an.extract(an.cell("DATA", insureds=3)))),
            ("INVALID_ARGUMENT", "losses.cells[0].insureds"),
        ),
        (
            pb.SimulateRiskRequest(
                policy=pb.PolicyRisk(
                    policy_id="00000000-0000-4000-8000-000000000001", effective_date=date_message(JUNE)
                ),
                losses=losses(),
                years=YEARS,
            ),
            ("NOT_FOUND", "POLICY_NOT_FOUND"),
        ),
    ],
)
async def test_what_can_not_be_simulated_is_refused(
    desk: Desk, request_: pb.SimulateRiskRequest, expected: tuple[str, str]
) -> None:
    assert await desk.refused(request_) == expected


async def test_days_outside_of_the_term_and_too_large_portfolios_are_refused(desk: Desk) -> None:
    policy = await a.bound(desk)
    outside = pb.PolicyRisk(policy_id=policy.policy_id, effective_date=date_message(policy_examples.EXPIRY))
    huge = pb.SimulatePortfolioRequest(
        policy_ids=[f"00000000-0000-4000-8000-{number:012d}" for number in range(21)],
        effective_date=date_message(JUNE),
        losses=losses(),
        years=1_000_000,
    )

    refused = await desk.refused(pb.SimulateRiskRequest(policy=outside, losses=losses(), years=YEARS))

    assert refused == ("FAILED_PRECONDITION", "EFFECTIVE_DATE_OUTSIDE_TERM")
    assert await desk.refused(huge) == ("FAILED_PRECONDITION", "TOO_MUCH_TO_SIMULATE")


async def test_an_extract_arrives_as_it_was_sent() -> None:
    assert extract_value("losses", losses()) == an.extract()


async def test_other_calls_are_answered_while_simulations_run(desk: Desk) -> None:
    quantification = Quantification(desk.application)
    begun, go_on = Event(), Event()

    def work(stop: object) -> bool:
        begun.set()
        return go_on.wait(60)

    running = asyncio.create_task(quantification.run("a", work))
    await asyncio.to_thread(begun.wait, 10)
    meanwhile = await desk.ask(given())
    assert not running.done()
    go_on.set()

    assert await running
    assert meanwhile.estimate.years == YEARS


async def test_a_million_years_are_simulated_and_no_more(desk: Desk) -> None:
    found = await desk.ask(given(years=1_000_000))

    assert found.estimate.years == 1_000_000
    assert found.estimate.exceedance_curve[-1].return_period == 10_000
    assert await desk.refused(given(years=1_000_001)) == ("INVALID_ARGUMENT", "years")


async def test_a_simulation_whose_client_went_away_ends_and_too_many_are_turned_away(desk: Desk) -> None:
    quantification = Quantification(desk.application)
    begun, ended = Event(), Event()

    def work(stop: object) -> None:
        begun.set()
        while not stop():  # type: ignore[operator]
            pass
        ended.set()

    task = asyncio.create_task(quantification.run("a", work))
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    assert await asyncio.to_thread(ended.wait, 10)
    # Its place is free when the task has ended, which is later than the work's own end.
    await asyncio.gather(task, return_exceptions=True)

    held = [asyncio.create_task(quantification.run("a", work)) for _ in range(PLACES // 2)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await quantification.run("a", work)
    held += [asyncio.create_task(quantification.run("b", work)) for _ in range(PLACES // 2)]
    await asyncio.sleep(0)
    with pytest.raises(Overloaded):
        await quantification.run("c", work)
    for each in held:
        each.cancel()
    await asyncio.gather(*held, return_exceptions=True)


async def test_the_served_figures_are_those_of_the_simulation(desk: Desk) -> None:
    found = await desk.ask(given(part("DATA")))

    risk = calibrate(an.extract(), "losses", an.profile(key="given"), [an.terms("DATA")], None).risk
    expected = measure(simulate(risk, 7, YEARS).total)
    assert money_value("", found.estimate.average_annual_loss) == expected.average
    assert [money_value("", tail.value_at_risk) for tail in found.estimate.tails] == [
        tail.value_at_risk for tail in expected.tails
    ]
