"""The feed: a service's announcements read from its own outbox, and the same read from another service's."""

from datetime import UTC, datetime

import grpc
from google.protobuf.timestamp_pb2 import Timestamp
from hubao.feed.v1 import feed_service_pb2 as pb
from hubao.feed.v1 import feed_service_pb2_grpc as pb_grpc
from nats.aio.msg import Msg

from libs.common.store.reading import Log, OutboxRow

DEFAULT_PAGE = 200


class FeedServicer(pb_grpc.FeedServiceServicer):
    """Serves the outbox."""

    def __init__(self, store: Log) -> None:
        self._log = store

    async def Read(self, request: pb.ReadRequest, context: grpc.aio.ServicerContext[object, object]) -> pb.ReadResponse:
        head = await self._log.head()
        rows = await self._log.outbox(request.from_position - 1, request.page_size or DEFAULT_PAGE)
        return pb.ReadResponse(
            announcements=[announcement_of(row) for row in rows],
            head_position=head.outbox_position,
            log=head.log,
            log_id=str(head.id),
        )


def announcement_of(row: OutboxRow) -> pb.Announcement:
    """An outbox row as the feed gives it."""
    return pb.Announcement(
        position=row.position,
        log_position=row.log_position,
        type=row.type,
        tenant=row.tenant,
        subject=str(row.subject),
        recorded_time=timestamp(row.recorded_at),
        traceparent=row.traceparent,
        correlation_id=row.correlation_id,
        data=row.data,
    )


def announcement_in(message: Msg) -> pb.Announcement:
    """The announcement that a JetStream message carries; KeyError or ValueError if it is none of ours."""
    headers = message.headers or {}
    return pb.Announcement(
        position=int(headers["ce-position"]),
        log_position=int(headers["ce-logposition"]),
        type=headers["ce-type"],
        tenant=headers["ce-tenant"],
        subject=headers["ce-subject"],
        recorded_time=timestamp(datetime.fromisoformat(headers["ce-time"])),
        traceparent=headers.get("traceparent", ""),
        correlation_id=headers["ce-correlationid"],
        data=message.data,
    )


def timestamp(instant: datetime) -> Timestamp:
    """An instant in protobuf's form."""
    message = Timestamp()
    message.FromDatetime(instant.astimezone(UTC))
    return message


class Feed:
    """Reads another service's announcements over gRPC."""

    def __init__(self, upstream: str, channel: grpc.aio.Channel) -> None:
        self.upstream = upstream
        self.log_id = ""
        """Which log answers; empty until it has."""
        self._stub = pb_grpc.FeedServiceStub(channel)  # type: ignore[no-untyped-call]

    async def read(self, after: int, limit: int = 500) -> list[pb.Announcement]:
        """The announcements behind a position, in order; raises grpc.aio.AioRpcError if the owner can't be reached."""
        response: pb.ReadResponse = await self._stub.Read(
            pb.ReadRequest(from_position=after + 1, page_size=limit), timeout=5
        )
        self.log_id = response.log_id
        return list(response.announcements)
