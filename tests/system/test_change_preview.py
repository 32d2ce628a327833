"""Previews and commits through both services: what was shown is what is booked, to the fen."""

from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from google.protobuf.message import Message
from google.type import money_pb2
from hubao.policy.v1 import change_preview_pb2 as preview_pb
from hubao.policy.v1 import draft_service_pb2 as draft_pb
from hubao.policy.v1 import policy_service_pb2 as pb

from libs.common.grpc.client import channel
from libs.common.grpc.errors import EdgeRefusal
from libs.common.store.requests import Outgoing
from libs.common.tokens import LocalIssuer
from services.policy.application import sealing
from services.policy.application.billing import Asking, Billing
from tests.billing_subsidy.examples import level
from tests.billing_subsidy.office import shown
from tests.policy import desk as a
from tests.policy import examples as an
from tests.system.books import Books, cancelling, endorsing, open_books
from tests.system.shown import commit, made_as_shown, positions

JUNE, JULY, SEPTEMBER = date(2026, 6, 20), date(2026, 7, 1), date(2026, 9, 1)
APRIL, OCTOBER = date(2026, 4, 1), date(2026, 10, 1)
RAISE, DROP, CANCEL = (
    endorsing(JULY, a.set_data(an.RAISED_DATA_LIMIT)),
    endorsing(APRIL, a.remove(an.EXTORTION)),
    cancelling(OCTOBER),
)


@pytest.fixture
async def books(database: str, tmp_path: Path) -> AsyncIterator[Books]:
    async with open_books(database, tmp_path) as opened:
        yield opened


async def test_the_year_is_previewed_and_committed_to_the_fen(books: Books) -> None:
    await books.sell()
    await books.move_to(JUNE)
    july = await made_as_shown(books, RAISE)
    await books.move_to(SEPTEMBER)
    april = await made_as_shown(books, DROP)
    await books.move_to(OCTOBER)
    october = await made_as_shown(books, CANCEL)

    assert (shown(july.premium.net), shown(july.premium.vat)) == ("10,082.19", "604.93")
    assert [one.number for one in april.transactions] == [3, 4, 5]
    assert (shown(april.premium.net), shown(april.premium.vat)) == ("-6,027.40", "-361.64")
    assert {one.part_code: shown(one.amount) for one in april.premium.parts} == {
        an.DATA: "0.00",
        an.EXTORTION: "-6,027.40",
    }
    assert (shown(october.premium.net), shown(october.premium.vat)) == ("-25,407.12", "-1,524.43")
    assert shown(october.premium.premium_after) == "78,647.67"
    assert shown(october.retained) == "2,823.02"
    assert {one.insurer_id: shown(one.amount) for one in october.premium.shares} == {
        an.TENANT: "-15,244.27",
        an.FOLLOWER: "-10,162.85",
    }
    assert [(one.reinsurer_id, shown(one.ceded), shown(one.commission)) for one in october.premium.reinsurers] == [
        ("reinsurer-r", "-4,573.28", "-1,143.32")
    ]
    (subsidy,) = october.billing.subsidies
    assert [(one.level, shown(one.granted_after), shown(one.clawed_back)) for one in subsidy.levels] == [
        ("city", "39,323.84", "10,676.16"),
        ("district", "15,729.53", "4,270.47"),
    ]


async def test_a_preview_of_the_same_thing_has_the_same_hash(books: Books) -> None:
    await books.sell()

    first, second = await books.preview(RAISE), await books.preview(RAISE)

    assert first == second
    assert first.hash != (await books.preview(endorsing(JULY, a.set_data(an.RAISED_DATA_LIMIT), reason="x"))).hash


async def test_an_endorsement_in_between_makes_a_preview_stale(books: Books) -> None:
    await books.sell()
    preview = await books.preview(RAISE)
    await books.desk.ask(a.endorse(books.policy_id, APRIL, a.remove(an.EXTORTION)))

    refusal = await books.refused(commit(books, RAISE, preview))

    assert refusal == ("FAILED_PRECONDITION", "PREVIEW_STALE", {"moved": "POLICY_VERSION"})


async def test_a_receipt_in_billing_makes_a_preview_stale(books: Books) -> None:
    await books.sell()
    preview = await books.preview(RAISE)
    await books.pay("5.00", date(2026, 1, 15), "R2")
    before = await positions(books)

    status, reason, details = await books.refused(commit(books, RAISE, preview))

    assert (status, reason) == ("FAILED_PRECONDITION", "PREVIEW_STALE")
    assert details["moved"] == "ACCOUNT_VERSION, SUBSIDIES, BILLING_PART"
    assert await positions(books) == before
    again = await books.preview(RAISE)
    assert (await books.commit(RAISE, again)).policy.etag == "2"


