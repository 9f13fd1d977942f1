"""Drafts: two people see the same bytes before anything leaves the agency.

A draft is an AUTHOR-signed envelope with its content key, sealed to its author and to the desk's approvers, in the
agency's own store or in a file. Nothing of it has been anywhere near the hub. Whoever reviews opens that very
ciphertext with that very key, sees what it says and who will read it, and signs that and nothing else.

Never does: network; sending (`agents/outgoing.py`).
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field, replace
from typing import Final

from comity.boxes import box_recipients
from comity.directory import View
from comity.encoding import Purpose, parse, serialise
from comity.envelope import MAX_ENVELOPE_BYTES, BlobRef, Envelope, Header, parse_envelope, to_wire
from comity.errors import CannotOpenError, MalformedError, Reason, RefusedError
from comity.names import agency_of
from comity.payload import Gap, body_of, parse_payload
from comity.sealing import open_box, open_content, seal_box
from comity.v1 import draft_pb2, payload_pb2
from comity.workflow.actions import Signer
from comity.workflow.terms import Role, SignatureRole

from agents import contents
from agents import draftstore as rows
from agents.attachments import forget
from agents.cases import author_of, opens_case
from agents.composing import CHOSEN_END, Wish, compose, sign
from agents.draftchecks import DraftChecks
from agents.draftfiles import VERSION, DraftLine
from agents.draftstore import StoredDraft
from agents.errors import DraftFileError, IncompleteError, NotUniqueError
from agents.home import Home
from agents.keys import Keys, KeyUse, UnknownKeyError, find, unwrapping
from agents.onward.facts import Facts
from agents.records import DraftInfo, DraftState, Reader, Review
from agents.store import Store
from agents.trust import Clock, Trust

_LIMIT: Final = 2 * MAX_ENVELOPE_BYTES


@dataclass(frozen=True, slots=True)
class OpenedDraft:
    """A draft, opened."""

    info: DraftInfo
    envelope: Envelope
    content_key: bytes = field(repr=False)
    payload: payload_pb2.Payload


@dataclass(frozen=True, slots=True)
class DraftContents:
    """What a draft's box holds."""

    draft_id: str
    envelope: Envelope
    content_key: bytes = field(repr=False)
    payload: payload_pb2.Payload


