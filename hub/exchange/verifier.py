"""Steps 3 and 4 of the submit path, off the event loop: who says that they signed, and that they did.

One thread takes whatever has arrived, looks at each envelope and acknowledgement, and hands what is good to the
sequencer in one piece. While calls keep coming it lets some of them gather: threads that alternate a message at a time
spend more on handing the interpreter to one another than on the messages. A call that comes alone waits for nothing.

What does not verify goes to the sequencer too, in its turn and with its refusal: an envelope that was taken earlier, or
is about to be, gets its first receipt again, whatever signatures the retry carries.

Never does: database, clocks. Whether a key is live, and all else that depends on the moment, is judged under the lock.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from comity.checks import bad_signature, verify_known_signatures
from comity.directory import View
from comity.envelope import Envelope
from comity.errors import ComityError, RefusedError
from comity.receipts import Ack, verify_ack

from hub.db import unavailable
from hub.faults import FaultError, Faults
from hub.log.commands import Acknowledge, SubmitEnvelope
from hub.log.domain import DirectorySource
from hub.log.sequencer import Pending, Sequencer
from hub.log.tickets import Answer, Ticket
from hub.telemetry import Telemetry


@dataclass(frozen=True, slots=True)
class GivenAck:
    """An acknowledgement as it came, parsed and not verified."""

    ack: Ack
    body: bytes
    sig: bytes


PAUSE_SECONDS: Final = 0.006
"""Calls gather until none has come for so long."""
GATHER_SECONDS: Final = 0.04
"""They gather no longer than this."""

Arrived = tuple[Envelope | GivenAck, Ticket, int]
"""(what came, who waits, place in its results)."""


class Verifier:
    """The thread between the event loop and the sequencer."""

    def __init__(
        self,
        *,
        directory: DirectorySource,
        faults: Faults,
        sequencer: Sequencer,
        telemetry: Telemetry,
        drain: int = 128,
    ) -> None:
        """Takes its collaborators.

        Args:
            directory: the replayed directory.
            faults: fault points.
            sequencer: takes what was looked at.
            telemetry: log lines and counters.
            drain: what has been looked at is handed on as soon as it is so much; a call is never divided.
        """
        self._directory, self._telemetry = directory, telemetry
        self._faults, self._sequencer, self._drain = faults, sequencer, drain
        self._queue: deque[Sequence[Arrived]] = deque()
        self._arrived = threading.Condition()
        self._stopping = False
        self._several = False
        self._thread = threading.Thread(target=self._run, name="hub-verifier", daemon=True)

    def start(self) -> None:
        """Begins to verify."""
        self._thread.start()

    def stop(self) -> None:
        """Finishes what is queued and ends the thread. Blocks."""
        with self._arrived:
            self._stopping = True
            self._arrived.notify()
        if self._thread.is_alive():
            self._thread.join()

    def offer(self, arrived: Sequence[Arrived]) -> None:
        """Queues what was admitted of one call."""
        with self._arrived:
            self._queue.append(arrived)
            self._arrived.notify()

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            self._verify(taken)

    def _take(self) -> list[Arrived] | None:
        """Waits for calls and takes what has gathered; None at the end."""
        with self._arrived:
            while not self._queue:
                if self._stopping:
                    return None
                self._arrived.wait()
        if self._several:
            self._gather()
        taken: list[Arrived] = []
        calls = 0
        with self._arrived:
            while self._queue and len(taken) < self._drain:
                taken += self._queue.popleft()
                calls += 1
        self._several = calls > 1
        return taken

    def _gather(self) -> None:
        """Lets calls arrive as long as they do so close upon one another."""
        until, seen = time.monotonic() + GATHER_SECONDS, 0
        while seen < len(self._queue) < self._drain and time.monotonic() < until and not self._stopping:
            seen = len(self._queue)
            time.sleep(PAUSE_SECONDS)

    @property
    def alive(self) -> bool:
        """Whether it verifies."""
        return self._thread.is_alive()

    def _verify(self, taken: list[Arrived]) -> None:
        passed: list[Pending] = []
        answers: list[Answer] = []
        for what, ticket, slot in taken:
            # Each alone: whatever one provokes becomes its own answer, and must neither end the thread nor leave
            # anybody waiting.
            try:
                view = self._directory.view()
                command = self._envelope(what, view) if isinstance(what, Envelope) else self._ack(what, view)
                passed.append((command, ticket, slot))
            except ComityError as error:
                answers.append((ticket, slot, error))
            except FaultError:
                answers.append((ticket, slot, unavailable()))
            except Exception as error:  # noqa: BLE001 # the transport makes it INTERNAL
                self._telemetry.failed("not verified", error)
                answers.append((ticket, slot, error))
        if passed:
            self._sequencer.offer(passed)
        if answers:
            self._sequencer.answer(answers)

    def _envelope(self, envelope: Envelope, view: View) -> SubmitEnvelope:
        # 3. The keys that it names: `comity.checks` looks them up.
        if self._faults.armed:
            self._faults.hit("submit.after_parties")
        # 4. Signatures.
        refusal: RefusedError | None = None
        try:
            verify_known_signatures(envelope, view)
        except RefusedError as error:
            refusal = error
        if self._faults.armed:
            self._faults.hit("submit.after_signatures")
        return SubmitEnvelope(envelope, refusal)

    def _ack(self, given: GivenAck, view: View) -> Acknowledge:
        key = view.sign_key(given.ack.kid)
        if key is None or not verify_ack(given.body, given.sig, key):
            raise bad_signature()
        return Acknowledge(given.ack, given.body, given.sig)
