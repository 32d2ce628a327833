"""A token issuer for one machine: the local stack and tests. In production, an identity provider takes its place."""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from time import time
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

ISSUER = "https://issuer.hubao.local"
AUDIENCE = "hubao"
KEY_FILE = "issuer.key"
JWKS_FILE = "jwks.json"


class IssuerKeyUnusable(Exception):
    """The key file is there, but it can't be read or holds no Ed25519 key; the message names it."""


@dataclass(frozen=True, slots=True)
class LocalIssuer:
    """Signs tokens with an Ed25519 key that only its owner can read."""

    directory: Path
    issuer: str
    key_id: str
    key: Ed25519PrivateKey

    @classmethod
    def create(cls, directory: Path, issuer: str = ISSUER) -> Self:
        """Loads the key in `directory`, or makes one (mode 0600); writes `jwks.json` beside it."""
        key = make_key(directory / KEY_FILE)
        write_jwks(directory / JWKS_FILE, key)
        return cls(directory, issuer, key_id_of(key), key)

    @property
    def jwks(self) -> Path:
        """The file with the public key, for HUBAO_JWKS."""
        return self.directory / JWKS_FILE

    def token(
        self,
        subject: str,
        organisation: str,
        tenant: str = "",
        roles: Iterable[str] = (),
        lifetime: timedelta = timedelta(hours=1),
        **claims: Any,
    ) -> str:
        """A signed token; `claims` add to the usual ones, or replace them. It expires by real time."""
        now = int(time())
        body = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": subject,
            "iat": now,
            "exp": now + int(lifetime.total_seconds()),
            "org": organisation,
            "roles": sorted(roles),
            **({"tenant": tenant} if tenant else {}),
            **claims,
        }
        return jwt.encode(body, self.key, algorithm="EdDSA", headers={"kid": self.key_id})


def make_key(path: Path) -> Ed25519PrivateKey:
    """The key in a file, which is made (mode 0600) if it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _write_new(path, Ed25519PrivateKey.generate())
    return load_key(path)


def write_jwks(path: Path, *keys: Ed25519PrivateKey) -> None:
    """Writes the public keys of these into a JWKS file, whole or not at all."""
    text = json.dumps({"keys": [_public_jwk(key) for key in keys]}, indent=2) + "\n"
    if path.exists() and path.read_text() == text:
        return
    with NamedTemporaryFile("w", dir=path.parent, delete=False) as fresh:
        fresh.write(text)
    os.chmod(fresh.name, 0o644)
    os.replace(fresh.name, path)


def key_id_of(key: Ed25519PrivateKey) -> str:
    """By what a key is named: the thumbprint of RFC 7638."""
    return _public_jwk(key)["kid"]


def _write_new(path: Path, key: Ed25519PrivateKey) -> None:
    """Writes the key whole or not at all; if another process is faster, its key stays."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with NamedTemporaryFile(dir=path.parent, delete=False) as fresh:  # Mode 0600 from the first byte.
        fresh.write(pem)
    try:
        os.link(fresh.name, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(fresh.name)


def load_key(path: Path) -> Ed25519PrivateKey:
    """The private key in a PEM file; IssuerKeyUnusable if there is none."""
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise IssuerKeyUnusable(f"{path}: {error}") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise IssuerKeyUnusable(f"{path} holds no Ed25519 key")
    return key


def _public_jwk(key: Ed25519PrivateKey) -> dict[str, str]:
    """The public key as a JWK; its id is the thumbprint of RFC 7638."""
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    needed = {"crv": "Ed25519", "kty": "OKP", "x": jwt.utils.base64url_encode(raw).decode()}
    thumbprint = sha256(json.dumps(needed, separators=(",", ":"), sort_keys=True).encode()).digest()
    return {**needed, "kid": jwt.utils.base64url_encode(thumbprint).decode(), "use": "sig", "alg": "EdDSA"}
