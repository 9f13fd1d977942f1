"""Drafts and sending, as `Client` offers them.

Never does: send what lacks a signature.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from comity.errors import ComityError, RefusedError
from comity.payload import Body, Gap
from comity.v1 import payload_pb2
from comity.workflow.legs import Leg
from comity.workflow.terms import Precedence, Verb

from agents import mailstore
from agents.attachments import Progress, attachment_named, release, seal_files
from agents.cases import family_opened_by
from agents.composing import Wish, default_handling
from agents.draftfiles import StagedBlobs, read_line, write_draft
from agents.errors import NotUniqueError, SuspectError
from agents.mailing import Mailing
from agents.outgoing import RESEAL
from agents.records import DraftInfo, DraftState, Reader, Review, Sent, Standing


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
        progress: Progress | None = None,
    ) -> DraftInfo:
        """Seals and signs a draft. Nothing leaves this home.

        Args:
            verb: what it does.
            body: the payload's body of that verb.
            to: desks, where a case is opened; in a case the one desk where several are concerned.
            case: case id or its beginning, where the verb answers one.
            handling: what may be done with it; None for `default_handling`.
            attachments: files; they are sealed now and uploaded after the last signature.
            precedence: how soon a person must look.
            about: message that it recalls or answers; None for the obvious one.
            joint: several desks that shall see one another.
            respond_by: Unix milliseconds UTC; None for the agreed profile's.
            deliver_by: Unix milliseconds UTC; None for the agreed profile's.
            progress: told how far sealing got.

        Raises:
            IncompleteError: the form has gaps; every one is named.
            RefusedError, UnpinnedError, SuspectError, SplitViewError: see `agents/composing.py`.
        """
        leg = None if case is None else self._leg(case, to)
        if leg is not None:
            to = (leg.recipient if leg.originator == self.desk else leg.originator,)
            self._check_not_suspect(leg)
        records = await asyncio.to_thread(seal_files, self.home, attachments, progress)
        wish = Wish(
            verb=verb,
            body=body,
            handling=default_handling() if handling is None else handling,
            to=tuple(sorted(set(to))),
            leg=leg,
            precedence=precedence,
            attachments=tuple(records),
            about=b"" if about is None else self._reading.find(about).message_hash,
            joint=joint,
            respond_by=respond_by,
            deliver_by=deliver_by,
            family=family_opened_by(verb) if leg is None else leg.family,
        )
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

        A message that needed one person only, the caller, is sealed anew once where a recipient's key has changed.

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
            if error.reason not in RESEAL or not alone:
                raise
            await self.reseal(info.id)
            sent = await self._outgoing.send(self.session, info.id, progress)
        with contextlib.suppress(ComityError):  # what is sent is sent; the next pass says what is wrong
            await self.sync()
        return sent

    def _leg(self, case: str, to: Sequence[str]) -> Leg:
        legs = [leg for leg in self._reading.legs(case) if not to or {leg.recipient, leg.originator} & set(to)]
        if len(legs) != 1:
            raise NotUniqueError("the case has several desks: name one")
        return legs[0]

    def _check_not_suspect(self, leg: Leg) -> None:
        with self.store.begin() as c:
            opening = mailstore.message(c, leg.opening)
        if opening is not None and self._reading.standing(opening) is Standing.SUSPECT:
            raise SuspectError("the case was opened under a key that is suspect")
