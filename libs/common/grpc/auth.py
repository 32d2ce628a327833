"""Who is calling: JSON Web Tokens, checked once and remembered until they expire.

Tokens expire by real time, whatever the service's clock says.
"""

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from time import time
from typing import Any

import jwt
from google.rpc.code_pb2 import Code

from libs.common.callers import KNOWN, problem_of
from libs.common.context import SHARED
from libs.common.grpc.errors import EdgeRefusal
from libs.common.grpc.keys import KeySet
from libs.common.names import LONGEST_PRINCIPAL, PERSON, principal_of

LEEWAY = 5
"""Seconds by which two machines' clocks may differ."""
LONGEST_TOKEN = 4096
"""Well below the 8 KiB of metadata from which on gRPC itself begins to turn calls away, some and not others."""
REMEMBERED = 10_000
NEEDED_CLAIMS = ["exp", "iat", "sub", "iss", "aud"]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token speaks for, as libs.common.callers allows. `tenant` is empty for all but insurers; `roles` are those
    that Hubao knows; `principal` is the name in the audit trail, in its one written form."""

    subject: str
    """As the token writes it. Who it is, is said by `principal` alone."""
    principal: str
    organisation: str
    tenant: str
    roles: frozenset[str]
    expires_at: float

    @property
    def principal_before(self) -> str:
        """How events name the caller that were stored before principals had one form; empty if it is the same."""
        written = PERSON + self.subject
        return "" if written == self.principal else written


class Authenticator:
    """Turns an `authorization` header into an identity, or refuses with UNAUTHENTICATED."""

    def __init__(self, jwks: str, issuer: str, audience: str = "hubao") -> None:
        self._keys = KeySet(jwks)
        self._issuer = issuer
        self._audience = audience
        self._known: OrderedDict[bytes, Identity] = OrderedDict()
        self._generation = 0

    async def open(self) -> None:
        """Reads the keys; KeysUnreadable if there are none, so that a service does not start without."""
        await self._keys.open()

    async def identify(self, authorization: str | bytes | None) -> Identity:
        """The caller. A token is checked once; after that it is only looked up, until it expires or the keys change."""
        if not isinstance(authorization, str) or not authorization:
            raise _unauthenticated("TOKEN_MISSING", "This method needs a token: authorization: Bearer <token>.")
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > LONGEST_TOKEN:
            raise _unauthenticated("TOKEN_INVALID", "The authorization header holds no bearer token.")
        if self._keys.due:
            await self._keys.refresh()
        if self._generation != self._keys.generation:
            self._known.clear()
            self._generation = self._keys.generation
        digest = sha256(token.encode()).digest()
        identity = self._known.get(digest)
        if identity is None:
            identity = await self._verify(token)
            self._remember(digest, identity)
        else:
            self._known.move_to_end(digest)
        if time() >= identity.expires_at + LEEWAY:
            self._known.pop(digest, None)
            raise _unauthenticated("TOKEN_EXPIRED", "The token has expired.")
        return identity

    def _remember(self, digest: bytes, identity: Identity) -> None:
        self._known[digest] = identity
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    async def _verify(self, token: str) -> Identity:
        try:
            key = await self._keys.find(str(jwt.get_unverified_header(token).get("kid", "")))
            if key is None:
                raise _unauthenticated("TOKEN_INVALID", "The token is signed with a key that is not known here.")
            claims = jwt.decode(
                token,
                key.key,
                algorithms=[key.algorithm],
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY,
                options={"require": NEEDED_CLAIMS},
            )
        except jwt.ExpiredSignatureError:
            raise _unauthenticated("TOKEN_EXPIRED", "The token has expired.") from None
        except jwt.InvalidAudienceError:
            raise _unauthenticated("TOKEN_WRONG_AUDIENCE", "The token is meant for another audience.") from None
        except jwt.InvalidIssuerError:
            raise _unauthenticated("TOKEN_WRONG_ISSUER", "The token comes from another issuer.") from None
        except (jwt.PyJWTError, ValueError, TypeError):
            raise _unauthenticated(
                "TOKEN_INVALID", "The token is damaged, not signed by the issuer, or incomplete."
            ) from None
        return _identity(claims)


def _identity(claims: dict[str, Any]) -> Identity:
    subject, organisation, tenant = claims["sub"], claims.get("org", ""), claims.get("tenant", "")
    roles = claims.get("roles", [])
    texts = (subject, organisation, tenant, *roles) if isinstance(roles, list) else (None,)
    if not subject or not all(isinstance(text, str) for text in texts):
        raise _unauthenticated("TOKEN_INVALID", "A claim of the token has the wrong form.")
    if tenant == SHARED:
        raise _unauthenticated("TOKEN_INVALID", f"No insurer is named {SHARED}.")
    known = KNOWN.intersection(roles)
    if problem := problem_of(known, organisation, tenant):
        raise _unauthenticated("TOKEN_INVALID", problem)
    return Identity(subject, _principal(subject), organisation, tenant, known, float(claims["exp"]))


def _principal(subject: str) -> str:
    try:
        principal = principal_of(subject)
    except ValueError:
        principal = ""
    if not principal or len(principal) > LONGEST_PRINCIPAL:
        raise _unauthenticated(
            "TOKEN_INVALID", f"The token's subject must be a name of at most {LONGEST_PRINCIPAL} characters."
        )
    return principal


def _unauthenticated(reason: str, message: str) -> EdgeRefusal:
    return EdgeRefusal(Code.UNAUTHENTICATED, reason, message)
