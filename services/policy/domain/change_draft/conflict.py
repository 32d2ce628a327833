"""What came between a draft and its commit: who drafts a change decides on the policy as it was then."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Self

from services.policy.domain.policy.policy import Policy
from services.policy.domain.policy.proposal import Proposal, ProposalKind
from services.policy.domain.policy.values import Transaction, TransactionKind

FOLLOWING = (TransactionKind.REVERSE, TransactionKind.REAPPLY)
"""Kinds of transactions that only follow from another one of the same change."""


@dataclass(frozen=True)
class Base:
    """The policy that a draft was made on: its version, and how many transactions it had."""

    version: int
    transactions: int

    @classmethod
    def of(cls, policy: Policy, version: int) -> Self:
        return cls(version, len(policy.transactions))


@dataclass(frozen=True)
class Between:
    """A change that was made since; `endorsement` is its number, 0 for another kind.

    `overlap` are the parts that it and the draft both touch, from the later of their effective dates on; empty if they
    touch none in common.
    """

    kind: TransactionKind
    endorsement: int
    transaction: int
    effective_date: date
    overlap: tuple[str, ...]
    overlap_from: date

    def __str__(self) -> str:
        what = f"endorsement {self.endorsement}" if self.endorsement else self.kind
        return f"{what} of {self.effective_date} (transaction {self.transaction})"


def came_between(base: Base, policy: Policy, proposal: Proposal) -> tuple[Between, ...]:
    """Each change that the policy has seen since the base, in order."""
    return tuple(_between(policy, proposal, each) for each in _causes(policy, base))


def _causes(policy: Policy, base: Base) -> Iterator[Transaction]:
    return (each for each in policy.transactions[base.transactions :] if each.kind not in FOLLOWING)


def _between(policy: Policy, proposal: Proposal, cause: Transaction) -> Between:
    theirs = _touched_by(policy, cause)
    overlap = touched(policy, proposal) & theirs
    return Between(
        kind=cause.kind,
        endorsement=cause.endorsement,
        transaction=cause.number,
        effective_date=cause.effective_date,
        overlap=tuple(sorted(overlap)),
        overlap_from=max(cause.effective_date, proposal.effective_date),
    )


def touched(policy: Policy, proposal: Proposal) -> frozenset[str]:
    """The parts on which a change bears."""
    return _all_parts(policy) | proposal.part_codes if proposal.touches_all_parts else proposal.part_codes


def _touched_by(policy: Policy, cause: Transaction) -> frozenset[str]:
    if cause.kind is not TransactionKind.ENDORSE:
        return _all_parts(policy)
    made = next(each for each in policy.endorsements if each.number == cause.endorsement)
    return touched(policy, Proposal(ProposalKind.ENDORSE, made.effective_date, made.reason, made.changes))


def _all_parts(policy: Policy) -> frozenset[str]:
    """Every part that is or was covered on some day."""
    days = [policy.bound.parts, *(segment.parts for segment in policy.segments)]
    return frozenset(part.code for parts in days for part in parts)
