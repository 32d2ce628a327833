"""Clients branch on reasons: renaming a class of refusal breaks them, so every reason is pinned."""

from collections import Counter
from string import Formatter

from libs.common.errors import DomainError
from libs.common.grpc.errors import status_of
from tests.contracts.errors import KINDS, home_of, reason_of, refusals, status_reason, unanswered
from tests.contracts.golden import assert_pinned


def details_of(cls: type[DomainError]) -> list[str]:
    """What the message names."""
    return sorted({name.split(".")[0] for _, name, _, _ in Formatter().parse(cls.message) if name})


def line(cls: type[DomainError]) -> str:
    kind = next((word for of, word in KINDS.items() if issubclass(cls, of)), "")
    return " ".join([home_of(cls), reason_of(cls), kind, *details_of(cls)])


def test_the_reasons_of_all_refusals_are_pinned() -> None:
    asked = [f"{home_of(cls)} {status_reason(cls())} unanswered" for cls in unanswered()]

    assert_pinned("error_reasons.txt", sorted([*(line(cls) for cls in refusals()), *asked]))


def test_every_refusal_is_of_one_of_the_kinds_and_has_a_message() -> None:
    for cls in refusals():
        assert issubclass(cls, tuple(KINDS)), cls
        assert cls.message.strip(), cls


def test_no_service_has_two_refusals_of_one_name() -> None:
    counted = Counter((home_of(cls), reason_of(cls)) for cls in refusals())

    assert [pair for pair, count in counted.items() if count > 1] == []


def test_every_refusal_can_be_told() -> None:
    for cls in refusals():
        details = dict.fromkeys({*details_of(cls), "field"}, "x")
        status = status_of(cls(**details), "policy")

        assert status.message
        assert status.details
