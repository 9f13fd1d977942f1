"""The hub's core in one process, without gRPC: what the tests of submit path, log and feed drive directly."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from comity.envelope import parse_envelope
from comity.errors import MalformedError
from comity.receipts import Receipt, VerifiedReceipt, parse_ack, verify_receipt
from comity.v1 import envelope_pb2

from hub.clock import Clock
from hub.db import Database
from hub.directory.service import HubDirectory
from hub.exchange.clockwork import Clockwork
from hub.exchange.examining import SentAck, SentEnvelope
from hub.exchange.service import ExchangeService
from hub.exchange.verifier import Verifier
from hub.exchange.work import ExchangeWork
from hub.faults import Faults
from hub.feed.domain import FeedItem
from hub.feed.service import FeedService
from hub.log.commands import AppendStatements, SignedHead
from hub.log.domain import LogKeys
from hub.log.fsck import Finding, Fsck
from hub.log.guard import Guard
from hub.log.seen import Seen
from hub.log.sequencer import Sequencer
from hub.log.service import LogService
from hub.telemetry import Telemetry
from tests.support.clock import FakeClock
from tests.support.world import World


def sent(envelope: envelope_pb2.Envelope) -> SentEnvelope:
    """Returns an envelope as it comes to the service."""
    wraps = tuple((w.desk, w.data) for w in envelope.wraps)
    signatures = tuple((s.kid, int(s.role), s.sig) for s in envelope.signatures)
    return SentEnvelope(envelope.header, envelope.seal, envelope.ciphertext, wraps, signatures)


def _sender_of(envelope: envelope_pb2.Envelope) -> str:
    try:
        return parse_envelope(envelope).header.sender
    except MalformedError:
        return "sfc/intake"


class QuietLog:
    """Keeps log lines for a test to look at."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def info(self, event: str, **fields: Any) -> None:
        """A line for the record."""
        self.lines.append((event, fields))

    warning = info
    error = info


class Core:
    """One hub process without its wire."""

    def __init__(
        self,
        url: str,
        world: World,
        *,
        clock: Clock | None = None,
        checkpoint_file: Path | None = None,
        guarded: bool = True,
        queue_size: int = 4096,
        processes: int = 0,
        database_clock: bool | None = None,
        keys: LogKeys | None = None,
    ) -> None:
        self.world = world
        self.clock = clock if clock is not None else FakeClock(world.now)
        self.faults = Faults()
        self.log = QuietLog()
        self.telemetry = Telemetry(self.log)
        self.directory = HubDirectory()
        self.keys = keys if keys is not None else LogKeys(world.log_key, world.head_key)
        self.db = Database.open(url)
        parts: dict[str, Any] = {"db": self.db, "directory": self.directory, "keys": self.keys, "clock": self.clock}
        self.seen = Seen()
        guard = Guard(self.db, self.directory, self.keys, checkpoint_file, self.faults) if guarded else None
        self.sequencer = Sequencer(
            **parts,
            faults=self.faults,
            work=ExchangeWork(),
            telemetry=self.telemetry,
            seen=self.seen,
            guard=guard,
            queue_size=queue_size,
            trust_database_clock=not isinstance(self.clock, FakeClock) if database_clock is None else database_clock,
        )
        self.verifier = Verifier(
            directory=self.directory,
            faults=self.faults,
            sequencer=self.sequencer,
            telemetry=self.telemetry,
            processes=processes,
        )
        self.exchange = ExchangeService(
            db=self.db, sequencer=self.sequencer, verifier=self.verifier, faults=self.faults
        )
        self.logs = LogService(**parts, faults=self.faults, telemetry=self.telemetry, seen=self.seen)
        self.feed = FeedService(**parts, faults=self.faults, log=self.logs, telemetry=self.telemetry, head_seconds=0.2)
        self.clockwork = Clockwork(
            db=self.db,
            clock=self.clock,
            faults=self.faults,
            sequencer=self.sequencer,
            telemetry=self.telemetry,
        )
        self.sequencer.on_batch(self.feed.publish)

    async def start(self) -> None:
        """Begins; an empty directory is filled with the world's."""
        await self.sequencer.start()
        await self.verifier.start()
        await self.catch_up()

    async def catch_up(self) -> None:
        """Appends what the world has stated since."""
        missing = self.world.statements[self.directory.current.size :]
        for at in range(0, len(missing), 64):
            await self.sequencer.submit(AppendStatements(tuple(missing[at : at + 64])))

    async def stop(self) -> None:
        """Ends gracefully."""
        self.feed.stop()
        await self.verifier.stop()
        await self.sequencer.stop()
        self.db.close()

    async def submit(self, *envelopes: envelope_pb2.Envelope, desk: str | None = None) -> list[Any]:
        """Submits as the sender's desk; returns a receipt or an error each."""
        caller = desk or _sender_of(envelopes[0])
        return await self.exchange.submit(caller, [sent(envelope) for envelope in envelopes])

    async def acknowledge(self, *acks: tuple[bytes, bytes], desk: str | None = None) -> list[Any]:
        """Acknowledges as the desk of the first one; returns a receipt or an error each."""
        caller = desk or parse_ack(acks[0][0]).desk
        return await self.exchange.acknowledge(caller, [SentAck(body, sig) for body, sig in acks])

    async def take(self, envelope: envelope_pb2.Envelope) -> VerifiedReceipt:
        """Submits one envelope that must be taken, and verifies its receipt."""
        (result,) = await self.submit(envelope)
        return self.verified(result)

    def verified(self, result: Any) -> VerifiedReceipt:
        """Verifies a receipt as a client does."""
        if isinstance(result, BaseException):
            raise result
        assert isinstance(result, Receipt)
        return verify_receipt(result, self.world.exchange_origin, [self.world.log_key.public])

    async def read(self, desk: str, from_index: int = 0) -> list[FeedItem]:
        """Returns a desk's present feed."""
        return [item async for item in self.feed.read(desk, from_index, follow=False) if isinstance(item, FeedItem)]

    async def heads(self, desk: str) -> list[SignedHead]:
        """Returns the heads at the end of a desk's present feed."""
        return [item async for item in self.feed.read(desk, 0, follow=False) if isinstance(item, SignedHead)]

    def fsck(self) -> list[Finding]:
        """Checks everything stored."""
        return Fsck(self.db).run()


@asynccontextmanager
async def running_core(url: str, world: World, **options: Any) -> AsyncIterator[Core]:
    """A core that runs for as long as the block; what it stored must verify at the end."""
    core = Core(url, world, **options)
    await core.start()
    try:
        yield core
        findings = core.fsck()
        assert findings == [], findings
    finally:
        core.faults.disarm()
        await core.stop()


def texts(results: Sequence[Any]) -> list[str]:
    """Returns each result's reason, or `receipt`."""
    return [str(getattr(result, "reason", "receipt")) for result in results]
