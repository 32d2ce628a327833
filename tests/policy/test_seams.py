"""Where the parts of a policy's life meet: capacities, imports, renewals, estimates, watching."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest
from google.protobuf.message import Message
from hubao.policy.v1 import events_pb2
from hubao.policy.v1 import policy_life_pb2 as life_pb
from hubao.policy.v1 import policy_service_pb2 as pb
from hubao.policy.v1 import product_service_pb2 as product_pb
from hubao.policy.v1 import quantification_service_pb2 as risk_pb
from hubao.policy.v1 import submission_service_pb2 as submission_pb

from libs.common.grpc.convert import date_message
from libs.common.money import Money
from tests.policy import book
from tests.policy import desk as a
from tests.policy import examples as an
from tests.policy.desk import Desk, yuan
from tests.policy.quantification.test_served import losses
from tests.policy.test_service_accumulation import bind_alone, capacity, exposed, quoted
from tests.policy.test_service_life import at, fen, got, grace_expired, hear, received, reinstate
from tests.policy.test_service_park import issue, joining, park, withdraw
from tests.policy.test_watch import kinds, watch

JULY, AUGUST = date(2026, 7, 1), date(2026, 8, 1)
METHODS = tuple(product_pb.CancellationMethod.values())[1:]


async def imported(desk: Desk, number: int = 1, **changes: Any) -> str:
    """A policy of another system's book; its id."""
    answered = await book.imported(desk, [book.header(), book.rows(book.row(number, **changes))])
    return answered.results[0].policy_id


async def test_a_lapsed_policy_gives_its_capacity_back_and_a_cured_one_draws_on_it_again(desk: Desk) -> None:
    product_id = await a.product(desk)
    policy_id = (await desk.ask(bind_alone(await quoted(desk, product_id, "A")))).policy.policy_id
    await desk.chief(capacity(40_000_000))
    await desk.move_to(at(3, 1))

    await hear(desk, "billing_subsidy", grace_expired(policy_id))
    assert await exposed(desk) == (0, 0)
    await hear(desk, "billing_subsidy", received(policy_id, 106_000, date(2026, 3, 30)))

    assert (await got(desk, policy_id)).status == pb.POLICY_STATUS_IN_FORCE
    assert await exposed(desk) == (25_000_000, 1)
    more = a.endorse(policy_id, JULY, a.set_data(Money.cny(40_000_001)))
    assert await desk.refused(more) == ("FAILED_PRECONDITION", "GUARD_EXCEEDED")


async def test_an_imported_policy_is_renewed_with_what_was_imported(desk: Desk) -> None:
    await a.product(desk)
    old = await got(desk, await imported(desk))
    await desk.move_to(at(10, 20))

    renew = life_pb.RenewPolicyRequest(policy_id=old.policy_id, submission_key="S-2027")
    submission = (await desk.ask(renew)).submission
    quote = (await desk.ask(submission_pb.CreateQuoteRequest(submission_id=submission.submission_id))).quote
    new = (await desk.ask(bind_alone(submission.submission_id))).policy

    assert [(each.kind, each.name) for each in submission.dependencies] == [
        (submission_pb.DEPENDENCY_KIND_CLOUD, "aliyun")
    ]
    # What the old system carried of its own stays; the other part is covered from when we took it over.
    assert [part.retroactive_date for part in quote.parts][1] == date_message(date(2020, 1, 1))
    assert (await got(desk, old.policy_id)).renewed_by_policy_id == new.policy_id
    assert new.timeline.inception == old.timeline.expiry
    assert await exposed(desk) == (25_000_000, 1)  # The two terms share no day.


async def test_an_imported_policy_is_estimated(desk: Desk) -> None:
    await a.product(desk)
    policy_id = await imported(desk)
    on = risk_pb.PolicyRisk(policy_id=policy_id, effective_date=date_message(JULY))

    found = await desk.ask(risk_pb.SimulateRiskRequest(policy=on, losses=losses(), seed=7, years=1000))

    assert [each.part_code for each in found.parts] == [an.DATA, an.EXTORTION]
    assert fen(found.estimate.average_annual_loss) > 0


async def test_an_imported_policys_change_is_previewed_and_committed(desk: Desk) -> None:
    await a.product(desk)
    policy_id = await imported(desk)
    endorsed = pb.ProposedEndorsement(effective_date=date_message(JULY), changes=[a.set_data(an.RAISED_DATA_LIMIT)])
    change = pb.ProposedChange(endorsement=endorsed)

    asked = pb.PreviewChangeRequest(policy_id=policy_id, change=change, without_billing=True)
    preview = (await desk.ask(asked)).preview
    made = await desk.ask(
        pb.CommitChangeRequest(policy_id=policy_id, change=change, preview_hash=preview.hash, without_billing=True)
    )

    assert [each.net for each in preview.transactions] == [yuan("9863.02")]
    assert [(each.name, each.exposure_before, each.exposure_after) for each in preview.capacities] == [
        ("aliyun", yuan(25_000_000), yuan(30_000_000))
    ]
    assert made.policy.timeline.premium == preview.premium.premium_after


