"""What keeps the local scene from going on."""

from typing import Any, cast

import pytest
from google.protobuf.message import Message
from hubao.feed.v1 import admin_service_pb2 as pb

from deploy.local.clients import Caller
from deploy.local.cluster import Cluster, Parked


def cluster(**statuses: pb.GetStatusResponse) -> Cluster:
    async def told(request: Message, *, at: str) -> Any:
        match request:
            case pb.GetStatusRequest():
                return statuses.get(at, pb.GetStatusResponse())
            case pb.ListParkedRequest():
                one = pb.ParkedAnnouncement(
                    upstream="policy", position=3, type="hubao.policy.v1.Bound", error="it failed"
                )
                return pb.ListParkedResponse(parked=[one])
        raise AssertionError(request)

    return Cluster(cast(Caller, told), drain_within=1)


async def test_all_that_waits_for_a_person_is_told_at_once() -> None:
    waiting = cluster(claims=pb.GetStatusResponse(parked=2), policy=pb.GetStatusResponse(set_aside=4))

    with pytest.raises(Parked) as told:
        await waiting.drain()

    assert sorted(str(told.value).splitlines()) == [
        "claims has 2 parked; the first is hubao.policy.v1.Bound of policy at 3: it failed",
        "policy has 4 events set aside: hubao status -s policy",
    ]


async def test_where_nothing_waits_all_is_at_rest() -> None:
    await cluster().drain()
