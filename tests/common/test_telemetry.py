import io
import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from libs.common import telemetry
from libs.common.context import Call, calling
from libs.common.grpc.client import channel
from libs.common.logs import Form, log_to
from tests.common.failing import failure
from tests.common.probe import SERVICE, Request, Response, served

REMOTE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What was recorded during a test."""
    exporter = InMemorySpanExporter()
    telemetry.set_up("test", span_exporter=exporter)
    yield exporter
    exporter.shutdown()


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    """The root logger, put back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield root
    root.handlers[:], root.level = handlers, level


def named(spans: InMemorySpanExporter, name: str, kind: SpanKind | None = None) -> ReadableSpan:
    [found] = [span for span in spans.get_finished_spans() if span.name == name and kind in (None, span.kind)]
    return found


def ids(span: ReadableSpan) -> tuple[int, int, int | None]:
    """Trace, span, parent."""
    assert span.context is not None
    return span.context.trace_id, span.context.span_id, span.parent.span_id if span.parent else None


async def test_one_trace_goes_from_the_caller_into_the_command(tmp_path: Path, spans: InMemorySpanExporter) -> None:
    path = f"/{SERVICE}/Ask"
    async with served(tmp_path) as good, channel(f"127.0.0.1:{good.port}", good.token) as ours:
        with telemetry.span("year"):
            ask = ours.unary_unary(path, Request.SerializeToString, Response.FromString)
            answer: Any = await ask(Request(name="x"))

    year, sent = ids(named(spans, "year")), ids(named(spans, path, SpanKind.CLIENT))
    received = ids(named(spans, path, SpanKind.SERVER))
    assert year[0] == sent[0] == received[0]
    assert (sent[2], received[2]) == (year[1], sent[1])
    assert answer.traceparent == f"00-{received[0]:032x}-{received[1]:016x}-01"
    assert answer.correlation_id == f"{received[0]:032x}"


async def test_streams_are_traced_too(tmp_path: Path, spans: InMemorySpanExporter) -> None:
    path = f"/{SERVICE}/ListAll"
    async with served(tmp_path) as good, channel(f"127.0.0.1:{good.port}", good.token) as ours:
        listed: Any = ours.unary_stream(path, Request.SerializeToString, Response.FromString)
        answers = [answer.traceparent async for answer in listed(Request(name="x", items=[{"count": 1}] * 3))]

    trace_id, span_id, parent = ids(named(spans, path, SpanKind.SERVER))
    assert answers == [f"00-{trace_id:032x}-{span_id:016x}-01"] * 3
    assert parent == ids(named(spans, path, SpanKind.CLIENT))[1]


async def test_a_span_tells_the_status_and_only_a_servers_fault_is_an_error(
    tmp_path: Path, spans: InMemorySpanExporter
) -> None:
    async with served(tmp_path) as good:
        for behaviour, code, error in (("refuse", 9, False), ("bug", 13, True)):
            spans.clear()
            await failure(good.call("Ask", Request(name="x", behaviour=behaviour)))

            span = named(spans, f"/{SERVICE}/Ask", SpanKind.SERVER)
            assert (span.attributes or {})["rpc.grpc.status_code"] == code
            assert (span.status.status_code is StatusCode.ERROR) == error


def test_a_stored_traceparent_is_gone_on_with(spans: InMemorySpanExporter) -> None:
    other = "00-11111111111111111111111111111111-2222222222222222-01"
    with telemetry.span_from(REMOTE, "relay", SpanKind.PRODUCER, links=[other, "damaged", ""]):
        inside = telemetry.current_traceparent()
        assert telemetry.current_trace_id() == "0af7651916cd43dd8448eb211c80319c"

    relay = named(spans, "relay")
    assert f"{ids(relay)[2]:016x}" == "b7ad6b7169203331"
    assert inside.startswith("00-0af7651916cd43dd8448eb211c80319c-")
    assert [f"{link.context.trace_id:032x}" for link in relay.links] == ["1" * 32]


def test_a_span_without_a_past_begins_a_trace_even_inside_another(spans: InMemorySpanExporter) -> None:
    with telemetry.span("outer"), telemetry.span_from("", "inner"):
        pass

    assert ids(named(spans, "inner"))[2] is None
    assert ids(named(spans, "inner"))[0] != ids(named(spans, "outer"))[0]


@pytest.fixture
def nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    """No exporter, as where no endpoint is configured."""
    telemetry.set_up("test")
    monkeypatch.setattr(telemetry.SAMPLER, "installed", True)
    monkeypatch.setattr(telemetry.SAMPLER, "exporting", False)


@pytest.mark.usefixtures("nobody_listens")
def test_a_call_of_which_nobody_hears_has_ids_all_the_same() -> None:
    with telemetry.span_of_call("", "/a/b", {}) as first, telemetry.span("inside") as inner:
        assert telemetry.current_trace_id() == f"{first.get_span_context().trace_id:032x}"
        assert inner.get_span_context().trace_id == first.get_span_context().trace_id
        assert not first.is_recording()
    assert telemetry.current_traceparent() == ""
    with telemetry.span_of_call("", "/a/b", {}) as second:
        assert telemetry.traceparent_of(second) != telemetry.traceparent_of(first)