async def test_a_budget_that_moved_makes_a_preview_stale_if_a_figure_rests_on_it(books: Books) -> None:
    books.policy_id = (await a.bound(books.desk)).policy_id
    other = (await a.bound_again(books.desk)).policy_id
    await books.move_to(date(2026, 1, 15))
    await books.pay("106000.00", date(2026, 1, 15))
    levels = (level("city", "50", "60000", "60000"), level("district", "70", "30000", "1000000", method="top_up"))
    books.programme_id = await books.office.publish(levels=levels)
    preview = await books.preview(RAISE)
    await books.office.pay("106000.00", date(2026, 1, 15), policy_id=UUID(other), reference="R9")

    status, reason, details = await books.refused(commit(books, RAISE, preview))

    assert shown(preview.billing.subsidies[0].levels[0].added) == "50,000.00"
    assert (status, reason, details["moved"]) == ("FAILED_PRECONDITION", "PREVIEW_STALE", "BILLING_PART")
    now = (await books.preview(RAISE)).billing.subsidies[0].levels[0]
    assert (shown(now.added), now.cut) == ("10,000.00", "BUDGET_EXHAUSTED")


async def test_another_day_makes_a_preview_stale(books: Books) -> None:
    await books.sell()
    preview = await books.preview(RAISE)
    await books.move_to(date(2026, 1, 16))

    _, reason, details = await books.refused(commit(books, RAISE, preview))

    assert (reason, details["moved"]) == ("PREVIEW_STALE", "DAY, BILLING_PART")


async def test_a_hash_is_good_for_its_own_change_and_policy_alone(books: Books) -> None:
    await books.sell()
    preview = await books.preview(RAISE)

    refusal = await books.refused(commit(books, DROP, preview))

    assert refusal[:2] == ("FAILED_PRECONDITION", "PREVIEW_OF_ANOTHER_CHANGE")


async def test_a_commit_that_is_repeated_answers_as_the_first_time_and_does_not_ask_billing(books: Books) -> None:
    await books.sell()
    preview = await books.preview(RAISE)
    request = commit(books, RAISE, preview, request_id=str(uuid4()))
    first = await books.desk.ask(request)
    await books.carry()
    await books.desk.ask(a.endorse(books.policy_id, APRIL, a.remove(an.EXTORTION)))
    await books.server.drain(0.0)  # Nobody is there to be asked.
    before = await positions(books)

    second = await books.desk.ask(request)

    assert second == first
    assert second.policy.etag == "2"
    assert await positions(books) == before
    other = commit(books, DROP, preview, request_id=request.request_id)
    assert (await books.refused(other))[:2] == ("FAILED_PRECONDITION", "REQUEST_ID_REUSED")


async def test_without_billing_the_answer_is_clear_and_nothing_is_stored(books: Books) -> None:
    await books.sell()
    preview = await books.preview(RAISE)
    before = await positions(books)
    await books.server.drain(0.0)

    asked = await books.refused(pb.PreviewChangeRequest(policy_id=books.policy_id, change=RAISE))
    committed = await books.refused(commit(books, RAISE, preview))

    assert asked[:2] == committed[:2] == ("UNAVAILABLE", "BILLING_UNAVAILABLE")
    assert asked[2]["retry"] == "yes"
    assert await positions(books) == before


async def test_policys_own_part_can_be_had_and_committed_by_wish_alone(books: Books) -> None:
    await books.sell()
    whole = await books.preview(RAISE)
    await books.server.drain(0.0)
    own = await books.preview(RAISE, without_billing=True)

    unasked = await books.refused(commit(books, RAISE, own))
    other_way = await books.refused(commit(books, RAISE, whole, without_billing=True))
    made = await books.commit(RAISE, own, without_billing=True)

    assert not own.HasField("billing")
    assert own.premium == whole.premium
    assert unasked[:2] == other_way[:2] == ("FAILED_PRECONDITION", "PREVIEW_SCOPE_DIFFERS")
    assert shown(made.policy.timeline.premium) == "110,082.19"


async def test_what_billing_has_not_heard_of_yet_is_waited_for_and_then_told(books: Books) -> None:
    await books.sell()
    await books.desk.ask(a.endorse(books.policy_id, APRIL, a.remove(an.EXTORTION)))

    behind = await books.refused(pb.PreviewChangeRequest(policy_id=books.policy_id, change=RAISE))
    await books.carry()
    preview = await books.preview(RAISE)

    assert behind[:2] == ("UNAVAILABLE", "BILLING_BEHIND")
    assert [one.number for one in preview.transactions] == [3]


