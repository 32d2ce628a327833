"""Products: drafted, published, retired."""

from uuid import UUID

from libs.common.application import Application, Done, Loaded
from libs.common.context import Call
from libs.common.streams import stream_id
from libs.common.unit import Unit
from services.policy.application.questionnaires import with_questions
from services.policy.domain.errors import ProductExists, ProductNotFound
from services.policy.domain.product.product import Product
from services.policy.domain.product.terms import ProductTerms


class Products:
    def __init__(self, application: Application) -> None:
        self._application = application

    async def create(self, call: Call, product_key: str, name: str, terms: ProductTerms) -> Done[Product]:
        key = product_key or call.request_id
        stream = stream_id(call.tenant, Product.KIND, key)

        async def plan(unit: Unit) -> None:
            if not await unit.is_new(Product, stream):
                raise ProductExists(product_key=key)
            unit.record(Product, stream, Product.create(key, name, await with_questions(unit, terms)))

        return await self._application.execute(call, Product, stream, plan)

    async def revise(self, call: Call, product_id: UUID, terms: ProductTerms, etag: str) -> Done[Product]:
        async def plan(unit: Unit) -> None:
            product = await product_of(unit, str(product_id))
            unit.record(Product, product_id, product.revise(await with_questions(unit, terms)))

        return await self._application.execute(call, Product, product_id, plan, etag=etag)

    async def publish(self, call: Call, product_id: UUID, etag: str) -> Done[Product]:
        async def plan(unit: Unit) -> None:
            product = await product_of(unit, str(product_id))
            published = product.publish(call.now)
            if published and product.draft is not None:
                await with_questions(unit, product.draft)  # What it pins may be retired meanwhile.
            unit.record(Product, product_id, published)

        return await self._application.execute(call, Product, product_id, plan, etag=etag)

    async def retire(self, call: Call, product_id: UUID, version: int, etag: str) -> Done[Product]:
        missing = ProductNotFound(product_id=product_id)
        return await self._application.change(
            call, Product, product_id, lambda product: product.retire(version), missing, etag=etag
        )

    async def get(self, call: Call, product_id: UUID) -> Loaded[Product]:
        missing = ProductNotFound(product_id=product_id)
        return await self._application.read(Product, product_id, missing, tenant=call.tenant)


async def product_of(unit: Unit, product_id: str) -> Product:
    """The product that another aggregate names."""
    return await unit.get(Product, UUID(product_id), ProductNotFound(product_id=product_id))
