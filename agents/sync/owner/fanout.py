"""Fan-out: what is on its way to subscribers gets there, in the order of each list, once, or it is known why not.

Envelopes become durable here before they first leave, go up in calls of up to 64, each sealed while the hub has the one
before it, and go again with the same bytes until the hub has answered: a process that is killed anywhere sends nothing
twice and nothing else, and of two that send at once the second gets the receipts of the first. What was sealed too long
ago, or to a key that is no longer the desk's, is sealed anew. Receipts are verified like anybody's. A large body is
uploaded beside everything else: one that the hub does not take holds the envelopes that name it, and what follows for
the same subscribers, and nothing else.

Never does: choose what is published (`agents/sync/owner/publisher.py`); go on with a list that the hub knows further
than this home does.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from comity.encoding import serialise
from comity.envelope import BlobRef, parse_header
from comity.errors import ComityError, Reason, RefusedError
from comity.header import WatchlistPosition
from comity.receipts import Receipt
from comity.v1 import envelope_pb2, payload_pb2
from comity.workflow.terms import Verb

from agents.attachments import forget, sealed_path
from agents.client import Client
from agents.outgoing import RESEAL
from agents.sync.owner import lists, mailrows, outbox
from agents.sync.owner.bodies import pack_body
from agents.sync.owner.comparing import halt
from agents.sync.owner.outbox import SNAPSHOT, SNAPSHOT_EVERY_MS, Blob, Out, Part
from agents.sync.owner.sealing import Said, SealedOut, Sealer
from agents.sync.owner.settling import Settling, Waiting
from agents.sync.owner.store import OwnerStore
from agents.sync.owner.uploading import Uploading

CALL_ENVELOPES: Final = 64
"""Envelopes in one call."""
CALL_BYTES: Final = 3 << 20
"""Bytes of envelopes in one call: the protocol takes 4 MiB."""
PASS: Final = 512
"""Envelopes that are looked at in one pass."""
FIRST: Final = 8
"""Envelopes in the first call of a pass; each that follows has twice as many, up to a whole one."""
BEHIND: Final = 64
"""Of a subscriber for whom more waits the rows are forgotten: it is sent what it lacks in portions."""
_AGAIN: Final = frozenset({Reason.UNAVAILABLE, Reason.BUSY, Reason.STALLED, Reason.INTERNAL, Reason.QUOTA})
_ENDED: Final = frozenset({Reason.WRONG_STATE, Reason.UNKNOWN_CASE})
_Ready = tuple[Out, envelope_pb2.Envelope]
"""A row and its sealed envelope."""


@dataclass(frozen=True, slots=True)
class Sending:
    """What a pass has done."""

    logged: int = 0
    """Envelopes that the hub has taken."""
    held: int = 0
    """Envelopes that stay, for a reason that may pass."""


class Fanout:
    """Seals and sends what the rows say."""

    def __init__(self, store: OwnerStore, client: Client) -> None:
        self._store, self._client = store, client
        self._settling = Settling(store, client)
        self._uploading = Uploading(store, client)
        self._stale = False
        self._only = 0

    def close(self) -> None:
        """Gives up what is being uploaded; it goes on another time where it stopped."""
        self._uploading.close()

    async def pump(self, *, settle: bool = True, only: int = 0) -> Sending:
        """Sends everything that is on its way, but nothing of a list that has halted.

        Args:
            settle: whether uploads are waited for and receipts verified before this returns; else with a next pass.
            only: number of one envelope: that alone is sent, also where its list has halted.

        Raises:
            RefusedError: the hub did not answer; what is on its way stays so.
            VerificationError: a receipt does not verify.
        """
        self._only = only
        try:
            return await self._pump(settle=settle)
        finally:
            self._only = 0

    async def _pump(self, *, settle: bool) -> Sending:
        await self._settling.settle()
        sending = await self._pass(settle=settle)
        if self._stale:  # a key or the directory has changed under what was sealed: once more, on what holds now
            self._stale = False
            await self._client.refresh()
            again = await self._pass(settle=settle)
            sending = Sending(sending.logged + again.logged, again.held)
        return sending

    async def collect(self) -> int:
        """Takes note of what subscribers have acknowledged, and forgets bodies that nobody waits for any more.

        Returns:
            How many envelopes are done.
        """
        self._clean()
        return self._settling.collect()

    # --- how

    async def _pass(self, *, settle: bool) -> Sending:
        total, seen, stuck = 0, set[int](), set[bytes]()
        while True:
            with self._store.write() as c:
                found = [out for out in self._unsent(c, PASS + len(seen)) if out.number not in seen]
                halted = self._halted(c, found)
            if not found:
                break
            waiting = self._settling.waiting
            fit = [o for o in found if o.number not in waiting | halted and o.case_id not in stuck]
            stuck |= {out.case_id for out in found} - {out.case_id for out in fit}
            total += await self._send(fit, stuck, settle=settle)
            if settle:
                await self._settling.settle()
            seen |= {out.number for out in found}
        return Sending(total, len(seen) - total)

    def _unsent(self, c: sqlite3.Connection, limit: int) -> list[Out]:
        if not self._only:
            return outbox.unsent(c, limit)
        out = outbox.present(c, self._only)
        return [] if out is None or out.logged else [out]

    def _halted(self, c: sqlite3.Connection, found: Sequence[Out]) -> set[int]:
        """Returns the numbers of those that stay here, because their list has halted."""
        halted = {number for number in {out.list for out in found} if lists.by_number(c, number).halted}
        return {out.number for out in found if out.list in halted and out.number != self._only}

    async def _send(self, found: Sequence[Out], stuck: set[bytes], *, settle: bool) -> int:
        """Seals and sends, in order; while the hub has one call the next is sealed. Returns how many it has taken.

        Args:
            found: what is to be sent.
            stuck: cases of which something is held, and what follows with it; those that are found here are added.
            settle: as `pump`.
        """
        total = 0
        with_hub: tuple[Sequence[_Ready], asyncio.Task[set[int]]] | None = None

        async def landed() -> int:
            if with_hub is None:
                return 0
            taken = await with_hub[1]
            stuck.update(out.case_id for out, _ in with_hub[0] if out.number not in taken)
            return len(taken)

        try:
            for portion in _portions(found):
                ready, held = await self._sealed([out for out in portion if out.case_id not in stuck], settle=settle)
                for call in _calls(ready):
                    total += await landed()
                    with_hub = None
                    if going := [one for one in call if one[0].case_id not in stuck]:
                        with_hub = going, asyncio.create_task(self._submit(going))
                        await asyncio.sleep(0)  # it leaves before the next is sealed
                stuck |= held  # what stands before it in its case has gone
            total += await landed()
        finally:
            if with_hub is not None:
                with_hub[1].cancel()  # where it is not done: the same bytes go another time
                await asyncio.gather(with_hub[1], return_exceptions=True)
        return total

    async def _sealed(self, found: Sequence[Out], *, settle: bool) -> tuple[list[_Ready], set[bytes]]:
        """Returns what can be sent, each durable with its envelope, in order, and the cases of which something is held.

        The bodies of what can be sent are at the hub.
        """
        fresh = [out for out in found if not out.envelope]
        made = {out.number: (out, envelope_pb2.Envelope.FromString(out.envelope)) for out in found if out.envelope}
        if fresh:
            made |= {out.number: (out, wire) for out, wire in self._seal(fresh)}
        missing = await self._uploading.missing([made[o.number][0] for o in found if o.number in made], wait=settle)
        ready: list[_Ready] = []
        held: dict[bytes, Out] = {}
        gone = self._gone([out for out in found if out.number not in made])
        for out in found:
            if out.number in gone:
                continue
            if out.number not in made or out.number in missing:
                held.setdefault(out.case_id, out)
            elif out.case_id not in held:  # what comes behind something that is held waits with it
                ready.append(made[out.number])
        if missing:
            with self._store.write() as c:
                for out in held.values():
                    if out.number in missing:
                        self._held(c, out, missing[out.number])
        return ready, set(held)

    def _gone(self, unmade: Sequence[Out]) -> set[int]:
        """Returns the numbers of those that another process of this home has sent meanwhile, or has dropped."""
        if not unmade:
            return set()
        with self._store.write() as c:
            now = {out.number: outbox.present(c, out.number) for out in unmade}
        return {number for number, out in now.items() if out is None or out.logged}

    def _seal(self, fresh: Sequence[Out]) -> list[_Ready]:
        """Seals what has no envelope yet and keeps the bytes, in one transaction.

        What another process of this home has sealed meanwhile is taken as it is: nobody is sent the same thing twice.
        """
        try:
            sealer = Sealer(self._client)
        except RefusedError as error:
            if error.reason is not Reason.WRONG_ROLE:
                raise
            return []  # whoever approves may not send: the desk's agent does, or the author
        made: list[tuple[Out, SealedOut]] = []
        others: list[_Ready] = []
        said: dict[tuple[int, Verb, int], Said | None] = {}
        with self._store.write() as c:
            halted = self._halted(c, fresh)
            for was in fresh:
                out = outbox.present(c, was.number)
                if out is None or out.logged:
                    continue
                if out.envelope:
                    others.append((out, envelope_pb2.Envelope.FromString(out.envelope)))
                    continue
                subscriber = outbox.subscriber(c, out.case_id)
                key = (out.list, out.verb, out.sequence)
                if key not in said:
                    said[key] = self._said(c, out)
                content = said[key]
                if subscriber is None or content is None or out.number in halted:
                    if content is None:
                        outbox.fall_back(c, out.case_id)
                    continue
                try:
                    made.append((out, sealer.seal(content, subscriber.desk, out.case_id)))
                except RefusedError as error:
                    self._hold(c, out, error)
            outbox.sealed(c, ((out.number, one.message_hash, serialise(one.wire)) for out, one in made))
        return others + [(replace(out, message_hash=one.message_hash), one.wire) for out, one in made]

    def _said(self, c: sqlite3.Connection, out: Out) -> Said | None:
        """Returns what an envelope says, None where its batch is kept no more."""
        row, batch = lists.by_number(c, out.list), lists.batch(c, out.list, out.sequence)
        if batch is None:
            return None
        position = WatchlistPosition(row.list_id, out.sequence, batch.previous_head, batch.head)
        packed = outbox.blob(c, out.list, out.sequence, Part.BATCH)
        if packed is None:
            body, attachment = pack_body(self._client.home, [batch.data], f"{row.list_id.hex()[:8]}-{out.sequence}")
            packed = Blob(out.list, out.sequence, Part.BATCH, body, attachment, uploaded=False)
            outbox.put_blob(c, packed)
        attachments: tuple[payload_pb2.Attachment, ...] = () if packed.attachment is None else (packed.attachment,)
        if out.verb is Verb.PUBLISH:
            return Said(out.verb, position, row.handling, payload_pb2.PublishBatch(batch=packed.packed), attachments)
        state = outbox.blob(c, out.list, out.sequence, Part.STATE)
        if state is None:
            return None
        attachments += () if state.attachment is None else (state.attachment,)
        body_of_all = payload_pb2.SendSnapshot(batch=packed.packed, state=state.packed, count=state.count)
        return Said(out.verb, position, row.handling, body_of_all, attachments)

    def _keep_rows(self, ready: Sequence[_Ready]) -> None:
        """Puts the messages into the mailbox before they leave: an acknowledgement may be back before the receipt."""
        rows = [(out.message_hash, parse_header(wire.header), wire) for out, wire in ready]
        with self._client.store.begin(lasting=False) as c:  # they are in `watchlists.db`, too
            mailrows.put(c, rows, author=self._client.member, now=self._client.clock())

    async def _submit(self, call: Sequence[_Ready]) -> set[int]:
        """Sends one call. Returns the numbers of those that the hub has taken."""
        self._client.trust.check_one_history()
        self._keep_rows(call)
        answers = await self._client.session.submit_batch([wire for _, wire in call])
        taken = set[int]()
        refused: list[tuple[Out, RefusedError]] = []
        for (out, wire), answer in zip(call, answers, strict=True):
            if isinstance(answer, Receipt):
                self._settling.add(Waiting(out, wire, answer))
                taken.add(out.number)
            else:
                refused.append((out, answer))
        if refused:
            with self._store.write() as c:
                for out, error in refused:
                    self._refused(c, out, error)
            with self._client.store.begin() as mail:
                for out, error in refused:
                    if error.reason not in _AGAIN:
                        mailrows.remove(mail, out.message_hash)
        return taken

    def _refused(self, c: sqlite3.Connection, out: Out, error: RefusedError) -> None:
        if error.reason in _AGAIN:
            outbox.set_fault(c, out.case_id, error.reason.value)
        elif error.reason in RESEAL or error.reason in (Reason.TOO_LATE, Reason.UNKNOWN_BLOB):
            if error.reason is Reason.UNKNOWN_BLOB:
                outbox.not_uploaded(c, out)
            outbox.sealed(c, [(out.number, b"", b"")])
            self._stale = True
        elif error.reason in _ENDED:
            # The other side has left, and its word is on the way here.
            outbox.drop(c, out)
            outbox.set_fault(c, out.case_id, error.reason.value)
        elif error.reason is Reason.WRONG_SEQUENCE:
            self._wrong_sequence(c, out, error)
        else:
            outbox.sealed(c, [(out.number, b"", b"")])
            self._hold(c, out, error)

    def _wrong_sequence(self, c: sqlite3.Connection, out: Out, error: RefusedError) -> None:
        """The hub's list is another than ours, or lacks what it never got. A list is never forked: it halts."""
        row, text = lists.by_number(c, out.list), error.metadata.get("sequence", "")
        known = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
        newest = out.verb is Verb.SNAPSHOT and out.sequence == row.sequence
        # Of its newest batch the hub always knows the head: what is refused there, or right behind, is another line.
        forked = out.verb is Verb.PUBLISH and known > 0 and out.sequence - 1 <= known <= out.sequence
        ours = lists.batch(c, out.list, known)
        forked |= ours is not None and error.metadata.get("head", ours.head.hex()) != ours.head.hex()
        if known > row.sequence or forked or (newest and known >= out.sequence):
            halt(c, self._client, row, known)
            return
        # What the hub never got is sent in order; what lies in a gap of the hub's can only be shown to be missing.
        outbox.drop_unsent(c, out.case_id)
        first = known + 1 if 0 < known < out.sequence - 1 and out.verb is Verb.PUBLISH else 0
        outbox.set_wants(c, out.case_id, str(first) if first else SNAPSHOT)

    def _hold(self, c: sqlite3.Connection, out: Out, error: ComityError) -> None:
        """Notes why something cannot be sent to a subscriber."""
        self._held(c, out, error.reason.value if isinstance(error, RefusedError) else type(error).__name__)

    def _held(self, c: sqlite3.Connection, out: Out, fault: str) -> None:
        outbox.set_fault(c, out.case_id, fault)
        if outbox.unsent_count(c, out.case_id) > BEHIND:
            outbox.fall_back(c, out.case_id)

    def _clean(self) -> None:
        with self._store.write() as c:
            done = outbox.done_blobs(c, self._client.clock() - SNAPSHOT_EVERY_MS)
        for blob in done:
            if blob.attachment is not None and sealed_path(self._client.home, blob.attachment.blob_sha256).exists():
                forget(self._client.home, [BlobRef(blob.attachment.blob_sha256, blob.attachment.blob_length)])


def _portions(found: Sequence[Out]) -> Iterator[Sequence[Out]]:
    """Yields what is sealed at once: the first is small, so that those it is for wait for nobody else's."""
    at, size = 0, FIRST
    while at < len(found):
        yield found[at : at + size]
        at, size = at + size, min(2 * size, CALL_ENVELOPES)


def _calls(ready: Sequence[_Ready]) -> list[list[_Ready]]:
    """Returns the calls that bring envelopes up, in order."""
    calls: list[list[_Ready]] = []
    size = 0
    for out, wire in ready:
        length = wire.ByteSize()
        if not calls or len(calls[-1]) >= CALL_ENVELOPES or size + length > CALL_BYTES:
            calls.append([])
            size = 0
        calls[-1].append((out, wire))
        size += length
    return calls
