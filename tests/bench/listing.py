"""The first page of a portfolio of 100,000 policies, against a primary-key read.

Both are reads of the same table by the same client, each in a process of its own behind the whole edge, over a pool
of the same size: ListPolicies with its page of 50, and one row by its id (`servers/policy_row.py`). The table is filled
with what the projection makes of 100,000 policies of two insurers; the log is not.
"""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import psycopg
from hubao.policy.v1 import policy_service_pb2 as pb

from libs.common.changes import Recorded
from libs.common.codes import uscc
from libs.common.projection.batch import Batch
from libs.common.projection.tables import ReadTables, inside
from libs.common.store.migrate import prepare
from libs.common.tokens import LocalIssuer
from services.policy.__main__ import SERVICE
from services.policy.domain.policy.events import Bound
from tests.bench.commands import FEW
from tests.bench.driving import Aim
from tests.bench.figures import QUICK, Figure, Size
from tests.bench.place import Place
from tests.bench.targets import Target, compare, server
from tests.policy import examples as an

METHOD = "/hubao.policy.v1.PolicyService/ListPolicies"
POLICIES, QUICK_POLICIES = 100_000, 2_000
TENANT, OTHER = "insurer", "another"
PAGE = 50
AT_ONCE = 5_000
FIRST = UUID(int=1 << 64)


async def portfolio_list(place: Place, size: Size) -> Figure:
    """p99 in seconds, few calls in flight."""
    url, count = prepare(place.database(), SERVICE.name), QUICK_POLICIES if size is QUICK else POLICIES
    await _fill(url, count)
    directory = place.directory / "identity"
    token = LocalIssuer.create(directory).token("an", "org", TENANT, ("underwriter",))
    async with AsyncExitStack() as stack:
        targets = []
        for kind, request, good in (
            ("policy", pb.ListPoliciesRequest(), _is_first_page),
            ("policy_row", pb.ListPoliciesRequest(page_token=str(FIRST)), _is_first_row),
        ):
            running = await stack.enter_async_context(server(kind, url, str(directory)))
            aim = Aim(running.port, METHOD, request.SerializeToString(), 0, token)
            targets.append(Target(place, running, aim, good=good))
        figure = await compare("s (p99)", size, targets[0], targets[1], in_flight=FEW, value="p99")
    figure.notes |= {"policies": count, "page": PAGE}
    return figure


def _is_first_page(answer: bytes) -> bool:
    """The insurer's first policies by number, all of them whole, and a token for more."""
    page = pb.ListPoliciesResponse.FromString(answer)
    numbers = [each.policy_number for each in page.policies]
    whole = all(each.premium.units == 100_000 and each.insured_uscc for each in page.policies)
    return whole and numbers == [_number(2 * place) for place in range(PAGE)] and page.next_page_token != ""


def _is_first_row(answer: bytes) -> bool:
    policies = pb.ListPoliciesResponse.FromString(answer).policies
    return [(each.policy_id, each.policy_number) for each in policies] == [(str(FIRST), _number(0))]


async def _fill(url: str, count: int) -> None:
    tables = ReadTables(SERVICE, url)
    await tables.open()
    try:
        await asyncio.to_thread(_write, tables, count)
    finally:
        await tables.close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ANALYZE {tables.schema}.policy")


def _write(tables: ReadTables, count: int) -> None:
    events = _events(count)
    for _ in range(0, count, AT_ONCE):
        with tables.writing.begin() as connection, inside(connection, tables.schema):
            batch = Batch(connection, tables.schema)
            for recorded in (next(events) for _ in range(min(AT_ONCE, count))):
                for said in SERVICE.projection.project(recorded):
                    batch.add(said)
            batch.flush()


def _events(count: int) -> Iterator[Recorded[None]]:
    """Policies of two insurers in turn, in an order in which their numbers are not."""
    (bound,) = an.bound(alone=True)
    now = datetime.now(UTC)
    for step in range(count):
        place = step * 7919 % count
        tenant = OTHER if place % 2 else TENANT
        yield Recorded(_policy(bound, place, tenant), None, UUID(int=FIRST.int + place), 1, tenant, now, step + 1)


def _policy(bound: Bound, place: int, tenant: str) -> Bound:
    insured = replace(bound.insured, uscc=uscc.compose("310115", place), name=f"上海第{place}软件有限公司")
    shares = tuple(replace(share, insurer_id=tenant) for share in bound.transaction.shares)
    transaction = replace(bound.transaction, shares=shares)
    return replace(bound, policy_number=_number(place), insured=insured, transaction=transaction)


def _number(place: int) -> str:
    return f"HB2026-{place:06d}"
