"""Previews of reinstatements, and of what a change does to capacities and to the certificates of a park."""

from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from google.type import date_pb2
from hubao.claims.v1 import events_pb2 as claims
from hubao.policy.v1 import certificates_pb2 as certificates_pb
from hubao.policy.v1 import draft_service_pb2 as draft_pb
from hubao.policy.v1 import park_pb2
from hubao.policy.v1 import policy_life_pb2 as life_pb
from hubao.policy.v1 import policy_service_pb2 as pb

from libs.common.grpc.convert import date_message, money_value
from libs.common.money import Money, total
from services.policy.application import sealing
from services.policy.domain.park.roll import BATCH
from services.policy.reactions import REACTIONS
from tests.billing_subsidy.office import shown
from tests.policy import book
from tests.policy import desk as a
from tests.policy import examples as an
from tests.policy.test_service_accumulation import bind_alone, capacity, quoted
from tests.policy.test_service_park import issue, joining, park, withdraw
from tests.system.books import Books, cancelling, endorsing, open_books
from tests.system.shown import commit, entries, made_as_shown, positions, told

JULY, AUGUST, OCTOBER = date(2026, 7, 1), date(2026, 8, 1), date(2026, 10, 1)
SIGNED = date(2026, 7, 20)
GUARD = "accumulation:insurer-a:cloud:aliyun"


@pytest.fixture
async def books(database: str, tmp_path: Path) -> AsyncIterator[Books]:
    async with open_books(database, tmp_path) as opened:
        yield opened


def statement(signed_on: date = SIGNED) -> life_pb.NoKnownLosses:
    return life_pb.NoKnownLosses(reference="file-1", sha256="ab" * 32, signed_on=date_message(signed_on))


def reinstating(
    effective: date, said: life_pb.NoKnownLosses | None = None, reason: str = "INSURED_REQUEST"
) -> pb.ProposedChange:
    back = life_pb.ProposedReinstatement(effective_date=date_message(effective), reason=reason, statement=said)
    return pb.ProposedChange(reinstatement=back)


def command(policy_id: str, change: pb.ProposedChange) -> life_pb.ReinstatePolicyRequest:
    """The same wish as a command."""
    back = change.reinstatement
    said = back.statement if back.HasField("statement") else None
    return life_pb.ReinstatePolicyRequest(
        policy_id=policy_id, effective_date=back.effective_date, reason=back.reason, statement=said
    )


async def ended(books: Books) -> None:
    """Sold, paid and subsidised, raised from August on, cancelled for July; it is 20 July."""
    await books.sell()
    await books.desk.ask(a.endorse(books.policy_id, AUGUST, a.set_data(an.RAISED_DATA_LIMIT)))
    await books.move_to(JULY)
    await books.desk.ask(a.cancel(books.policy_id, JULY))
    await books.carry()
    await books.move_to(SIGNED)


@pytest.mark.parametrize(
    ("effective", "net", "vat", "numbers"),
    [(JULY, "53,753.42", "3,225.20", [5, 6]), (AUGUST, "50,301.37", "3,018.08", [5, 6])],
    ids=["without a gap", "with a gap"],
)
async def test_a_reinstatement_is_previewed_and_committed_to_the_fen(
    books: Books, effective: date, net: str, vat: str, numbers: list[int]
) -> None:
    await ended(books)

    preview = await made_as_shown(books, reinstating(effective, statement()))

    assert [one.number for one in preview.transactions] == numbers
    assert (shown(preview.premium.net), shown(preview.premium.vat)) == (net, vat)
    assert preview.billing.invoices and preview.billing.entries
    assert not preview.HasField("retained")
    policy = (await books.desk.ask(pb.GetPolicyRequest(policy_id=books.policy_id))).policy
    assert policy.status == pb.POLICY_STATUS_IN_FORCE
    assert policy.reinstatements[0].statement == statement()


async def test_a_preview_refuses_a_reinstatement_as_the_command_does(books: Books) -> None:
    await books.sell()
    whole = reinstating(JULY, statement())
    wishes = [whole]
    await both_refuse(books, wishes, ["NOTHING_TO_REINSTATE"])
    await books.desk.ask(a.cancel(books.policy_id, JULY))
    await books.move_to(SIGNED)

    await both_refuse(
        books,
        [reinstating(JULY), reinstating(date(2026, 6, 30), statement()), reinstating(an.EXPIRY, statement())],
        ["NO_LOSS_STATEMENT_MISSING", "REINSTATED_BEFORE_END", "EFFECTIVE_DATE_OUTSIDE_TERM"],
    )
    seen = await books.preview(whole)
    heard = claims.ClaimOpened(
        claim_id=str(uuid4()), policy_id=books.policy_id, occurred_on=date_pb2.Date(year=2026, month=7, day=10)
    )
    await books.desk.hear(REACTIONS["claims"][claims.ClaimOpened], heard)
    await both_refuse(books, [whole], ["LOSS_KNOWN"])
    assert (await books.refused(commit(books, whole, seen)))[1] == "LOSS_KNOWN"


