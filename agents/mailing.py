"""Mail, cases, alarms and proofs, as `Client` offers them.

Never does: make a message (`agents/drafting.py`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from comity.envelope import Header, parse_header
from comity.errors import CannotOpenError, ComityError, MalformedError, Reason, RefusedError, VerificationError
from comity.receipts import Receipt, VerifiedReceipt, parse_receipt
from comity.v1.payload_pb2 import Payload
from comity.workflow.terms import Verb

from agents import truststore
from agents.alarms import Alarm, from_row
from agents.asides import Taken
from agents.attachments import Progress, attachment_named, fetch
from agents.cases import case_info
from agents.connected import Connected
from agents.errors import NotUniqueError, SplitViewError
from agents.mailstore import Message
from agents.onward.originals import check_file
from agents.proofs import LogProgress
from agents.proving import prove, verify_here
from agents.records import (
    CaseInfo,
    InboxItem,
    LogReport,
    OpenedMessage,
    SentItem,
    SyncReport,
)
from agents.refusals import ELSEWHERE
from agents.truststore import AlarmRow
from agents.waiting import waiting_alarms

FEED_TRIES: Final = 5
"""How often a pass over the feed is taken up again where the connection broke."""


class Mailing(Connected):
    """Reads the desk's feed and what is kept of it."""

    caught_up_at: int = 0
    """When the feed last came to its present end: everything up to then is here. Unix milliseconds UTC; 0 before."""

    # --- mail

    async def sync(self) -> SyncReport:
        """Reads the feed to its present end: verifies, stores, acknowledges, moves cases.

        Raises:
            VerificationError: the hub cannot prove what it shows; evidence is saved and reading has stopped.
            RefusedError: the hub does not answer; what was taken stays taken.
        """
        new, events, quarantined, acknowledged = list[InboxItem](), 0, 0, 0
        async with self._turn:
            await self.refresh()
            async with self._settling():
                acknowledged += await self._acks.flush(self.session)
                async with self._acknowledging():
                    async for taken in self._feed():
                        events += taken.event
                        quarantined += taken.quarantined
                        if taken.message is not None and not taken.quarantined:
                            new.append(self._item(taken.message))
                self.caught_up_at = self.clock()
            acknowledged += await self._flush()
        return SyncReport(tuple(new), events, quarantined, acknowledged)

    async def live(self) -> AsyncIterator[InboxItem | None]:
        """Yields received messages as they come, each stored and acknowledged; None for anything else that happened.

        Where the hub does not take the acknowledgement the message is shown first, and the error raised behind it.

        Raises:
            RefusedError: the connection broke: call it again.
            VerificationError: as `sync`.
        """
        async for found in self._live(acknowledge=True):
            for taken in found:
                show = taken.message is not None and not taken.quarantined
                yield self._item(taken.message) if show and taken.message is not None else None

    async def live_unseen(self) -> AsyncIterator[int]:
        """Takes what comes as `live` does, for a machine that looks into the mailbox itself.

        Yields how many items came; nothing is acknowledged before the caller's `flush`.

        Raises:
            RefusedError, VerificationError: as `live`.
        """
        async for found in self._live(acknowledge=False):
            yield len(found)

    async def _live(self, *, acknowledge: bool) -> AsyncIterator[list[Taken]]:
        start = self._intake.cursor().next_index
        async for response in self.session.read_feed(start, follow=True):
            async with self._turn:
                if response.WhichOneof("message") == "head":
                    if not self.trust.see_head(response.head.body, response.head.sig):
                        await self.refresh()
                    async with self._acknowledging():
                        found = [taken async for taken in self._intake.owed(self.session)]
                    if self._intake.cursor().next_index < start:
                        raise RefusedError(Reason.STALLED, "a log was forgotten: what comes is read from further back")
                    self.caught_up_at = self.clock()
                else:
                    found = [await self._intake.take(self.session, response.item, start)]
                failed: ComityError | None = None
                try:
                    if found and acknowledge:
                        await self._flush()
                except ComityError as error:
                    failed = error
            yield found
            if failed is not None:
                raise failed

    async def published_again(self, start: int, list_id: bytes) -> AsyncIterator[tuple[Header, Payload, int]]:
        """Reads anew what this desk has published in a list and has a copy of; nothing of it is kept.

        Args:
            start: place in the log.
            list_id: of the list.

        Yields:
            Header, payload and the time of the leaf, Unix milliseconds UTC, each verified from the bytes alone.

        Raises:
            VerificationError, RefusedError: one is not what the log names; or the connection broke. One that does not
                open is left out.
        """
        async for response in self.session.read_feed(start, follow=False):
            wire = response.item.envelope
            if response.WhichOneof("message") == "item" and wire.ciphertext and _is_of(wire.header, list_id, self.desk):
                try:
                    async with self._turn:
                        item, envelope, payload = await self._intake.read_back(self.session, response.item)
                except (CannotOpenError, MalformedError):
                    continue  # whoever has the machine's key can send another copy beside the good one
                yield envelope.header, payload, item.time

    async def flush(self) -> int:
        """Sends acknowledgements that are still pending. Returns how many the hub has logged."""
        async with self._turn:
            return await self._flush()

    def inbox(self, *, unread_only: bool = False) -> list[InboxItem]:
        """Returns received mail in the order of the log."""
        return self._reading.inbox(unread_only=unread_only)

    def awaited(self, message: str) -> bool:
        """Returns whether the answer to a message, by its whole hash, is still awaited: whether its limit counts."""
        return self._reading.awaited(message)

    def sent(self) -> list[SentItem]:
        """Returns this desk's own mail, with how far it has come at each recipient."""
        return self._reading.sent()

    async def open_item(self, message: str, *, second_look: bool = False) -> OpenedMessage:
        """Opens a received message for a person and sends OPENED; see `Reading.open`."""
        opened = self._reading.open(message, second_look=second_look)
        with contextlib.suppress(RefusedError):  # it stays pending and is sent with the next pass
            await self.flush()
        return opened

    def peek(self, message: str, *, second_look: bool = False) -> OpenedMessage:
        """Opens a kept message without acknowledging anything; see `Reading.peek`."""
        return self._reading.peek(message, second_look=second_look)

    def peek_message(self, message: Message) -> OpenedMessage:
        """Opens a kept message for a machine of this desk as `peek` does, and the newest one at no cost."""
        newest = self._intake.opened
        known = newest[1] if newest is not None and newest[0] == message.message_hash else None
        return self._reading.peek_message(message, known)

    async def save_attachment(
        self, message: str, attachment_id: str, folder: Path, progress: Progress | None = None
    ) -> Path:
        """Saves an attachment under a safe name, after the whole of it was found genuine.

        Raises:
            NotUniqueError: no such attachment.
            CannotOpenError: it is not what the payload says; nothing was written.
            ContentRefusedError: it is somebody's message, and was not passed on by FORWARD; nothing was written.
            FolderError: it cannot be written there.
        """
        opened = self.peek(message)
        found = attachment_named(opened.payload, attachment_id)
        check = None if opened.header.verb is Verb.FORWARD else check_file
        return await fetch(self.session, found, Path(folder), progress, check)

    # --- cases

    def cases(self) -> list[CaseInfo]:
        """Returns every leg of every case, by this side's own clock."""
        return self._reading.cases()

    def case(self, case: str) -> list[CaseInfo]:
        """Returns the legs of one case."""
        now = self.clock()
        return [case_info(leg, self.desk, now) for leg in self._reading.legs(case)]

    def alarms(self) -> list[Alarm]:
        """Returns what a person must look at; what is waited for ends by itself."""
        with self.store.begin() as c:
            raised = [from_row(row) for row in truststore.alarms(c)]
            dismissed = truststore.dismissed_alarms(c)
        waiting = waiting_alarms(self.store, self.trust, self.desk, self.clock)
        return raised + [alarm for alarm in waiting if alarm.id not in dismissed]

    def dismiss_alarm(self, alarm_id: str) -> None:
        """Dismisses an alarm.

        Raises:
            NotUniqueError: there is none with that id.
        """
        found = [alarm for alarm in self.alarms() if alarm.id.startswith(alarm_id)]
        if not alarm_id or len(found) != 1:
            raise NotUniqueError("no alarm, or more than one, has an id that begins so")
        alarm, now = found[0], self.clock()
        with self.store.begin() as c:
            truststore.add_alarm(c, AlarmRow(alarm.id, alarm.kind.value, alarm.subject, alarm.raised))
            truststore.dismiss_alarm(c, alarm.id, now)

    # --- proofs

    async def verify_log(self, progress: LogProgress | None = None) -> LogReport:
        """Reads both logs whole and hashes them again; every kept receipt must be in them."""
        return await self._proofs.verify_log(self.session, progress)

    def receipt(self, message: str) -> bytes:
        """Returns the receipt of a message, serialised.

        Raises:
            RefusedError: NOT_FOUND: there is none yet.
        """
        found = self._reading.find(message).receipt
        if not found:
            raise RefusedError(Reason.NOT_FOUND, "there is no receipt of that message yet")
        return found

    def verify_receipt(self, message: str | bytes) -> VerifiedReceipt:
        """Verifies a receipt by what is known here: of a kept message by its hash, or a serialised one.

        Raises:
            VerificationError: it does not verify, or belongs to no history that was seen here: see `prove_receipt`.
            MalformedError: not a receipt.
        """
        found = verify_here(self.trust, self._receipt(message))
        if not self.trust.history.saw(found.checkpoint.size, found.checkpoint.root):
            raise VerificationError("the receipt belongs to no history seen here")
        return found

    async def prove_receipt(self, message: str | bytes) -> VerifiedReceipt:
        """Does what `verify_receipt` does, and has the hub prove a size that was not seen here.

        Raises:
            VerificationError: it does not verify.
            SplitViewError: it belongs to another history than this one.
            MalformedError: not a receipt.
            RefusedError: the hub did not answer.
        """
        return await prove(self.trust, self.session, self._receipt(message))

    # --- how

    def _receipt(self, message: str | bytes) -> Receipt:
        return parse_receipt(message if isinstance(message, bytes) else self.receipt(message))

    async def _flush(self) -> int:
        """Acknowledges what is stored, and ties what waits for it. Returns how many acknowledgements were logged."""
        async with self._settling():
            logged = await self._acks.flush(self.session)
            await self._outgoing.send_again(self.session)
        await self.trust.settle_gossip(self.session)
        return logged

    @contextlib.asynccontextmanager
    async def _settling(self) -> AsyncIterator[None]:
        """Has what waits for its proof looked at where a call fails, too: a hub could fail it in every pass.

        Raises:
            SplitViewError: it was shown by that; else the error that it ended with.
        """
        try:
            yield
        except SplitViewError:
            raise
        except ComityError:
            with contextlib.suppress(RefusedError):
                await self.trust.settle_gossip(self.session)
            raise

    @contextlib.asynccontextmanager
    async def _acknowledging(self) -> AsyncIterator[None]:
        """Has what was stored acknowledged where reading ends with an error too; that error is the one raised."""
        try:
            yield
        except ComityError:
            with contextlib.suppress(ComityError):  # what is pending is sent with the next pass
                await self._acks.flush(self.session)
            raise

    async def _feed(self) -> AsyncIterator[Taken]:
        """Yields what each item up to the present end brought, then what was owed; goes on if the connection broke."""
        for attempt in range(FEED_TRIES):
            start = self._intake.cursor().next_index
            try:
                async for response in self.session.read_feed(start, follow=False):
                    if response.WhichOneof("message") == "item":
                        yield await self._intake.take(self.session, response.item, start)
                async for taken in self._intake.owed(self.session):
                    yield taken
            except RefusedError as error:
                if error.reason not in (*ELSEWHERE, Reason.STALLED) or attempt == FEED_TRIES - 1:
                    raise
                await asyncio.sleep(0.1 * 2**attempt)
            else:
                return

    def _item(self, message_hash: bytes) -> InboxItem:
        return self._reading.item(self._reading.find(message_hash.hex()))


def _is_of(header: bytes, list_id: bytes, desk: str) -> bool:
    """Returns whether a header says that a desk publishes in a list."""
    try:
        said = parse_header(header)
    except MalformedError:
        return False
    return said.watchlist is not None and (said.sender, said.watchlist.list_id) == (desk, list_id)