@pytest.mark.usefixtures("nobody_listens")
@pytest.mark.parametrize("sent", [REMOTE, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"])
def test_a_call_of_which_nobody_hears_goes_on_with_its_callers_trace(sent: str) -> None:
    with telemetry.span_of_call(sent, "/a/b", {}) as ours:
        theirs, mine = sent.split("-"), telemetry.traceparent_of(ours).split("-")
        assert mine[1] == theirs[1]
        assert mine[2] != theirs[2]
        assert mine[3] == "00"


@pytest.mark.usefixtures("nobody_listens")
def test_what_is_no_traceparent_begins_a_trace() -> None:
    with telemetry.span_of_call("00-nonsense", "/a/b", {}) as ours:
        assert ours.get_span_context().is_valid


def test_outside_of_a_trace_there_is_no_traceparent() -> None:
    assert telemetry.current_traceparent() == ""
    assert telemetry.current_trace_id() == ""
    assert telemetry.traceparent_of(trace.INVALID_SPAN) == ""


def test_the_names_of_the_instruments_stay() -> None:
    instruments = {
        telemetry.COMMIT_BATCH_SIZE: "hubao.commit.batch_size",
        telemetry.COMMIT_DURATION: "hubao.commit.duration",
        telemetry.QUEUE_DEPTH: "hubao.queue.depth",
        telemetry.RELAY_LAG: "hubao.relay.lag",
        telemetry.CONSUMER_LAG: "hubao.consumer.lag",
        telemetry.CONSUMER_LAG_SECONDS: "hubao.consumer.lag.seconds",
        telemetry.PARKED: "hubao.parked",
        telemetry.TIMERS_LATE: "hubao.timers.late",
        telemetry.REFUSALS: "hubao.refusals",
        telemetry.GUARD_USED: "hubao.guard.used",
        telemetry.PROJECTION_LAG: "hubao.projection.lag",
        telemetry.PROJECTED: "hubao.projection.events",
        telemetry.CALL_DURATION: "hubao.call.duration",
    }
    for instrument, name in instruments.items():
        assert vars(instrument).get("_name", vars(instrument).get("name")) == name


def lines_of(form: Form, log: Any) -> list[str]:
    stream = io.StringIO()
    log_to(stream, "policy", form)
    log(logging.getLogger("libs.example"))
    return stream.getvalue().splitlines()


CALL = Call(
    tenant="pingan",
    organisation="org-1",
    principal="user:wang",
    roles=frozenset(),
    request_id=str(UUID(int=3)),
    fingerprint=b"",
    now=datetime(2025, 3, 1, tzinfo=UTC),
    correlation_id="c",
)


def test_a_log_line_is_json_with_the_ids_of_its_request(root_logger: logging.Logger) -> None:
    def log(logger: logging.Logger) -> None:
        with telemetry.span_from(REMOTE, "command"), calling(CALL):
            logger.info("parked", extra={"upstream": "policy", "position": 7})

    [line] = lines_of("json", log)
    told = json.loads(line)

    assert told["timestamp"]
    assert (told["level"], told["logger"], told["message"]) == ("INFO", "libs.example", "parked")
    assert (told["service"], told["upstream"], told["position"]) == ("policy", "policy", 7)
    assert (told["trace_id"], told["request_id"]) == ("0af7651916cd43dd8448eb211c80319c", str(UUID(int=3)))
    assert len(told["span_id"]) == 16
    assert "user:wang" not in line


def test_a_log_line_outside_of_a_request_has_no_ids(root_logger: logging.Logger) -> None:
    [line] = lines_of("json", lambda logger: logger.warning("starts"))

    assert not {"trace_id", "span_id", "request_id"} & set(json.loads(line))


def test_an_exception_stays_on_one_line_of_json(root_logger: logging.Logger) -> None:
    def log(logger: logging.Logger) -> None:
        try:
            raise RuntimeError("瀚海")
        except RuntimeError:
            logger.exception("failed")

    [line] = lines_of("json", log)

    assert "RuntimeError: 瀚海" in json.loads(line)["exc_info"]


def test_a_person_may_have_plain_lines(root_logger: logging.Logger) -> None:
    def log(logger: logging.Logger) -> None:
        logger.info("starts")
        with calling(CALL):
            logger.info("parked")

    first, second = lines_of("plain", log)

    assert first.endswith("INFO    policy libs.example: starts")
    assert second.endswith(f"parked [{UUID(int=3)}]")


def test_nothing_is_sent_without_an_endpoint() -> None:
    telemetry.set_up("test")

    with telemetry.span("unsent") as span:
        assert span.get_span_context().is_valid


def test_every_alarm_of_the_operators_guide_is_an_instrument_that_there_is() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    alarms = set(re.findall(r"^\| `(hubao\.[a-z.]+)`", guide, re.MULTILINE))
    source = Path(str(telemetry.__file__)).read_text()

    assert len(alarms) >= 8
    assert alarms <= set(re.findall(r'"(hubao\.[a-z.]+)"', source))