async def both_refuse(books: Books, wishes: list[pb.ProposedChange], reasons: list[str]) -> None:
    for wish, reason in zip(wishes, reasons, strict=True):
        foreseen = await books.refused(pb.PreviewChangeRequest(policy_id=books.policy_id, change=wish))
        assert foreseen == await books.refused(command(books.policy_id, wish))
        assert foreseen[1] == reason


async def test_a_reinstatement_is_stale_repeated_and_not_made_twice(books: Books) -> None:
    await ended(books)
    wish = reinstating(AUGUST, statement())
    preview = await books.preview(wish)
    await books.pay("5.00", SIGNED, "R2")
    stale = await books.refused(commit(books, wish, preview))
    other = await books.refused(commit(books, reinstating(AUGUST, statement(), "OTHER"), preview))
    request = commit(books, wish, await books.preview(wish), request_id=str(uuid4()))

    first = await books.desk.ask(request)
    await books.carry()
    again = await books.desk.ask(request)
    nothing = await books.refused(pb.PreviewChangeRequest(policy_id=books.policy_id, change=wish))

    assert (stale[1], stale[2]["moved"]) == ("PREVIEW_STALE", "ACCOUNT_VERSION, SUBSIDIES, BILLING_PART")
    assert other[1] == "PREVIEW_OF_ANOTHER_CHANGE"
    assert again == first
    assert nothing[1] == "NOTHING_TO_CHANGE"


async def test_a_reinstatement_is_drafted_and_what_it_does_in_between_is_named(books: Books) -> None:
    await ended(books)
    wish = reinstating(JULY, statement())
    asked = draft_pb.CreateDraftRequest(policy_id=books.policy_id, change=wish)
    draft, second = [(await books.desk.ask(asked)).draft for _ in range(2)]
    hashed = (await books.preview(draft.change)).hash

    done = await books.desk.ask(draft_pb.CommitDraftRequest(draft_id=draft.draft_id, preview_hash=hashed))
    refusal = await books.refused(draft_pb.CommitDraftRequest(draft_id=second.draft_id))

    assert draft.change == wish
    assert done.policy.status == pb.POLICY_STATUS_IN_FORCE
    assert refusal[1] == "DRAFT_CONFLICT"
    assert "reinstate of 2026-07-01" in refusal[2]["came_between"]


async def capacities(books: Books, change: pb.ProposedChange) -> list[tuple[str, str, str, str]]:
    preview = await books.preview(change, without_billing=True)
    return [
        (
            one.name,
            shown(one.exposure_before),
            shown(one.exposure_after),
            shown(one.left) if one.HasField("left") else "",
        )
        for one in preview.capacities
    ]


async def test_a_preview_shows_what_a_change_draws_on_each_capacity_and_what_is_left(books: Books) -> None:
    product_id = await a.product(books.desk)
    books.policy_id = (await books.desk.ask(bind_alone(await quoted(books.desk, product_id, "A")))).policy.policy_id
    raise_, end = endorsing(JULY, a.set_data(Money.cny(30_000_000))), cancelling(an.INCEPTION)
    unlimited = await capacities(books, raise_)
    await books.desk.chief(capacity(40_000_000))

    assert unlimited == [("aliyun", "25,000,000.00", "30,000,000.00", "")]
    assert await capacities(books, raise_) == [("aliyun", "25,000,000.00", "30,000,000.00", "10,000,000.00")]
    assert await capacities(books, end) == [("aliyun", "25,000,000.00", "0.00", "40,000,000.00")]
    assert await capacities(books, cancelling(JULY)) == [
        ("aliyun", "25,000,000.00", "25,000,000.00", "15,000,000.00")
    ]  # Given back on the day.


async def test_a_change_that_would_pass_a_capacity_is_refused_in_the_preview_as_in_the_append(books: Books) -> None:
    product_id = await a.product(books.desk)
    books.policy_id = (await books.desk.ask(bind_alone(await quoted(books.desk, product_id, "A")))).policy.policy_id
    await books.desk.chief(capacity(30_000_000))
    change = a.set_data(Money.cny(30_000_001))

    foreseen = await books.refused(
        pb.PreviewChangeRequest(policy_id=books.policy_id, change=endorsing(JULY, change), without_billing=True)
    )

    assert foreseen == await books.refused(a.endorse(books.policy_id, JULY, change))
    told = {
        "guard": GUARD,
        "limit": "The capacity for cloud aliyun",
        "amount": "5,000,001.00 CNY",
        "left": "5,000,000.00 CNY",
    }
    assert foreseen == ("FAILED_PRECONDITION", "GUARD_EXCEEDED", told)
    assert await capacities(books, endorsing(JULY, a.set_data(Money.cny(30_000_000)))) == [
        ("aliyun", "25,000,000.00", "30,000,000.00", "0.00")
    ]


