"""Structured logs on stderr: JSON lines with trace, span and request ids, or plain lines for a person.

Logs hold ids, codes and counts. They never hold a request's body, a name, or anything else of a person: whoever may
read the logs need not be allowed to read the data. So what the database says of values (`DETAIL: Key (uscc)=(…)`) is
left out of tracebacks. An outage is no error of ours, whoever logs it as one: it is a line, and a warning.
"""

import asyncio
import logging
import sys
from contextlib import suppress
from traceback import format_exception_only, format_tb
from types import TracebackType
from typing import Literal, TextIO

import psycopg
import sqlalchemy.exc
from opentelemetry import trace
from pythonjsonlogger.json import JsonFormatter

from libs.common.context import current_call
from libs.common.outages import in_a_line, is_outage

Form = Literal["json", "plain"]

_PLAIN = "%(asctime)s.%(msecs)03d %(levelname)-7s %(service)s %(name)s: %(message)s%(ids)s"
_JSON = "%(levelname)s %(name)s %(message)s"


class _Ids(logging.Filter):
    """Adds to each record what it belongs to."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def filter(self, record: logging.LogRecord) -> bool:
        record.service = self._service
        context = trace.get_current_span().get_span_context()
        if context.is_valid:
            record.trace_id, record.span_id = f"{context.trace_id:032x}", f"{context.span_id:016x}"
        if not hasattr(record, "request_id"):
            with suppress(LookupError):  # Not every line is written for a request.
                record.request_id = current_call().request_id
        return True


class _Outages(logging.Filter):
    """Makes a warning of one line of what a library logs as an error, traceback and all, when the platform failed."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        if record.levelno >= logging.ERROR and error is not None and _is_the_platforms(record, error):
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.msg, record.args = f"{record.getMessage()}: {in_a_line(error)}", ()
            record.exc_info = record.exc_text = None
        return True


def _is_the_platforms(record: logging.LogRecord, error: BaseException) -> bool:
    # A pool resets connections also when the one who used it was cancelled in the middle of a statement.
    reset = record.name.startswith("sqlalchemy.pool") and isinstance(error, asyncio.CancelledError)
    return reset or is_outage(error)


def traceback_of(error: BaseException | None) -> str:
    """The traceback of an error and of its causes, without what the database says of values."""
    parts: list[str] = []
    while error is not None:
        said = "".join(format_tb(error.__traceback__)) + _said(error)
        parts.insert(0, f"Traceback (most recent call last):\n{said}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\n\nWhich led to:\n\n".join(parts)


def _said(error: BaseException) -> str:
    if isinstance(error, psycopg.Error | sqlalchemy.exc.StatementError):
        return in_a_line(error)
    if isinstance(error, BaseExceptionGroup):
        return "\n".join([type(error).__name__, *(traceback_of(one) for one in error.exceptions)])
    return "".join(format_exception_only(error)).rstrip()


class _Discreet(logging.Formatter):
    """Tells exceptions by `traceback_of`."""

    def formatException(  # noqa: N802 - the name that logging calls.
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        return traceback_of(ei[1])


class _Json(_Discreet, JsonFormatter):
    """One JSON document for each line."""


class _Plain(_Discreet):
    """One line for a person, with the request's id where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        request_id = getattr(record, "request_id", "")
        record.ids = f" [{request_id}]" if request_id else ""
        return super().format(record)


def log_to(stream: TextIO, service: str, form: Form = "json", level: int = logging.INFO) -> logging.Handler:
    """Sends all logs of this process to a stream, and only there; returns the handler that does it."""
    handler = logging.StreamHandler(stream)
    handler.addFilter(_Ids(service))
    handler.addFilter(_Outages())
    if form == "json":
        renamed = {"levelname": "level", "name": "logger"}
        handler.setFormatter(_Json(_JSON, rename_fields=renamed, timestamp=True, json_ensure_ascii=False))
    else:
        handler.setFormatter(_Plain(_PLAIN, datefmt="%H:%M:%S"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    return handler


def log_to_stderr(service: str, form: Form = "json") -> None:
    """What every process of ours does first."""
    # In an outage each connection of a pool would say so, again and again; so does every worker that needs one, once.
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
    log_to(sys.stderr, service, form)
