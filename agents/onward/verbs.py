"""Onward consent and recall, as `Client` offers them: ask, grant, refuse, revoke, forward, show, recall, list.

Never does: consent by silence; show an original that is not proved.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

from comity.errors import MalformedError, Reason, RefusedError
from comity.header import Grant
from comity.names import agency_of
from comity.v1 import payload_pb2 as pb
from comity.workflow.families import table_of
from comity.workflow.terms import Precedence, State, Verb

from agents import mailstore
from agents.alarms import AlarmKind, raise_alarm
from agents.attachments import Progress, attachment_named, fetch, fetch_again, seal_bytes, sealed_path
from agents.cases import header_of, leg_between
from agents.composing import Wish, default_handling
from agents.drafting import Drafting
from agents.errors import ContentRefusedError, NotUniqueError, SuspectError
from agents.handlings import check_passing, narrowed
from agents.onward import rows
from agents.onward.forwarding import granted_by, refuse_unless_open
from agents.onward.links import linked
from agents.onward.lists import GrantInfo, OpenedOriginal, RecallLine, grant_info, recall_lines
from agents.onward.originals import FILE_NAME, MEDIA_TYPE, check_file, embed, prove
from agents.onward.receiving import fetched, record_of
from agents.onward.receiving import receive as received
from agents.records import AttachmentInfo, DraftInfo, Duplicate, Standing

GRANT_MS = 7 * 86_400_000
"""For how long a grant stands open where nobody says otherwise."""


class OnwardVerbs(Drafting):
    """What may be said of passing on and taking back. Further arguments are those of `Client.draft`."""

    # --- consent

    async def ask_onward(self, message: str, body: pb.AskOnward, **arguments: Any) -> DraftInfo:
        """Asks a message's originator whether it may be passed on (recipient)."""
        asked = self._reading.find(message)
        return await self.draft(
            Verb.ASK_ONWARD, body, case=asked.case_id.hex(), to=(asked.sender,), about=message, **arguments
        )

    async def grant_onward(
        self,
        ask: str,
        body: pb.GrantOnward,
        *,
        expires: int | None = None,
        handling: pb.Handling | None = None,
        precedence: Precedence = Precedence.ROUTINE,
    ) -> DraftInfo:
        """Grants what was asked: one message, one desk, once, until a time (originator, two people).

        Args:
            ask: the ASK_ONWARD.
            body: conditions.
            expires: Unix milliseconds UTC after which it is void; None for a week.
            handling: what may be done with the conditions themselves.
            precedence: how soon a person must look.

        Raises:
            NotOnwardError: the original's own handling forbids it: send it to that desk yourself.
        """
        asked = self._reading.find(ask)
        opened = self._reading.peek_message(asked)
        original = self._reading.find(opened.header.about.hex())
        said = self._reading.peek_message(original).payload
        check_passing([said.handling], [agency_of(opened.payload.ask_onward.desk)], granted=True)
        leg = self._leg(asked.case_id.hex(), (asked.sender,), Verb.GRANT_ONWARD)
        self._reading.standings.check_opening([leg], Verb.GRANT_ONWARD)
        wish = Wish(
            verb=Verb.GRANT_ONWARD,
            body=body,
            handling=narrowed(handling, default_handling(), [said.handling]),
            to=(asked.sender,),
            leg=leg,
            precedence=precedence,
            about=asked.message_hash,
            family=leg.family,
            grant=Grant(
                id=os.urandom(16),
                origin=self.trust.exchange_origin,
                original_hash=original.message_hash,
                holder=asked.sender,
                new_desk=opened.payload.ask_onward.desk,
                expires=self.clock() + GRANT_MS if expires is None else expires,
            ),
        )
        await self.refresh()
        return self._drafts.create(wish)

    async def refuse_onward(self, ask: str, body: pb.RefuseOnward, **arguments: Any) -> DraftInfo:
        """Refuses what was asked, with a coded, sealed reason (originator)."""
        asked = self._reading.find(ask)
        return await self.draft(
            Verb.REFUSE_ONWARD, body, case=asked.case_id.hex(), to=(asked.sender,), about=ask, **arguments
        )

    async def revoke_grant(self, grant: str, body: pb.RevokeGrant, **arguments: Any) -> DraftInfo:
        """Takes back a grant that was not used (originator)."""
        found = self._grant(grant)
        return await self.draft(
            Verb.REVOKE_GRANT,
            body,
            case=found.case_id.hex(),
            to=(found.holder,),
            about=found.grant_hash.hex(),
            **arguments,
        )

    async def forward(
        self,
        grant: str,
        text: str = "",
        *,
        handling: pb.Handling | None = None,
        precedence: Precedence = Precedence.ROUTINE,
        respond_by: int | None = None,
        lapses_at: int | None = None,
    ) -> DraftInfo:
        """Passes a message on as its originator's, under a grant (holder, two people).

        Args:
            grant: the GRANT_ONWARD.
            text: covering words.
            handling: at least as strict as the original's and the grant's; None for the strictest of them.
            precedence: how soon a person must look.
            respond_by: Unix milliseconds UTC; None for the agreed profile's.
            lapses_at: Unix milliseconds UTC at which a freeze ends; None for when the one that is passed on does, and
                no later than its originator has written there.

        Raises:
            RefusedError: NO_GRANT: it was used, revoked or is over (`state` says which), its case stands by one
                person's word, or what is held is held no more; BAD_TIMES: it would be held for longer than it is here;
                NOT_FOUND: an attachment of the original is at the hub no more.
            NotOnwardError, HandlingLoweredError: what the original's handling forbids.
            SuspectError: the original was written under a key that is suspect.
            ContentRefusedError: what one person opened a case with, or a hold that would outlive the original.
        """
        found = self._grant(grant)
        refuse_unless_open(found, self.desk, self.clock())
        given, original = self._whole(found.grant_hash), self._whole(found.original_hash)
        if self._reading.standing(original) is not Standing.GOOD:
            raise SuspectError("the original is not to be acted on")
        said = self._reading.peek_message(original).payload
        conditions = self._reading.peek_message(given).payload
        new_agency = agency_of(found.new_desk)
        check_passing([said.handling], [new_agency], granted=True)
        blobs = header_of(original).blobs
        for blob in blobs:
            await fetch_again(self.session, blob, sealed_path(self.home, blob.sha256))
        content_key = self.archive.open(original.message_hash, original.archive)
        data = embed(original, content_key)
        record = await asyncio.to_thread(seal_bytes, self.home, data, FILE_NAME, MEDIA_TYPE)
        body = pb.Forward(
            text=text,
            original_attachment=record.id,
            grant_receipt=given.receipt,
            original_blobs=[pb.OriginalBlob(sha256=blob.sha256, length=blob.length) for blob in blobs],
        )
        wish = Wish(
            verb=Verb.FORWARD,
            body=body,
            handling=narrowed(handling, default_handling(), [said.handling, conditions.handling]),
            to=(found.new_desk,),
            leg=None,
            precedence=precedence,
            attachments=(record,),
            respond_by=respond_by,
            lapses_at=lapses_at or self._end_of(original),
            family=header_of(original).family,
            granted=granted_by(given),
            blobs=blobs,
        )
        await self.refresh()
        return self._drafts.create(wish)

    async def open_original(self, message: str) -> OpenedOriginal:
        """Opens what a FORWARD brings, as its originator's words, once it is proved.

        Args:
            message: the FORWARD.

        Raises:
            UnpinnedError: its originator's fingerprint was not compared here: it is inert.
            ContentRefusedError: it is not what it is said to be; an alarm is raised and nobody acts on it.
            RefusedError: NOT_FOUND: it is no FORWARD, or it is not here and the hub has it no more.
        """
        forward = self._reading.find(message)
        if forward.verb is not Verb.FORWARD:
            raise RefusedError(Reason.NOT_FOUND, "the message passes nothing on")
        opened = self._reading.peek_message(forward)
        try:
            if forward.outgoing:
                data = await fetched(self.home, self.session, record_of(opened.payload))
                original = await prove(
                    self.trust, self.session, data, forward=opened.header, said=opened.payload, before=None
                )
            else:
                found = await received(
                    self.home,
                    self.trust,
                    self.session,
                    header=opened.header,
                    payload=opened.payload,
                    index=forward.log_index,
                )
                if found is None:
                    raise RefusedError(Reason.NOT_FOUND, "the original is not here, and the hub does not hand it over")
                original = found
        except ContentRefusedError as error:
            if not forward.outgoing:
                self._contradicts(forward.message_hash, error)
            raise
        with self.store.begin() as c:
            rows.prove_forward(c, forward.message_hash)
        listed = tuple(
            AttachmentInfo(a.id.hex(), a.name, a.media_type, a.plain_length) for a in original.payload.attachments
        )
        return OpenedOriginal(
            message=original.message_hash.hex(),
            forward=forward.message_hash.hex(),
            header=original.header,
            payload=original.payload,
            attachments=listed,
            author=original.author,
            log_index=original.log_index,
            time=original.time,
            standing=self._reading.standing(forward),
        )

    def originator_of(self, message: str) -> str:
        """Returns the desk whose words a FORWARD brings, as its grant has it; empty where it is no FORWARD."""
        forward = self._reading.find(message)
        with self.store.begin() as c:
            found = rows.forward(c, forward.message_hash)
        return "" if found is None else found.originator

    async def save_original_attachment(
        self, message: str, attachment_id: str, folder: Path, progress: Progress | None = None
    ) -> Path:
        """Saves an attachment of what a FORWARD brings, see `Client.save_attachment` and `open_original`."""
        original = await self.open_original(message)
        record = attachment_named(original.payload, attachment_id)
        return await fetch(self.session, record, Path(folder), progress, check_file)

    def onward_grants(self, case: str = "") -> list[GrantInfo]:
        """Returns the grants that this desk gave or was given, of a case or all, by when they end."""
        case_id = self._reading.legs(case)[0].case_id if case else None
        with self.store.begin() as c:
            return [grant_info(row, self.desk, self.clock()) for row in rows.grants(c, case_id)]

    # --- recall

    async def recall_all(self, case: str, body: pb.Recall, **arguments: Any) -> list[DraftInfo]:
        """Drafts a recall of a case at every desk that it reached, also those that it was passed on to (originator).

        Left out are desks that it never reached, that were asked before and have not answered, and those of agencies
        whose fingerprint was not compared here: `recall_list` still shows them as not asked.
        """
        legs = [leg for leg in self._reading.legs(case) if leg.originator == self.desk]
        found = []
        for leg in legs:
            waits = bool(leg.recall) and leg.recall_respond_by is not None
            reached = leg.state not in (State.WITHDRAWN, State.EXPIRED)
            if reached and not waits and self.trust.pinned(agency_of(leg.recipient)):
                found.append(
                    await self.draft(
                        Verb.RECALL,
                        body,
                        case=leg.case_id.hex(),
                        to=(leg.recipient,),
                        about=leg.opening.hex(),
                        **arguments,
                    )
                )
        return found

    def recall_list(self, case: str) -> list[RecallLine]:
        """Returns who was reached by a case, through whom, and who has answered what of its recalls."""
        legs = [leg for leg in self._reading.legs(case) if leg.originator == self.desk]
        with self.store.begin() as c:
            return recall_lines(c, self._read, legs, self.clock())

    # --- what belongs together

    def linked_cases(self, case: str) -> list[str]:
        """Returns the ids of the cases that a case names, that name it, or that go on from it."""
        case_id = self._reading.legs(case)[0].case_id
        with self.store.begin() as c:
            return [found.hex() for found in linked(c, case_id)]

    def duplicates(self, payload: pb.Payload, case: str) -> list[Duplicate]:
        """Returns the other cases here that name the same wallet, transaction, reference or person.

        Args:
            payload: of a message or draft.
            case: its case id.
        """
        return self._facts.like(payload, bytes.fromhex(case))

    # --- how

    def _grant(self, prefix: str) -> rows.GrantRow:
        with self.store.begin() as c:
            fitting = [row for row in rows.grants(c) if row.grant_hash.hex().startswith(prefix)] if prefix else []
        if len(fitting) != 1:
            raise NotUniqueError("no grant, or more than one, has a hash that begins so")
        return fitting[0]

    def _end_of(self, original: mailstore.Message) -> int | None:
        """Returns when what a message asks to hold ends, by itself or with its case; None where it does not."""
        with self.store.begin() as c:
            leg = leg_between(c, original.case_id, original.sender, self.desk)
        if leg is None or not table_of(leg.family).holds:
            return None
        ends = [end for end in (leg.lapses_at, header_of(original).lapses_at) if end]
        return min(ends, default=None)

    def _whole(self, message_hash: bytes) -> mailstore.Message:
        with self.store.begin() as c:
            found = mailstore.message(c, message_hash)
        if found is None or not found.receipt:
            raise MalformedError("it is not in this home")
        return found

    def _contradicts(self, message_hash: bytes, error: ContentRefusedError) -> None:
        with self.store.begin() as c:
            mailstore.update_message(c, message_hash, standing=Standing.CONTRADICTS.value)
            raise_alarm(c, AlarmKind.CONTRADICTION, f"{message_hash.hex()} {error.code}", self.clock())
