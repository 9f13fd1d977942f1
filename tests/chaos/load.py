"""Real clients of a chaos run: they submit, follow their feeds from a saved place, acknowledge, and try again.

Everything they begin and everything they are told goes into the history. One in eight submissions goes out twice at
once, from two connections; now and then a reader forgets the last few items, as one that was killed before it saved
them; connections are made anew now and then, to any of the endpoints first.

Never does: judge; only what does not verify at all is noted as a finding.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence

from comity.directory import View
from comity.envelope import parse_envelope
from comity.errors import Reason, RefusedError, VerificationError
from comity.receipts import EventKind, Receipt, encode_receipt, parse_ack, receipt_from_wire
from comity.v1 import envelope_pb2, feed_pb2

from agents.session import Session
from agents.transport import Identity
from tests.chaos.audit import Auditor
from tests.chaos.history import Answered, Asked, Delivered, Entry, Held, Refused, Resumed
from tests.support.world import DAY, World

DESKS = ("hkma/intake", "sfc/intake")
PATIENCE = (60.0, 0.3, 0.3, 0.3, 0.3)
"""Of each desk's senders: one waits for its answer, others soon connect anew and send the same bytes again."""
RENEWED = 24
"""Submissions over one connection, on average."""
FORGOTTEN = 6
"""Items that a killed reader may see again."""


def digest_of(receipt: Receipt) -> str:
    """Returns what tells receipts apart."""
    return hashlib.sha256(encode_receipt(receipt)).hexdigest()[:32]


