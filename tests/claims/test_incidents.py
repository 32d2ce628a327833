"""Incidents as first notices: read line by line, mapped without guessing, counted by what came of them."""

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import grpc
import pytest
from hubao.claims.v1 import claim_pb2
from hubao.claims.v1 import claim_service_pb2 as pb

from deploy.local.clients import Refusal
from deploy.local.incidents import HAND_MADE, Damaged, Incident, Tally, assign, notice_of, notify_all, read_incidents
from libs.common.errors import DomainError, Invalid
from libs.common.grpc.errors import EdgeRefusal
from tests.claims.desk import HANDLER, Desk, day

SHARED = Path(__file__).parents[3] / "shared" / "data" / "incidents"
VCDB, REUSED = SHARED / "vcdb_incidents.jsonl", SHARED / "vcdb_reused_ids.json"
RECORD = {
    "id": "a",
    "incident_id": "A",
    "year": 2026,
    "month": 3,
    "industry_naics": "541511",
    "actors": ["external"],
    "actions": ["hacking"],
    "attributes": ["integrity"],
    "assets": ["S - Mail"],
}


@dataclass(frozen=True)
class Cover:
    """A policy that incidents are noticed under."""

    policy_id: str
    industry_code: str


POLICIES = [
    Cover(str(UUID(int=1000 + number)), f"{section}{number:02d}")
    for number, section in enumerate("CDFGIIJKLMOPQRS" * 3)
]


def file_of(tmp_path: Path, *lines: object, end: str = "\n") -> Path:
    path = tmp_path / "incidents.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts) + end, "utf-8")
    return path


def incident(tmp_path: Path, **fields: object) -> Incident:
    (found,) = read_incidents(file_of(tmp_path, {**RECORD, **fields}))
    assert isinstance(found, Incident)
    return found


def test_a_damaged_line_is_told_by_its_number_and_the_rest_goes_on(tmp_path: Path) -> None:
    lines = (
        RECORD,
        '{"id": "b"',
        "",
        RECORD | {"id": "c"},
        "[1]",
        {"year": 2026},
        RECORD | {"id": "d", "year": "2026"},
    )

    found = list(read_incidents(file_of(tmp_path, *lines)))

    assert [(type(one).__name__, one.line) for one in found] == [
        ("Incident", 1),
        ("Damaged", 2),
        ("Incident", 4),
        ("Damaged", 5),
        ("Damaged", 6),
        ("Damaged", 7),
    ]


def test_a_truncated_file_loses_only_its_last_line(tmp_path: Path) -> None:
    path = file_of(tmp_path, RECORD, '{"id":"b","ye', end="")

    first, last = read_incidents(path)

    assert isinstance(first, Incident)
    assert last == Damaged(2, "is not JSON, and the file ends in it")


@pytest.mark.parametrize(
    "line",
    [b"\xff\xfe{}\n", b'{"id": "a", "impact": {"overall_amount": NaN}}\n', b"[" * 100_000, b'{"id":"a","year":1e99}'],
)
def test_bytes_that_are_no_record_are_damage_and_no_failure(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_bytes(line)

    (found,) = read_incidents(path)

    assert isinstance(found, Damaged)


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(read_incidents(tmp_path / "nothing.jsonl"))


def test_a_partial_date_stays_partial(tmp_path: Path) -> None:
    request = notice_of(incident(tmp_path), "p")

    assert request.occurred_on == day(2026, 3)
    assert not request.HasField("discovered_on")
    assert not request.HasField("notified_on")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"year": 2022, "month": 2, "day": 29}, day(2022, 2, 29)),
        ({"year": 2017, "month": None, "day": 15}, day(2017, 0, 15)),
        ({"year": 27, "month": 2, "day": 2017}, day(27, 2, 2017)),
    ],
)
def test_an_impossible_date_is_sent_as_it_is(tmp_path: Path, fields: dict[str, object], expected: Any) -> None:
    assert notice_of(incident(tmp_path, **fields), "p").occurred_on == expected


@pytest.mark.parametrize(
    ("impact", "amount", "currency"),
    [
        ({"overall_amount": 465000}, "465000", ""),
        ({"overall_amount": 1000000000000, "currency": "USD"}, "1000000000000", "USD"),
        ({"overall_amount": 5000.05, "currency": "EUR"}, "5000.05", "EUR"),
        ({"overall_amount": 0.1}, "0.1", ""),
    ],
)
def test_an_amount_stays_exactly_what_it_is(
    tmp_path: Path, impact: dict[str, object], amount: str, currency: str
) -> None:
    loss = notice_of(incident(tmp_path, impact=impact), "p").reported_loss

    assert loss == claim_pb2.ReportedLoss(amount=amount, currency_code=currency)


def test_a_rating_is_no_amount(tmp_path: Path) -> None:
    rated = incident(tmp_path, impact={"losses": [{"variety": "Brand damage", "rating": "Major"}], "currency": "USD"})

    assert not notice_of(rated, "p").HasField("reported_loss")


