import asyncio
import base64
import hmac
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from time import time
from typing import Any
from uuid import UUID

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from hubao.feed.v1 import admin_service_pb2 as admin
from hubao.feed.v1 import feed_service_pb2 as feed

from libs.common.context import Call, calling
from libs.common.errors import InvalidField
from libs.common.grpc import pages
from libs.common.grpc.pages import Page, next_token, page_of
from libs.common.store.migrate import prepare
from libs.common.store.reading import Log


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
    changed = raw[:16] + json.dumps([["i", 8]]).encode()

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


def test_a_seal_that_anybody_could_make_is_refused() -> None:
    """As it was made before it had a key: a digest of the query, which everybody can reckon."""
    page = page_of(asked())
    body = json.dumps([["s", "x"]]).encode()
    forged = [sha256(page.query + body).digest()[:size] for size in (12, 16)]
    forged += [hmac.digest(key, page.query + body, "sha256")[:16] for key in (b"", b"\0" * 32)]

    for seal in forged:
        with pytest.raises(InvalidField):
            page_of(asked(base64.urlsafe_b64encode(seal + body).rstrip(b"=").decode()))


def test_a_token_is_good_in_its_week_and_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time()
    token = token_after(page_of(asked()))

    monkeypatch.setattr(pages, "time", lambda: now + pages.WEEK)
    assert page_of(asked(token)).after == KEY
    monkeypatch.setattr(pages, "time", lambda: now + 2 * pages.WEEK)
    with pytest.raises(InvalidField):
        page_of(asked(token))


def a_call(tenant: str, organisation: str, *roles: str) -> Call:
    return Call(tenant, organisation, "user:li", frozenset(roles), "", b"", datetime(2026, 1, 1, tzinfo=UTC), "c")


CALLERS = [
    a_call("pingan", "pingan", "auditor"),
    a_call("renbao", "renbao", "auditor"),
    a_call("pingan", "vendor-1", "vendor"),
    a_call("", "vendor-1", "vendor"),
    a_call("", "vendor-2", "vendor"),
    a_call("", "vendor-1", "operator"),
]


def test_a_token_of_one_caller_is_refused_from_every_other() -> None:
    tokens = []
    for call in CALLERS:
        with calling(call):
            tokens.append(token_after(page_of(asked())))

    for at, call in enumerate(CALLERS):
        with calling(call):
            for index, token in enumerate(tokens):
                if index == at:
                    assert page_of(asked(token)).after == KEY
                else:
                    with pytest.raises(InvalidField):
                        page_of(asked(token))


def test_a_token_of_another_method_is_refused() -> None:
    token = token_after(page_of(asked()))

    with pytest.raises(InvalidField):
        page_of(admin.ListTimersRequest(page_token=token))


async def test_all_processes_of_a_service_have_one_key_also_after_a_restart(database: str) -> None:
    log = Log(prepare(database, "policy"))
    await log.open()
    first, second = pages.Sealer(), pages.Sealer()
    assert not second.fits(first.seal(b"q", b"b"), b"q", b"b")

    await asyncio.gather(first.open(log), second.open(log))
    third = pages.Sealer()
    await third.open(log)
    await log.close()

    for one in (first, second, third):
        assert third.fits(one.seal(b"q", b"b"), b"q", b"b")
        assert not third.fits(one.seal(b"q", b"b"), b"q", b"c")
