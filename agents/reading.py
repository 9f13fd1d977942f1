"""Reading what is kept: inbox, sent mail, cases, timelines. Content is opened here and nowhere else.

What may be done with a message is looked up each time, not remembered: a key that is revoked as suspect today makes
last week's mail SUSPECT, and a pin that is taken back makes it inert.

Never does: change a case; network.
"""

from __future__ import annotations

import re
from typing import Final

from comity.envelope import Header, parse_envelope
from comity.errors import CannotOpenError, MalformedError, Reason, RefusedError
from comity.names import agency_of
from comity.payload import parse_payload
from comity.receipts import AckState, EventKind, parse_event, parse_leaf, parse_receipt
from comity.sealing import open_content
from comity.v1 import envelope_pb2
from comity.v1.payload_pb2 import Payload
from comity.workflow.legs import Leg
from comity.workflow.terms import Role
from comity.workflow.timers import settle

from agents import mailstore as rows
from agents.acks import Acks, proves
from agents.archive import Archive
from agents.cases import case_info, header_of, profile_between
from agents.errors import NotUniqueError, UnpinnedError
from agents.home import Home
from agents.mailstore import EventRow, Message
from agents.records import (
    PUBLISHED,
    AttachmentInfo,
    CaseInfo,
    InboxItem,
    MessageStatus,
    OpenedMessage,
    Reminder,
    SentItem,
    Standing,
    TimelineEvent,
)
from agents.store import Store
from agents.trust import Clock, Trust

UNPROVED: Final = "UNPROVED"
"""What a timeline calls an event that the hub has logged and that was not found true."""
_PROVED: Final = frozenset(
    {
        EventKind.ACKNOWLEDGED,
        EventKind.REFUSED,
        EventKind.WITHDRAWN,
        EventKind.OVERDUE,
        EventKind.LAPSED,
        EventKind.EXPIRED,
    }
)
"""Events that are told by their name only where they were found true."""
_WHOLE: Final = re.compile(r"[0-9a-f]{64}")


