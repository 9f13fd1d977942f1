"""Steps 3 and 4 of the submit path, off the event loop: freshness, keys, agreement, signatures.

A few threads drain whatever has arrived, look at each envelope and acknowledgement, and hand what is good to the
sequencer in one piece. libsodium runs without the interpreter lock, and a thread that waits to get the lock back must
not keep the others from computing, so there are more threads than one. What came in one call stays together, in order.

What is refused is looked up once more, all of a drain in one query: an envelope that was taken earlier gets its first
receipt again, whatever has changed meanwhile and whatever signatures the retry carries.

Never does: write.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from comity.checks import check_directory_age, check_parties, verify_signatures
from comity.directory import View
from comity.envelope import Envelope
from comity.errors import ComityError, Reason, RefusedError
from comity.receipts import Ack, Receipt, verify_ack
from comity.workflow.clocks import MAX_AGE, MAX_AGE_SECONDED, check_times
from comity.workflow.terms import SignatureRole

from hub.clock import Clock
from hub.db import Database
from hub.exchange import store
from hub.exchange.acknowledging import check_signer
from hub.exchange.domain import EnvelopeState, Known, erased_error, is_opening
from hub.faults import FaultError, Faults
from hub.log.commands import Acknowledge, SubmitEnvelope
from hub.log.domain import DirectorySource, LogKeys
from hub.log.receipts import receipt_of
from hub.log.sequencer import Pending, Sequencer
from hub.log.store import load_receipts
from hub.log.tickets import Answer, Ticket


@dataclass(frozen=True, slots=True)
class GivenAck:
    """An acknowledgement as it came, parsed and not verified."""

    ack: Ack
    body: bytes
    sig: bytes


Arrived = tuple[Envelope | GivenAck, Ticket, int]
"""(what came, who waits, place in its results)."""


class Verifier:
    """The threads between the event loop and the sequencer."""

    def __init__(
        self,
        *,
        db: Database,
        directory: DirectorySource,
        keys: LogKeys,
        clock: Clock,
        faults: Faults,
        sequencer: Sequencer,
        threads: int = 3,
        drain: int = 64,
    ) -> None:
        """Takes its collaborators.

        Args:
            db: where what is refused is looked up.
            directory: the replayed directory.
            keys: of the logs, for receipts of what was taken earlier.
            clock: what time it is.
            faults: fault points.
            sequencer: takes what is good.
            threads: how many verify at once.
            drain: a thread hands on what it has looked at as soon as it is so much; a call is never divided.
        """
        self._db, self._directory, self._keys, self._clock = db, directory, keys, clock
        self._faults, self._sequencer, self._drain = faults, sequencer, drain
        self._queue: deque[Sequence[Arrived]] = deque()
        self._arrived = threading.Condition()
        self._stopping = False
        self._threads = [
            threading.Thread(target=self._run, name=f"hub-verifier-{n}", daemon=True) for n in range(threads)
        ]

    def start(self) -> None:
        """Begins to verify."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finishes what is queued and ends the threads. Blocks."""
        with self._arrived:
            self._stopping = True
            self._arrived.notify_all()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()

    def offer(self, arrived: Sequence[Arrived]) -> None:
        """Queues what was admitted of one call."""
        with self._arrived:
            self._queue.append(arrived)
            self._arrived.notify()

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            self._verify(taken)

    def _take(self) -> list[Arrived] | None:
        """Waits for calls and takes a fair share of what waits; None at the end."""
        with self._arrived:
            while not self._queue:
                if self._stopping:
                    return None
                self._arrived.wait()
            share = max(1, len(self._queue) // len(self._threads))
            taken: list[Arrived] = []
            while self._queue and share and len(taken) < self._drain:
                taken += self._queue.popleft()
                share -= 1
            return taken

    def _verify(self, taken: list[Arrived]) -> None:
        view, now = self._directory.view(), self._clock.now_ms()
        good: list[Pending] = []
        refused: list[tuple[Envelope, Ticket, int, Any]] = []
        answers: list[Answer] = []
        for what, ticket, slot in taken:
            try:
                if isinstance(what, Envelope):
                    good.append((self._envelope(what, view, now), ticket, slot))
                else:
                    good.append((self._ack(what, view, now), ticket, slot))
            except ComityError as error:
                if isinstance(what, Envelope):
                    refused.append((what, ticket, slot, error))
                else:
                    answers.append((ticket, slot, error))
            except FaultError:
                answers.append((ticket, slot, RefusedError(Reason.UNAVAILABLE, "a fault was armed")))
            except Exception as error:  # noqa: BLE001 # one bad message must not end the thread; it becomes INTERNAL
                answers.append((ticket, slot, error))
        if good:
            self._sequencer.offer(good)
        if refused:
            answers += self._look_up(refused)
        if answers:
            self._sequencer.answer(answers)

    def _envelope(self, envelope: Envelope, view: View, now: int) -> SubmitEnvelope:
        header = envelope.header
        seconded = any(s.role is SignatureRole.APPROVER for s in envelope.signatures)
        # 3. Times, directory freshness, keys, agreement.
        check_times(
            precedence=header.precedence,
            created=header.created,
            deliver_by=header.deliver_by,
            respond_by=header.respond_by or None,
            lapses_at=header.lapses_at or None,
            has_approver=seconded,
            now_ms=now,
        )
        check_directory_age(header, view, now, (MAX_AGE_SECONDED if seconded else MAX_AGE)[header.precedence])
        signers = check_parties(envelope, view, now, opening=is_opening(header.family, header.verb))
        if self._faults.armed:
            self._faults.hit("submit.after_parties")
        # 4. Signatures.
        verify_signatures(envelope, signers)
        if self._faults.armed:
            self._faults.hit("submit.after_signatures")
        return SubmitEnvelope(envelope, signers, view.size)

    def _ack(self, given: GivenAck, view: View, now: int) -> Acknowledge:
        key = check_signer(view, given.ack.kid, given.ack.desk, now)
        if not verify_ack(given.body, given.sig, key):
            raise RefusedError(Reason.BAD_SIGNATURE, "a signature is not by a live key of the acknowledging desk")
        return Acknowledge(given.ack, given.body, given.sig, view.size)

    def _look_up(self, refused: list[tuple[Envelope, Ticket, int, Any]]) -> list[Answer]:
        """Gives repeated envelopes their first receipt, and the others their refusal."""
        ids = list({(e.header.sender_agency, e.header.envelope_id) for e, _, _, _ in refused})
        try:
            known = self._db.read_now(lambda connection: store.repeats(connection, ids))
            first = {key: k for key, k in known.items() if k.state < EnvelopeState.ERASED}
            indices = [k.index for k in first.values() if k.index is not None]
            receipts = self._db.read_now(lambda connection: load_receipts(connection, indices)) if indices else {}
        except RefusedError as error:
            return [(ticket, slot, error) for _, ticket, slot, _ in refused]
        origin = self._directory.current.state.exchange_origin
        answers: list[Answer] = []
        for envelope, ticket, slot, refusal in refused:
            found: Known | None = known.get((envelope.header.sender_agency, envelope.header.envelope_id))
            result: Receipt | ComityError = refusal
            if found is not None and found.message_hash == envelope.message_hash:
                stored = receipts.get(found.index) if found.index is not None else None
                result = erased_error(found) if stored is None else receipt_of(stored, origin, self._keys)
            answers.append((ticket, slot, result))
        return answers
