"""What a client sends, in the hub's own lines and spans: one event stays one line, and nothing of it is told."""

from __future__ import annotations

import json
import random
from io import StringIO
from pathlib import Path
from typing import Any

from comity.v1 import exchange_pb2
from comity.v1.exchange_pb2_grpc import ExchangeServiceStub
from google.protobuf import message_factory
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from hub.interceptors import steps
from hub.server import SERVICES
from hub.telemetry import FIELDS, AllowListExporter, Telemetry, make_log
from tests.attack.calls import call, with_one_field
from tests.support.hub import running_hub
from tests.support.spans import told_too_much, watched
from tests.support.world import make_world

WORD = "qzkvcanary"
HOSTILE = (
    f"{WORD}\r\nlevel=error event=forged",
    f"{WORD}\x1b[2J\x1b]0;owned\x07",
    f"{WORD}\x00\x08\x7f\x9b",
    f"{WORD}\u2028{{\u2029\u0085",
    f"{WORD}\u202egnp.exe\u2066\u200f",
)


def traced(lines: StringIO) -> tuple[Telemetry, InMemorySpanExporter]:
    """Returns telemetry that tells everything there is to tell."""
    memory = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(AllowListExporter(memory)))
    return Telemetry(make_log("debug", lines), provider), memory


async def test_I_01_I_06_whatever_is_sent_in_any_field_stays_out_of_lines_and_spans(
    migrated_database_url: str, tmp_path: Path, monkeypatch: Any
) -> None:
    lines = StringIO()
    telemetry, memory = traced(lines)
    world, rng = make_world(agencies=("sfc", "hkma")), random.Random(1)
    headers = (("traceparent", f"00-{'a' * 32}-{'b' * 16}-01"), ("baggage", f"user={WORD}"), ("x-name", WORD))
    limits: dict[str, Any] = {"agency_request_burst": 1_000_000}
    sent = 0
    async with (
        running_hub(migrated_database_url, world, home=tmp_path, telemetry=telemetry, **limits) as hub,
        hub.as_desk("sfc/intake") as desk,
    ):
        for service in SERVICES:
            for method in service.methods:
                for request in with_one_field(method.input_type, HOSTILE):
                    await call(desk, service, method, request, headers)
                    sent += 1
        await ExchangeServiceStub(desk).Submit(
            exchange_pb2.SubmitRequest(envelope=world.envelope(hub.view())), metadata=headers
        )
        assert telemetry.counters.value("comity.refusals") > 10
        # Where even the hub itself fails, over what it was sent.
        monkeypatch.setattr(steps, "check_permitted", _failing(rng))
        for method in SERVICES[0].methods:
            await call(desk, SERVICES[0], method, next(with_one_field(method.input_type, HOSTILE)), headers)
    assert sent > 50

    told = lines.getvalue()
    assert told.isascii()
    assert told.replace("\n", "").isprintable()
    events = [json.loads(line) for line in told.splitlines()]
    assert {"serving", "stopped", "internal error"} <= {event["event"] for event in events}
    assert WORD not in told
    assert "forged" not in told
    assert {name for event in events for name in event} <= FIELDS | {"event", "level", "timestamp"}

    spans = memory.get_finished_spans()
    assert spans
    assert [wrong for span in spans for wrong in told_too_much(span)] == []
    assert WORD not in "".join(span.to_json() for span in spans)
    # No caller decides about our traces.
    assert {span.context.trace_id for span in spans} & {int("a" * 32, 16)} == set()


def _failing(rng: random.Random) -> Any:
    def fail(*_: object) -> None:
        raise rng.choice((ValueError, KeyError, RuntimeError))(HOSTILE[0])

    return fail


async def test_I_07_what_the_hub_fails_over_is_not_told_to_the_caller(
    migrated_sqlite_url: str, tmp_path: Path, monkeypatch: Any
) -> None:
    world = make_world(agencies=("sfc",))
    async with (
        running_hub(migrated_sqlite_url, world, home=tmp_path) as hub,
        hub.as_desk("sfc/intake") as desk,
    ):
        monkeypatch.setattr(steps, "check_permitted", _failing(random.Random(2)))
        reasons = set()
        for service in SERVICES:
            for method in service.methods:
                hostile = next(with_one_field(method.input_type, HOSTILE), None)
                reasons.add(await call(desk, service, method, hostile or _empty(method)))
        assert reasons == {"INTERNAL"}


def _empty(method: Any) -> Any:
    return message_factory.GetMessageClass(method.input_type)()


def test_a_span_that_tells_too_much_is_seen() -> None:
    telemetry, findings = watched()
    with telemetry.span("batch", count=3):
        pass
    assert findings == []
    with telemetry.span("query", count=3):
        pass
    with telemetry.span("batch", kind="SELECT * FROM envelopes WHERE desk = 'sfc/intake'"):
        pass
    telemetry.close()
    assert findings == ["span query", "batch: kind=SELECT * FROM envelopes WHERE desk = 'sfc/intake'"]
