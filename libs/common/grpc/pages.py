"""Pages of a list (AIP-158): a token says after which row the next page begins, and for which query.

A read orders its rows by a unique key, skips to `page.after` with a keyset condition, and fetches one row more than
`page.size`; `next_token` then knows whether there is a next page:

    page = page_of(request, call.tenant)
    rows = await self._reads.policies(call.tenant, after=page.after, limit=page.size + 1)
    shown, token = next_token(page, rows, key=lambda row: (row.bound_on, row.policy_id))

A token is sealed over the query and whose it is, with a key that nobody outside the service has. So one that is used
with other filters, for another method, by another tenant or organisation, that was damaged or made up, is refused, and
what it carries is a key of ours. The key is in the service's database, the same for all its processes; what seals is
derived from it anew each week, and a token is good in its week and the next.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from secrets import token_bytes
from time import time
from typing import Any, TypeVar
from uuid import UUID

from google.protobuf.message import Message

from libs.common.context import caller_key
from libs.common.errors import InvalidField
from libs.common.store.reading import Log

Row = TypeVar("Row")
Key = tuple[Any, ...]

DEFAULT_SIZE = 50
LARGEST_SIZE = 1000
SEAL_BYTES = 16
LONGEST_TOKEN = 4096
WEEK = 7 * 86_400
KEY_BYTES = 32

_READ: dict[str, Callable[[Any], Any]] = {
    "s": str,
    "i": int,
    "u": UUID,
    "d": date.fromisoformat,
    "t": datetime.fromisoformat,
    "n": Decimal,
}


class Sealer:
    """Seals the page tokens of this process. Until it is opened, with a key of its own that ends with it."""

    def __init__(self) -> None:
        self._key = token_bytes(KEY_BYTES)

    async def open(self, log: Log) -> None:
        """Takes the service's key, which the first of its processes makes."""
        await log.run(
            "INSERT INTO setting (key, value) VALUES ('page.key', %s) ON CONFLICT (key) DO NOTHING",
            (token_bytes(KEY_BYTES).hex(),),
        )
        row = await log.one("SELECT value FROM setting WHERE key = 'page.key'")
        assert row is not None
        self._key = bytes.fromhex(row[0])

    def seal(self, query: bytes, body: bytes) -> bytes:
        """The seal of this week."""
        return self._seal(_week(), query, body)

    def fits(self, seal: bytes, query: bytes, body: bytes) -> bool:
        """Whether a seal was made here, this week or the one before."""
        weeks = (_week(), _week() - 1)
        return any(hmac.compare_digest(seal, self._seal(week, query, body)) for week in weeks)

    def _seal(self, week: int, query: bytes, body: bytes) -> bytes:
        key = hmac.digest(self._key, b"page token %d" % week, "sha256")
        return hmac.digest(key, query + body, "sha256")[:SEAL_BYTES]


SEALER = Sealer()
"""A process is one service, so it has one; `page_of` and `next_token` are called where no object of the process is."""


def _week() -> int:
    return int(time()) // WEEK


@dataclass(frozen=True, slots=True)
class Page:
    """What a list is asked for: at most `size` rows after the one with the key `after`; () is before the first row."""

    size: int
    after: Key
    query: bytes


def page_of(request: Message, query_key: str = "", *, default: int = DEFAULT_SIZE) -> Page:
    """Reads `page_size` and `page_token`. All other fields of the request, who asks, and `query_key`, are the query.

    `query_key` holds what the query depends on besides the request and the caller's tenant and organisation. A size
    above 1000 means 1000, none means `default`.
    """
    size: int = request.page_size  # type: ignore[attr-defined]
    token: str = request.page_token  # type: ignore[attr-defined]
    if size < 0:
        raise InvalidField(field="page_size", problem="must not be negative")
    query = _query(request, query_key)
    return Page(min(size, LARGEST_SIZE) or default, _key(token, query) if token else (), query)


def next_token(page: Page, rows: Sequence[Row], key: Callable[[Row], Key]) -> tuple[Sequence[Row], str]:
    """The rows to show, and the token of the next page, empty at the end. `rows` is one row longer than the page if
    there are more. A key holds texts, whole numbers, decimals, dates, instants and UUIDs."""
    if len(rows) <= page.size:
        return rows, ""
    shown = rows[: page.size]
    body = json.dumps([_tagged(value) for value in key(shown[-1])], separators=(",", ":"), ensure_ascii=False).encode()
    return shown, base64.urlsafe_b64encode(SEALER.seal(page.query, body) + body).rstrip(b"=").decode()


def _query(request: Message, query_key: str) -> bytes:
    plain = type(request)()
    plain.CopyFrom(request)
    plain.ClearField("page_size")
    plain.ClearField("page_token")
    name = request.DESCRIPTOR.full_name
    asked = json.dumps([name, caller_key(), query_key]).encode()
    return sha256(asked + b"\n" + plain.SerializeToString(deterministic=True)).digest()


def _key(token: str, query: bytes) -> Key:
    refusal = InvalidField(field="page_token", problem="is not a token of this query")
    if len(token) > LONGEST_TOKEN:
        raise refusal
    try:
        raw = base64.b64decode(token.encode("ascii") + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error):
        raise refusal from None
    seal, body = raw[:SEAL_BYTES], raw[SEAL_BYTES:]
    if not SEALER.fits(seal, query, body):
        raise refusal
    try:
        return tuple(_READ[tag](value) for tag, value in json.loads(body))
    except (ValueError, TypeError, KeyError, ArithmeticError):
        raise refusal from None


def _tagged(value: object) -> tuple[str, str | int]:
    match value:
        case str():
            return "s", str(value)
        case bool():
            raise TypeError("a page's key holds no truth values")
        case int():
            return "i", int(value)
        case UUID():
            return "u", str(value)
        case datetime():
            return "t", value.isoformat()
        case date():
            return "d", value.isoformat()
        case Decimal():
            return "n", str(value)
    raise TypeError(f"a page's key can't hold {type(value).__name__}")