@pytest.mark.parametrize(
    ("occurred", "elapsed", "expected"),
    [
        ((2026, 3, 10), {"unit": "Hours", "value": 6}, day(2026, 3)),
        ((2026, 3, 31), {"unit": "Hours", "value": 6}, day(2026)),
        ((2026, 3, 10), {"unit": "Days", "value": 3}, day(2026, 3)),
        ((2026, 3, 10), {"unit": "Months", "value": 2}, day(2026)),
        ((2025, 12, 31), {"unit": "Minutes", "value": 1}, None),
        ((2026, 3, 10), {"unit": "Years"}, None),
        ((2026, 3, 10), {"unit": "Never"}, None),
        ((2022, 2, 29), {"unit": "Days", "value": 3}, None),
        ((2026, 3, 10), {"unit": "Years", "value": 99999}, None),
    ],
)
def test_a_discovery_is_as_exact_as_the_time_that_went_by(
    tmp_path: Path, occurred: tuple[int, int, int], elapsed: dict[str, object], expected: Any
) -> None:
    fields = dict(zip(("year", "month", "day"), occurred, strict=True))

    request = notice_of(incident(tmp_path, **fields, elapsed={"discovery": elapsed}), "p")

    assert (request.discovered_on if request.HasField("discovered_on") else None) == expected


def test_copies_of_a_record_differ_only_in_their_request_id(tmp_path: Path) -> None:
    one, other = (notice_of(incident(tmp_path, id=name), "p") for name in ("x", "y"))

    assert one.request_id != other.request_id
    other.request_id = one.request_id
    assert one == other


def test_a_policy_of_the_same_section_is_chosen_whatever_the_order(tmp_path: Path) -> None:
    chosen = assign(incident(tmp_path, industry_naics="522110"), POLICIES)

    assert chosen.industry_code.startswith("J")
    assert assign(incident(tmp_path, industry_naics="522110", id="other"), POLICIES[::-1]) == chosen


@pytest.mark.parametrize("industry", ["000", "", "48-49", "99"])
def test_every_incident_has_a_policy(tmp_path: Path, industry: str) -> None:
    assert assign(incident(tmp_path, industry_naics=industry), POLICIES) in POLICIES


def test_every_hand_made_incident_keeps_the_rules_of_the_request() -> None:
    import protovalidate

    records = list(read_incidents(HAND_MADE))

    assert 12 <= len(records) <= 20
    for record in records:
        assert isinstance(record, Incident)
        protovalidate.validate(notice_of(record, POLICIES[0].policy_id))


def teller(desk: Desk) -> Callable[[pb.NotifyClaimRequest], Awaitable[pb.NotifyClaimResponse]]:
    """Sends notices to the desk; a refusal has its reason, as through the API."""

    async def notify(request: pb.NotifyClaimRequest) -> pb.NotifyClaimResponse:
        try:
            return await desk.ask(HANDLER, request)  # type: ignore[no-any-return]
        except DomainError as error:
            reason = f"{error.reason} {error.field}" if isinstance(error, Invalid) else error.reason
            raise Refusal("NotifyClaim", grpc.StatusCode.FAILED_PRECONDITION, reason, str(error)) from error
        except EdgeRefusal as error:
            reason = " ".join([error.reason, *(violation.field for violation in error.violations)])
            raise Refusal("NotifyClaim", grpc.StatusCode.INVALID_ARGUMENT, reason, str(error)) from error

    return notify


async def play(desk: Desk, records: Sequence[Incident | Damaged]) -> Tally:
    return await notify_all(teller(desk), records, POLICIES)


@pytest.fixture
async def insurer(desk: Desk) -> Desk:
    """An insurer with claims-made policies since 1980, so that old events are legal notices, at the end of the year."""
    for policy in POLICIES:
        terms = {"trigger": "TRIGGER_CLAIMS_MADE", "retroactive_date": day(1980, 1, 1)}
        await desk.bind(UUID(policy.policy_id), **terms)
    desk.pass_time(days=210)
    return desk


async def test_every_hand_made_incident_ends_accepted_repeated_or_refused(insurer: Desk) -> None:
    records = list(read_incidents(HAND_MADE))

    tally = await play(insurer, records)

    assert tally.total == len(records)
    assert tally.repeated == 1
    assert tally.refused == Counter(
        {
            "INVALID_FIELD occurred_on": 2,
            "INVALID_FIELD notified_on": 1,
            "NOTIFIED_BEFORE_OCCURRED": 1,
            "REFERENCE_REUSED": 1,
        }
    )
    assert tally.accepted == Counter({"covered": 2, "not covered": 1, "with questions": 7})


async def test_the_same_file_again_changes_nothing(insurer: Desk) -> None:
    records = list(read_incidents(HAND_MADE))
    first = await play(insurer, records)
    position = (await insurer.log.head()).position

    again = await play(insurer, records)

    assert (await insurer.log.head()).position == position
    assert again.repeated == first.accepted.total() + first.repeated
    assert again.refused == first.refused


if VCDB.exists():

    async def test_all_shared_incidents_go_through_and_a_second_time_changes_nothing(insurer: Desk) -> None:
        records = list(read_incidents(VCDB))
        reused = json.loads(REUSED.read_text("utf-8"))

        tally = await play(insurer, records)
        position = (await insurer.log.head()).position
        again = await play(insurer, records)

        print(tally)
        assert tally.total == len(records) == 3728
        copies = sum(len(group["ids"]) - 1 for group in reused)
        assert tally.repeated + tally.refused["REFERENCE_REUSED"] == copies
        assert tally.repeated >= sum(len(group["ids"]) - 1 for group in reused if group["identical_payload"])
        assert set(tally.refused) == {
            "INVALID_FIELD occurred_on",
            "INVALID_FIELD notified_on",
            "NOTIFIED_BEFORE_OCCURRED",
            "REFERENCE_REUSED",
        }
        assert (await insurer.log.head()).position == position
        assert again.repeated == tally.accepted.total() + tally.repeated
        assert (await insurer.totals()).claims == tally.accepted.total()