class Load:
    """The clients of one hub."""

    def __init__(
        self,
        world: World,
        view: View,
        endpoints: Sequence[str],
        history: list[Entry],
        auditor: Auditor,
        rng: random.Random,
        rate: float,
    ) -> None:
        """Takes the world with two agencies, its directory, where hubs listen, and submissions a second offered."""
        self._world, self._view, self._endpoints = world, view, list(endpoints)
        self._history, self._auditor, self._rng = history, auditor, rng
        self._pause = 2 * len(PATIENCE) / rate
        self.findings: list[str] = []
        """What was told and proves nothing."""
        self.answers = 0
        """Answers so far."""
        self.envelopes: dict[str, envelope_pb2.Envelope] = {}
        self.acks: dict[str, tuple[bytes, bytes]] = {}
        self._senders_of: dict[str, str] = {}
        self._owed: dict[str, deque[str]] = {desk: deque() for desk in DESKS}
        self._acknowledged: set[str] = set()
        self._stopping = False
        self._scattered = 0
        self._sending: list[asyncio.Task[None]] = []
        self._serving: list[asyncio.Task[None]] = []
        self._wanted = asyncio.Event()

    def start(self) -> None:
        """Begins."""
        self._sending = [asyncio.create_task(self._send(d, other(d), p)) for d in DESKS for p in PATIENCE]
        self._serving = [asyncio.create_task(work(desk)) for desk in DESKS for work in (self._read, self._acknowledge)]

    def session(self, desk: str, endpoints: Sequence[str] = (), patience: float = PATIENCE[0]) -> Session:
        """Returns a connection of a desk's, to any of the endpoints first. The caller closes it."""
        key = self._world.desk(desk).tls_key
        identity = Identity(key, self._world.certificate(key), self._world.now + DAY)
        chosen = list(endpoints or self._rng.sample(self._endpoints, len(self._endpoints)))
        return Session(chosen, self._world.authority, identity, patience)

    @contextlib.asynccontextmanager
    async def _connected(self, desk: str, patience: float = PATIENCE[0]) -> AsyncIterator[Session]:
        session = self.session(desk, patience=patience)
        try:
            yield session
        finally:
            await session.close()

    def scatter(self) -> None:
        """Lets every client connect anew soon, to any of the endpoints: one that was away gets its share again."""
        self._scattered += 1

    def check(self) -> None:
        """Raises what ended one of the clients, if anything did: a fault of this program."""
        for task in [*self._sending, *self._serving]:
            if task.done() and not task.cancelled():
                task.result()

    # --- submitting

    async def _send(self, desk: str, to: str, patience: float) -> None:
        session, connected = self.session(desk, patience=patience), self._scattered
        try:
            while not self._stopping:
                await asyncio.sleep(self._rng.expovariate(1 / self._pause))
                envelope = self._world.envelope(self._view, desk, (to,), created=time.time_ns() // 1_000_000)
                message = parse_envelope(envelope).message_hash
                op = f"m:{message.hex()}"
                self.envelopes[op] = envelope
                self._senders_of[message.hex()] = desk
                calls = [self._submit(session, op, desk, to)]
                if self._rng.random() < 1 / 8:
                    calls.append(self._submit_apart(op, desk, to))
                answered = (await asyncio.gather(*calls))[0]
                while not answered or connected != self._scattered or self._rng.random() < 1 / RENEWED:
                    await session.close()
                    session, connected = self.session(desk, patience=patience), self._scattered
                    answered = answered or await self._submit(session, op, desk, to)
        finally:
            await session.close()

    async def _submit(self, session: Session, op: str, desk: str, to: str) -> bool:
        self._history.append(Asked(op, (desk, to)))
        try:
            receipt = await session.submit(self.envelopes[op])
        except RefusedError as refused:
            self._history.append(Refused(op, refused.reason.value))
            return False
        self._answered(op, receipt, EventKind.SUBMITTED)
        return True

    async def _submit_apart(self, op: str, desk: str, to: str) -> bool:
        async with self._connected(desk) as own:
            return await self._submit(own, op, desk, to)

    def _answered(self, op: str, receipt: Receipt, kind: EventKind) -> None:
        try:
            event = self._auditor.take(receipt).event
        except VerificationError as error:
            self.findings.append(f"the receipt of {op} proves nothing: {error}")
            return
        if event.kind is not kind or event.message_hash.hex() != op.split(":")[1]:
            self.findings.append(f"the receipt of {op} is of something else")
        self.answers += 1
        self._history.append(Answered(op, receipt.index, digest_of(receipt)))

    # --- reading and acknowledging

    async def _read(self, desk: str) -> None:
        places: deque[tuple[int, int]] = deque([(0, 0)], maxlen=FORGOTTEN)
        while not self._stopping:
            while len(places) > 1 and self._rng.random() < 0.3:
                places.pop()
            start, number = places[-1]
            self._history.append(Resumed(desk, number))
            session, connected = self.session(desk), self._scattered
            try:
                async with contextlib.aclosing(session.read_feed(start, follow=True)) as feed:
                    async for answer in feed:
                        if answer.HasField("item"):
                            index, number = self._take(desk, answer.item)
                            places.append((index + 1, number))
                        if connected != self._scattered:
                            break
            except RefusedError as refused:
                if refused.reason not in {Reason.UNAVAILABLE, Reason.INTERNAL}:
                    self.findings.append(f"the feed of {desk} was refused: {refused.reason}")
                await asyncio.sleep(0.05)
            finally:
                await session.close()

    def _take(self, desk: str, item: feed_pb2.FeedItem) -> tuple[int, int]:
        op, index = self.item(item)
        self._history.append(Delivered(desk, item.number, index, op))
        message = op.split(":")[1]
        if op.startswith("m:") and self._senders_of.get(message) == other(desk):
            ack = f"a:{message}:{desk}"
            self.acks.setdefault(ack, self._world.ack(bytes.fromhex(message), desk))
            self._owed[desk].append(ack)
            self._wanted.set()
        return index, item.number

    def item(self, item: feed_pb2.FeedItem) -> tuple[str, int]:
        """Returns the operation that an item tells of, and its index; what proves nothing becomes a finding."""
        receipt = receipt_from_wire(item.receipt)
        try:
            event = self._auditor.take(receipt).event
        except VerificationError as error:
            self.findings.append(f"an item proves nothing: {error}")
            return f"?:{receipt.index}", receipt.index
        message = event.message_hash.hex()
        if event.kind is EventKind.SUBMITTED:
            return f"m:{message}", receipt.index
        if event.kind is EventKind.ACKNOWLEDGED:
            return f"a:{message}:{parse_ack(item.ack.body).desk}", receipt.index
        return f"{event.kind.name}:{message}", receipt.index

    async def _acknowledge(self, desk: str) -> None:
        owed = self._owed[desk]
        while True:
            async with self._connected(desk, PATIENCE[-1]) as own:
                answered = True
                while answered:
                    while not owed:
                        self._wanted.clear()
                        await self._wanted.wait()
                    ops = [owed.popleft() for _ in range(min(len(owed), 64))]
                    answered = await self._acknowledge_all(own, list(dict.fromkeys(ops)))
            owed.extend(ops)

    async def _acknowledge_all(self, session: Session, ops: list[str]) -> bool:
        """Sends acknowledgements; returns whether each was answered with a receipt."""
        for op in ops:
            self._history.append(Asked(op, (self._senders_of[op.split(":")[1]],)))
        try:
            results = await session.acknowledge([self.acks[op] for op in ops])
        except RefusedError as refused:
            self._history.extend(Refused(op, refused.reason.value) for op in ops)
            return False
        for op, result in zip(ops, results, strict=True):
            if isinstance(result, Receipt):
                self._acknowledged.add(op)
                self._answered(op, result, EventKind.ACKNOWLEDGED)
            else:
                self._history.append(Refused(op, result.reason.value))
        return all(isinstance(result, Receipt) for result in results)

    # --- the end

    async def settle(self, seconds: float) -> None:
        """Begins nothing new and waits until all that was begun was answered, delivered and acknowledged.

        Raises:
            TimeoutError: it was not.
        """
        self._stopping = True
        async with asyncio.timeout(seconds):
            await asyncio.gather(*self._sending)
            while len(self._acknowledged) < len(self.envelopes) or any(self._owed.values()):
                self.check()
                await asyncio.sleep(0.02)

    async def stop(self) -> None:
        """Ends every client, whatever it was doing."""
        self._stopping = True
        tasks = [*self._sending, *self._serving]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def again(self) -> None:
        """Sends everything once more, with the same bytes."""
        for desk in DESKS:
            async with self._connected(desk) as own:
                ops = [op for op in self.envelopes if self._senders_of[op[2:]] == desk]
                for at in range(0, len(ops), 64):
                    some = ops[at : at + 64]
                    await asyncio.gather(*(self._submit(own, op, desk, other(desk)) for op in some))
                acks = [op for op in self.acks if op.endswith(desk)]
                for at in range(0, len(acks), 256):
                    await self._acknowledge_all(own, acks[at : at + 256])

    async def hold(self) -> None:
        """Reads every feed from its beginning, for the history."""
        for desk in DESKS:
            async with self._connected(desk) as own:
                async for answer in own.read_feed(0, follow=False):
                    if answer.HasField("item"):
                        op, index = self.item(answer.item)
                        self._history.append(Held(desk, answer.item.number, index, op))


def other(desk: str) -> str:
    """Returns the desk that a desk writes to."""
    return DESKS[1 - DESKS.index(desk)]
