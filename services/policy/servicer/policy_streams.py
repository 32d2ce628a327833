"""PolicyService: what comes or goes as a stream."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

from hubao.policy.v1 import policy_import_pb2 as pb
from hubao.policy.v1 import policy_service_pb2 as policy_pb
from hubao.policy.v1 import policy_service_pb2_grpc as pb_grpc

from libs.common.application import Application
from libs.common.context import current_call
from libs.common.errors import InvalidField
from libs.common.grpc.methods import Context
from services.policy.application.importing import Import
from services.policy.projections.reads import Reads
from services.policy.servicer.import_files import READING, gathered, rows_in
from services.policy.servicer.importing import Row, answers
from services.policy.servicer.watching import Watching


class PolicyStreams(pb_grpc.PolicyServiceServicer):
    def __init__(self, application: Application, reads: Reads) -> None:
        self._application = application
        self._watching = Watching(application.log, reads)

    async def ImportPolicies(
        self, requests: AsyncIterator[pb.ImportPoliciesRequest], context: Context
    ) -> AsyncIterator[pb.ImportPoliciesResponse]:
        header = (await first_of(requests)).header
        importing = Import(self._application, current_call(), header.import_key, header.source, dry_run=header.dry_run)
        async for part in answers(importing, rows_of(requests)):
            yield _answer(pb.ImportPoliciesResponse, part)

    async def ImportPolicyFile(
        self, requests: AsyncIterator[pb.ImportPolicyFileRequest], context: Context
    ) -> AsyncIterator[pb.ImportPolicyFileResponse]:
        call, header = current_call(), (await first_of(requests)).header
        named = getattr(header, "import")  # A word of Python's own.
        importing = Import(self._application, call, named.import_key, named.source, dry_run=named.dry_run)
        async with READING.place(call.tenant) as place, gathered(header, requests) as path:
            async for part in answers(importing, rows_in(header, path, call.tenant, place)):
                yield _answer(pb.ImportPolicyFileResponse, part)

    async def WatchPolicies(
        self, request: policy_pb.WatchPoliciesRequest, context: Context
    ) -> AsyncIterator[policy_pb.WatchPoliciesResponse]:
        async for answer in self._watching.changes(current_call().tenant, request):
            yield answer


async def first_of(requests: AsyncIterator[Any]) -> Any:
    """The message that names an import; anything else in its place is refused."""
    first = await anext(requests, None)
    if first is None or first.WhichOneof("part") != "header":
        raise InvalidField(field="header", problem="must come first")
    return first


async def rows_of(requests: AsyncIterator[pb.ImportPoliciesRequest]) -> AsyncIterator[Sequence[Row]]:
    async for request in requests:
        if request.WhichOneof("part") != "rows":
            raise InvalidField(field="header", problem="comes only once")
        yield [Row(policy) for policy in request.rows.policies]


def _answer(kind: Any, part: pb.ImportResults | pb.ImportSummary) -> Any:
    return kind(results=part) if isinstance(part, pb.ImportResults) else kind(summary=part)
