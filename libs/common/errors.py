"""Refusals: a rule said no, so nothing happened.

Three kinds, and a class of three lines for each rule in a service's `domain/errors.py`:

    class QuoteExpired(Refused):
        message = "The quote expired on {expired_on}; ask for a new one."

The message for a person and the details for a program come from the same keyword arguments, so they can't
disagree. `libs.common.grpc.errors` maps the kinds to gRPC statuses; the reason a client sees is the class name in
UPPER_SNAKE, pinned by a test.
"""

import re
from collections.abc import Sequence
from typing import ClassVar

from libs.common.texts import shown


class DomainError(Exception):
    """A rule refused the command, so nothing happened."""

    message: ClassVar[str]

    def __init__(self, **details: object) -> None:
        super().__init__()
        self._details = details

    def __str__(self) -> str:
        # Made when it is read: most refusals are prepared (`missing=PolicyNotFound(…)`) and never raised.
        return shown(self.message.format(**self._details))

    @property
    def details(self) -> dict[str, str]:
        """The facts of the message, for programs."""
        return {name: shown(str(value)) for name, value in self._details.items()}

    @property
    def reason(self) -> str:
        """The stable name of the rule, as programs see it: the class name in UPPER_SNAKE."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", type(self).__name__).upper()


class Invalid(DomainError):
    """A field of the request is wrong whatever the state of the world; `field` is its path in the request."""

    message = "{field}: {problem}"

    def __init__(self, *, field: str, **details: object) -> None:
        super().__init__(field=field, **details)
        self.field = field

    @property
    def each(self) -> "tuple[Invalid, ...]":
        """Every wrong field that this speaks of."""
        return (self,)


class NotFound(DomainError):
    """There is no such thing, or it belongs to somebody else (which the caller can't tell apart)."""


class Refused(DomainError):
    """The request is well formed, but the state of the world does not allow it."""


class InvalidField(Invalid):
    """The general form of a wrong field, where no rule of its own is worth a name."""


class InvalidFields(InvalidField):
    """Several fields of one request are wrong; its own field and details are those of the first."""

    def __init__(self, wrong: Sequence[Invalid]) -> None:
        first = wrong[0]
        super().__init__(field=first.field, problem=problem_of(first))
        self._each = tuple(wrong)

    def __str__(self) -> str:
        return shown("; ".join(f"{one.field}: {problem_of(one)}" for one in self._each))

    @property
    def each(self) -> "tuple[Invalid, ...]":
        return self._each

    @property
    def reason(self) -> str:
        return InvalidField(field=self.field, problem="").reason


class FileHasNoRows(Invalid):
    """A file of a table, of whatever kind and for whatever service, holds nothing to import."""

    message = "{field}: holds no row beside its headings."


def problem_of(wrong: Invalid) -> str:
    """What is wrong with the field, without its name."""
    return wrong.details.get("problem") or str(wrong)


class NotYet(Exception):
    """A reaction needs a fact from another upstream that has not arrived; try again, don't park yet."""


class PositionAhead(Refused):
    """A read asks for a position that the log has not: of another log, or of one from before a restore.

    How far the log has come is not told: it counts what all insurers do.
    """

    message = "The log has not come to {asked}."


class Stale(DomainError):
    """The resource has moved on since the caller read it (AIP-154); read it again. gRPC: ABORTED."""

    message = "The resource is at etag {current}, not {given}; read it again."


class GuardExceeded(Refused):
    """A draw would take a guard past its limit. `limit` says which in words; `amount` and `left` have their unit."""

    message = "{limit} allows {left} more, not {amount} (guard {guard})."


class AmountOutOfRange(Refused):
    """An amount, or a sum of several, that would be recorded is beyond what is recorded of anything."""

    message = "{event} would hold an amount of 10,000,000,000,000,000.00 or more, which is not recorded."


class AmountNotExpressible(Refused):
    """A sum is exact, and more than an answer can say: its whole units do not fit 64 bits."""

    message = "{amount} is more than this answer can say."


class RequestIdReused(Refused):
    """The request id was used before, with another payload."""

    message = "Request id {request_id} was used before with another payload."
