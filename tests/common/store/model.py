"""What `append` promises, as a small program in memory."""

from dataclasses import dataclass, field
from uuid import UUID

from libs.common.changes import Schedule, SetLimit
from libs.common.store.requests import AppendRequest, timer_id


@dataclass
class Model:
    """A log that lives in dictionaries and judges one request after the other."""

    position: int = 0
    outbox: int = 0
    streams: dict[UUID, int] = field(default_factory=dict)
    requests: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    guards: dict[str, tuple[int, int]] = field(default_factory=dict)
    tracking: dict[str, int] = field(default_factory=dict)
    timers: dict[tuple[UUID, str], UUID] = field(default_factory=dict)

    def append(self, batch: list[AppendRequest]) -> list[tuple[str, int | None]]:
        """A verdict and a position for each request."""
        answers: list[tuple[str, int | None]] = []
        unsure: set[UUID] = set()
        for request in batch:
            verdict, position = self._judge(request, unsure)
            if verdict == "ok":
                position = self._apply(request)
            else:
                unsure |= {new.stream for new in request.events}
            answers.append((verdict, position))
        return answers

    def _judge(self, request: AppendRequest, unsure: set[UUID]) -> tuple[str, int | None]:
        if request.request_id in self.requests:
            fingerprint, position = self.requests[request.request_id]
            return ("repeated" if fingerprint == request.fingerprint else "reused"), position
        if request.tracking and self.tracking.get(request.tracking.upstream, 0) != request.tracking.after:
            return "tracking", None
        if request.timer and request.timer not in self.timers.values():
            return "moot", None
        if not self._follows(request) or unsure & self._streams(request):
            return "conflict", None
        return ("ok" if self._drawn(request) is not None else "guard"), None

    def _streams(self, request: AppendRequest) -> set[UUID]:
        return {new.stream for new in request.events} | {stream for stream, _ in request.looked_at}

    def _follows(self, request: AppendRequest) -> bool:
        now = dict(self.streams)
        for new in request.events:
            if new.version != now.get(new.stream, 0) + 1:
                return False
            now[new.stream] = new.version
        return all(version == self.streams.get(stream, 0) for stream, version in request.looked_at)

    def _drawn(self, request: AppendRequest) -> dict[str, tuple[int, int]] | None:
        guards = dict(self.guards)
        for change in (change for new in request.events for change in new.guards):
            used, limit = guards.get(change.key, (0, -1))
            if isinstance(change, SetLimit):
                guards[change.key] = (used, change.limit)
                continue
            over = change.amount > 0 and used + change.amount > limit
            if change.key not in guards or over or used + change.amount < 0:
                return None
            guards[change.key] = (used + change.amount, limit)
        return guards

    def _apply(self, request: AppendRequest) -> int:
        self.guards = self._drawn(request) or {}
        self.position += len(request.events)
        if request.tracking:
            self.tracking[request.tracking.upstream] = request.tracking.upto
        if request.timer:
            self.timers = {place: timer for place, timer in self.timers.items() if timer != request.timer}
        for new in request.events:
            self.streams[new.stream] = new.version
            self.outbox += new.outgoing is not None
            for timer in new.timers:
                self.timers.pop((new.stream, timer.name), None)
                if isinstance(timer, Schedule):
                    self.timers[new.stream, timer.name] = timer_id(new, timer)
        if request.request_id is not None:
            self.requests[request.request_id] = (request.fingerprint, self.position)
        return self.position
