"""Checks deliverables outside of the domain: what their content really is, and whose signature they bear.

A vendor signs the 32 bytes of the SHA-256 digest with Ed25519, so a file need not be at hand to see who vouches for it.
"""

from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.vendor_gateway.domain.deliverable import Check, Deliverable, SignatureVerdict


def examine(deliverable: Deliverable, signing_key: bytes) -> Check:
    """What the deliverable is, as far as it can be seen here. `signing_key` is the vendor's, empty for none."""
    content_sha256 = sha256(deliverable.content).hexdigest() if deliverable.content else ""
    return Check(signature=verdict(deliverable, signing_key), content_sha256=content_sha256)


def verdict(deliverable: Deliverable, signing_key: bytes) -> SignatureVerdict:
    if not signing_key:
        return SignatureVerdict.NO_KEY
    if not deliverable.signature:
        return SignatureVerdict.MISSING
    try:
        digest = bytes.fromhex(deliverable.sha256)
        Ed25519PublicKey.from_public_bytes(signing_key).verify(deliverable.signature, digest)
    except (InvalidSignature, ValueError):
        return SignatureVerdict.INVALID
    return SignatureVerdict.VALID
