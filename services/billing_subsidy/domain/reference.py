"""What people write into a payment's text, and what it stands for: policy numbers and case numbers.

Each number is a stream of its own, found by the number, so that matching needs no read table. An invoice's number is
its policy's with a running number behind it, so it needs none.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from libs.common.events import event


class Target(StrEnum):
    POLICY = "policy"
    CASE = "case"


@event("billing_subsidy.ReferenceGiven")
class ReferenceGiven:
    number: str
    target: Target
    target_id: UUID


@dataclass(frozen=True)
class Reference:
    """A number and what it stands for; it never stands for anything else."""

    KIND: ClassVar[str] = "billing_subsidy.Reference"

    number: str
    target: Target
    target_id: UUID

    @classmethod
    def begin(cls, event: ReferenceGiven) -> "Reference":
        return cls(event.number, event.target, event.target_id)

    def evolve(self, event: ReferenceGiven) -> "Reference":
        return self


def reference_key(number: str) -> str:
    """The key of a number's stream: capital letters do not matter at a bank."""
    return number.upper()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word of a payment's text that may be a number. `rule` says how it was read."""

    number: str
    rule: str


_BETWEEN_WORDS = re.compile(r"[\s,;:/|()，；：、（）。]+")
_INVOICE = re.compile(r"(.+)-\d{2,4}")
MOST_CANDIDATES = 20


def candidates(text: str) -> tuple[Candidate, ...]:
    """The words of a text that may be numbers, each also without a running number at its end."""
    found: dict[str, Candidate] = {}
    for word in _BETWEEN_WORDS.split(text.upper()):
        if len(word) < 4 or not any(character.isdigit() for character in word):
            continue
        found.setdefault(word, Candidate(word, "POLICY_NUMBER"))
        if invoice := _INVOICE.fullmatch(word):
            found.setdefault(invoice[1], Candidate(invoice[1], "INVOICE_NUMBER"))
    return tuple(found.values())[:MOST_CANDIDATES]
