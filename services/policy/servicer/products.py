"""ProductService."""

from hubao.policy.v1 import product_service_pb2 as pb
from hubao.policy.v1 import product_service_pb2_grpc as pb_grpc

from libs.common.application import Application
from libs.common.context import current_call
from libs.common.grpc.convert import uuid_value
from libs.common.grpc.methods import Context
from libs.common.grpc.pages import next_token, page_of
from services.policy.application.products import Products
from services.policy.projections.underwriting_reads import UnderwritingReads
from services.policy.servicer.product_messages import product_message, row_message
from services.policy.servicer.product_values import terms_value
from services.policy.servicer.questionnaires import QuestionnaireMethods
from services.policy.servicer.values import filter_name


class ProductServicer(QuestionnaireMethods, pb_grpc.ProductServiceServicer):
    def __init__(self, application: Application, reads: UnderwritingReads) -> None:
        super().__init__(application, reads)
        self._products = Products(application)
        self._reads = reads

    async def CreateProduct(self, request: pb.CreateProductRequest, context: Context) -> pb.CreateProductResponse:
        terms = terms_value("terms", request.terms)
        done = await self._products.create(current_call(), request.product_key, request.name, terms)
        return pb.CreateProductResponse(product=product_message(done))

    async def ReviseProduct(self, request: pb.ReviseProductRequest, context: Context) -> pb.ReviseProductResponse:
        product_id = uuid_value("product_id", request.product_id)
        terms = terms_value("terms", request.terms)
        done = await self._products.revise(current_call(), product_id, terms, request.etag)
        return pb.ReviseProductResponse(product=product_message(done))

    async def PublishProduct(self, request: pb.PublishProductRequest, context: Context) -> pb.PublishProductResponse:
        product_id = uuid_value("product_id", request.product_id)
        done = await self._products.publish(current_call(), product_id, request.etag)
        return pb.PublishProductResponse(product=product_message(done))

    async def RetireProduct(self, request: pb.RetireProductRequest, context: Context) -> pb.RetireProductResponse:
        product_id = uuid_value("product_id", request.product_id)
        done = await self._products.retire(current_call(), product_id, request.version, request.etag)
        return pb.RetireProductResponse(product=product_message(done))

    async def GetProduct(self, request: pb.GetProductRequest, context: Context) -> pb.GetProductResponse:
        loaded = await self._products.get(current_call(), uuid_value("product_id", request.product_id))
        return pb.GetProductResponse(product=product_message(loaded))

    async def ListProducts(self, request: pb.ListProductsRequest, context: Context) -> pb.ListProductsResponse:
        tenant = current_call().tenant
        page = page_of(request, tenant)
        rows = await self._reads.products(tenant, page, filter_name(pb.ProductStatus, request.status))
        shown, token = next_token(page, rows, key=lambda row: (row.product_key, row.product_id))
        return pb.ListProductsResponse(products=[row_message(row) for row in shown], next_page_token=token)
