"""The year of DOMAIN.md §7, played by gRPC on four real processes, PostgreSQL and NATS: to the fen, whatever breaks."""

import asyncio
import random
from datetime import date

import pytest

from deploy.local.invariants import invariants
from deploy.local.players import Players
from deploy.local.stack import Stack
from deploy.local.year.play import Year
from tests.system.scene import play, positions, wrong

FIGURES = 28


async def test_the_year_comes_out_to_the_fen(players: Players) -> None:
    figures = await play(players)

    assert wrong(figures) == []
    assert len(figures) == FIGURES


async def test_after_the_year_all_sums_agree_across_the_services(players: Players) -> None:
    await play(players)

    assert wrong(await invariants(players.cast, players.cluster)) == []


async def test_the_same_year_again_changes_nothing(players: Players) -> None:
    first = await play(players)
    before = await positions(players)

    second = await play(players)

    assert await positions(players) == before
    assert second == first


async def test_every_service_killed_with_9_in_the_middle_of_the_year_changes_no_figure(
    fresh_stack: Stack, fresh_players: Players
) -> None:
    kills = {
        date(2025, 12, 15): "policy",
        date(2026, 1, 15): "billing_subsidy",
        date(2026, 3, 9): "vendor_gateway",
        date(2026, 3, 27): "claims",
        date(2026, 10, 1): "billing_subsidy",
    }
    dice = random.Random(7)
    year = Year(fresh_players.cast, fresh_players.cluster)
    killed: list[str] = []

    def kill_and_restart(name: str) -> None:
        fresh_stack.services[name].kill()
        fresh_stack.start_service(name)
        killed.append(name)

    async for day, _ in year.play():
        if day in kills:
            asyncio.get_running_loop().call_later(dice.uniform(0.05, 0.4), kill_and_restart, kills[day])
    fresh_stack.check()

    assert killed == list(kills.values())
    assert wrong(year.scene.figures) == []
    assert wrong(await invariants(fresh_players.cast, fresh_players.cluster)) == []


async def test_jetstream_deleted_in_the_middle_of_the_year_changes_no_figure(
    fresh_stack: Stack, fresh_players: Players
) -> None:
    year = Year(fresh_players.cast, fresh_players.cluster)
    assert fresh_stack.nats is not None

    async for day, _ in year.play():
        if day == date(2026, 1, 15):
            fresh_stack.nats.stop()
            fresh_stack.nats.wipe()
            asyncio.get_running_loop().call_later(1, fresh_stack.nats.start)

    assert wrong(year.scene.figures) == []
    assert wrong(await invariants(fresh_players.cast, fresh_players.cluster)) == []


@pytest.mark.parametrize("service", ["policy", "vendor_gateway", "claims", "billing_subsidy"])
async def test_a_stopped_service_comes_back_where_it_was(stack: Stack, players: Players, service: str) -> None:
    await players.cluster.drain()
    before = await positions(players)

    stack.services[service].stop()
    stack.start_service(service)
    stack.await_health(service)
    await players.cluster.drain()

    assert await positions(players) == before
    assert stack.services[service].running
