"""Every method of every service × every id in its request × whatever has an id: one answer, and nothing written.

An id of another kind of the caller's own, an id of somebody else's, and an id of nothing can't be told apart, also not
by an etag. Afterwards everything is still there for its owner, also after another restart.
"""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from libs.common.application import Application
from libs.common.store.migrate import prepare
from libs.common.store.reading import Log
from libs.common.store.verify import verify
from tests.contracts.protos import Rpc, rpcs
from tests.wrong_ids.scenes import SCENES, Scene
from tests.wrong_ids.walk import Answer, Walker, has_etag, ids_in, roles_of, walking

NAMES = {"reinsurer_id", "insurer_id"}
"""Names of organisations, which are no aggregates: whatever is written there is one."""
EXEMPT = {
    "hubao.feed.v1.AdminService.ReadEvents": "an operator reads the log itself, stream by stream, whatever they are",
    "hubao.feed.v1.AdminService.ReplayParked": "the subject is another service's, and is looked for among the parked",
}
UNCHECKED = {
    (
        "hubao.claims.v1.ClaimService.RequestPayment",
        "order_id",
    ): "an order is the vendor gateway's; a reference",
    ("hubao.vendor_gateway.v1.OrderService.RequestOrder", "claim_id"): "a claim is the claims service's; a reference",
    ("hubao.policy.v1.SubmissionService.ReleaseInAdvance", "park_policy_id"): "no right request is made for it yet",
    **{
        ("hubao.billing_subsidy.v1.ReconciliationService.AssignEntry", field): "no right request is made for it yet"
        for field in ("statement_id", "policy_id", "case_id", "vendor_id")
    },
}
"""Ids of other services' aggregates that this service only writes down, and those that the walk can't give yet."""
NOT_MADE = {
    "policy.Release": "a release in advance, found by what it releases; no method takes its id",
    "billing_subsidy.CollectionRules": "one for an insurer; no method takes its id",
    "billing_subsidy.Transit": "found by account and reference; no method takes its id",
    "billing_subsidy.WaitingList": "one for a programme, found by it; no method takes its id",
}
"""Kinds that the scenes do not make yet, so their ids are not given to the methods of others."""
QUIET = ("List", "Get", "Export")
"""Methods that answer a filter that nothing passes with nothing."""


def fields_of(service: str) -> Iterator[tuple[Rpc, tuple[str, ...]]]:
    """The ids to be walked in one service's methods."""
    for rpc in rpcs():
        if rpc.name.startswith(f"hubao.{service}."):
            for path in ids_in(rpc.descriptor.input_type):
                if path[-1] not in NAMES and (rpc.name, path[-1]) not in UNCHECKED:
                    yield rpc, path


def test_what_is_left_out_is_there() -> None:
    known = {(rpc.name, path[-1]) for rpc in rpcs() for path in ids_in(rpc.descriptor.input_type)}

    assert set(EXEMPT) == {name for name, _ in known if name.startswith("hubao.feed.")}
    assert set(UNCHECKED) <= known
    assert {field for _, field in known} >= NAMES


@pytest.mark.parametrize("service", SCENES)
async def test_a_wrong_id_is_an_unknown_id(service: str, database: str, tmp_path: Path) -> None:
    scene = await SCENES[service](database, tmp_path / "made")
    url = prepare(database, service)
    async with walking(scene, url, tmp_path / "asked") as walker:
        kinds = {kind.KIND for kind in scene.service.aggregates}
        assert set(walker.streams) == kinds - NOT_MADE.keys()
        before = await walker.position()
        wrong = [line for rpc, path in fields_of(service) for line in await walked(walker, rpc, path)]
        wrong += await all_read(walker)

        assert not wrong, "\n".join(wrong)
        assert await walker.position() == before
    await loaded_again(scene, url)


async def walked(walker: Walker, rpc: Rpc, path: tuple[str, ...]) -> list[str]:
    """What is wrong with the answers of one method to one id."""
    wrong: list[str] = []
    nothing, right = str(uuid4()), walker.right(path[-1])
    others = {*walker.streams.values(), *walker.scene.keys.values()} - {right, *walker.of_kind(path[-1])}
    for stranger, etag in product((False, True), ("", "77") if has_etag(rpc) else ("",)):
        role = roles_of(rpc)[-1 if stranger else 0]
        expected = await answered(walker, rpc, path, nothing, role, stranger, etag)
        if problem := unexpected(rpc, path, expected, etag):
            wrong.append(f"{rpc.name} {'.'.join(path)}: {problem}: {expected}")
        # What all share, a stranger may see too.
        for other in sorted(others | ({right} if stranger and not walker.is_shared(right) else set()) - {""}):
            answer = await answered(walker, rpc, path, other, role, stranger, etag)
            if answer != expected:
                who = "a stranger" if stranger else "the owner"
                what = f"{'.'.join(path)} with {walker.name_of(other)} by {who}, etag {etag!r}"
                wrong.append(f"{rpc.name} {what}: {answer}, not {expected}")
    return wrong


async def answered(
    walker: Walker, rpc: Rpc, path: tuple[str, ...], value: str, role: str, stranger: bool, etag: str
) -> Answer:
    request = walker.request(rpc, path, value, etag)
    return await walker.ask(rpc, request, role=role, stranger=stranger)


def unexpected(rpc: Rpc, path: tuple[str, ...], answer: Answer, etag: str) -> str:
    """Why an answer to an id of nothing is not one to such an id; empty if it is."""
    field = ".".join(path)
    if answer.code == "NOT_FOUND" or (answer.code == "OK" and rpc.descriptor.name.startswith(QUIET)):
        return ""
    if any(field.startswith(wrong) for wrong in answer.fields):
        return ""  # The field's own refusal.
    if etag and answer.reason == "STALE" and path != next(ids_in(rpc.descriptor.input_type)):
        return ""  # The first id is right, and its etag is looked at before the others.
    return "an unknown id is not unknown"


async def all_read(walker: Walker) -> list[str]:
    """What the owner can't read."""
    wrong: list[str] = []
    for rpc in {rpc.name: rpc for rpc, _ in fields_of(walker.scene.service.name)}.values():
        if rpc.descriptor.name.startswith(QUIET):
            first = next(ids_in(rpc.descriptor.input_type))
            request = walker.request(rpc, first, walker.right(first[-1]))
            answer = await walker.ask(rpc, request, role=roles_of(rpc)[0], stranger=False)
            if answer.code != "OK":
                wrong.append(f"{rpc.name} by its owner: {answer}")
    return wrong


async def loaded_again(scene: Scene, url: str) -> None:
    """Every stream can be loaded, and the log is whole."""
    application = Application(scene.service, Log(url), url)
    await application.open()
    try:
        for name, stream in await application.log.all("SELECT type, stream FROM event WHERE version = 1"):
            kind = application.kinds.begun_by(name)
            entry = await application.cache.load(kind, UUID(str(stream)))
            assert entry is not None
            assert entry.is_of(kind)
        assert (await verify(application.log, application.kinds.owners))[1] == []
    finally:
        await application.close()