@pytest.mark.parametrize("gap", [False, True], ids=["no gap", "a gap"])
@pytest.mark.parametrize("method", METHODS, ids=product_pb.CancellationMethod.Name)
async def test_an_imported_policy_is_cancelled_by_each_method_and_reinstated(
    desk: Desk, method: Any, gap: bool
) -> None:
    product = a.create_product()
    product.terms.cancellation.methods[:] = METHODS
    product.terms.cancellation.minimum_earned_percent = "60"
    product_id = (await desk.ask(product)).product.product_id
    await desk.ask(product_pb.PublishProductRequest(product_id=product_id))
    policy_id = await imported(desk)
    flat = method == product_pb.CANCELLATION_METHOD_FLAT
    ended = an.INCEPTION if flat else JULY
    end = a.cancel(policy_id, ended)
    end.method = method

    cancelled = (await desk.ask(end)).policy
    back = (await desk.ask(reinstate(policy_id, AUGUST if gap else ended, statement=None))).policy

    assert cancelled.status == pb.POLICY_STATUS_CANCELLED
    assert (fen(cancelled.timeline.premium) == 0) is flat
    assert back.status == pb.POLICY_STATUS_IN_FORCE
    assert fen(back.timeline.premium) == sum(fen(each.net) for each in back.transactions)
    if not gap:
        assert back.timeline.premium == yuan(98_000)
        assert sum(fen(each.vat) for each in back.transactions) == 588_000
    else:
        days = 153  # Of August to December.
        again = sum((fen(part.annual_premium) * days * 2 + 365) // 730 for part in back.timeline.segments[-1].parts)
        assert fen(back.timeline.premium) - fen(cancelled.timeline.premium) == again


async def watched(desk: Desk, count: int) -> list[Any]:
    """The next messages of a watch from the beginning that tell of something."""
    call, found = watch(desk), []
    while len(found) < count:
        answer = await asyncio.wait_for(call.read(), 10)
        if answer.HasField("change"):
            found.append(answer)
    call.cancel()
    return found


def told(answer: Any, message: Message) -> Any:
    assert answer.change.announcement.Unpack(message)
    return message


async def test_a_watch_shows_the_lapse_the_cure_and_the_renewal_of_a_policy(desk: Desk) -> None:
    policy_id = (await a.bound(desk)).policy_id
    await desk.move_to(at(3, 1))
    await hear(desk, "billing_subsidy", grace_expired(policy_id))
    await hear(desk, "billing_subsidy", received(policy_id, 106_000, date(2026, 3, 30)))
    await desk.move_to(at(10, 20))
    renew = life_pb.RenewPolicyRequest(policy_id=policy_id, submission_key="S-2027")
    submission_id = (await desk.ask(renew)).submission.submission_id
    await desk.ask(submission_pb.CreateQuoteRequest(submission_id=submission_id))
    new = (await desk.ask(a.bind(submission_id, without_treaties=True))).policy.policy_id

    answers = await watched(desk, 5)

    assert kinds(answers) == ["PolicyBound", "PolicyCancelled", "PolicyReinstated", "PolicyBound", "PolicyRenewed"]
    assert [each.change.policy_id for each in answers] == [policy_id, policy_id, policy_id, new, policy_id]
    assert told(answers[1], events_pb2.PolicyCancelled()).reason == "NON_PAYMENT"
    assert told(answers[2], events_pb2.PolicyReinstated()).reason == "PREMIUM_PAID"
    assert told(answers[4], events_pb2.PolicyRenewed()).renewed_by_policy_id == new


async def test_a_watch_shows_the_certificates_of_a_park_under_their_policy(desk: Desk) -> None:
    bound = await park(desk, joining(1))
    policy_id, first = bound.policy.policy_id, bound.certificates[0].certificate.certificate_id
    second = (await desk.ask(issue(policy_id, 2))).certificate.certificate_id
    await desk.ask(withdraw(first, JULY))
    await desk.ask(a.cancel(policy_id, AUGUST))
    await desk.move_to(desk.clock.now() + timedelta(seconds=1))

    answers = await watched(desk, 7)

    assert kinds(answers) == [
        "PolicyBound",
        "CertificateIssued",
        "CertificateIssued",
        "CertificateWithdrawn",
        "PolicyCancelled",
        "CertificateEnded",
        "CertificateEnded",
    ]
    assert {each.change.policy_id for each in answers} == {policy_id}
    assert told(answers[2], events_pb2.CertificateIssued()).certificate.certificate_id == second
