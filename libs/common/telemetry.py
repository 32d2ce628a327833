"""Traces and metrics by OpenTelemetry: one trace from the caller to the last reaction, and the instruments by name.

Nothing is sent unless an endpoint is configured. Without one, spans still have ids, so that logs and stored events of
one request can be found by its trace id; they are only not recorded, which costs a few microseconds.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import Token
from random import getrandbits

from opentelemetry import context, metrics, trace
from opentelemetry.context import Context
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, DEFAULT_ON, Sampler, SamplingResult
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags, TraceState
from opentelemetry.util.types import Attributes, AttributeValue

_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_COUNTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
_LATE = (0.1, 0.5, 1.0, 5.0, 30.0, 60.0, 600.0, 3600.0, 86400.0)

_METER = metrics.get_meter("hubao")

# The names below are what dashboards and alerts are built on: add to them, don't rename them.
COMMIT_BATCH_SIZE = _METER.create_histogram(
    "hubao.commit.batch_size", "{request}", "Requests in one commit", explicit_bucket_boundaries_advisory=_COUNTS
)
COMMIT_DURATION = _METER.create_histogram(
    "hubao.commit.duration", "s", "Time of one commit", explicit_bucket_boundaries_advisory=_SECONDS
)
QUEUE_DEPTH = _METER.create_gauge("hubao.queue.depth", "{request}", "Requests that wait for a commit")
RELAY_LAG = _METER.create_gauge("hubao.relay.lag", "{position}", "Announcements that are not yet published")
RELAY_LAG_SECONDS = _METER.create_gauge("hubao.relay.lag.seconds", "s", "Age of the first one not yet published")
CONSUMER_LAG = _METER.create_gauge("hubao.consumer.lag", "{position}", "Announcements not yet handled, by upstream")
CONSUMER_LAG_SECONDS = _METER.create_gauge("hubao.consumer.lag.seconds", "s", "Age of the last handled announcement")
REJECTED = _METER.create_counter(
    "hubao.consumer.rejected", "{announcement}", "Announcements that were not believed, by upstream and reason"
)
PARKED = _METER.create_gauge("hubao.parked", "{announcement}", "Announcements that wait for a person, by upstream")
PARKED_SECONDS = _METER.create_gauge("hubao.parked.seconds", "s", "For how long the first one waits, by upstream")
TIMERS_OVERDUE = _METER.create_gauge("hubao.timers.overdue", "{timer}", "Timers that are due and have not fired")
TIMERS_OVERDUE_SECONDS = _METER.create_gauge("hubao.timers.overdue.seconds", "s", "How late the first one of them is")
TIMERS_LATE = _METER.create_histogram(
    "hubao.timers.late", "s", "How late timers fire", explicit_bucket_boundaries_advisory=_LATE
)
REFUSALS = _METER.create_counter("hubao.refusals", "{request}", "Requests that were refused, by reason")
GUARD_USED = _METER.create_gauge("hubao.guard.used", "1", "Share of a guard's limit that is used, by kind of guard")
PROJECTED = _METER.create_counter("hubao.projection.events", "{event}", "Events taken into the read tables")
PROJECTION_LAG = _METER.create_gauge("hubao.projection.lag", "{position}", "Events not yet in the read tables")
PROJECTION_LAG_SECONDS = _METER.create_gauge(
    "hubao.projection.lag.seconds", "s", "Age of the first event not yet in the read tables"
)
SET_ASIDE = _METER.create_gauge(
    "hubao.projection.set_aside", "{event}", "Events of which the read tables have no rows, as they can't take them"
)
SET_ASIDE_SECONDS = _METER.create_gauge(
    "hubao.projection.set_aside.seconds", "s", "For how long the first of them is set aside, in real time"
)
CALL_DURATION = _METER.create_histogram(
    "hubao.call.duration",
    "s",
    "Time of one gRPC call, by method and code",
    explicit_bucket_boundaries_advisory=_SECONDS,
)

TRACER = trace.get_tracer("hubao")

_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


class _WhenExported(Sampler):
    """Records spans as soon as somebody takes them."""

    exporting = False
    installed = False

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        sampler = DEFAULT_ON if self.exporting else ALWAYS_OFF
        return sampler.should_sample(parent_context, trace_id, name, kind, attributes, links, trace_state)

    def get_description(self) -> str:
        return "WhenExported"


SAMPLER = _WhenExported()
"""This process's: whether somebody takes spans, and whether it is asked at all."""