class Drafts:
    """The drafts of one home, as one member handles them."""

    def __init__(
        self, home: Home, store: Store, trust: Trust, *, keys: Keys, clock: Clock, read: contents.Reader, facts: Facts
    ) -> None:
        self._home, self._store, self._trust, self._keys, self._clock = home, store, trust, keys, clock
        self._checks = DraftChecks(store, trust, read, clock)
        self._facts = facts

    def create(self, wish: Wish) -> DraftInfo:
        """Seals and signs what a person wants to say and keeps it as a draft, see `compose`."""
        envelope, content_key = self._compose(wish)
        return self._keep(os.urandom(16).hex(), envelope, content_key)

    def all(self) -> list[DraftInfo]:
        """Returns every draft, oldest first."""
        with self._store.begin() as c:
            return rows.drafts(c)

    def find(self, prefix: str) -> StoredDraft:
        """Returns the one draft whose id begins so.

        Raises:
            NotUniqueError: none does, or several do.
        """
        with self._store.begin() as c:
            found = rows.find_drafts(c, prefix) if prefix else []
        if len(found) != 1:
            raise NotUniqueError("no draft, or more than one, has an id that begins so")
        return found[0]

    def open(self, prefix: str) -> OpenedDraft:
        """Opens a draft with the member's own key, and its ciphertext with the draft's content key.

        Raises:
            NotUniqueError: no such draft.
            CannotOpenError: it is not for this member, or the content key does not open that ciphertext.
        """
        stored = self.find(prefix)
        if not stored.box:
            raise RefusedError(Reason.WRONG_STATE, "the draft was sent or discarded", state=stored.info.state)
        draft = self._contents(stored.info.id, stored.box)
        if draft.envelope.message_hash.hex() != stored.info.message_hash:
            raise CannotOpenError
        return OpenedDraft(stored.info, draft.envelope, draft.content_key, draft.payload)

    def check(self, opened: OpenedDraft) -> list[Gap]:
        """Returns everything that stands against sending a draft now, but for a missing approval."""
        return self._checks.gaps(opened.envelope, opened.payload)

    def check_sending(self, opened: OpenedDraft) -> None:
        """Judges a draft once more, just before it leaves: what came since it was made may have changed what it means.

        Raises:
            RefusedError: SECOND_PERSON_MISSING: it takes two people by now, and awaits approval again.
            IncompleteError: something that the hub cannot see stands against sending it.
        """
        header = opened.envelope.header
        if not opened.info.approver and self._checks.takes_two(header, opened.payload):
            state = DraftState.AWAITING_APPROVAL
            with self._store.begin() as c:
                rows.set_draft_state(c, opened.info.id, state)
            raise RefusedError(Reason.SECOND_PERSON_MISSING, "the draft takes two people by now", state=state)
        found = self._checks.unseen(opened.envelope, opened.payload)
        if found:
            raise IncompleteError(tuple(found))

    def review(self, prefix: str) -> Review:
        """Opens a draft and returns what it says, who will read it, and what stands against it."""
        opened = self.open(prefix)
        return Review(
            info=opened.info,
            header=opened.envelope.header,
            payload=opened.payload,
            readers=tuple(self.readers(opened.envelope.header)),
            gaps=tuple(self.check(opened)),
            warnings=tuple(self._checks.warnings(opened.envelope.header, opened.payload)),
            duplicates=tuple(self._facts.like(opened.payload, opened.envelope.header.case_id)),
        )

    def approve(self, prefix: str, message_hash: str) -> Review:
        """Signs a draft as its second person.

        Args:
            prefix: of the draft's id.
            message_hash: what the member has reviewed, from `Review.info`.

        Returns:
            What was found when it was opened again, just before it was signed.

        Raises:
            CannotOpenError: it is not what was reviewed, or does not open.
            IncompleteError: something stands against sending it.
            RefusedError: SECOND_PERSON_MISSING, WRONG_ROLE, WRONG_STATE.
        """
        review, opened = self.review(prefix), self.open(prefix)
        if not message_hash or opened.info.message_hash != message_hash or review.info != opened.info:
            raise CannotOpenError
        if opened.info.state is not DraftState.AWAITING_APPROVAL:
            raise RefusedError(Reason.WRONG_STATE, "the draft does not await approval", state=opened.info.state)
        record = self._trust.view().member(self._keys.member, self._clock())
        if record is None or Role.APPROVER not in record.roles or Role.AGENT in record.roles:
            raise RefusedError(Reason.WRONG_ROLE, "this member may not approve")
        if opened.info.author == self._keys.member:
            raise RefusedError(Reason.SECOND_PERSON_MISSING, "whoever wrote it cannot approve it")
        if review.gaps:
            raise IncompleteError(review.gaps)
        wire = to_wire(opened.envelope)
        sign(wire, self._keys, SignatureRole.APPROVER)
        info = self._keep(opened.info.id, parse_envelope(wire), opened.content_key)
        return replace(review, info=info)

    def reseal(self, prefix: str) -> DraftInfo:
        """Seals a draft's content anew, with present keys and times. The caller becomes its author; both sign again."""
        opened = self.open(prefix)
        header = opened.envelope.header
        legs = self._checks.legs(header)
        wish = Wish(
            verb=header.verb,
            body=body_of(opened.payload),
            handling=opened.payload.handling,
            to=header.counterparts,
            leg=None if opens_case(header.family, header.verb) else legs[0],
            precedence=header.precedence,
            attachments=tuple(opened.payload.attachments),
            about=header.about,
            joint=header.joint,
            family=header.family,
            lapses_at=header.lapses_at or None if header.verb in CHOSEN_END else None,
            grant=header.grant,
            granted=header.granted,
            blobs=carried_blobs(opened.payload),
        )
        envelope, content_key = self._compose(wish)
        return self._keep(opened.info.id, envelope, content_key)

    def discard(self, prefix: str) -> None:
        """Forgets a draft's content and its sealed attachments.

        Raises:
            RefusedError: WRONG_STATE: it was sent.
        """
        stored = self.find(prefix)
        if stored.info.state is DraftState.SENT:
            raise RefusedError(Reason.WRONG_STATE, "the draft was sent", state=stored.info.state)
        if stored.box:
            # Where it is not for this member, its attachments stay sealed in the outbox.
            with contextlib.suppress(CannotOpenError):
                forget(self._home, self.open(prefix).envelope.header.blobs)
        with self._store.begin() as c:
            rows.set_draft_state(c, stored.info.id, DraftState.DISCARDED)

    def export(self, prefix: str) -> tuple[DraftLine, tuple[BlobRef, ...]]:
        """Returns what goes into a draft's file, still sealed, and which attachments follow it.

        Raises:
            CannotOpenError: it is not for this member, so that its attachments are not known.
        """
        opened = self.open(prefix)
        stored = self.find(opened.info.id)
        return DraftLine(VERSION, self._home.desk, stored.info.id, stored.box), opened.envelope.header.blobs

    def read(self, line: DraftLine) -> DraftContents:
        """Opens a draft from a file, before anything of it is kept.

        Raises:
            MalformedError: not a draft of this desk.
            CannotOpenError: it is not for this member.
            DraftFileError: it names attachments that a file of its version does not hold.
        """
        if line.desk != self._home.desk or find(self._keys, KeyUse.WRAP).kid not in box_recipients(line.box):
            raise MalformedError("not a draft of this desk for this member")
        draft = self._contents(line.draft_id, line.box)
        if line.version < VERSION and draft.envelope.header.blobs:
            raise DraftFileError("the draft's attachments are not in its file")
        self._checks.parties(draft.envelope, self._trust.view(), self._clock())
        return draft

    def take(self, draft: DraftContents) -> DraftInfo:
        """Keeps a draft that was read from a file and whose attachments are in the outbox."""
        return self._keep(draft.draft_id, draft.envelope, draft.content_key)

    def readers(self, header: Header) -> list[Reader]:
        """Returns every desk that will be able to read an envelope."""
        view, now = self._trust.view(), self._clock()
        found = []
        for recipient in header.recipients:
            agency = agency_of(recipient.desk)
            known = view.agency(agency)
            members = tuple(m.member for m in view.members_of(agency, now) if recipient.desk in m.desks)
            own = recipient.desk == self._home.desk
            pinned = agency == self._home.agency or self._trust.pinned(agency)
            found.append(Reader(recipient.desk, known.name_en if known else "", members, own, pinned))
        return found

    # --- how

    def _contents(self, draft_id: str, box: bytes) -> DraftContents:
        wrap = find(self._keys, KeyUse.WRAP)
        context = _context(self._home.desk, draft_id)
        data = open_box(Purpose.DRAFT, context, box, wrap.kid, unwrapping(self._keys, wrap.kid))
        try:
            draft = parse(draft_pb2.Draft, data, _LIMIT)
            envelope = parse_envelope(draft.envelope)
            payload = _payload(envelope, draft.content_key)
        except MalformedError:
            raise CannotOpenError from None
        if draft.version != 1:
            raise CannotOpenError
        return DraftContents(draft_id, envelope, draft.content_key, payload)

    def _compose(self, wish: Wish) -> tuple[Envelope, bytes]:
        def judging(header: Header, payload: payload_pb2.Payload, author: Signer) -> None:
            self._checks.grounds(header)
            self._checks.judge(header, payload, (author,))

        desk, now = self._home.desk, self._clock()
        envelope, content_key = compose(wish, self._trust, self._keys, desk=desk, now=now, judging=judging)
        self._checks.workflow(envelope, now)
        return envelope, content_key

    def _keep(self, draft_id: str, envelope: Envelope, content_key: bytes) -> DraftInfo:
        header, now = envelope.header, self._clock()
        view = self._trust.view()
        signers = self._checks.parties(envelope, view, now)
        takes_two = self._checks.takes_two(header, _payload(envelope, content_key))
        approver = next((s.member for s in signers if s.role is SignatureRole.APPROVER), "")
        info = DraftInfo(
            id=draft_id,
            verb=header.verb,
            case_id=header.case_id.hex(),
            to=header.counterparts,
            author=author_of(signers),
            approver=approver,
            state=DraftState.READY if approver or not takes_two else DraftState.AWAITING_APPROVAL,
            created=header.created,
            precedence=header.precedence,
            message_hash=envelope.message_hash.hex(),
        )
        draft = draft_pb2.Draft(version=1, envelope=to_wire(envelope), content_key=content_key)
        box = seal_box(
            Purpose.DRAFT, _context(self._home.desk, draft_id), serialise(draft), self._for_whom(view, now, info.author)
        )
        with self._store.begin() as c:
            rows.put_draft(c, StoredDraft(info, box))
        return info

    def _for_whom(self, view: View, now: int, author: str) -> list[tuple[bytes, bytes]]:
        """Returns the wrapping keys of the author and of everybody at the desk who may approve."""
        people = [
            m
            for m in view.members_of(self._home.agency, now)
            if m.member == author
            or (self._home.desk in m.desks and Role.APPROVER in m.roles and Role.AGENT not in m.roles)
        ]
        if not people:
            raise UnknownKeyError("nobody of the desk could open the draft")
        return [(m.wrap_kid, m.wrap_key) for m in people]


def _payload(envelope: Envelope, content_key: bytes) -> payload_pb2.Payload:
    header, seal = envelope.header_bytes, envelope.seal_bytes
    return parse_payload(open_content(header, seal, envelope.ciphertext, content_key), envelope.header)


def carried_blobs(payload: payload_pb2.Payload) -> tuple[BlobRef, ...]:
    """Returns the blobs that a draft's header names beside its attachments: the original's, in a FORWARD."""
    return tuple(BlobRef(blob.sha256, blob.length) for blob in payload.forward.original_blobs)


def _context(desk: str, draft_id: str) -> bytes:
    return f"{desk} {draft_id}".encode()
