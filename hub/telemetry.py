"""What the hub says about itself: log lines, counters, spans. Each holds allow-listed fields only.

A log line is one JSON object on one line: a constant event and known fields; whatever else is handed over is dropped,
and text is escaped to ASCII, so that no caller can forge a second line. Counters are plain integers that the exporters
read when they want to: instrumenting each call would cost a third of the throughput. Spans are made for batches, and an
exporter of our own drops every attribute that is not on the list before anything leaves the process.

Never does: record payloads, names of people, wallets, addresses of callers, metadata of calls, baggage, SQL.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, Protocol, TextIO

import structlog
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import SpanContext, Status, StatusCode
from prometheus_client import start_http_server

from hub.config import Settings

FIELDS: Final = frozenset(
    {
        "address",
        "agency",
        "attempt",
        "backend",
        "batch",
        "bytes",
        "code",
        "count",
        "desk",
        "directory_size",
        "error",
        "event",
        "exchange_size",
        "index",
        "kind",
        "level",
        "log",
        "method",
        "milliseconds",
        "module",
        "name",
        "operator",
        "origin",
        "pid",
        "port",
        "reason",
        "rule",
        "seconds",
        "setting",
        "size",
        "statement",
        "step",
        "timestamp",
        "trace_id",
        "version",
        "what",
        "where",
    }
)
"""Names that a log field or span attribute may have. Values are ids, numbers and words of this program."""


class Counters:
    """Counters and gauges of this process: a dictionary addition each, read by the exporters when they ask."""

    def __init__(self) -> None:
        self._counts: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
        self._gauges: dict[str, Callable[[], float]] = {}
        self._on_new: Callable[[str], None] = lambda _: None

    def add(self, name: str, amount: float = 1, **labels: str) -> None:
        """Adds to a counter.

        Args:
            name: for example `comity.calls`.
            amount: not negative.
            **labels: from `FIELDS` with few distinct values; others are dropped.
        """
        self.add_at(name, tuple((key, labels[key]) for key in sorted(labels) if key in FIELDS), amount)

    def add_at(self, name: str, labels: tuple[tuple[str, str], ...], amount: float = 1) -> None:
        """Adds to a counter whose labels were put into order before: the quick way for what happens on every call."""
        series = self._counts.get(name)
        if series is None:
            series = self._counts.setdefault(name, {})
            self._on_new(name)
        series[labels] = series.get(labels, 0) + amount

    def gauge(self, name: str, read: Callable[[], float]) -> None:
        """Registers a value that is read when an exporter asks."""
        self._gauges[name] = read
        self._on_new(name)

    def value(self, name: str, **labels: str) -> float:
        """Returns the sum of a counter's series that bear all these labels, or a gauge's value; 0 for none."""
        if name in self._gauges:
            return self._gauges[name]()
        wanted = set(labels.items())
        return sum(count for at, count in list(self._counts.get(name, {}).items()) if wanted <= set(at))

    def observe(self, name: str) -> Iterable[Observation]:
        """Returns the present observations of one counter or gauge."""
        if name in self._gauges:
            return [Observation(self._gauges[name]())]
        return [Observation(count, dict(labels)) for labels, count in list(self._counts.get(name, {}).items())]

    def export_to(self, provider: MeterProvider) -> None:
        """Makes every counter and gauge, present and future, an instrument of a meter provider."""
        meter = provider.get_meter("comity")

        def callback(name: str) -> Callable[[CallbackOptions], Iterable[Observation]]:
            return lambda _: self.observe(name)

        def create(name: str) -> None:
            if name in self._gauges:
                meter.create_observable_gauge(name, [callback(name)])
            else:
                meter.create_observable_counter(name, [callback(name)])

        self._on_new = create
        for name in [*self._counts, *self._gauges]:
            create(name)


class AllowListExporter(SpanExporter):
    """Passes spans on without any attribute, event, link or description that is not allowed."""

    def __init__(self, inner: SpanExporter) -> None:
        """Takes the exporter that sends."""
        self._inner = inner

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Exports cleaned copies."""
        return self._inner.export([_cleaned(span) for span in spans])

    def shutdown(self) -> None:
        """Shuts the inner exporter down."""
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flushes the inner exporter."""
        return self._inner.force_flush(timeout_millis)


def _cleaned(span: ReadableSpan) -> ReadableSpan:
    context: SpanContext | None = span.get_span_context()
    return ReadableSpan(
        name=span.name,
        context=context,
        parent=span.parent,
        resource=span.resource,
        attributes={key: value for key, value in (span.attributes or {}).items() if key in FIELDS},
        events=(),  # an exception's event holds its message and stack
        links=(),
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


class Log(Protocol):
    """What the rest of the hub sees of the logger."""

    def info(self, event: str, **fields: Any) -> Any:
        """Writes a line for the record."""

    def warning(self, event: str, **fields: Any) -> Any:
        """Writes a line that somebody should look at."""

    def error(self, event: str, **fields: Any) -> Any:
        """Writes a line that somebody must look at."""


class Telemetry:
    """The counters, the tracer and the log of one process. Built in `hub/server.py` and handed to whoever needs it."""

    def __init__(self, log: Log, tracer_provider: TracerProvider | None = None) -> None:
        """Takes where log lines and spans go; spans go nowhere without a provider."""
        self.counters = Counters()
        self.log = log
        self._provider = tracer_provider
        self._tracer = tracer_provider.get_tracer("comity") if tracer_provider is not None else None
        self._closing: list[Callable[[], object]] = []

    @contextmanager
    def span(self, name: str, **fields: str | int | float) -> Iterator[None]:
        """Records a span around a batch or another unit of work; costs nothing where no traces are exported."""
        if self._tracer is None:
            yield
            return
        with self._tracer.start_as_current_span(
            name, attributes=fields, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield
            except BaseException:
                span.set_status(StatusCode.ERROR)
                raise

    def failed(self, event: str, error: BaseException) -> None:
        """Writes down and counts a fault of this program that one item of some work has provoked; the work goes on.

        Args:
            event: what did not succeed, in constant words.
            error: its class is told, and nothing else of it.
        """
        self.log.error(event, error=type(error).__name__)
        self.counters.add("comity.failures", what=event)

    def on_close(self, action: Callable[[], object]) -> None:
        """Registers something to be done at the end."""
        self._closing.append(action)

    def close(self) -> None:
        """Sends what is left and ends the exporters."""
        for action in reversed(self._closing):
            action()
        if self._provider is not None:
            self._provider.shutdown()


def build_telemetry(settings: Settings, *, stream: TextIO | None = None) -> Telemetry:
    """Returns the telemetry that the settings ask for: log lines always, exporters only where an address is given.

    Args:
        settings: of this process.
        stream: where log lines go; standard error by default.
    """
    resource = Resource({"service.name": "comity-hub"})
    provider: TracerProvider | None = None
    readers: list[MetricReader] = []
    if settings.otlp_endpoint:
        address, insecure = settings.otlp_endpoint, settings.otlp_insecure
        sampler = ParentBased(TraceIdRatioBased(settings.trace_ratio))
        provider = TracerProvider(resource=resource, sampler=sampler, shutdown_on_exit=False)
        spans = AllowListExporter(OTLPSpanExporter(endpoint=address, insecure=insecure))
        provider.add_span_processor(BatchSpanProcessor(spans))
        readers.append(PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=address, insecure=insecure)))
    telemetry = Telemetry(make_log(settings.log_level, stream), provider)
    if settings.prometheus_port:
        readers.append(PrometheusMetricReader())
        server, thread = start_http_server(settings.prometheus_port, settings.prometheus_host)
        telemetry.on_close(thread.join)
        telemetry.on_close(server.server_close)
        telemetry.on_close(server.shutdown)
    if readers:
        meters = MeterProvider(metric_readers=readers, resource=resource, shutdown_on_exit=False)
        telemetry.counters.export_to(meters)
        telemetry.on_close(meters.shutdown)
    return telemetry


def make_log(level: str = "info", stream: TextIO | None = None) -> Log:
    """Returns a logger that writes one JSON object a line.

    Args:
        level: least severe level written.
        stream: standard error by default.
    """
    log: Log = structlog.wrap_logger(
        structlog.WriteLogger(stream if stream is not None else sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _allow_listed,
            _render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
    )
    return log


def _allow_listed(_: Any, __: str, fields: MutableMapping[str, Any]) -> dict[str, Any]:
    return {key: _plain(value) for key, value in fields.items() if key in FIELDS}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return value if isinstance(value, str | int | float | bool | None) else type(value).__name__


def _render(_: Any, __: str, fields: MutableMapping[str, Any]) -> str:
    # JSON escapes control characters below U+0020 and ensure_ascii everything above U+007E, but not DEL itself.
    return json.dumps(fields, sort_keys=True, ensure_ascii=True).replace("\x7f", "\\u007f")
