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
from libs.common.names import key_of, number_key


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
    """The key of a number's stream: its normal form in capital letters, as keys have always been stored."""
    return number_key(number).upper()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A word of a payment's text that may be a number. `rule` says how it was read; if the longer word `within` is a
    known number, this is none."""

    number: str
    rule: str
    within: str = ""


_BETWEEN_WORDS = re.compile(r"[\s,;:/|()\[\]<>{}#'\"、。【】「」『』《》〈〉〔〕“”‘’]+")
_RUN = re.compile(r"[0-9A-Z][0-9A-Z._-]*")
_PREFIX = re.compile(r"(?:NO|NR|NUM|NUMBER|REF|INV|INVOICE|POLICY|CASE)[.:_-]+(?=[0-9A-Z])")
_INVOICE = re.compile(r"(.+)-\d{2,4}")
_AT_ENDS = "._-"
MOST_CANDIDATES = 60


def candidates(text: str) -> tuple[Candidate, ...]:
    """What in a text may be a number, in its normal form: whole words, what of them is written in letters and digits,
    and both without "NO." before and without a running number at the end. Whether it is one, only known numbers tell.

    A part of a longer run of letters and digits is never taken for a number: it would be another's.
    """
    found: dict[str, Candidate] = {}
    for word in _BETWEEN_WORDS.split(key_of(text.replace("№", " ")).upper()):
        for written in (word, *_RUN.findall(word)):
            whole = written.strip(_AT_ENDS)
            _consider(found, whole, "")
            if prefix := _PREFIX.match(written):
                _consider(found, written[prefix.end() :].strip(_AT_ENDS), whole)
    return tuple(found.values())[:MOST_CANDIDATES]


def _consider(found: dict[str, Candidate], number: str, within: str) -> None:
    if len(number) < 4 or not any(character.isdigit() for character in number):
        return
    found.setdefault(number, Candidate(number, "POLICY_NUMBER", within))
    if invoice := _INVOICE.fullmatch(number):
        found.setdefault(invoice[1], Candidate(invoice[1], "INVOICE_NUMBER", number))
