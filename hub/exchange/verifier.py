"""Between the event loop and the sequencer: has everything examined (steps 2 to 4) and hands on what passed.

The examining happens in processes of its own, `processes` of them; with none, in this one, on the event loop. Calls
that came in one turn of the loop go over in one piece. A signature that does not verify is handed on with its refusal:
an envelope that was taken earlier, or is about to be, gets its first receipt again, whatever a retry is signed with.

Never does: database, clocks. Whether a key is live, and all else that depends on the moment, is judged under the lock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, Final, NamedTuple

from comity.checks import bad_signature
from comity.errors import ComityError

from hub.db import unavailable
from hub.exchange.examiner import KEYS
from hub.exchange.examining import (
    ExaminationError,
    Examined,
    Sent,
    SentEnvelope,
    Verdict,
    ack_of,
    envelope_of,
    read_verdict,
    verdict_on,
)
from hub.exchange.lane import Lane
from hub.faults import FaultError, Faults
from hub.log.commands import Acknowledge, SubmitEnvelope
from hub.log.domain import DirectorySource
from hub.log.sequencer import Pending, Sequencer
from hub.log.tickets import Answer, Ticket
from hub.telemetry import Telemetry

STUCK_SECONDS: Final = 10.0
"""An examining process that owes verdicts and gives none for so long is killed, and another one started."""
END_SECONDS: Final = 5.0
"""How long what was offered may take to be examined when the hub stops."""
RESTART_SECONDS: Final = (0.1, 5.0)
"""Least and greatest pause before an examining process that ended is replaced; it doubles until one lives."""


class Arrived(NamedTuple):
    """One item of a call."""

    sent: Sent
    desk: str
    """The calling desk."""
    ticket: Ticket
    slot: int
    """Its place in the call's results."""


Item = tuple[Arrived, int]
"""(what came, size of the directory by whose keys it is examined)."""