async def test_whom_billing_does_not_let_in_gets_no_preview(books: Books, tmp_path: Path) -> None:
    await books.sell()
    policy_id, announced = UUID(books.policy_id), Outgoing("hubao.policy.v1.PolicyChanged", b"")
    stranger = LocalIssuer.create(tmp_path / "another").token("lin", an.TENANT, an.TENANT, ("underwriter",))
    handler = books.desk.issuer.token("chen", an.TENANT, an.TENANT, ("claims_handler",))
    refused = []

    async with channel(books.address) as way:
        for token in (stranger, handler):
            asking = Asking(metadata=(("authorization", f"Bearer {token}"),))
            with pytest.raises(EdgeRefusal) as refusal:
                await Billing(way).effects(asking, policy_id, announced)
            refused.append(refusal.value.reason)

    assert refused == ["TOKEN_INVALID", "ROLE_MISSING"]


async def test_a_caller_with_little_time_gets_a_clear_answer_in_it(books: Books) -> None:
    await books.sell()
    await books.desk.ask(a.endorse(books.policy_id, APRIL, a.remove(an.EXTORTION)))

    refusal = await books.refused(pb.PreviewChangeRequest(policy_id=books.policy_id, change=RAISE), seconds=1.0)

    assert refusal[:2] == ("UNAVAILABLE", "BILLING_BEHIND")


async def test_what_the_policy_refuses_a_preview_refuses_alike(books: Books) -> None:
    await books.sell()

    outside = await books.refused(
        pb.PreviewChangeRequest(policy_id=books.policy_id, change=cancelling(date(2027, 3, 1)))
    )
    await books.commit(CANCEL, await books.preview(CANCEL))
    again = await books.refused(pb.PreviewChangeRequest(policy_id=books.policy_id, change=CANCEL))
    ended = await books.refused(pb.PreviewChangeRequest(policy_id=books.policy_id, change=RAISE))
    other = await books.refused(pb.PreviewChangeRequest(policy_id=books.policy_id, change=RAISE), tenant="insurer-c")

    assert [one[1] for one in (outside, again, ended, other)] == [
        "EFFECTIVE_DATE_OUTSIDE_TERM",
        "NOTHING_TO_CHANGE",
        "POLICY_NOT_IN_FORCE",
        "POLICY_NOT_FOUND",
    ]


async def test_the_hash_covers_every_figure_of_the_message(books: Books) -> None:
    await books.sell()
    await books.move_to(OCTOBER)
    preview = await books.preview(CANCEL)
    assert sealing.seal(CANCEL, preview) == preview.hash

    unsealed = []
    count = 0
    for path, altered in alterations(preview):
        count += 1
        if sealing.seal(CANCEL, altered).split(".")[0] == preview.hash.split(".")[0]:
            unsealed.append(path)

    assert unsealed == []
    assert count > 300


async def test_a_draft_is_committed_with_the_preview_that_was_seen_or_not_at_all(books: Books) -> None:
    await books.sell()
    draft = (await books.desk.ask(draft_pb.CreateDraftRequest(policy_id=books.policy_id, change=RAISE))).draft
    preview = await books.preview(draft.change)
    commit_draft = draft_pb.CommitDraftRequest(draft_id=draft.draft_id, preview_hash=preview.hash)
    await books.pay("5.00", date(2026, 1, 15), "R2")

    stale = await books.refused(commit_draft)
    commit_draft.preview_hash = (await books.preview(draft.change)).hash
    done = await books.desk.ask(commit_draft)

    assert stale[1] == "PREVIEW_STALE"
    assert (done.policy.etag, done.draft.committed_etag) == ("2", "2")


def alterations(preview: preview_pb.ChangePreview) -> list[tuple[str, preview_pb.ChangePreview]]:
    """The message with one value altered, for each value in it, however deep."""
    found: list[tuple[str, preview_pb.ChangePreview]] = []
    for path in values(preview):
        if path == (("hash", None),):
            continue
        altered = preview_pb.ChangePreview()
        altered.CopyFrom(preview)
        alter(altered, path)
        found.append((str(path), altered))
    return found


def values(message: Message, prefix: Any = ()) -> list[Any]:
    """The path of each scalar that is set."""
    paths = []
    for field, value in message.ListFields():
        many = list(enumerate(value)) if field.is_repeated else [(None, value)]
        for index, one in many:
            path = (*prefix, (field.name, index))
            paths += values(one, path) if isinstance(one, Message) else [path]
    return paths


def alter(message: Any, path: Any) -> None:
    for name, index in path[:-1]:
        message = getattr(message, name) if index is None else getattr(message, name)[index]
    name, index = path[-1]
    holder, key = (message, name) if index is None else (getattr(message, name), index)
    old = getattr(holder, key) if index is None else holder[key]
    new = not old if isinstance(old, bool) else old + 1 if isinstance(old, int) else f"{old}!"
    if isinstance(message, money_pb2.Money) and name == "nanos":
        new = old + 10_000_000
    if index is None:
        setattr(holder, key, new)
    else:
        holder[key] = new
