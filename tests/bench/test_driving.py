"""The clients: what they count was answered, and well."""

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.bench import driving, write
from tests.bench.commands import echoing
from tests.bench.driving import Aim, WrongAnswers, by_h2load, by_ourselves, h2load
from tests.bench.place import Place
from tests.bench.servers.echo import METHOD
from tests.bench.targets import server

CLIENTS = [by_ourselves, *([by_h2load] if h2load() else [])]
BODY = write.REQUEST.SerializeToString()


@pytest.mark.parametrize("client", CLIENTS)
async def test_every_call_is_made_and_has_its_time(client: driving.Client, tmp_path: Path) -> None:
    async with server("echo") as running:
        times, cpu = await client(Aim(running.port, METHOD, BODY, len(BODY)), 130, 64, tmp_path)
    assert len(times) == 130
    assert all(start < end for start, end in times)
    assert cpu > 0


@pytest.mark.parametrize("client", CLIENTS)
async def test_answers_of_another_length_are_not_counted(client: driving.Client, tmp_path: Path) -> None:
    async with server("echo") as running:
        with pytest.raises(WrongAnswers):
            await client(Aim(running.port, METHOD, BODY, len(BODY) + 1), 8, 4, tmp_path)


@pytest.mark.parametrize("client", CLIENTS)
async def test_refusals_are_not_counted(client: driving.Client, tmp_path: Path) -> None:
    async with server("echo") as running:
        with pytest.raises(WrongAnswers):
            await client(Aim(running.port, "/bench.Echo/Nothing", BODY, 0), 8, 4, tmp_path)


async def test_without_h2load_both_sides_are_driven_by_our_own_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driving, "h2load", lambda: None)
    with TemporaryDirectory() as directory:
        async with echoing(Place(Path(directory), "")) as target:
            run = await target.run(40, 4)
    assert "grpc.aio" in driving.client_name()
    assert run["calls"] == 40
    assert run["rate"] == 40 / run["seconds"]
    assert 0 < run["p50"] <= run["p99"] <= run["seconds"]
    assert run["server_cores"] >= 0 and run["client_cores"] > 0


async def test_what_is_kept_must_grow_by_one_for_each_answer(
    postgres_url: str, server_directory: Path, tmp_path: Path
) -> None:
    place = Place(tmp_path, postgres_url)
    async with write.writing(place, write.log(place)) as target:
        run = await target.run(32, 8)
        assert run["calls"] == 32

        target.kept = lambda: (0,)
        with pytest.raises(WrongAnswers, match="grew"):
            await target.run(8, 4)
    place.clear()
