"""Sends what was changed by chance to every method of a real hub, over its own wire; says what should not have been.

A finding is: an answer without a documented reason, INTERNAL among them; a fault in the hub's log; a call that hangs; a
hub that is not well afterwards; memory that grows; a log that does not verify.

Never does: judge what is refused and what is taken. A log that verifies is the judge.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import grpc
import psutil
from comity.encoding import Purpose, digest
from comity.envelope import message_hash
from comity.errors import Reason
from comity.v1 import directory_pb2, envelope_pb2, exchange_pb2
from comity.v1.exchange_pb2_grpc import ExchangeServiceStub
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from hub.errors import CODES, DETAILS_KEY
from hub.log.fsck import Fsck
from hub.policy import CALL_LIMIT
from hub.telemetry import Telemetry, make_log
from tests.fuzz.corpus import OTHER, SENDER, Signing, Target, inputs, kept, sound
from tests.support.hub import RunningHub, running_hub
from tests.support.world import World, make_world

AT_ONCE = 24
CALL_SECONDS = 20.0
GROWTH_BYTES = 100 << 20
LIMITS: dict[str, Any] = {
    "agency_requests_per_second": 1e9,
    "agency_request_burst": 1_000_000_000,
    "agency_statements_per_day": 1_000_000,
    "agency_unfinished_uploads": 1_000_000,
    "agency_streams": 4096,
    "key_streams": 4096,
    "key_health_watches": 4096,
    "health_watches": 4096,
    "stall_seconds": 5.0,
}
"""Nothing of what is looked for is found where a quota refuses first."""
FAULTS = ("internal error", "item failed", "command failed", "batch failed", "stops serving")
"""What the hub's log says when something broke."""


@dataclass
class Outcome:
    """What a search came to."""

    sent: int = 0
    by_method: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    """By reason; `OK` for what was answered."""
    findings: list[str] = field(default_factory=list)
    """Each with its method, its input in base64 and what was wrong."""
    examples: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """The first short input that a method answered so: where a later search may begin."""
    growth: int = 0
    """Bytes of memory that the process holds more at the end than after the first tenth."""
    seconds: float = 0.0


class Search:
    """One hub, and who sends to it."""

    def __init__(self, hub: RunningHub, world: World, lines: StringIO, outcome: Outcome) -> None:
        self._hub, self._world, self._lines, self._outcome = hub, world, lines, outcome
        self._channels = [*(hub.as_desk(SENDER) for _ in range(6)), hub.as_desk(OTHER), hub.as_operator()]

    async def seeds(self) -> tuple[dict[str, list[bytes]], Signing]:
        """Has one referral taken; returns where the search begins."""
        known = self._world.envelope(self._hub.view())
        await ExchangeServiceStub(self._channels[0]).Submit(exchange_pb2.SubmitRequest(envelope=known))
        case = envelope_pb2.Header.FromString(known.header).case_id
        opening = message_hash(known.header, known.seal)
        found = {
            name: [request.SerializeToString() for request in requests]
            for name, requests in sound(self._world, self._hub.view(), case, opening).items()
        }
        for name, more in kept().items():
            found[name] += more
        return found, Signing(self._world, self._hub.view, case, opening)

    async def run(self, pending: Iterator[tuple[Target, bytes]], count: int) -> None:
        """Sends so many inputs, some at once."""
        left = count

        async def one_after_another(number: int) -> None:
            nonlocal left
            while left > 0:
                left -= 1
                target, data = next(pending)
                # Mostly the desk whose people sign: what another one sends of it ends at the first look.
                await self._send(self._channels[(number + left) % len(self._channels)], target, data)

        await asyncio.gather(*(one_after_another(n) for n in range(AT_ONCE)))

    async def send(self, target: Target, data: bytes) -> None:
        """Sends one input, from the desk whose people sign."""
        await self._send(self._channels[0], target, data)

    async def _send(self, channel: Any, target: Target, data: bytes) -> None:
        outcome = self._outcome
        outcome.sent += 1
        outcome.by_method[target.short] += 1
        try:
            async with asyncio.timeout(2 * CALL_SECONDS):
                await _call(channel, target, data)
        except grpc.aio.AioRpcError as error:
            answer = _reason(error, len(data))
        except TimeoutError:
            answer = "! hangs"
        else:
            answer = "OK"
            if target.short == "AppendStatements":
                self._advance(data)
        outcome.answers[answer.removeprefix("! ")] += 1
        if len(data) <= 500:
            outcome.examples.setdefault((target.short, answer), data)
        if answer.startswith("!"):
            outcome.findings.append(f"{target.short}: {base64.b64encode(data[:4000]).decode()}: {answer}")

    def _advance(self, data: bytes) -> None:
        """Keeps the position of the agency's chain: what was changed and signed may have been accepted."""
        for statement in directory_pb2.AppendStatementsRequest.FromString(data).statements:
            body = directory_pb2.StatementBody.FromString(statement.body)
            for position in body.positions:
                self._world.positions[position.signer] = (
                    position.number + 1,
                    digest(Purpose.STATEMENT, statement.body),
                )

    async def close(self) -> None:
        """Looks at how the hub is, and closes the connections."""
        for channel in self._channels:
            await channel.close()
        await self.look()

    async def look(self) -> None:
        """Looks at how the hub is: well, without faults in its log, and with a log that verifies."""
        hub = self._hub.hub
        if not await hub.health.is_serving():
            self._outcome.findings.append("the hub is not well")
        told = [json.loads(line) for line in self._lines.getvalue().splitlines()]
        self._outcome.findings += [json.dumps(line) for line in told if line["event"] in FAULTS]
        found = await asyncio.to_thread(Fsck(hub.database).run)
        self._outcome.findings += [f"fsck: {finding}" for finding in found]


