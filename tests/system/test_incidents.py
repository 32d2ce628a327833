"""Real incidents as first notices: every one ends as a claim or as a typed refusal, and never twice."""

import json
from pathlib import Path

import pytest
from hubao.claims.v1 import claim_service_pb2 as pb

from deploy.local.clients import Refusal
from deploy.local.flow import Unwatched
from deploy.local.incidents import HAND_MADE, Incident, notice_of, read_incidents
from deploy.local.invariants import invariants
from deploy.local.players import Players
from deploy.local.reporting import Reported, report_incidents
from deploy.local.stack import ROOT
from tests.system.scene import portfolio, positions, wrong

SHARED = ROOT.parent / "shared" / "data" / "incidents" / "vcdb_incidents.jsonl"
FILE = SHARED if SHARED.is_file() else HAND_MADE
ENTERPRISES = 40
RECORDS = [{"id": f"own-record-{number}", "incident_id": f"own-{number}", "year": 2020} for number in range(1, 4)]


async def report(players: Players, path: Path) -> Reported:
    return await report_incidents(players, path, await portfolio(players, ENTERPRISES), Unwatched())


def written(path: Path, *records: dict[str, object]) -> Path:
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records), "utf-8")
    return path


async def test_every_incident_ends_as_a_notice_or_a_typed_refusal_and_the_same_file_again_changes_nothing(
    players: Players,
) -> None:
    first = await report(players, FILE)
    before = await positions(players)

    second = await report(players, FILE)

    assert first.tally.total == first.lines
    assert first.tally.damaged == []
    assert wrong(first.checks()) == []
    assert all(reason.split()[0].replace("_", "").isupper() for reason in first.tally.refused)
    if FILE == SHARED:
        assert first.lines == 3728
    assert second.tally.refused == first.tally.refused
    assert second.tally.accepted.total() == 0
    assert second.tally.repeated == first.tally.accepted.total() + first.tally.repeated
    assert await positions(players) == before
    assert wrong(await invariants(players.cast, players.cluster)) == []


async def test_a_damaged_line_is_told_by_its_number_and_costs_nothing_around_it(
    players: Players, tmp_path: Path
) -> None:
    first, second, third = (
        json.dumps(record | {"id": f"{record['id']}-damage", "incident_id": ""}) for record in RECORDS
    )
    path = tmp_path / "incidents.jsonl"
    path.write_text(f'{first}\n{{"id": broken\n{second}\n{third[:25]}')

    reported = await report(players, path)

    assert [damaged.line for damaged in reported.tally.damaged] == [2, 4]
    assert reported.opened == 2
    assert reported.tally.total == reported.lines == 4


async def test_the_same_notice_under_another_record_id_is_taken_once(players: Players, tmp_path: Path) -> None:
    twin = RECORDS[0] | {"id": "own-record-9"}

    reported = await report(players, written(tmp_path / "incidents.jsonl", RECORDS[0], twin))

    assert reported.tally.repeated == 1
    assert reported.opened == 1


async def test_a_reused_reference_or_request_id_with_another_payload_is_refused(
    players: Players, tmp_path: Path
) -> None:
    path = written(tmp_path / "incidents.jsonl", RECORDS[1] | {"incident_id": "reused"})
    await report(players, path)
    incident = next(one for one in read_incidents(path) if isinstance(one, Incident))
    policy_id = (await portfolio(players, ENTERPRISES))[0].policy_id
    other_payload = pb.NotifyClaimRequest(reference="reused", policy_id=policy_id, reported_by="somebody else")
    same_request_id = notice_of(incident, policy_id)
    same_request_id.description = "another description"

    with pytest.raises(Refusal) as of_reference:
        await players.cast.handler(other_payload, "test/reference-reused")
    with pytest.raises(Refusal) as of_request:
        await players.cast.handler(same_request_id)

    assert of_reference.value.reason == "REFERENCE_REUSED"
    assert of_request.value.reason == "REQUEST_ID_REUSED"
