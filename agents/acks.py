"""Acknowledgements: ours, signed when something became durable here, and theirs, believed only when they verify.

STORED is written in the transaction that stores the message, and sent afterwards until the hub has logged or finally
refused it. Before any is sent, all that was written outlives a power cut: of many messages that is waited for once. A
forged one changes nothing: the sender goes on waiting, and an alarm is raised.

Never does: say OPENED for a machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from comity.directory import View
from comity.errors import MalformedError, Reason, RefusedError, VerificationError
from comity.receipts import (
    Ack,
    AckState,
    Event,
    EventKind,
    Leaf,
    Receipt,
    VerifiedReceipt,
    ack_digest,
    ack_signature_digest,
    ack_signing_bytes,
    encode_ack,
    encode_receipt,
    parse_ack,
    verify_ack,
)
from sqlalchemy import Connection

from agents import mailstore as rows
from agents.alarms import AlarmKind, raise_alarm
from agents.cases import header_of, not_stored
from agents.errors import SplitViewError
from agents.home import Home
from agents.keys import Keys, KeyUse, find
from agents.lateness import counts_late, raise_unread
from agents.mailstore import AckRow, Message
from agents.proving import tie, verify_receipt
from agents.records import MessageStatus, Standing
from agents.session import EarlierReceipt, Session
from agents.store import Store
from agents.tied import OVERTAKEN_TRIES, OvertakenError, Tied
from agents.trust import CLOCK_SKEW_MS, Clock, Trust

BATCH: Final = 256
"""Acknowledgements in one call."""
_FOR_GOOD: Final = frozenset(
    {Reason.TOO_LATE, Reason.WRONG_STATE, Reason.ERASED, Reason.UNKNOWN_MESSAGE, Reason.ALREADY_EXISTS}
)
_RANK: Final = {
    MessageStatus.PENDING: 0,
    MessageStatus.SUBMITTED: 1,
    MessageStatus.EXPIRED: 2,
    MessageStatus.WITHDRAWN: 2,
    MessageStatus.REFUSED: 3,
    MessageStatus.DELIVERED: 3,
    MessageStatus.OPENED: 4,
}
_STATUS: Final = {
    AckState.STORED: MessageStatus.DELIVERED,
    AckState.OPENED: MessageStatus.OPENED,
    AckState.REFUSED: MessageStatus.REFUSED,
}


@dataclass(frozen=True, slots=True)
class _Logged:
    """An acknowledgement whose receipt was verified."""

    ack: AckRow
    """As it is in the log, where the hub handed that over."""
    receipt: Receipt
    leaf: Leaf
    tied: Tied


class Acks:
    """Makes and sends this desk's acknowledgements."""

    def __init__(self, home: Home, store: Store, trust: Trust, keys: Keys, clock: Clock) -> None:
        self._home, self._store, self._trust, self._keys, self._clock = home, store, trust, keys, clock

    def make(self, message_hash: bytes, state: AckState, reason: str = "") -> AckRow:
        """Returns a signed acknowledgement, to be stored with what it acknowledges."""
        entry = find(self._keys, KeyUse.SIGN)
        body = encode_ack(
            Ack(self._trust.exchange_origin, message_hash, self._home.desk, entry.kid, state, reason, self._clock())
        )
        sig = self._keys.sign(entry.kid, ack_signing_bytes(body))
        return AckRow(message_hash, self._home.desk, state, body, sig, own=True, settled=False, receipt=b"")

    async def flush(self, session: Session) -> int:
        """Sends what is pending. Returns how many the hub has logged.

        A receipt that does not verify leaves its acknowledgement pending and keeps none of the others waiting.

        Raises:
            RefusedError: the hub did not answer; what is pending stays so.
            VerificationError: a receipt does not verify; raised once all the others had their turn.
        """
        logged, wrong = 0, list[VerificationError]()
        while True:
            with self._store.begin() as c:
                pending = rows.pending_acks(c, BATCH)
            if pending:
                self._store.make_lasting()
            results = await session.acknowledge([(a.body, a.sig) for a in pending]) if pending else []
            settled, kept = 0, 0
            proved, overtaken = list[_Logged](), list[_Logged]()
            try:
                for ack, result in zip(pending, results, strict=True):
                    if isinstance(result, Receipt):
                        proved += await self._logged(session, ack, result, proved[-1].tied if proved else None, wrong)
                    elif result.reason in _FOR_GOOD:
                        settled += self._refused(ack, result)
                    elif result.reason is Reason.BAD_SIGNATURE:
                        self._sign_again(ack)
            finally:
                kept, overtaken = self._settle(proved, wrong)
            kept += await self._settle_again(session, overtaken, wrong)
            logged += kept
            if not settled and not kept:  # the rest waits for the next pass
                if wrong:
                    raise wrong[0]
                return logged

    async def _logged(
        self, session: Session, ack: AckRow, receipt: Receipt, last: Tied | None, wrong: list[VerificationError]
    ) -> list[_Logged]:
        """Verifies the receipt of an acknowledgement. Returns what is to be kept, nothing where it is wrong."""
        try:
            verified = await verify_receipt(self._trust, session, receipt)
            if isinstance(receipt, EarlierReceipt):
                ack = replace(ack, body=receipt.body, sig=receipt.sig)
            self._check_event(ack, verified, handed=isinstance(receipt, EarlierReceipt))
        except VerificationError as error:
            self._trust.history.invalid_receipt(receipt, f"acknowledgement {ack.message_hash.hex()}")
            if isinstance(error, SplitViewError):
                raise
            wrong.append(error)
            return []
        tied = await tie(self._trust, session, receipt, verified.leaf, verified.checkpoint, last=last)
        return [_Logged(ack, receipt, verified.leaf, tied)]

    def _settle(self, proved: Sequence[_Logged], wrong: list[VerificationError]) -> tuple[int, list[_Logged]]:
        """Keeps what one answer has proved, in one transaction; its leaves and sizes must fit one another too.

        Returns:
            How many were kept, and those that have to be tied again. One whose leaf does not fit stays pending.
        """
        if not proved:
            return 0, []
        kept, overtaken, broken = list[_Logged](), list[_Logged](), list[_Logged]()
        # What a power cut takes of it is sent once more, and the hub says the same again.
        with self._store.begin(lasting=False) as c:
            for found in proved:
                try:
                    self._trust.history.check_leaf_beside(c, found.receipt.index, found.leaf)
                    found.tied.keep(c)
                except VerificationError as error:
                    wrong.append(error)
                    broken.append(found)
                except OvertakenError:
                    overtaken.append(found)
                else:
                    rows.settle_ack(c, found.ack, encode_receipt(found.receipt))
                    kept.append(found)
        for found in kept:
            self._trust.history.kept(found.tied)
        for found in broken:
            self._trust.history.invalid_receipt(found.receipt, f"acknowledgement {found.ack.message_hash.hex()}")
        return len(kept), overtaken

    async def _settle_again(
        self, session: Session, overtaken: Sequence[_Logged], wrong: list[VerificationError]
    ) -> int:
        """Ties again, and keeps, what was tied to another newest size than the one kept now. Returns how many.

        Raises:
            SplitViewError: one does not belong to the one history.
            RefusedError: the hub did not answer. They stay pending.
        """
        total = 0
        for _ in range(OVERTAKEN_TRIES):
            again = list[_Logged]()
            try:
                for found in overtaken:
                    last = again[-1].tied if again else None
                    again.append(replace(found, tied=await self._trust.history.tie_again(session, found.tied, last)))
            finally:
                kept, overtaken = self._settle(again, wrong)
            total += kept
            if not overtaken:
                break
        return total

    def _check_event(self, ack: AckRow, verified: VerifiedReceipt, *, handed: bool) -> None:
        """Checks that an event is of this acknowledgement, or of one that this desk has sent before.

        A desk's word is logged once. Where another home of the desk was first, or a colleague whose acknowledgement
        this member has signed anew, the hub hands over what is in the log: that must be the one that the event names,
        signed by a member who could, and takes the place of ours. Where it has erased it, the event must name such a
        member, and is shown as no proof (`proves`).

        Args:
            ack: ours, or what was handed over in its place.
            verified: the receipt.
            handed: whether it was handed over.
        """
        event, leaf = verified.event, verified.leaf
        expected = EventKind.REFUSED if ack.state is AckState.REFUSED else EventKind.ACKNOWLEDGED
        if (event.kind, event.message_hash, event.ack_state) != (expected, ack.message_hash, ack.state):
            raise VerificationError("the receipt is not of this acknowledgement")
        if len(event.deliveries) != 1:
            raise VerificationError("the event is not delivered to the sender")
        if proves(event, ack) and not handed:
            return
        view = self._trust.view(leaf.directory_size)
        member = view.member_key(event.kids[0], leaf.time_seconds * 1000) if len(event.kids) == 1 else None
        if member is None or ack.desk not in member.desks:
            raise VerificationError("the event names nobody who may acknowledge for this desk")
        if handed and not (proves(event, ack) and self._is_said(ack, member.sign_key)):
            raise VerificationError("what was handed over is not the acknowledgement that is in the log")
        if not handed and event.other_hash == ack_digest(ack.body):
            raise VerificationError("the event names another signature under this acknowledgement")

    def _is_said(self, ack: AckRow, public: bytes) -> bool:
        """Returns whether an acknowledgement that was handed over says what ours does, and is signed by a key."""
        said = parse_ack(ack.body)  # `proves` has parsed it
        same = (said.origin, said.message_hash, said.desk, said.state)
        ours = (self._trust.exchange_origin, ack.message_hash, ack.desk, ack.state)
        return same == ours and verify_ack(ack.body, ack.sig, public)

    def _refused(self, ack: AckRow, refusal: RefusedError) -> bool:
        """The hub logs no acknowledgement of it any more: it was withdrawn, expired or erased meanwhile.

        Nobody signs a refusal, so it ends no mail by itself: a withdrawal follows in the feed under its sender's
        signature, and what expired or was erased is past the limit in its own header.

        Returns:
            Whether that settles it. A refusal that cannot be true raises an alarm, and it stays pending.
        """
        now = self._clock()
        with self._store.begin() as c:
            message = rows.message(c, ack.message_hash)
            if ack.state is not AckState.STORED or message is None or message.outgoing:
                rows.settle_ack(c, ack, b"")
                return True
            if refusal.reason is not Reason.WRONG_STATE:
                if now + CLOCK_SKEW_MS <= message.deliver_by:
                    raise_alarm(c, AlarmKind.INVALID_DELIVERY, f"acknowledgement {ack.message_hash.hex()}", now)
                    return False
                header = header_of(message)
                if not counts_late(header):
                    rows.update_message(c, ack.message_hash, standing=Standing.EXPIRED.value)
                raise_unread(c, header, ack.message_hash, now)
            rows.settle_ack(c, ack, b"")
            for leg in rows.legs(c, message.case_id):
                rows.put_leg(c, not_stored(leg, ack.message_hash))
        return True

    def _sign_again(self, ack: AckRow) -> None:
        """A colleague signed it whose key is no longer live: this member signs in its place, next time."""
        old = parse_ack(ack.body)
        if old.kid != find(self._keys, KeyUse.SIGN).kid:
            with self._store.begin() as c:
                rows.replace_ack(c, self.make(ack.message_hash, ack.state, old.reason))