async def _call(channel: Any, target: Target, data: bytes) -> None:
    """Makes one call; of a stream it reads a little and leaves."""

    async def pieces() -> AsyncIterator[bytes]:
        yield data
        if data[:1] < b"\x10":
            yield data[1:]

    if target.from_caller:
        await channel.stream_unary(target.name)(pieces(), timeout=CALL_SECONDS)
    elif target.from_hub:
        running = channel.unary_stream(target.name)(data, timeout=CALL_SECONDS)
        for _ in range(3):
            if await running.read() is grpc.aio.EOF:
                return
            if target.short in ("Watch", "ReadFeed"):
                break
        running.cancel()
    else:
        await channel.unary_unary(target.name)(data, timeout=CALL_SECONDS)


def _reason(error: grpc.aio.AioRpcError, length: int) -> str:
    """Returns the documented reason of a refusal; begins with `!` where it has none, or should not have been."""
    details = dict(error.trailing_metadata() or ()).get(DETAILS_KEY)
    if details is None:
        if length > CALL_LIMIT and error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED:
            return "refused by the transport"  # longer than anything may be: the hub never sees it
        return f"! {error.code().name} without a reason"
    status, info = Status.FromString(details), ErrorInfo()
    if len(status.details) != 1 or not status.details[0].Unpack(info) or info.reason not in Reason.__members__:
        return f"! {error.code().name} with {status}"
    if info.reason == Reason.INTERNAL or CODES[Reason(info.reason)] is not error.code():
        return f"! {info.reason} as {error.code().name}"
    return str(info.reason)


async def search(url: str, home: Path, *, seed: int, count: int) -> Outcome:
    """Sends so many inputs to a hub of its own.

    Args:
        url: of a database with the newest schema.
        home: folder of the hub.
        seed: of chance; keys and times are new each time all the same.
        count: of inputs.
    """
    world, lines, outcome = make_world(agencies=("sfc", "hkma")), StringIO(), Outcome()
    telemetry = Telemetry(make_log("warning", lines))
    begun, process = time.monotonic(), psutil.Process()
    async with running_hub(url, world, home=home, telemetry=telemetry, **LIMITS) as hub:
        searching = Search(hub, world, lines, outcome)
        seeds, signing = await searching.seeds()
        pending = inputs(seeds, signing, random.Random(seed))
        await searching.run(pending, count // 10)
        before = process.memory_info().rss
        await searching.run(pending, count - count // 10)
        outcome.growth = process.memory_info().rss - before
        if outcome.growth > GROWTH_BYTES:
            outcome.findings.append(f"memory grew by {outcome.growth >> 20} MiB")
        await searching.close()
    outcome.seconds = time.monotonic() - begun
    return outcome


def save(outcome: Outcome, folder: Path) -> None:
    """Writes findings to files, to be looked at and kept as seeds."""
    folder.mkdir(parents=True, exist_ok=True)
    for finding in outcome.findings:
        name = hashlib.sha256(finding.encode()).hexdigest()[:16]
        (folder / f"{name}.txt").write_text(finding + "\n", encoding="utf-8")
