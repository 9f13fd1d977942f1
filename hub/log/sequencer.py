"""The one road in: whatever changes anything passes here, in batches, one transaction each (submit path, steps 5 to 9).

One writer thread takes what has arrived while the last batch was being committed. Durable before promise: an answer is
given after the commit, and is a proof. Whatever goes wrong with the database, the callers get UNAVAILABLE and may try
again; since every command can be repeated, it does not matter whether the transaction was committed.

Several processes on one PostgreSQL need no leader: a batch begins with the head rows locked and everything is read
under that lock. What must never happen (another fence, a clock far behind the log, a frontier that does not hash to its
root) ends sequencing for good.

Never does: check what needs no lock, decide about envelopes (`hub/exchange/work.py`).
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from comity.errors import ComityError
from comity.receipts import EventKind
from sqlalchemy.exc import DatabaseError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from hub.clock import Clock
from hub.db import Database, is_unavailable, unavailable
from hub.faults import FaultError, Faults
from hub.log.batching import Batching, Committed, Work
from hub.log.commands import AppendStatements, Command, Record
from hub.log.domain import Batch, DirectorySource, LogKeys
from hub.log.growing import OlderReleaseError
from hub.log.guard import Guard
from hub.log.seen import FatalError, Seen
from hub.log.store import LostRaceError
from hub.log.tickets import Admission, Answer, Ticket
from hub.telemetry import Telemetry

Pending = tuple[Command, Ticket, int]
"""(command, who waits, place in its results)."""
MAX_BATCH_WEIGHT = 16 << 20
"""Bytes of commands in one transaction, roughly at most."""
ALONE = (0.006, 0.04)
"""Where the last batch served several calls, the next one waits until none has come for so many seconds; and the most
that it waits. Batches are fewer and larger, and the event loop has the interpreter meanwhile."""
SHARED = (0.002, 0.015)
"""The same where other processes write, too: while this one waits for the database it gathers anyway."""


class Sequencer:
    """Takes commands, answers with receipts."""

    def __init__(
        self,
        *,
        db: Database,
        directory: DirectorySource,
        keys: LogKeys,
        clock: Clock,
        faults: Faults,
        work: Work,
        telemetry: Telemetry,
        seen: Seen,
        guard: Guard | None = None,
        queue_size: int = 4096,
        agency_queue_percent: int = 25,
        batch_size: int = 256,
        trust_database_clock: bool = True,
    ) -> None:
        """Takes its collaborators.

        Args:
            db: the database.
            directory: the replayed directory; refreshed under the lock where it has grown.
            keys: of the logs.
            clock: counts where the engine has no clock of its own, or `trust_database_clock` is False.
            faults: fault points.
            work: understands the commands.
            telemetry: counters and log lines.
            seen: remembers both logs; where the database lacks what was seen, sequencing stops.
            guard: checks the logs before the first batch and keeps the last checkpoint; None in tests of parts.
            queue_size: commands that may wait; more are refused with BUSY.
            agency_queue_percent: how much of that may be one agency's.
            batch_size: greatest number of commands in one transaction.
            trust_database_clock: False in tests whose clock stands still.
        """
        self._db, self._directory = db, directory
        self._faults, self._telemetry, self._guard = faults, telemetry, guard
        self._batch_size = batch_size
        self._batching = Batching(
            db=db,
            directory=directory,
            keys=keys,
            clock=clock,
            faults=faults,
            work=work,
            seen=seen,
            trust_database_clock=trust_database_clock,
        )
        self._seen = seen
        seen.on_lost(self.fail)
        self._admission = Admission(queue_size, agency_queue_percent)
        self._queue: deque[Pending] = deque()
        self._arrived = threading.Condition()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = False
        self._several = False
        self._failed = ""
        self._batch_listeners: list[Callable[[Batch], None]] = []
        self._failure_listeners: list[Callable[[str], None]] = []

    # The event loop's side.

    async def start(self) -> None:
        """Claims and checks the database, begins to sequence, and says so in the log.

        Raises:
            AlreadyServedError: another process serves this SQLite database.
            LogDamagedError, ForkGuardError: the database must not be served; nothing was signed.
            RefusedError: UNAVAILABLE.
        """
        self._loop = asyncio.get_running_loop()
        self._db.serve()
        if self._guard is not None:
            await asyncio.to_thread(self._guard.check_rows)
        # From here on whatever is put in the place of what is checked below is noticed.
        await self._db.read(self._seen.look)
        await self._db.read(self._directory.refresh)
        if self._guard is not None:
            await asyncio.to_thread(self._guard.check_history)
        self._thread = threading.Thread(target=self._run, name="hub-sequencer", daemon=True)
        self._thread.start()
        if self._directory.current.size:
            await self.submit(Record(EventKind.STARTED))

    async def stop(self) -> None:
        """Finishes what is queued, takes nothing more, and ends the writer thread."""
        self._stopping = True
        with self._arrived:
            self._arrived.notify()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)
            self._thread = None
        await asyncio.sleep(0)  # the last answers are on their way into this loop

    async def submit(self, command: Command, owner: str = "") -> Any:
        """Runs one command, for an agency or, by default, for the hub itself.

        Returns:
            As documented on the command.

        Raises:
            ComityError: it is refused; BUSY where the queue is full, UNAVAILABLE where nothing can be made durable.
        """
        ticket = self.admit(1, command.weight, owner)
        self.offer([(command, ticket, 0)])
        result = (await ticket.future)[0]
        if isinstance(result, BaseException):
            raise result
        return result

    def admit(self, count: int, weight: int, owner: str = "") -> Ticket:
        """Step 5: returns a ticket for some commands, which then go to `offer` or `answer`. On the event loop.

        `owner` is the agency whose share of the queue they take; empty for the hub's own.

        Raises:
            RefusedError: BUSY, or UNAVAILABLE once the sequencer has stopped.
        """
        if self._failed or self._stopping:
            raise unavailable()
        return self._admission.admit(count, weight, owner)

    def settle(self, answers: Sequence[Answer]) -> None:
        """Answers commands that were refused on the event loop itself."""
        self._admission.settle(answers)

    def on_batch(self, listener: Callable[[Batch], None]) -> None:
        """Registers who is told, on the event loop, of each batch before its callers are answered."""
        self._batch_listeners.append(listener)

    def on_failure(self, listener: Callable[[str], None]) -> None:
        """Registers who is told, on the event loop, that sequencing has stopped for good, and why."""
        self._failure_listeners.append(listener)

    @property
    def failed(self) -> str:
        """Why sequencing has stopped for good; empty while it has not."""
        return self._failed

    @property
    def alive(self) -> bool:
        """Whether the writer thread runs."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def waiting(self) -> int:
        """Commands that were taken and not answered yet."""
        return self._admission.count

    # Any thread's side.

    def offer(self, pending: Sequence[Pending]) -> None:
        """Queues commands that were admitted."""
        with self._arrived:
            self._queue.extend(pending)
            self._arrived.notify()

    def answer(self, answers: Sequence[Answer]) -> None:
        """Answers commands, one call into the event loop for all."""
        self._into_loop(None, answers)

    def fail(self, reason: str) -> None:
        """Stops sequencing for good."""
        if self._failed:
            return
        self._failed = reason
        self._telemetry.log.error("sequencing stopped", reason=reason)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(lambda: [listener(reason) for listener in self._failure_listeners])

    def _into_loop(self, batch: Batch | None, answers: Sequence[Answer]) -> None:
        def deliver() -> None:
            given = answers
            if batch is not None and batch.entries:
                for listener in self._batch_listeners:
                    try:
                        listener(batch)
                    except Exception as error:  # noqa: BLE001 # what is committed is answered all the same
                        self._telemetry.failed("a batch was not told", error)
                try:
                    if self._faults.armed:
                        self._faults.hit("submit.after_wake")
                except FaultError:
                    given = [(ticket, slot, unavailable()) for ticket, slot, _ in answers]
            self._admission.settle(given)
            if self._faults.armed and batch is not None:
                self._faults.hit("submit.after_answer")

        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(deliver)

    # The writer thread's side.

    def _run(self) -> None:
        while (pending := self._take()) is not None:
            if self._failed:
                self.answer([(ticket, slot, unavailable()) for _, ticket, slot in pending])
                continue
            with self._telemetry.span("batch", count=len(pending)):
                self._safely(pending)
            self._keep_up()
        if not self._failed:
            self._keep_up(force=True)

    def _keep_up(self, *, force: bool = False) -> None:
        """Keeps the last checkpoint outside the database; a disk that does not take it must not end the thread."""
        if self._guard is None:
            return
        try:
            self._guard.keep_up(force=force)
        except (OSError, FaultError) as error:
            self._telemetry.failed("the checkpoint was not kept", error)

    def _take(self) -> list[Pending] | None:
        """Waits for commands; None at the end. AppendStatements come alone: what follows sees the new directory."""
        with self._arrived:
            while not self._queue:
                if self._stopping:
                    return None
                # What was signed last is kept outside the database within a second, also when nothing follows.
                if not self._arrived.wait(1.0):
                    self._keep_up()
        if self._several:
            self._gather()
        with self._arrived:
            taken = [self._queue.popleft()]
            weight = taken[0][0].weight
            while self._queue and len(taken) < self._batch_size and weight < MAX_BATCH_WEIGHT:
                if isinstance(taken[0][0], AppendStatements) or isinstance(self._queue[0][0], AppendStatements):
                    break
                taken.append(self._queue.popleft())
                weight += taken[-1][0].weight
        self._several = taken[0][1] is not taken[-1][1]
        return taken

    def _gather(self) -> None:
        """Lets calls arrive as long as they do so close upon one another."""
        pause, most = SHARED if self._batching.shared else ALONE
        until, seen = time.monotonic() + most, 0
        while seen < len(self._queue) < self._batch_size and time.monotonic() < until and not self._stopping:
            seen = len(self._queue)
            time.sleep(pause)

    def _safely(self, pending: list[Pending]) -> None:
        """Runs a batch; a failure that says something against one command is found by running each alone."""
        try:
            self._process(pending)
        except FatalError as error:
            self.fail(str(error))
            self.answer([(ticket, slot, unavailable()) for _, ticket, slot in pending])
        except (DatabaseError, PoolTimeoutError, FaultError, LostRaceError) as error:
            # One row that is not what was read says nothing against the other commands of the batch.
            lost = isinstance(error, LostRaceError) and len(pending) > 1
            if lost or (isinstance(error, DatabaseError) and not is_unavailable(error)):
                self._one_by_one(pending, error)
                return
            self._telemetry.log.warning("batch not durable", error=type(error).__name__, count=len(pending))
            self.answer([(ticket, slot, unavailable()) for _, ticket, slot in pending])
            if isinstance(error, DatabaseError | PoolTimeoutError):
                threading.Event().wait(0.05)
        except Exception as error:  # noqa: BLE001 # whatever a command provokes must not end the writer thread
            self._one_by_one(pending, error)

    def _one_by_one(self, pending: list[Pending], error: Exception) -> None:
        if len(pending) > 1:
            for one in pending:
                self._safely([one])
            return
        self._telemetry.log.error("command failed", error=type(error).__name__, kind=type(pending[0][0]).__name__)
        self._telemetry.counters.add("comity.failures", what="command failed")
        self.answer([(pending[0][1], pending[0][2], error)])

    def _process(self, pending: list[Pending]) -> None:
        if self._faults.armed:
            self._faults.hit("submit.after_queue")
        command = pending[0][0]
        if isinstance(command, AppendStatements):
            done = self._append(command)
        else:
            done = self._batching.process([command for command, _, _ in pending])
        if done.batch is not None and self._guard is not None:
            self._guard.remember(done.batch.checkpoint)
        # 9. Feeds are woken, callers answered.
        answers = [(ticket, slot, result) for (_, ticket, slot), result in zip(pending, done.results, strict=True)]
        self._into_loop(done.batch, answers)
        if done.batch is not None:
            self._telemetry.counters.add("comity.batches")
            self._telemetry.counters.add("comity.events", len(done.batch.entries))

    def _append(self, command: AppendStatements) -> Committed:
        try:
            return self._batching.append(command)
        except OlderReleaseError as error:
            # Whoever has the database's password can look like such a process: an operator must find it.
            for one in error.serving:
                self._telemetry.log.warning("no key is replaced beside it", pid=one.pid, address=one.address)
            return Committed(None, [error])
        except ComityError as error:
            return Committed(None, [error])