class Verifier:
    """Has items examined. Used on the event loop only."""

    def __init__(
        self,
        *,
        directory: DirectorySource,
        faults: Faults,
        sequencer: Sequencer,
        telemetry: Telemetry,
        processes: int = 0,
    ) -> None:
        """Takes its collaborators.

        Args:
            directory: the replayed directory.
            faults: fault points.
            sequencer: takes what passed.
            telemetry: log lines and counters.
            processes: that examine; 0 to examine in this one.
        """
        self._directory, self._telemetry = directory, telemetry
        self._faults, self._sequencer = faults, sequencer
        self._wanted = processes
        self._lanes: list[Lane] = []
        self._arrived: list[Arrived] = []
        self._told = 0
        self._keys: set[bytes] = set()
        """Ids of the signing keys that every process has."""
        self._pause = RESTART_SECONDS[0]
        self._tasks: set[asyncio.Task[None]] = set()
        self._running = False

    async def start(self) -> None:
        """Begins to take items."""
        self._running = True
        for _ in range(self._wanted):
            try:
                await self._open()
            except OSError as error:
                self._telemetry.failed("no examining process", error)
                self._run(self._reopen())
        if self._wanted:
            self._run(self._watch())

    async def stop(self) -> None:
        """Ends the processes, once everything that was offered is answered or handed on."""
        try:
            async with asyncio.timeout(END_SECONDS):
                while self._arrived or any(lane.waiting for lane in self._lanes):  # noqa: ASYNC110 # once in its life
                    await asyncio.sleep(0.005)
        except TimeoutError:
            self._telemetry.log.warning("the examining process does not answer")
        self._running = False
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        lanes, self._lanes = self._lanes, []
        for lane in lanes:
            await lane.close()
        await asyncio.sleep(0)  # what was lost is answered in this loop

    @property
    def alive(self) -> bool:
        """Whether it takes items, with as many processes as it should have."""
        return self._running and len(self._lanes) == self._wanted

    def offer(self, arrived: Sequence[Arrived]) -> None:
        """Takes what was admitted of one call; it is sent on at the end of this turn of the loop."""
        if not self._arrived:
            asyncio.get_running_loop().call_soon(self._send)
        self._arrived += arrived

    def _send(self) -> None:
        arrived, self._arrived = self._arrived, []
        directory = self._directory.current
        items = [(item, directory.size) for item in arrived]
        if not self._wanted:
            key_of, origin = self._directory.view().sign_key, directory.state.exchange_origin
            self._judged([(item, verdict_on(item[0].sent, item[0].desk, origin, key_of)) for item in items])
            return
        if directory.size != self._told:
            self._tell_keys(self._lanes)
        lane = min(self._lanes, key=lambda one: one.waiting, default=None)
        if lane is None:
            self._sequencer.settle([(item.ticket, item.slot, unavailable()) for item in arrived])
            return
        try:
            lane.send(items, [(item.desk, tuple(item.sent)) for item in arrived])
        except (MemoryError, ValueError) as error:
            self._telemetry.failed("not sent to be examined", error)
            self._sequencer.settle([(item.ticket, item.slot, unavailable()) for item in arrived])

    # The processes.

    async def _open(self) -> None:
        lane = await Lane.open(self._judged, self._lost)
        self._keys.clear()
        self._tell_keys([*self._lanes, lane])
        if not lane.alive:
            lane.reap()
            raise OSError("it ended as soon as it began")
        self._lanes.append(lane)

    def _tell_keys(self, lanes: Sequence[Lane]) -> None:
        """Sends keys that the directory has gained. What an id names never changes, so that none is ever taken back."""
        directory = self._directory.current
        self._told = directory.size
        new = self._directory.view().sign_keys(self._keys) if directory.size else {}
        self._keys |= new.keys()
        for lane in lanes:
            lane.tell((KEYS, directory.state.exchange_origin, tuple(new.items())))

    def _lost(self, lane: Lane, items: list[Item]) -> None:
        if lane in self._lanes:
            self._lanes.remove(lane)
            lane.reap()
            self._telemetry.log.error("the examining process ended", count=len(items))
            self._telemetry.counters.add("comity.failures", what="the examining process ended")
            self._run(self._reopen())
        self._sequencer.settle([(item.ticket, item.slot, unavailable()) for item, _ in items])

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(STUCK_SECONDS / 4)
            for lane in self._lanes:
                if lane.idle_for(loop.time()) > STUCK_SECONDS:
                    lane.reap()

    async def _reopen(self) -> None:
        while self._running:
            await asyncio.sleep(self._pause)
            self._pause = min(2 * self._pause, RESTART_SECONDS[1])
            try:
                await self._open()
            except OSError as error:
                self._telemetry.failed("no examining process", error)
            else:
                return

    # What was examined.

    def _judged(self, pairs: list[tuple[Item, Verdict]]) -> None:
        passed: list[Pending] = []
        answers: list[Answer] = []
        for (item, size), verdict in pairs:
            # Each alone: whatever one provokes becomes its own answer.
            try:
                passed.append((self._command(item, size, read_verdict(verdict)), item.ticket, item.slot))
            except ComityError as error:
                answers.append((item.ticket, item.slot, error))
            except ExaminationError as error:
                self._telemetry.log.warning("not examined", error=str(error))
                self._telemetry.counters.add("comity.failures", what="not examined")
                answers.append((item.ticket, item.slot, error))
            except FaultError:
                answers.append((item.ticket, item.slot, unavailable()))
            except Exception as error:  # noqa: BLE001 # the transport makes it INTERNAL
                self._telemetry.failed("not examined", error)
                answers.append((item.ticket, item.slot, error))
        self._pause = RESTART_SECONDS[0]
        if passed:
            self._sequencer.offer(passed)
        if answers:
            self._sequencer.settle(answers)

    def _command(self, item: Arrived, size: int, examined: Examined) -> SubmitEnvelope | Acknowledge:
        if self._faults.armed:
            for point in ("submit.after_parse", "submit.after_parties", "submit.after_signatures"):
                self._faults.hit(point)
        refusal = None if examined.genuine else bad_signature()
        sent = item.sent
        if isinstance(sent, SentEnvelope):
            return SubmitEnvelope(envelope_of(sent, examined.facts), refusal, size)
        return Acknowledge(ack_of(examined.facts), sent.body, sent.sig, refusal, size)
