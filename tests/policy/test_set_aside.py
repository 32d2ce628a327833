"""One insurer's event that can't be projected keeps no other insurer's products from the lists."""

from dataclasses import replace
from uuid import UUID, uuid4

from hubao.policy.v1 import product_service_pb2 as product_pb

from libs.common.context import SHARED
from libs.common.projection.aside import standing
from libs.common.store import codec
from libs.common.store.requests import AppendRequest, NewEvent
from tests.policy import desk as at
from tests.policy.desk import Desk


async def test_a_text_that_can_not_be_stored_keeps_nobody_elses_products_from_the_lists(desk: Desk) -> None:
    """The event is planted in the log: whatever the edge refuses, a log may hold from before."""
    first = await at.product(desk)
    (row, *_) = await desk.application.log.stream(UUID(first))
    drafted = codec.decode(row.type, row.schema_version, row.payload)
    name, version, payload = codec.encode(replace(drafted, product_key="PLANTED", name="网络\0安全"))
    planted = NewEvent("other", uuid4(), 1, name, version, payload, "{}", row.recorded_at, None, (), ())
    await desk.application.committer.submit(AppendRequest(events=[planted], tenant=SHARED))
    second = (await desk.ask(at.create_product("LATER"))).product.product_id

    while await desk.projector.advance(desk.tables.schema):
        pass

    listed = (await desk.ask(product_pb.ListProductsRequest())).products
    assert {one.product_id for one in listed} == {first, second}
    found = await standing(desk.tables)
    assert [(one.stream, one.tenant, one.error, one.reason) for one in found.first] == [
        (planted.stream, "other", "Unstorable", "product.name can't hold it")
    ]
    assert await desk.projector.rebuild() == (await desk.tables.position(), True)
