"""The public keys of the token issuer, from a JWKS file or URL, kept fresh.

A file is looked at once a second and read again when it has changed. A URL is asked every five minutes, so that a
withdrawn key dies out, and at once (but at most once a second) for a key id that is not known yet.
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.request import urlopen

import jwt

from libs.common.settings import SettingsError

LOOK_EVERY = 1.0
ASK_EVERY = 300.0
URL_SECONDS = 5.0
LARGEST_JWKS = 1 << 20

ALGORITHMS: Mapping[tuple[object, object], str] = {
    ("OKP", "Ed25519"): "EdDSA",
    ("RSA", None): "RS256",
    ("EC", "P-256"): "ES256",
}
"""The one algorithm for each type of key. What the token's header asks for is not a choice."""

_LOG = logging.getLogger(__name__)


class KeysUnreadable(SettingsError):
    """A setting, such as HUBAO_JWKS, leads to no usable keys."""


@dataclass(frozen=True, slots=True)
class Key:
    """A public key and the only algorithm that it may be used with."""

    key: Any
    algorithm: str


class KeySet:
    """The issuer's keys by id. `generation` moves whenever they change."""

    def __init__(self, source: str, setting: str = "HUBAO_JWKS") -> None:
        self._source = source
        self._setting = setting
        self._remote = source.startswith(("https://", "http://"))
        self._keys: Mapping[str, Key] = {}
        self._seen: object = None
        self._looked = float("-inf")
        self._asking = asyncio.Lock()
        self.generation = 0

    @property
    def due(self) -> bool:
        """Whether it is time to look for changed keys."""
        return monotonic() - self._looked >= (ASK_EVERY if self._remote else LOOK_EVERY)

    async def open(self) -> None:
        """Reads the keys for the first time; KeysUnreadable if that fails."""
        await self._load()

    async def find(self, key_id: str) -> Key | None:
        """The key with this id, looked for afresh if it is not known."""
        if key_id not in self._keys and monotonic() - self._looked >= LOOK_EVERY:
            await self.refresh()
        return self._keys.get(key_id)

    async def refresh(self) -> None:
        """Looks for changed keys. If they can't be read, the known ones stay, and the log says so."""
        async with self._asking:
            if monotonic() - self._looked < LOOK_EVERY:
                return  # Somebody else has just looked.
            try:
                await self._load()
            except KeysUnreadable as error:
                _LOG.warning("the known keys stay in use: %s", error)

    async def _load(self) -> None:
        self._looked = monotonic()
        try:
            if self._remote:
                text = await asyncio.to_thread(_fetch, self._source)
                seen: object = text
            else:
                path = Path(self._source)
                stat = path.stat()
                seen = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
                if seen == self._seen:
                    return
                text = path.read_bytes()
            if seen != self._seen:
                self._keys = _parse(text)
                self._seen = seen
                self.generation += 1
        except (OSError, ValueError, TypeError, jwt.PyJWTError) as error:
            raise KeysUnreadable(f"{self._setting}: no keys can be read from {self._source}: {error}") from None


def _fetch(url: str) -> bytes:
    with urlopen(url, timeout=URL_SECONDS) as answer:
        return bytes(answer.read(LARGEST_JWKS))


def _parse(text: bytes) -> dict[str, Key]:
    """The keys of a JWKS that have an id and a type that we take; ValueError if there are none."""
    document = json.loads(text)
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("it is no JWKS")
    keys: dict[str, Key] = {}
    for entry in listed:
        algorithm = ALGORITHMS.get((entry.get("kty"), entry.get("crv"))) if isinstance(entry, dict) else None
        if algorithm is None or "kid" not in entry or entry.get("alg", algorithm) != algorithm:
            continue
        if entry.get("use", "sig") == "sig":
            keys[str(entry["kid"])] = Key(jwt.PyJWK(entry, algorithm).key, algorithm)
    if not keys:
        raise ValueError("it has no usable key")
    return keys