def proves(event: Event, ack: AckRow) -> bool:
    """Returns whether an event names these very bytes and their signature.

    Raises:
        VerificationError: they are no acknowledgement.
    """
    try:
        key_id = parse_ack(ack.body).kid
    except MalformedError:
        raise VerificationError("the acknowledgement is malformed") from None
    said = (event.other_hash, event.kids, event.signatures_digest)
    return said == (ack_digest(ack.body), (key_id,), ack_signature_digest(key_id, ack.sig))


def check_ack(body: bytes, sig: bytes, event: Event, message: Message, *, view: View, now: int) -> Ack:
    """Verifies a counterpart's acknowledgement against the event that logs it, and the message that it is about.

    Args:
        body: as it travelled.
        sig: as it travelled.
        event: from the verified receipt.
        message: the message of ours that it is about.
        view: the directory at the leaf.
        now: the leaf's time, Unix milliseconds UTC.

    Raises:
        VerificationError: it does not count.
    """
    ack, header = check_said(body, sig, event, view=view, now=now), header_of(message)
    if ack.message_hash != message.message_hash:
        raise VerificationError("the acknowledgement is not the one that the log names")
    if ack.origin != header.origin or ack.desk not in header.counterparts:
        raise VerificationError("the acknowledgement is not by a recipient of the message")
    return ack


