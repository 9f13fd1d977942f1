"""Drafts and sending, as `Client` offers them.

Never does: send what lacks a signature.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from comity.errors import ComityError, Reason, RefusedError
from comity.payload import Body, Gap
from comity.v1 import payload_pb2
from comity.workflow.engine import RECALL_VERBS
from comity.workflow.families import table_of
from comity.workflow.legs import Leg
from comity.workflow.tables import People
from comity.workflow.terms import Family, Precedence, Verb

from agents.attachments import Progress, attachment_named, release, seal_files
from agents.cases import family_opened_by
from agents.composing import Wish, default_handling
from agents.draftfiles import StagedBlobs, read_line, write_draft
from agents.errors import NotUniqueError
from agents.mailing import Mailing
from agents.onward.originals import check_files
from agents.outgoing import RESEAL
from agents.records import DraftInfo, DraftState, Reader, Review, Sent
from agents.sources import answered, handled, usual_handling


class Drafting(Mailing):
    """Makes, reviews, approves and sends drafts."""

    async def draft(
        self,
        verb: Verb,
        body: Body,
        *,
        to: Sequence[str] = (),
        case: str | None = None,
        handling: payload_pb2.Handling | None = None,
        attachments: Sequence[Path] = (),
        precedence: Precedence = Precedence.ROUTINE,
        about: str | None = None,
        joint: bool = False,
        respond_by: int | None = None,
        deliver_by: int | None = None,
        lapses_at: int | None = None,
        family: Family | None = None,
        quotes: Sequence[str] = (),
        agreed: bool = False,
        progress: Progress | None = None,
    ) -> DraftInfo:
        """Seals and signs a draft. Nothing leaves this home.

        Args:
            verb: what it does.
            body: the payload's body of that verb.
            to: desks, where a case is opened; in a case the one desk where several are concerned.
            case: case id or its beginning, where the verb answers one.
            handling: what may be done with it, at least as strict as what it answers and quotes; None for the
                strictest of these and that of what opened the case, or `default_handling`.
            attachments: files; they are sealed now and uploaded after the last signature.
            precedence: how soon a person must look.
            about: message that it recalls or answers; None for the obvious one.
            joint: several desks that shall see one another.
            respond_by: Unix milliseconds UTC; None for the agreed profile's.
            deliver_by: Unix milliseconds UTC; None for the agreed profile's.
            lapses_at: when it ends by itself; None for the agreed profile's where the verb must name an end, and for
                none where it may.
            family: in which a case is opened; None where the verb opens one in one family only.
            quotes: messages of which it says something, also from other cases.
            agreed: whoever is quoted was asked, and agreed that it is said to these desks.
            progress: told how far sealing got.

        Raises:
            IncompleteError: the form has gaps; every one is named.
            ContentRefusedError: what it says breaks a rule of its family.
            HandlingLoweredError: it would permit more than what it answers or quotes; the fields are named.
            NotOnwardError: what it quotes may not be said to one of these desks.
            ContradictsError, UnprovedError: nobody acts on what opened the case.
            RefusedError, UnpinnedError, SuspectError, SplitViewError: see `agents/composing.py`.
        """
        leg = None if case is None else self._leg(case, to, verb)
        if leg is not None:
            to = (leg.recipient if leg.originator == self.desk else leg.originator,)
            self._reading.standings.check_opening([leg], verb)
        subject = b"" if about is None else self._reading.find(about).message_hash
        quoted = [self._reading.find(one) for one in quotes]
        with self.store.begin() as c:
            read, made_of = self._read, answered(c, self._read, self.desk, leg, subject)
            usual = usual_handling(c, read, leg, default_handling())
            handling = handled(c, read, handling, usual, answers=made_of, quotes=quoted, to=to, agreed=agreed)
        await asyncio.to_thread(check_files, attachments)
        records = await asyncio.to_thread(seal_files, self.home, attachments, progress)
        wish = Wish(
            verb=verb,
            body=body,
            handling=handling,
            to=tuple(sorted(set(to))),
            leg=leg,
            precedence=precedence,
            attachments=tuple(records),
            about=subject,
            joint=joint,
            respond_by=respond_by,
            deliver_by=deliver_by,
            lapses_at=lapses_at,
            family=(family or family_opened_by(verb)) if leg is None else leg.family,
        )
        if not self._is_silent(wish):
            await self.refresh()
        return self._drafts.create(wish)

    def drafts(self) -> list[DraftInfo]:
        """Returns every draft, oldest first."""
        return self._drafts.all()

    def check(self, draft: str) -> list[Gap]:
        """Returns everything that stands against sending a draft now, but for a missing approval."""
        return self._drafts.check(self._drafts.open(draft))

    def review(self, draft: str) -> Review:
        """Opens a draft with its very content key; returns what it says and who will read it."""
        return self._drafts.review(draft)

    def approve(self, draft: str, message_hash: str) -> Review:
        """Signs a reviewed draft as its second person, see `Drafts.approve`."""
        return self._drafts.approve(draft, message_hash)

    async def reseal(self, draft: str) -> DraftInfo:
        """Seals a draft's content anew; the caller becomes its author and another approves."""
        await self.refresh()
        return self._drafts.reseal(draft)

    def discard(self, draft: str) -> None:
        """Forgets a draft and its sealed attachments."""
        self._drafts.discard(draft)

    def who_can_read(self, draft: str) -> list[Reader]:
        """Returns every desk, with its members, that will be able to read a draft."""
        return self._drafts.readers(self._drafts.open(draft).envelope.header)

    async def export_draft(self, draft: str, target: Path, progress: Progress | None = None) -> None:
        """Writes a draft with its sealed attachments to a file; only its author and approvers can open it.

        Raises:
            CannotOpenError: it is not for this member, or an attachment in the outbox was changed.
            RefusedError: UNKNOWN_BLOB: an attachment is not in this home.
            FolderError: it cannot be written there.
            MalformedError: there is a file of that name already.
        """
        line, blobs = self._drafts.export(draft)
        await asyncio.to_thread(write_draft, self.home, Path(target), line, blobs, progress)

    async def import_draft(self, source: BinaryIO, progress: Progress | None = None) -> DraftInfo:
        """Takes a draft with its sealed attachments from a file.

        Raises:
            MalformedError: not a draft of this desk.
            CannotOpenError: it is not for this member.
            DraftFileError: an attachment is missing or was changed. Nothing was taken.
        """
        found, staged = self._drafts.read(read_line(source)), StagedBlobs(self.home)
        try:
            await asyncio.to_thread(staged.read, source, found.envelope.header.blobs, progress)
            staged.place()
            return self._drafts.take(found)
        except BaseException:
            staged.take_back()
            raise

    def save_draft_attachment(self, draft: str, attachment_id: str, folder: Path) -> Path:
        """Saves an attachment of a draft under a safe name, so that whoever approves can look into it.

        Raises:
            NotUniqueError: no such attachment.
            CannotOpenError: it is not what the draft says; nothing was written.
            RefusedError: UNKNOWN_BLOB: it is not in this home.
            FolderError: it cannot be written there.
        """
        return release(self.home, attachment_named(self._drafts.open(draft).payload, attachment_id), Path(folder))

    async def send(self, draft: str, progress: Progress | None = None) -> Sent:
        """Sends a draft. Returns once the hub's receipt is verified; after an error, sending again is safe.

        A message that needed one person only, the caller, is sealed anew once where a recipient's key has changed. In a
        freeze or an assistance case it is not where somebody else was quicker: the caller reads that first.

        Raises:
            RefusedError: the hub's reason, see `Outgoing.send`.
            VerificationError: the receipt does not verify.
        """
        await self.refresh()
        try:
            sent = await self._outgoing.send(self.session, draft, progress)
        except RefusedError as error:
            info = self._drafts.find(draft).info
            alone = info.author == self.member and not info.approver and info.state is DraftState.READY
            if error.reason not in RESEAL or not alone or self._overtaken(info.id, error.reason):
                raise
            await self.reseal(info.id)
            sent = await self._outgoing.send(self.session, info.id, progress)
        with contextlib.suppress(ComityError):  # what is sent is sent; the next pass says what is wrong
            await self.sync()
        return sent

    def _overtaken(self, draft: str, reason: Reason) -> bool:
        """Returns whether somebody was quicker in a case in which the second is told what the first has said."""
        if reason is not Reason.WRONG_PREVIOUS:
            return False
        return self._drafts.open(draft).envelope.header.family in (Family.FREEZE, Family.ASSISTANCE)

    def _leg(self, case: str, to: Sequence[str], verb: Verb | None = None) -> Leg:
        legs = [leg for leg in self._reading.legs(case) if not to or {leg.recipient, leg.originator} & set(to)]
        direct = [leg for leg in legs if not leg.onward]
        if verb not in RECALL_VERBS or (verb is Verb.RECALL and direct and not to):
            legs = direct  # nothing else is said to whom it was passed on
        if len(legs) != 1:
            raise NotUniqueError("the case has several desks: name one")
        return legs[0]

    def _is_silent(self, wish: Wish) -> bool:
        """Returns whether nobody outside may notice a draft: not even that the head was asked for just then.

        So it is with what two people must sign before assets are held or let go. While the head that is here is young
        enough to seal on, nothing is asked; whoever approves and sends asks for a newer one.
        """
        rules = table_of(wish.family).rules
        if wish.family is not Family.FREEZE or not any(r.verb is wish.verb and r.people is People.TWO for r in rules):
            return False
        try:
            self.trust.check_sealable()
        except ComityError:
            return False
        return True
