"""By what an announcement from JetStream is believed: the Ed25519 signature of its owner (docs/adr/0022).

The relay signs what it publishes, with a key that only the owner's processes have; a consumer knows the public keys of
each upstream, and looks at the signature before it looks at anything else. Keys are files that are looked at once a
second, so they change without a restart: the consumers' first, then the owner's, and then the old one goes.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from time import monotonic

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hubao.feed.v1.feed_service_pb2 import Announcement
from nats.aio.msg import Msg

from libs.common.grpc.keys import LOOK_EVERY, KeySet
from libs.common.messaging.feed import announcement_in
from libs.common.messaging.seldom import Seldom
from libs.common.settings import SettingsError
from libs.common.tokens import IssuerKeyUnusable, key_id_of, load_key

KEY_ID = "hubao-key-id"
SIGNATURE = "hubao-signature"
PURPOSE = b"hubao announcement 1"
"""Signed with everything else, so that a signature made for something else never serves as one of an announcement."""
SIGNED = (
    *("ce-logid", "ce-position", "ce-logposition", "ce-type", "ce-subject", "ce-tenant", "ce-time"),
    *("ce-correlationid", "traceparent"),
)
"""The headers from which an announcement is made; all of them are signed, an absent one as an empty text."""


class NotBelieved(Exception):
    """A message is not its owner's, or not of this log; the message says why, in words that are few and fixed."""


def signed_form(service: str, headers: Mapping[str, str], data: bytes) -> bytes:
    """What is signed: each part behind its length, so that no two announcements have one form."""
    parts = [PURPOSE, service.encode(), *(headers.get(name, "").strip().encode() for name in SIGNED), data]
    return b"".join(b"%d:%b," % (len(part), part) for part in parts)


class Signer:
    """Signs the announcements of one service with the key in a file, which may be replaced while it is in use."""

    def __init__(self, service: str, path: Path) -> None:
        self._service = service
        self._path = path
        self._seen: object = None
        self._looked = float("-inf")
        self._warned = Seldom()
        self._key: Ed25519PrivateKey
        self._key_id = ""

    def open(self) -> None:
        """Reads the key; SettingsError if there is none, so that a service does not start without."""
        self._looked = monotonic()
        try:
            stat = self._path.stat()
            seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
            if seen != self._seen:
                self._key = load_key(self._path)
                self._key_id, self._seen = key_id_of(self._key), seen
        except (OSError, IssuerKeyUnusable) as error:
            raise SettingsError(f"HUBAO_ANNOUNCEMENT_KEY: {error}") from None

    def sign(self, headers: Mapping[str, str], data: bytes) -> dict[str, str]:
        """The headers, and those that say by which key and what its signature is."""
        if monotonic() - self._looked >= LOOK_EVERY:
            try:
                self.open()
            except SettingsError as error:
                self._warned.warning("the known key for announcements stays in use: %s", error)
        signature = self._key.sign(signed_form(self._service, headers, data))
        return {**headers, KEY_ID: self._key_id, SIGNATURE: b64encode(signature).decode()}


class Verifier:
    """Believes the announcements of one upstream by the public keys in a file (JWKS), any of them."""

    def __init__(self, upstream: str, path: Path) -> None:
        self._upstream = upstream
        self._keys = KeySet(str(path), "HUBAO_ANNOUNCEMENT_JWKS")

    async def open(self) -> None:
        """Reads the keys; SettingsError if there are none, so that a service does not start without."""
        await self._keys.open()

    async def announcement(self, message: Msg, log_id: str) -> Announcement:
        """What a message announces; NotBelieved unless the owner has signed it, for this log of that name."""
        headers = message.headers or {}
        try:
            signature = b64decode(headers[SIGNATURE], validate=True)
            key_id = headers[KEY_ID]
        except (KeyError, ValueError):
            raise NotBelieved("no signature") from None
        if self._keys.due:
            await self._keys.refresh()
        key = await self._keys.find(key_id)
        if key is None or key.algorithm != "EdDSA":
            raise NotBelieved("unknown key")
        try:
            key.key.verify(signature, signed_form(self._upstream, headers, message.data))
        except InvalidSignature:
            raise NotBelieved("wrong signature") from None
        if headers["ce-logid"] != log_id:
            raise NotBelieved("another log")
        return announcement_in(message)