class Reading:
    """What one home keeps, as one member reads it."""

    def __init__(
        self, home: Home, store: Store, trust: Trust, *, acks: Acks, archive: Archive, member: str, clock: Clock
    ) -> None:
        self._home, self._store, self._trust = home, store, trust
        self._acks, self._archive, self._member, self._clock = acks, archive, member, clock

    def find(self, prefix: str) -> Message:
        """Returns the one message whose hash begins so.

        Raises:
            NotUniqueError: none does, or several do.
        """
        with self._store.begin() as c:
            if _WHOLE.fullmatch(prefix):
                found = [bytes.fromhex(prefix)]
            else:
                found = [h for h in rows.message_hashes(c) if h.hex().startswith(prefix)] if prefix else []
            message = rows.message(c, found[0]) if len(found) == 1 else None
        if message is None:
            raise NotUniqueError("no message, or more than one, has a hash that begins so")
        return message

    def standing(self, message: Message) -> Standing:
        """Returns what may be done with a message now."""
        if message.standing is not Standing.GOOD or message.outgoing:
            return message.standing
        if not self._trust.pinned(message.agency):
            return Standing.UNPINNED
        view = self._trust.view()
        signers = (message.signers[at : at + 32] for at in range(0, len(message.signers), 32))
        # Whoever stole a key writes `created` as well; only the leaf's time is not theirs to choose.
        written = max(message.created, message.leaf_time)
        if any(view.suspect(key_id, written) for key_id in signers):
            return Standing.SUSPECT
        return Standing.GOOD

    def item(self, message: Message) -> InboxItem:
        """Returns a received message as a list shows it."""
        refused = message.standing in (Standing.QUARANTINED, Standing.EXPIRED)
        status = MessageStatus.OPENED if message.opened else MessageStatus.DELIVERED
        return InboxItem(
            message=message.message_hash.hex(),
            case_id=message.case_id.hex(),
            sender=message.sender,
            verb=message.verb,
            precedence=message.precedence,
            created=message.created,
            deliver_by=message.deliver_by,
            respond_by=message.respond_by,
            received=message.received,
            status=MessageStatus.REFUSED if refused else status,
            standing=self.standing(message),
            log_index=message.log_index,
        )

    def inbox(self, *, unread_only: bool = False) -> list[InboxItem]:
        """Returns received mail in the order of the log, without what agents publish to agents."""
        with self._store.begin() as c:
            found = rows.messages(c, outgoing=False, without=PUBLISHED)
        return [self.item(m) for m in found if not (unread_only and m.opened)]

    def sent(self) -> list[SentItem]:
        """Returns this desk's own mail in the order of the log, with how far it has come at each recipient.

        What is published to a list's subscribers is left out: the subscription says how far each has come.
        """
        with self._store.begin() as c:
            own = rows.messages(c, outgoing=True, without=PUBLISHED)
            found = [(m, rows.statuses(c, m.message_hash)) for m in own]
        return [
            SentItem(
                message=m.message_hash.hex(),
                case_id=m.case_id.hex(),
                to=tuple(statuses),
                verb=m.verb,
                precedence=m.precedence,
                created=m.created,
                statuses=statuses,
                log_index=m.log_index,
            )
            for m, statuses in found
        ]

    def open(self, prefix: str) -> OpenedMessage:
        """Opens a message for a person and signs OPENED where it is received mail; the caller sends that.

        Raises:
            UnpinnedError: its originator's fingerprint was not compared: it is inert.
            RefusedError: WRONG_ROLE: a machine is no person; NOT_FOUND: withdrawn, expired or quarantined.
            CannotOpenError: it does not open.
        """
        message = self.find(prefix)
        if message.outgoing:
            return self.peek(prefix)
        record = self._trust.view().member(self._member, self._clock())
        if record is None or record.roles <= {Role.AGENT}:
            raise RefusedError(Reason.WRONG_ROLE, "OPENED is a person's word, and this member is none")
        if self.standing(message) is Standing.UNPINNED:
            raise UnpinnedError("that agency's fingerprint was not compared here")
        opened = self.peek(prefix)
        ack = self._acks.make(message.message_hash, AckState.OPENED)
        with self._store.begin() as c:
            if rows.add_ack(c, ack):
                rows.update_message(c, message.message_hash, opened=self._clock())
        return opened

    def peek(self, prefix: str) -> OpenedMessage:
        """Opens a kept message without saying so to anybody: own mail, or mail that was opened before.

        Raises:
            RefusedError: NOT_FOUND: withdrawn, expired or quarantined, or nobody has opened it yet.
            CannotOpenError: it does not open.
        """
        return self.peek_message(self.find(prefix))

    def peek_message(self, message: Message, payload: Payload | None = None) -> OpenedMessage:
        """Opens a kept message as `peek` does.

        Args:
            message: whole, as it is kept.
            payload: where it was opened a moment ago and need not be again.

        Raises:
            UnpinnedError, RefusedError, CannotOpenError: as `peek`.
        """
        standing = self.standing(message)
        if standing in (Standing.QUARANTINED, Standing.EXPIRED, Standing.WITHDRAWN) or not message.archive:
            raise RefusedError(Reason.NOT_FOUND, "the message was not stored as live mail", standing=standing)
        if standing is Standing.UNPINNED:
            raise UnpinnedError("that agency's fingerprint was not compared here")
        if payload is not None:
            return _opened(message, standing, header_of(message), payload)
        wire = envelope_pb2.Envelope.FromString(message.envelope)
        # What came by the feed has this desk's wrap alone.
        envelope = parse_envelope(wire, reader=self._home.desk if len(wire.wraps) == 1 else None)
        content_key = self._archive.open(message.message_hash, message.archive)
        try:
            header, seal = envelope.header_bytes, envelope.seal_bytes
            payload = parse_payload(open_content(header, seal, envelope.ciphertext, content_key), envelope.header)
        except MalformedError:
            raise CannotOpenError from None
        return _opened(message, standing, envelope.header, payload)

    # --- cases

    def legs(self, prefix: str) -> list[Leg]:
        """Returns the legs of the one case whose id begins so.

        Raises:
            NotUniqueError: none does, or several do.
        """
        with self._store.begin() as c:
            found = [leg for leg in rows.legs(c) if leg.case_id.hex().startswith(prefix)] if prefix else []
        if len({leg.case_id for leg in found}) != 1:
            raise NotUniqueError("no case, or more than one, has an id that begins so")
        return found

    def cases(self) -> list[CaseInfo]:
        """Returns every leg of every case."""
        with self._store.begin() as c:
            return [case_info(leg, self._home.desk, self._clock()) for leg in rows.legs(c)]

    def timeline(self, prefix: str) -> list[TimelineEvent]:
        """Returns what happened in a case, in the order of the log, each with its proof."""
        case_id = self.legs(prefix)[0].case_id
        with self._store.begin() as c:
            messages = {m.message_hash: m for m in rows.messages_of_case(c, case_id)}
            happened = rows.events(c, list(messages))
            own = [a for h in messages for a in rows.acks_of(c, h) if a.own and a.receipt]
        found = [
            TimelineEvent(
                time=event.time,
                kind=_kind(event),
                message=event.message_hash.hex(),
                verb=messages[event.message_hash].verb,
                sender=messages[event.message_hash].sender,
                desk=event.desk,
                log_index=event.log_index,
                proof=event.believed,
            )
            for event in happened
        ]
        found += [_own_ack(ack, messages[ack.message_hash]) for ack in own]
        return sorted(found, key=lambda event: event.log_index)

    def reminders(self) -> list[Reminder]:
        """Returns the answers that are due, once half their time has gone, by this side's own clock."""
        now, found = self._clock(), list[Reminder]()
        with self._store.begin() as c:
            legs = [settle(leg, now).leg for leg in rows.legs(c)]
            asked = {leg.key: rows.message(c, leg.question) for leg in legs if leg.question}
        for leg in legs:
            question = asked.get(leg.key)
            if leg.respond_by is None or question is None:
                continue
            other = leg.recipient if self._home.desk == leg.originator else leg.originator
            profile = profile_between(
                self._trust.view(), self._home.agency, agency_of(other), leg.family, question.created
            )
            steps = zip(profile.reminders_percent, profile.reminders(question.created, leg.respond_by), strict=True)
            passed = [percent for percent, moment in steps if moment <= now]
            if now > leg.respond_by:
                passed.append(100)
            if passed:
                ours = leg.awaiting is leg.side_of(self._home.desk)
                found.append(
                    Reminder(leg.case_id.hex(), leg.originator, leg.recipient, ours, leg.respond_by, passed[-1])
                )
        return found


def _opened(message: Message, standing: Standing, header: Header, payload: Payload) -> OpenedMessage:
    found = tuple(AttachmentInfo(a.id.hex(), a.name, a.media_type, a.plain_length) for a in payload.attachments)
    return OpenedMessage(message.message_hash.hex(), standing, header, payload, found, message.author)


def _kind(event: EventRow) -> str:
    """Returns what happened: of an acknowledgement how far it goes. What the hub says alone has not happened."""
    if event.kind in _PROVED and not event.believed:
        return UNPROVED
    if event.kind is not EventKind.ACKNOWLEDGED:
        return event.kind.name
    state = parse_event(parse_receipt(event.receipt).event).ack_state
    return event.kind.name if state is None else state.name


def _own_ack(ack: rows.AckRow, message: Message) -> TimelineEvent:
    receipt = parse_receipt(ack.receipt)
    return TimelineEvent(
        time=parse_leaf(receipt.leaf).time_seconds * 1000,
        kind=ack.state.name,
        message=ack.message_hash.hex(),
        verb=message.verb,
        sender=message.sender,
        desk=ack.desk,
        log_index=receipt.index,
        proof=proves(parse_event(receipt.event), ack),
    )
