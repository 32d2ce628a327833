"""The plain primary-key read: one row of the read tables by its id, behind the same edge and over the same pool.

ListPolicies answers with the policy whose id stands in `page_token`.
"""

from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID

from hubao.policy.v1 import policy_service_pb2 as pb
from hubao.policy.v1 import policy_service_pb2_grpc as pb_grpc
from sqlalchemy import select

from libs.common.application import Application
from libs.common.context import current_call
from libs.common.grpc.server import Servicer
from libs.common.projection.tables import ReadTables
from services.policy.projections.tables import policy
from services.policy.servicer.policy_messages import row_message
from tests.bench.servers.policy import POLICY
from tests.bench.servers.policy import serving as policy_serving


class Row(pb_grpc.PolicyServiceServicer):
    def __init__(self, tables: ReadTables) -> None:
        self._tables = tables

    async def ListPolicies(self, request: pb.ListPoliciesRequest, context: Any) -> pb.ListPoliciesResponse:
        query = select(policy).where(
            policy.c.policy_id == UUID(request.page_token), policy.c.tenant == current_call().tenant
        )
        async with self._tables.connect() as connection:
            row = (await connection.execute(query)).one()
        return pb.ListPoliciesResponse(policies=[row_message(row)])


def offered(application: Application, tables: ReadTables) -> list[Servicer]:
    return [(pb_grpc.add_PolicyServiceServicer_to_server, Row(tables), "hubao.policy.v1.PolicyService")]


def serving(url: str, directory: str) -> AbstractAsyncContextManager[int]:
    return policy_serving(url, directory, POLICY, offered)
