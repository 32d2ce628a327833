"""The number that people use for a policy: readable over the telephone, and the same for every retry."""

from datetime import date
from uuid import UUID

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford: no I, L, O, U.
CHARACTERS = 10


def policy_number(policy_id: UUID, inception: date) -> str:
    """Year of inception and the last 50 bits of the policy's id, "HB2026-7K3M9-QX2PA"."""
    text = "".join(ALPHABET[(policy_id.int >> 5 * place) & 31] for place in reversed(range(CHARACTERS)))
    return f"HB{inception.year}-{text[:5]}-{text[5:]}"
