"""Every hub that a test runs is traced in full, and its spans are looked at when it ends.

Never does: export. A span that tells what it should not fails the test that ran the hub, whatever that was about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

from hub.telemetry import FIELDS, AllowListExporter, Telemetry, make_log

NAMES = frozenset({"batch"})
"""Every span there is."""
NUMBER_OR_NAME = re.compile(r"[A-Za-z0-9_.:/ -]{0,80}")
"""What the value of an attribute may be: a number, a name of ours."""


def told_too_much(span: ReadableSpan) -> Iterator[str]:
    """Yields what a span says that is not on the list: its name, its attributes, their values, events, descriptions."""
    attributes = dict(span.attributes or {})
    if span.name not in NAMES:
        yield f"span {span.name}"
    yield from (f"{span.name}: {name}" for name in attributes if name not in FIELDS)
    yield from (f"{span.name}: {n}={v}" for n, v in attributes.items() if NUMBER_OR_NAME.fullmatch(str(v)) is None)
    if span.events or span.links or span.status.description:
        yield f"{span.name}: events, links or a description"


class Watching(SpanExporter):
    """Keeps what spans tell too much."""

    def __init__(self) -> None:
        self.findings: list[str] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Looks at some spans."""
        self.findings += [found for span in spans for found in told_too_much(span)]
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Nothing is held."""


def watched() -> tuple[Telemetry, list[str]]:
    """Returns telemetry that is quiet and traces everything, and the list of what its spans told too much."""
    watching = Watching()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(AllowListExporter(watching)))
    return Telemetry(make_log("error"), provider), watching.findings
