import base64
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hubao.feed.v1 import admin_service_pb2 as admin
from hubao.feed.v1 import feed_service_pb2 as feed

from libs.common.errors import InvalidField
from libs.common.grpc.pages import Page, next_token, page_of


def message_with(**fields: str) -> Any:
    """A request of our own making, with these fields and their types."""
    file = descriptor_pb2.FileDescriptorProto(name="listing.proto", package="example", syntax="proto3")
    kind = file.message_type.add(name="ListingRequest")
    for number, (name, of) in enumerate(fields.items(), start=1):
        kind.field.add(name=name, number=number, type=of, label="LABEL_OPTIONAL")  # type: ignore[arg-type]
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("example.ListingRequest"))


KEY = ("瀚海", 7, UUID(int=5), date(2025, 3, 1), datetime(2025, 3, 1, 1, tzinfo=UTC), Decimal("1.50"))


def asked(token: str = "", size: int = 2) -> admin.ListParkedRequest:
    return admin.ListParkedRequest(page_size=size, page_token=token)


def token_after(page: Page) -> str:
    rows = list(range(page.size + 1))
    return next_token(page, rows, key=lambda row: KEY)[1]


def test_a_token_carries_the_key_of_the_last_row() -> None:
    token = token_after(page_of(asked(), "pingan"))

    assert page_of(asked(token, size=9), "pingan") == Page(9, KEY, page_of(asked(), "pingan").query)
    assert token.isascii() and not set(token) & set("+/=&?")


def test_a_page_shows_its_size_and_the_last_page_has_no_token() -> None:
    page = page_of(asked())

    assert list(next_token(page, [1, 2], key=lambda row: (row,))[0]) == [1, 2]
    assert next_token(page, [1, 2], key=lambda row: (row,))[1] == ""
    shown, token = next_token(page, [1, 2, 3], key=lambda row: (row,))
    assert list(shown) == [1, 2]
    assert page_of(asked(token)).after == (2,)


def test_a_size_of_none_is_fifty_and_a_larger_one_than_a_thousand_is_a_thousand() -> None:
    assert page_of(asked(size=0)).size == 50
    assert page_of(asked(size=0), default=100).size == 100
    assert page_of(asked(size=1001)).size == 1000


def test_a_negative_size_is_refused() -> None:
    with pytest.raises(InvalidField) as refusal:
        page_of(asked(size=-1))

    assert refusal.value.field == "page_size"


def test_a_token_of_another_query_is_refused() -> None:
    token = token_after(page_of(asked(), "pingan"))

    with pytest.raises(InvalidField) as refusal:
        page_of(asked(token), "renbao")

    assert refusal.value.field == "page_token"


def test_a_token_of_another_filter_is_refused() -> None:
    listing = message_with(page_size="TYPE_INT32", page_token="TYPE_STRING", state="TYPE_STRING")
    token = token_after(page_of(listing(page_size=2, state="bound")))

    assert page_of(listing(page_token=token, state="bound")).after == KEY
    with pytest.raises(InvalidField):
        page_of(listing(page_token=token, state="lapsed"))


@pytest.mark.parametrize("wrong", ["x", "not a token", "瀚海", "A" * 5000, "AAAAAAAAAAAAAAAAAAAAAAAA", "=", "%2"])
def test_a_damaged_token_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidField) as refusal:
        page_of(asked(wrong))

    assert refusal.value.field == "page_token"


def test_a_token_with_a_changed_key_is_refused() -> None:
    token = token_after(page_of(asked()))
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    changed = raw[:12] + json.dumps([["i", 8]]).encode()

    with pytest.raises(InvalidField):
        page_of(asked(base64.urlsafe_b64encode(changed).rstrip(b"=").decode()))


def test_a_key_of_another_kind_is_a_bug() -> None:
    page = page_of(asked(size=1))
    for wrong in (True, 1.5, None):
        with pytest.raises(TypeError):
            next_token(page, [1, 2], key=lambda row, wrong=wrong: (wrong,))  # type: ignore[misc]


def test_a_request_without_pages_has_none() -> None:
    with pytest.raises(AttributeError):
        page_of(feed.ReadRequest())
