"""Structured logs on stderr: JSON lines with trace, span and request ids, or plain lines for a person.

Logs hold ids, codes and counts. They never hold a request's body, a name, or anything else of a person: whoever may
read the logs need not be allowed to read the data.
"""

import logging
import sys
from contextlib import suppress
from typing import Literal, TextIO

from opentelemetry import trace
from pythonjsonlogger.json import JsonFormatter

from libs.common.context import current_call

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


class _Plain(logging.Formatter):
    """One line for a person, with the request's id where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        request_id = getattr(record, "request_id", "")
        record.ids = f" [{request_id}]" if request_id else ""
        return super().format(record)


def log_to(stream: TextIO, service: str, form: Form = "json", level: int = logging.INFO) -> logging.Handler:
    """Sends all logs of this process to a stream, and only there; returns the handler that does it."""
    handler = logging.StreamHandler(stream)
    handler.addFilter(_Ids(service))
    if form == "json":
        renamed = {"levelname": "level", "name": "logger"}
        handler.setFormatter(JsonFormatter(_JSON, rename_fields=renamed, timestamp=True, json_ensure_ascii=False))
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
