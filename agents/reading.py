"""Reading what is kept: inbox, sent mail, cases. Content is opened here and nowhere else.

What may be done with a message is looked up each time (`agents/standings.py`).

Never does: change a case; network.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from comity.envelope import Header, parse_envelope
from comity.errors import CannotOpenError, ComityError, MalformedError, Reason, RefusedError
from comity.payload import body_of, parse_payload
from comity.receipts import AckState
from comity.sealing import open_content
from comity.v1 import envelope_pb2
from comity.v1.payload_pb2 import Payload
from comity.workflow.legs import Leg
from comity.workflow.terms import Family, Role

from agents import mailstore as rows
from agents.acks import Acks
from agents.archive import Archive
from agents.boardstore import awaited, cases_from, families
from agents.cases import case_info, header_of
from agents.errors import NotUniqueError, SetAsideError, UnpinnedError
from agents.home import Home
from agents.mailstore import Message
from agents.onward.facts import Facts, tells
from agents.records import (
    PUBLISHED,
    AttachmentInfo,
    CaseInfo,
    InboxItem,
    MessageStatus,
    OpenedMessage,
    SentItem,
    Standing,
)
from agents.standings import Standings
from agents.store import Store
from agents.trust import Clock, Trust

_WHOLE: Final = re.compile(r"[0-9a-f]{64}")
_PREFIX: Final = re.compile(r"[0-9a-f]{1,32}")


class Reading:
    """What one home keeps, as one member reads it."""

    def __init__(
        self,
        home: Home,
        store: Store,
        trust: Trust,
        *,
        acks: Acks,
        archive: Archive,
        facts: Facts,
        member: str,
        clock: Clock,
    ) -> None:
        self._home, self._store, self._trust, self._facts = home, store, trust, facts
        self._acks, self._archive, self._member, self._clock = acks, archive, member, clock
        self.standings = Standings(store, trust)
        """What may be done with what is kept."""

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
        return self.standings.of(message)

    def item(self, message: Message) -> InboxItem:
        """Returns a received message as a list shows it."""
        with self._store.begin(lasting=False) as c:
            legs, due = rows.legs(c, message.case_id), awaited(c)
        return self._item(message, legs[0].family if legs else Family.REFERRAL, waits=message.message_hash in due)

    def awaited(self, message_hash: str) -> bool:
        """Returns whether a message's answer is still awaited, whoever owes it: whether its limit counts."""
        with self._store.begin(lasting=False) as c:
            return bytes.fromhex(message_hash) in awaited(c)

    def _item(self, message: Message, family: Family, *, waits: bool) -> InboxItem:
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
            family=family,
            awaited=waits,
        )

    def inbox(self, *, unread_only: bool = False) -> list[InboxItem]:
        """Returns received mail in the order of the log, without what agents publish to agents."""
        with self._store.begin() as c:
            found = rows.messages(c, outgoing=False, without=PUBLISHED)
            due, known = awaited(c), families(c)
        return [
            self._item(m, known.get(m.case_id, Family.REFERRAL), waits=m.message_hash in due)
            for m in found
            if not (unread_only and m.opened)
        ]

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

    def open(self, prefix: str, *, second_look: bool = False) -> OpenedMessage:
        """Opens a message for a person and signs OPENED where it is received mail; the caller sends that.

        Args:
            prefix: of its hash.
            second_look: also where it was set aside after a recall.

        Raises:
            SetAsideError: it was set aside after a recall.
            UnpinnedError: its originator's fingerprint was not compared: it is inert.
            RefusedError: WRONG_ROLE: a machine is no person; NOT_FOUND: withdrawn, expired or quarantined.
            CannotOpenError: it does not open.
        """
        message = self.find(prefix)
        if message.outgoing:
            return self.peek(prefix, second_look=second_look)
        record = self._trust.view().member(self._member, self._clock())
        if record is None or record.roles <= {Role.AGENT}:
            raise RefusedError(Reason.WRONG_ROLE, "OPENED is a person's word, and this member is none")
        if self.standing(message) is Standing.UNPINNED:
            raise UnpinnedError("that agency's fingerprint was not compared here")
        opened = self.peek(prefix, second_look=second_look)
        ack = self._acks.make(message.message_hash, AckState.OPENED)
        with self._store.begin() as c:
            if rows.add_ack(c, ack):
                rows.update_message(c, message.message_hash, opened=self._clock())
        return opened

    def peek(self, prefix: str, *, second_look: bool = False) -> OpenedMessage:
        """Opens a kept message without saying so to anybody: own mail, or mail that was opened before.

        Args:
            prefix: of its hash.
            second_look: also where it was set aside after a recall.

        Raises:
            SetAsideError: it was set aside after a recall.
            RefusedError: NOT_FOUND: withdrawn, expired or quarantined, or nobody has opened it yet.
            CannotOpenError: it does not open.
        """
        opened = self.peek_message(self.find(prefix), second_look=second_look)
        if not tells(opened.header.family, opened.header.verb):
            return opened
        return replace(opened, duplicates=tuple(self._facts.like(opened.payload, opened.header.case_id)))

    def peek_message(
        self, message: Message, payload: Payload | None = None, *, second_look: bool = False
    ) -> OpenedMessage:
        """Opens a kept message as `peek` does.

        Args:
            message: whole, as it is kept.
            payload: where it was opened a moment ago and need not be again.
            second_look: also where it was set aside after a recall.

        Raises:
            UnpinnedError, RefusedError, CannotOpenError: as `peek`.
        """
        standing = self.standing(message)
        if standing in (Standing.QUARANTINED, Standing.EXPIRED, Standing.WITHDRAWN) or not message.archive:
            raise RefusedError(Reason.NOT_FOUND, "the message was not stored as live mail", standing=standing)
        if standing is Standing.UNPINNED:
            raise UnpinnedError("that agency's fingerprint was not compared here")
        if standing is Standing.RECALLED and not second_look:
            raise SetAsideError("it was recalled and set aside here")
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

    def code_of(self, message_hash: bytes) -> str:
        """Returns the coded reason that an opened message gives, empty where it cannot be opened or gives none."""
        with self._store.begin() as c:
            message = rows.message(c, message_hash)
        if message is None or not (message.outgoing or message.opened):
            return ""
        try:
            body = body_of(self.peek_message(message).payload)
        except ComityError:
            return ""
        field = body.DESCRIPTOR.fields_by_name.get("reason")
        if field is None or field.enum_type is None:
            return ""
        prefix = field.enum_type.values_by_number[0].name.removesuffix("UNSPECIFIED")
        said = {known.name: value for known, value in body.ListFields()}
        found = field.enum_type.values_by_number.get(said.get("reason", 0))
        return "" if found is None else str(found.name.removeprefix(prefix))

    # --- cases

    def cases_from(self, prefix: str) -> list[str]:
        """Returns the cases whose id begins so, two at most."""
        if not _PREFIX.fullmatch(prefix):
            return []
        with self._store.begin() as c:
            return [case_id.hex() for case_id in cases_from(c, prefix)]

    def legs(self, prefix: str) -> list[Leg]:
        """Returns the legs of the one case whose id begins so.

        Raises:
            NotUniqueError: none does, or several do.
        """
        cases = self.cases_from(prefix)
        with self._store.begin() as c:
            found = rows.legs(c, bytes.fromhex(cases[0])) if len(cases) == 1 else []
        if not found:
            raise NotUniqueError("no case, or more than one, has an id that begins so")
        return found

    def cases(self) -> list[CaseInfo]:
        """Returns every leg of every case."""
        with self._store.begin() as c:
            return [case_info(leg, self._home.desk, self._clock()) for leg in rows.legs(c)]


def _opened(message: Message, standing: Standing, header: Header, payload: Payload) -> OpenedMessage:
    found = tuple(AttachmentInfo(a.id.hex(), a.name, a.media_type, a.plain_length) for a in payload.attachments)
    return OpenedMessage(message.message_hash.hex(), standing, header, payload, found, message.author)
