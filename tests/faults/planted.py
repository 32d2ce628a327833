"""A service with a bug that the rig must find: `python -m tests.faults.planted policy skip-tracking`.

The bugs are planted here, into the running engine; the code of production knows nothing of them.
"""

import asyncio
import runpy
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

from libs.common.application import Application
from libs.common.changes import GuardChange, SetLimit
from libs.common.store.committer import Committer
from libs.common.store.requests import AppendRequest, Verdict

EARLY_SECONDS = 0.4


def skip_tracking() -> None:
    """A reaction's events are stored without the position that they react to, under a new request id each time."""
    whole = Application.react

    async def react(self: Application, call: Any, plan: Any, *, tracking: Any = None, unpark: Any = None) -> None:
        await whole(self, replace(call, request_id=str(uuid4())), plan, unpark=unpark)

    Application.react = react  # type: ignore[method-assign]


def acknowledge_early() -> None:
    """A command of one event is answered before it is stored, which happens a moment later."""
    stored = Committer._commit

    async def commit(self: Committer, batch: list[Any]) -> None:
        for ticket in batch:
            if ticket.request.tracking is None and ticket.request.timer is None and ticket.request.events:
                ticket.answer.set_result(_granted(ticket.request))
        await asyncio.sleep(EARLY_SECONDS)
        await stored(self, batch)

    Committer._commit = commit  # type: ignore[method-assign]


def _granted(request: AppendRequest) -> Verdict:
    return Verdict("ok", 1, 1, request.stream, request.version, "")


def drop_guard_check() -> None:
    """No append refuses for a limit, for each is opened as if it were endless; the events still say what it is."""
    submit = Committer.submit

    def unguarded(self: Committer, request: AppendRequest) -> "asyncio.Future[Verdict]":
        events = [replace(new, guards=tuple(map(_endless, new.guards))) for new in request.events]
        return submit(self, replace(request, events=events))

    Committer.submit = unguarded  # type: ignore[method-assign]


def _endless(change: GuardChange) -> GuardChange:
    return SetLimit(change.key, 10**15) if isinstance(change, SetLimit) else change


BUGS: dict[str, Callable[[], None]] = {
    "skip-tracking": skip_tracking,
    "acknowledge-early": acknowledge_early,
    "drop-guard-check": drop_guard_check,
}

if __name__ == "__main__":
    _, service, bug = sys.argv
    BUGS[bug]()
    sys.argv = [f"services/{service}"]
    runpy.run_module(f"services.{service}", run_name="__main__", alter_sys=True)
