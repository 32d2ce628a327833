"""Who asks for what, and when: all that a command needs besides its payload.

The edge makes a `Call` from a request, the consumer from an announcement, the timer worker from a timer. The
application writes it into the metadata of every event, so an auditor can ask who, why and after what.
"""

from contextlib import AbstractContextManager
from contextvars import ContextVar, Token
from dataclasses import dataclass
from datetime import date, datetime

from libs.common.dates import date_in_shanghai

SHARED = "shared"
"""The tenant of what all insurers share: vendors, programmes."""


@dataclass(frozen=True, slots=True)
class Call:
    """One command's circumstances.

    `tenant` is the insurer whose data it may touch (empty for a vendor, an authority or an operator);
    `organisation` the caller's own id; `principal` names the caller in the audit trail, in its one written form
    (libs.common.names), and `principal_before` is what older events call the same caller, if that differs.
    `request_id` is a UUID text and `fingerprint` the SHA-256 of method and payload: same id and fingerprint means the
    same command, repeated.
    `now` is the service's clock, read once, in UTC; `heard_at` is when an announcement was recorded by its owner.
    """

    tenant: str
    organisation: str
    principal: str
    roles: frozenset[str]
    request_id: str
    fingerprint: bytes
    now: datetime
    correlation_id: str
    causation_id: str = ""
    traceparent: str = ""
    heard_at: datetime | None = None
    principal_before: str = ""

    @property
    def owner(self) -> str:
        """Whose request ids these are: the tenant's, or those of an organisation without one."""
        return self.tenant or self.organisation

    @property
    def visible_tenant(self) -> str | None:
        """Whose data this call may read: one insurer's, nobody's (""), or everybody's (None), which is for operators.

        The roles that a token may have together (libs.common.callers) make it one of the three; whatever else comes
        here, the narrower holds.
        """
        return None if "operator" in self.roles and not self.tenant else self.tenant

    @property
    def is_vendor(self) -> bool:
        """Whether the caller sees with a vendor's eyes: what is its own organisation's, whatever else it may be."""
        return "vendor" in self.roles

    def is_authority(self, organisation: str) -> bool:
        """Whether the caller speaks for this authority, and not only for a body that has the same id."""
        return "authority" in self.roles and organisation != "" and self.organisation == organisation

    @property
    def today(self) -> date:
        """The date in Shanghai on which this command runs."""
        return date_in_shanghai(self.now)


_CALL: ContextVar[Call] = ContextVar("call")
_POSITION: ContextVar[list[int]] = ContextVar("position")


def current_call() -> Call:
    """The call that the edge opened for this request; LookupError outside of one."""
    return _CALL.get()


def caller_key() -> str:
    """Whose eyes the current call sees with, for what is made for one caller and must not serve another."""
    call = _CALL.get(None)
    if call is None:
        return ""
    kind = "vendor" if call.is_vendor else ""
    return "\n".join((kind, "everybody" if call.visible_tenant is None else "", call.tenant, call.organisation))


def calling(call: Call) -> AbstractContextManager[list[int]]:
    """Makes `call` current, and gives a list to which the application adds each log position that it wrote."""
    return _Calling(call)


class _Calling:
    """A class, as a generator would cost as much as all that it does."""

    __slots__ = ("_call", "_tokens")
    _tokens: tuple[Token[Call], Token[list[int]]]

    def __init__(self, call: Call) -> None:
        self._call = call

    def __enter__(self) -> list[int]:
        positions: list[int] = []
        self._tokens = _CALL.set(self._call), _POSITION.set(positions)
        return positions

    def __exit__(self, *raised: object) -> None:
        _CALL.reset(self._tokens[0])
        _POSITION.reset(self._tokens[1])


def note_position(position: int) -> None:
    """Tells the edge how far the log came by this call, for the `hubao-position` trailer."""
    positions = _POSITION.get(None)
    if positions is not None:
        positions.append(position)