async def test_others_draws_make_no_preview_stale_unless_nothing_is_left_for_it(books: Books) -> None:
    product_id = await a.product(books.desk)
    first, second, third = [await quoted(books.desk, product_id, key) for key in ("A", "B", "C")]
    books.policy_id = (await books.desk.ask(bind_alone(first))).policy.policy_id
    await books.desk.chief(capacity(79_000_000))
    change = endorsing(JULY, a.set_data(Money.cny(30_000_000)))
    seen = await books.preview(change, without_billing=True)
    await books.desk.ask(bind_alone(second))

    now = await books.preview(change, without_billing=True)
    assert (now.hash, shown(seen.capacities[0].left)) == (seen.hash, "49,000,000.00")
    assert shown(now.capacities[0].left) == "24,000,000.00"
    other = (await books.desk.ask(bind_alone(third))).policy.policy_id
    before = await positions(books)
    full = await books.refused(commit(books, change, seen, without_billing=True))
    assert (full[1], full[2]["guard"]) == ("GUARD_EXCEEDED", GUARD)
    assert await positions(books) == before
    await books.desk.ask(a.cancel(other, an.INCEPTION))

    assert (await books.commit(change, seen, without_billing=True)).policy.etag == "2"


async def test_the_hash_covers_the_policys_own_exposure(books: Books) -> None:
    product_id = await a.product(books.desk)
    books.policy_id = (await books.desk.ask(bind_alone(await quoted(books.desk, product_id, "A")))).policy.policy_id
    await books.desk.chief(capacity(40_000_000))
    change = cancelling(JULY)
    preview = await books.preview(change, without_billing=True)

    for name, same in (("left", True), ("exposure_before", False), ("exposure_after", False)):
        altered = type(preview)()
        altered.CopyFrom(preview)
        getattr(altered.capacities[0], name).units += 1
        assert (sealing.seal(change, altered) == preview.hash) is same


async def test_cancelling_a_park_shows_what_its_certificates_get_back_and_they_get_it(books: Books) -> None:
    """More of them than end in one append; one has left, one is still to join."""
    members = [joining(number) for number in range(BATCH)]
    bound = await park(books.desk, *members, joining(BATCH + 1, OCTOBER))
    books.policy_id = bound.policy.policy_id
    await books.desk.ask(withdraw(bound.certificates[0].certificate.certificate_id, date(2026, 4, 1)))
    certificates = [each.certificate.certificate_id for each in bound.certificates]
    charged = await movements(books, certificates)
    change = cancelling(JULY)

    preview = await books.preview(change, without_billing=True)
    same = await books.preview(change, without_billing=True)
    raised = await books.preview(endorsing(JULY, a.set_data(an.RAISED_DATA_LIMIT)), without_billing=True)
    assert preview == same
    assert not raised.HasField("certificates")
    await books.commit(change, preview, without_billing=True)
    await books.desk.move_to(books.desk.clock.now() + timedelta(seconds=1))

    found = preview.certificates
    made = [each for each in await movements(books, certificates) if each not in charged]
    assert (found.certificates, found.members) == (BATCH + 1, BATCH)
    assert [money_value("", each) for each in (found.net, found.vat, found.stamp_duty)] == [
        total(money_value("", getattr(each, name)) for each in made) for name in ("net", "vat", "stamp_duty")
    ]
    assert money_value("", found.net).minor_units < 0
    statuses = {(await one(books, each)).status for each in certificates}
    assert statuses == {park_pb2.CERTIFICATE_STATUS_CANCELLED}


async def one(books: Books, certificate_id: str) -> Any:
    return (await books.desk.ask(certificates_pb.GetCertificateRequest(certificate_id=certificate_id))).certificate


async def movements(books: Books, certificate_ids: list[str]) -> list[Any]:
    """Each movement of each certificate."""
    return [made for each in certificate_ids for made in (await one(books, each)).transactions]


async def test_a_member_that_joins_makes_the_preview_of_a_parks_end_stale(books: Books) -> None:
    books.policy_id = (await park(books.desk, joining(1))).policy.policy_id
    change = cancelling(JULY)
    preview = await books.preview(change, without_billing=True)
    await books.desk.ask(issue(books.policy_id, 2))

    refusal = await books.refused(commit(books, change, preview, without_billing=True))

    assert (refusal[1], refusal[2]["moved"]) == ("PREVIEW_STALE", "POLICY_PART")
    assert (await books.preview(change, without_billing=True)).certificates.members == 2


async def test_the_end_of_an_imported_policy_is_previewed_with_what_billing_books(books: Books) -> None:
    await a.product(books.desk)
    answered = await book.imported(books.desk, [book.header(), book.rows(book.row(1))])
    books.policy_id = answered.results[0].policy_id
    await books.move_to(date(2026, 1, 15))
    await books.pay("103880.00", date(2026, 1, 15))
    change, booked = cancelling(OCTOBER), len(await entries(books))

    preview = await books.preview(change)
    await books.commit(change, preview)
    await books.carry()

    # 90 percent of 92 of 365 days, and its VAT.
    assert (shown(preview.premium.net), shown(preview.premium.vat)) == ("-22,231.23", "-1,333.87")
    assert told(preview.billing.entries) == told((await entries(books))[booked:])
    assert preview.billing.invoices
