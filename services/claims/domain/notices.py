"""All notices of one insured, so that two notices of one event are seen to be so.

Different reporters may tell the same event, so a likeness is named on the later claim and never refused.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import ClassVar
from uuid import UUID

from libs.common.dates import PartialDate
from libs.common.events import event
from services.claims.domain.notice import Notice

WINDOW = timedelta(days=7)
"""Two events further apart than this are two events."""

CONTAINED = Fraction(9, 10)
"""The share of the shorter description's words that the longer one has, from which on it holds the shorter one."""
FEWEST_CONTAINED = 3
"""Fewer words than these stand in many descriptions."""

_WORDS = re.compile(r"[a-z0-9]+|[\u4e00-\u9fff]+")
_MOST_WORDS = 200


@event("claims.NoticeFiled")
class NoticeFiled:
    claim_id: UUID
    occurred_on: PartialDate | None
    words: frozenset[str]


@dataclass(frozen=True)
class InsuredNotices:
    """What was noticed for one insured: when, and in which words."""

    KIND: ClassVar[str] = "claims.InsuredNotices"

    filed: tuple[NoticeFiled, ...] = ()

    def like(self, notice: Notice) -> tuple[UUID, ...]:
        """The claims that may be about the same event: days that may be within a week, and much the same words."""
        words = words_of(notice)
        return tuple(
            entry.claim_id
            for entry in self.filed
            if _alike(entry.words, words) and _near(entry.occurred_on, notice.occurred_on)
        )

    @classmethod
    def begin(cls, event: NoticeFiled) -> "InsuredNotices":
        return cls((event,))

    def evolve(self, event: NoticeFiled) -> "InsuredNotices":
        return InsuredNotices((*self.filed, event))


def file_notice(claim_id: UUID, notice: Notice) -> list[NoticeFiled]:
    return [NoticeFiled(claim_id=claim_id, occurred_on=notice.occurred_on, words=words_of(notice))]


def words_of(notice: Notice) -> frozenset[str]:
    """The words of a description; of Chinese, which has no blanks, each pair of neighbouring characters."""
    words: list[str] = []
    for run in _WORDS.findall(notice.description.lower()):
        words += [run] if run.isascii() or len(run) == 1 else [run[i : i + 2] for i in range(len(run) - 1)]
    return frozenset(words[:_MOST_WORDS])


def _near(one: PartialDate | None, other: PartialDate | None) -> bool:
    """Whether two dates may be within the window; a date that nobody knows may be any."""
    if one is None or other is None:
        return True
    # The days between two dates, and never a date beyond the calendar's ends: notices may name the first of days.
    return one.earliest - other.latest <= WINDOW and other.earliest - one.latest <= WINDOW


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether half of all words stand in both, or nearly all of the shorter one in the longer: who tells more later
    tells the same event."""
    common = len(one & other)
    if 2 * common >= len(one | other):
        return bool(common)
    shorter = min(len(one), len(other))
    return shorter >= FEWEST_CONTAINED and CONTAINED * shorter <= common
