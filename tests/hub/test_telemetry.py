"""What the hub says about itself: one line an event, allow-listed fields, nothing else."""

from __future__ import annotations

import json
import socket
import urllib.request
from io import StringIO
from pathlib import Path

import pytest
from comity.v1 import exchange_pb2
from comity.v1.exchange_pb2_grpc import ExchangeServiceStub
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from hub.config import Settings
from hub.telemetry import FIELDS, AllowListExporter, Counters, Telemetry, build_telemetry, make_log
from tests.support.hub import running_hub
from tests.support.world import make_world

NASTY = "a\r\nb\x00\x1b[31mc\u2028d\u202ee\x7ff\u0085g\ud83dh"


def test_I_01_whatever_a_client_sends_one_event_is_one_line() -> None:
    lines = StringIO()
    make_log("info", lines).warning("odd", name=NASTY, reason=NASTY)

    text = lines.getvalue()
    assert text.count("\n") == 1
    assert text.isascii()
    assert text.rstrip("\n").isprintable()
    assert json.loads(text)["name"] == NASTY


def test_a_field_that_is_not_on_the_list_is_not_written() -> None:
    lines = StringIO()
    log = make_log("info", lines)
    log.info("said", size=3, payload="secret", wallet="0xabc", index=b"\x01\x02", kind=ValueError("secret"))

    (line,) = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert line.keys() == {"event", "level", "timestamp", "size", "index", "kind"}
    assert (line["size"], line["index"], line["kind"]) == (3, "0102", "ValueError")
    assert "secret" not in lines.getvalue()


def test_lines_below_the_level_are_not_written() -> None:
    lines = StringIO()
    log = make_log("warning", lines)
    log.info("quiet")
    log.error("loud")

    assert [json.loads(line)["event"] for line in lines.getvalue().splitlines()] == ["loud"]


def traced() -> tuple[Telemetry, InMemorySpanExporter]:
    memory = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(AllowListExporter(memory)))
    return Telemetry(make_log("error", StringIO()), provider), memory


def test_I_06_no_attribute_event_or_description_leaves_that_is_not_on_the_list() -> None:
    telemetry, memory = traced()
    with telemetry.span("batch", count=3, statement="x"):
        pass
    with pytest.raises(RuntimeError), telemetry.span("batch", **{"db.statement": "SELECT 1", "count": 1}):
        raise RuntimeError("secret")

    first, second = memory.get_finished_spans()
    assert dict(first.attributes or {}) == {"count": 3, "statement": "x"}
    assert dict(second.attributes or {}) == {"count": 1}
    assert second.status.description is None
    assert (second.events, second.links) == ((), ())
    assert "secret" not in second.to_json()
    telemetry.close()


async def test_I_06_a_submission_leaves_only_allow_listed_attributes(migrated_sqlite_url: str, tmp_path: Path) -> None:
    telemetry, memory = traced()
    world = make_world(agencies=("sfc", "hkma"))
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path, telemetry=telemetry) as hub,
        hub.as_desk("sfc/intake") as channel,
    ):
        await ExchangeServiceStub(channel).Submit(
            exchange_pb2.SubmitRequest(envelope=world.envelope(hub.view())), metadata=(("baggage", "secret=1"),)
        )
        assert telemetry.counters.value("comity.calls", code="OK") >= 1
    spans = memory.get_finished_spans()
    assert {span.name for span in spans} == {"batch"}
    for span in spans:
        assert set(span.attributes or {}) <= FIELDS
        assert "secret" not in span.to_json()


def test_counters_add_up_by_label_and_drop_unknown_labels() -> None:
    counters = Counters()
    counters.add("calls", method="a", code="OK")
    counters.add("calls", 2, method="a", code="ERROR", wallet="0xabc")
    counters.gauge("queue", lambda: 7.0)

    assert counters.value("calls") == 3
    assert counters.value("calls", code="ERROR") == 2
    assert counters.value("calls", method="b") == 0
    assert counters.value("queue") == 7
    assert [dict(o.attributes or {}) for o in counters.observe("calls")] == [
        {"code": "OK", "method": "a"},
        {"code": "ERROR", "method": "a"},
    ]
    assert [o.value for o in counters.observe("queue")] == [7.0]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def test_prometheus_reads_counters_that_are_born_later_too() -> None:
    port = free_port()
    telemetry = build_telemetry(Settings(prometheus_port=port), stream=StringIO())
    telemetry.counters.add("comity.early", method="a")
    telemetry.counters.gauge("comity.queue", lambda: 5.0)
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    finally:
        telemetry.close()

    assert 'comity_early_total{method="a"' in text
    assert "comity_queue{" in text


def test_a_collector_that_is_not_there_stops_nothing() -> None:
    settings = Settings(otlp_endpoint=f"127.0.0.1:{free_port()}", otlp_insecure=True, trace_ratio=0.0)
    telemetry = build_telemetry(settings, stream=StringIO())
    with telemetry.span("batch", count=1):
        telemetry.counters.add("comity.batches")

    assert telemetry.counters.value("comity.batches") == 1


def test_without_an_address_nothing_is_exported_and_a_span_costs_nothing() -> None:
    telemetry = build_telemetry(Settings(), stream=StringIO())
    done = []
    telemetry.on_close(lambda: done.append(1))
    with telemetry.span("batch"):
        pass
    telemetry.close()

    assert done == [1]