def set_up(
    service: str,
    *,
    endpoint: str = "",
    span_exporter: SpanExporter | None = None,
    metric_reader: MetricReader | None = None,
) -> None:
    """Starts telemetry for this process, once; later calls only add exporters (the service's name stays the first).

    `endpoint` is an OTLP/gRPC collector, as OTEL_EXPORTER_OTLP_ENDPOINT names it.
    """
    resource = Resource.create({"service.name": service, "service.namespace": "hubao"})
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider):
        provider = TracerProvider(sampler=SAMPLER, resource=resource)
        trace.set_tracer_provider(provider)
        SAMPLER.installed = trace.get_tracer_provider() is provider
    if endpoint:
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    if span_exporter is not None:
        provider.add_span_processor(SimpleSpanProcessor(span_exporter))
    if endpoint or span_exporter is not None:
        SAMPLER.exporting = True
    readers = [metric_reader] if metric_reader is not None else []
    if endpoint:
        from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter

        readers.append(PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=endpoint)))
    if readers and not isinstance(metrics.get_meter_provider(), MeterProvider):
        metrics.set_meter_provider(MeterProvider(metric_readers=readers, resource=resource))


def measuring() -> bool:
    """Whether somebody takes the metrics of this process."""
    return isinstance(metrics.get_meter_provider(), MeterProvider)


def shut_down() -> None:
    """Sends what is still here; the last thing that a process does."""
    for provider in (trace.get_tracer_provider(), metrics.get_meter_provider()):
        if isinstance(provider, TracerProvider | MeterProvider):
            provider.force_flush(timeout_millis=2000)
            provider.shutdown()


def current_traceparent() -> str:
    """The W3C trace context of the current span, to be stored or sent on; empty outside of a trace."""
    return traceparent_of(trace.get_current_span())


def traceparent_of(span: Span) -> str:
    """The W3C trace context of a span; empty if it belongs to no trace."""
    place = span.get_span_context()
    if not place.is_valid:
        return ""
    return f"00-{place.trace_id:032x}-{place.span_id:016x}-{place.trace_flags:02x}"


def current_trace_id() -> str:
    """The current trace's id in hexadecimal; empty outside of a trace."""
    place = trace.get_current_span().get_span_context()
    return f"{place.trace_id:032x}" if place.is_valid else ""


def parent_of(traceparent: str) -> Context:
    """The context in which a span becomes the child of a stored or received one; a new trace if that is none."""
    span = _span_context(traceparent)
    return Context() if span is None else trace.set_span_in_context(NonRecordingSpan(span), Context())


def span_of_call(traceparent: str, name: str, attributes: Mapping[str, AttributeValue]) -> AbstractContextManager[Span]:
    """The span of a call that came in, a child of `traceparent` if that is one. It keeps no exception by itself."""
    if SAMPLER.installed and not SAMPLER.exporting:
        return _Unrecorded(traceparent)
    return TRACER.start_as_current_span(
        name,
        parent_of(traceparent),
        SpanKind.SERVER,
        attributes,
        record_exception=False,
        set_status_on_exception=False,
    )


class _Unrecorded:
    """What the SDK makes of a span that its sampler leaves out, without asking the sampler: ids and nothing else."""

    __slots__ = ("_token", "_traceparent")
    _token: "Token[Context]"

    def __init__(self, traceparent: str) -> None:
        self._traceparent = traceparent

    def __enter__(self) -> Span:
        parent = _span_context(self._traceparent) if self._traceparent else None
        trace_id = parent.trace_id if parent else getrandbits(128) or 1
        span = NonRecordingSpan(SpanContext(trace_id, getrandbits(64) or 1, False))
        self._token = context.attach(trace.set_span_in_context(span, _NO_CONTEXT))
        return span

    def __exit__(self, *raised: object) -> None:
        context.detach(self._token)


_NO_CONTEXT = Context()


@contextmanager
def span(
    name: str, kind: SpanKind = SpanKind.INTERNAL, attributes: Mapping[str, AttributeValue] | None = None
) -> Iterator[Span]:
    """A child of the current span."""
    with TRACER.start_as_current_span(name, kind=kind, attributes=attributes) as started:
        yield started


@contextmanager
def span_from(
    traceparent: str,
    name: str,
    kind: SpanKind = SpanKind.CONSUMER,
    *,
    links: Sequence[str] = (),
    attributes: Mapping[str, AttributeValue] | None = None,
) -> Iterator[Span]:
    """A span that goes on where `traceparent` came from. `links` are other traceparents, of a batch for instance."""
    others = [Link(place) for place in map(_span_context, links) if place is not None]
    with TRACER.start_as_current_span(
        name, context=parent_of(traceparent), kind=kind, links=others, attributes=attributes
    ) as started:
        yield started


def _span_context(traceparent: str) -> SpanContext | None:
    parts = _TRACEPARENT.fullmatch(traceparent)
    if parts is None:
        return None
    place = SpanContext(int(parts[1], 16), int(parts[2], 16), True, TraceFlags(int(parts[3], 16) & 1))
    return place if place.is_valid else None