def check_said(body: bytes, sig: bytes, event: Event, *, view: View, now: int) -> Ack:
    """Verifies that somebody of the desk that it names has signed an acknowledgement, and that the event logs it.

    Args:
        body: as it travelled.
        sig: as it travelled.
        event: from the verified receipt.
        view: the directory at the leaf.
        now: the leaf's time, Unix milliseconds UTC.

    Raises:
        VerificationError: it does not verify.
    """
    try:
        ack = parse_ack(body)
    except MalformedError:
        raise VerificationError("the acknowledgement is malformed") from None
    member = view.member_key(ack.kid, now)
    said = (event.message_hash, event.other_hash, event.ack_state, event.kids, event.signatures_digest)
    expected = (ack.message_hash, ack_digest(body), ack.state, (ack.kid,), ack_signature_digest(ack.kid, sig))
    if said != expected:
        raise VerificationError("the acknowledgement is not the one that the log names")
    if member is None or ack.desk not in member.desks or not verify_ack(body, sig, member.sign_key):
        raise VerificationError("the acknowledgement is not signed by a live key of its desk")
    return ack


def raise_status(c: Connection, message_hash: bytes, desk: str, status: MessageStatus) -> None:
    """Moves a message forward at a desk; never back."""
    before = rows.statuses(c, message_hash).get(desk, MessageStatus.PENDING)
    if _RANK[status] > _RANK[before]:
        rows.set_status(c, message_hash, desk, status)


def status_of(state: AckState) -> MessageStatus:
    """Returns what an acknowledgement proves."""
    return _STATUS[state]
