"""The verbs of asset freezes, one method each, with the payload it carries.

Each makes a draft; the ones that need two people await approval, the others can be sent at once. Nothing of a draft is
anywhere near the hub. What freezes share with referrals (acknowledge, supply, accept, withdraw …) is in `agents.verbs`.

Never does: anything that `Client.draft` does not; hand out a number to call that is not the directory's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from comity.errors import Reason, RefusedError
from comity.v1 import payload_pb2 as pb
from comity.workflow.legs import Leg
from comity.workflow.terms import Family, Precedence, Side, State, Verb
from comity.workflow.timers import settle

from agents import mailstore
from agents.assisting.earlier import earlier
from agents.drafting import Drafting
from agents.freezing.calling import DutyContact, call_back, duty_contact
from agents.freezing.standing import COUNTS, FreezeStanding, standing_of
from agents.opening import reader_of
from agents.records import DraftInfo, Standing

_RESTS: Final = frozenset({State.EXECUTING, State.IN_FORCE, State.CHALLENGED})
"""Where a freeze goes on that rests on its request: people work on what was set aside after a recall."""
_ORDERED_BY: Final = (Verb.CONVERT, Verb.FORWARD, Verb.REQUEST, Verb.REQUEST_PROVISIONAL)


class FreezeVerbs(Drafting):
    """What may be said in a freeze. Further arguments are those of `Client.draft`."""

    async def request_freeze(
        self, to: str | Sequence[str], body: pb.FreezeRequest, *, attachments: Sequence[Path] = (), **arguments: Any
    ) -> DraftInfo:
        """Asks to hold assets (originator, two people). It ends by the instrument's own end, where that has one.

        Args:
            to: a desk, or several with `joint`.
            body: the request.
            attachments: files that go with it, the order's image among them.
            **arguments: further ones of `Client.draft`.
        """
        desks = (to,) if isinstance(to, str) else tuple(to)
        arguments.setdefault("lapses_at", body.instrument.end or None)
        return await self.draft(
            Verb.REQUEST, body, to=desks, attachments=attachments, family=Family.FREEZE, **arguments
        )

    async def request_hold(self, to: str, body: pb.ProvisionalHold, **arguments: Any) -> DraftInfo:
        """Asks to hold assets at once, FLASH, by one officer; it lapses by itself unless a second person confirms."""
        return await self.draft(
            Verb.REQUEST_PROVISIONAL, body, to=(to,), precedence=Precedence.FLASH, family=Family.FREEZE, **arguments
        )

    async def confirm_hold(self, case: str, body: pb.Confirm | None = None, **arguments: Any) -> DraftInfo:
        """Confirms a colleague's provisional hold (originator, an approver who did not write it)."""
        arguments.setdefault("precedence", Precedence.FLASH)
        return await self.draft(Verb.CONFIRM, body or pb.Confirm(), case=case, **arguments)

    async def complete_hold(self, case: str, body: pb.FreezeRequest, **arguments: Any) -> DraftInfo:
        """Supplies the full form of a provisional hold (originator, two people)."""
        return await self.draft(Verb.COMPLETE, body, case=case, **arguments)

    async def refuse_freeze(self, case: str, body: pb.RefuseFreeze, **arguments: Any) -> DraftInfo:
        """Refuses with a coded, sealed reason (recipient, two people)."""
        return await self.draft(Verb.REFUSE, body, case=case, **arguments)

    async def report_execution(self, case: str, body: pb.ReportExecution, **arguments: Any) -> DraftInfo:
        """Reports what is held, line by line (recipient). What does not add up is refused here.

        Where a CONVERT is awaited, the report says that it is done. That less is held than before two people say.
        """
        arguments.setdefault("about", self._awaited(case, arguments, Verb.CONVERT))
        return await self.draft(Verb.REPORT_EXECUTION, body, case=case, **arguments)

    async def ask_extension(self, case: str, body: pb.AskExtension, **arguments: Any) -> DraftInfo:
        """Asks for a later end, with what was done since (originator, two people)."""
        return await self.draft(Verb.ASK_EXTENSION, body, case=case, **arguments)

    async def extend(self, case: str, body: pb.Extend, *, about: str | None = None, **arguments: Any) -> DraftInfo:
        """Sets the later end that was asked for (recipient)."""
        found = about or self._newest(case, arguments, (Verb.ASK_EXTENSION,))
        return await self.draft(Verb.EXTEND, body, case=case, about=found, lapses_at=body.until, **arguments)

    async def refuse_extension(
        self, case: str, body: pb.RefuseExtension, *, about: str | None = None, **arguments: Any
    ) -> DraftInfo:
        """Leaves the end as it is (recipient)."""
        found = about or self._newest(case, arguments, (Verb.ASK_EXTENSION,))
        return await self.draft(Verb.REFUSE_EXTENSION, body, case=case, about=found, **arguments)

    async def ask_variation(self, case: str, body: pb.AskVariation, **arguments: Any) -> DraftInfo:
        """Asks for a change of lines or payments (either side).

        Where this desk's own ASK_VARIATION is awaited, it takes that one's place. Of the originator's other questions
        two people take the place, as two people asked them.
        """
        arguments.setdefault("about", self._own_variation(case, arguments))
        return await self.draft(Verb.ASK_VARIATION, body, case=case, **arguments)

    async def vary(self, case: str, body: pb.Vary, *, about: str | None = None, **arguments: Any) -> DraftInfo:
        """Changes what was asked to be changed, or less (recipient)."""
        found = about or self._newest(case, arguments, (Verb.ASK_VARIATION,))
        return await self.draft(Verb.VARY, body, case=case, about=found, **arguments)

    async def convert(self, case: str, body: pb.Convert, **arguments: Any) -> DraftInfo:
        """Puts another instrument in the place of the one in force, without a gap (originator, two people)."""
        arguments.setdefault("lapses_at", body.instrument.end or None)
        return await self.draft(Verb.CONVERT, body, case=case, **arguments)

    async def report_challenge(self, case: str, body: pb.ReportChallenge, **arguments: Any) -> DraftInfo:
        """Reports a challenge in court, and later its end (recipient)."""
        return await self.draft(Verb.REPORT_CHALLENGE, body, case=case, **arguments)

    async def ask_release(self, case: str, body: pb.AskRelease, **arguments: Any) -> DraftInfo:
        """Asks to release what is held, after a call-back (originator, two people)."""
        return await self.draft(Verb.ASK_RELEASE, body, case=case, **arguments)

    async def release(self, case: str, body: pb.Release, *, about: str | None = None, **arguments: Any) -> DraftInfo:
        """Releases what is held, after a call-back of its own (recipient, two people).

        Args:
            case: case id or its beginning.
            body: what is released, and why.
            about: the request that it follows; None for the newest ASK_RELEASE, or where nobody asked (an order of the
                recipient's own court) for the request itself.
            **arguments: further ones of `Client.draft`.

        Raises:
            SuspectError, ContradictsError: what asks for it came under a suspect key, or breaks a rule: call.
        """
        found = about or self._newest(case, arguments, (Verb.ASK_RELEASE,), _ORDERED_BY)
        return await self.draft(Verb.RELEASE, body, case=case, about=found, **arguments)

    async def report_freeze_outcome(self, case: str, body: pb.FreezeOutcome, **arguments: Any) -> DraftInfo:
        """Reports what came of it (either side); from the recipient, where something is held, two people."""
        return await self.draft(Verb.REPORT_OUTCOME, body, case=case, **arguments)

    # --- what is needed to say it

    def freeze(self, case: str, desk: str = "") -> FreezeStanding:
        """Returns where a freeze stands: its lines, its instrument, and whether it must be reported anew.

        Nothing but states and times while nobody here has opened the request, or where it may not be shown.

        Args:
            case: case id or its beginning.
            desk: the other side, where the case is with several.

        Raises:
            NotUniqueError: no such case, or several desks.
            RefusedError: FAMILY_NOT_OFFERED: it is no freeze.
        """
        leg = self._freeze_leg(case, desk)
        now = self.clock()
        with self.store.begin() as c:
            opening = mailstore.message(c, leg.opening)
            said = earlier(c, leg, COUNTS)
        standings = {m.message_hash: self._reading.standing(m) for m in said}
        aside = {Standing.UNPINNED} if settle(leg, now).leg.state in _RESTS else {Standing.UNPINNED, Standing.RECALLED}
        hidden = {message_hash for message_hash, standing in standings.items() if standing in aside}
        if opening is not None and not opening.outgoing and not opening.opened:
            hidden.add(opening.message_hash)
        with self.store.begin() as c:
            found = standing_of(c, reader_of(self.archive, self.desk), leg, self.desk, now, hidden=hidden)
        return replace(found, suspect=Standing.SUSPECT in standings.values())

    def whom_to_call(self, case: str, desk: str = "") -> DutyContact:
        """Returns the duty contact of the other side of a freeze: the directory's, whatever a message says.

        Raises:
            NoContactError: the directory has none.
        """
        return duty_contact(self.directory(), self._other(self._freeze_leg(case, desk)))

    def called_back(self, case: str, *, spoken_to: str, confirmed: bool = True, desk: str = "") -> pb.CallBack:
        """Returns the record of a call-back that was just made to the directory's number.

        Raises:
            NoContactError: the directory has no number.
        """
        other = self._other(self._freeze_leg(case, desk))
        return call_back(self.directory(), other, spoken_to=spoken_to, called_at=self.clock(), confirmed=confirmed)

    def _freeze_leg(self, case: str, desk: str) -> Leg:
        leg = self._leg(case, (desk,) if desk else (), Verb.RELEASE)
        if leg.family is not Family.FREEZE:
            raise RefusedError(Reason.FAMILY_NOT_OFFERED, "the case is no freeze", family=leg.family.name)
        return leg

    def _other(self, leg: Leg) -> str:
        return leg.recipient if leg.originator == self.desk else leg.originator

    def _awaited(self, case: str, arguments: dict[str, Any], verb: Verb) -> str | None:
        """Returns what the other side asked last, if its answer is awaited and it is of a verb."""
        leg = self._leg(case, arguments.get("to", ()), Verb.REPORT_EXECUTION)
        with self.store.begin() as c:
            asked = mailstore.message(c, leg.question) if leg.question else None
        return asked.message_hash.hex() if asked is not None and asked.verb is verb else None

    def _own_variation(self, case: str, arguments: dict[str, Any]) -> str | None:
        """Returns the ASK_VARIATION that this desk asked as the originator, if its answer is awaited."""
        leg = self._leg(case, arguments.get("to", ()), Verb.ASK_VARIATION)
        if leg.originator != self.desk or leg.awaiting is not Side.RECIPIENT:
            return None
        with self.store.begin() as c:
            asked = mailstore.message(c, leg.question)
        usable = asked is not None and asked.verb is Verb.ASK_VARIATION and asked.standing is Standing.GOOD
        return asked.message_hash.hex() if asked is not None and usable else None

    def _newest(self, case: str, arguments: dict[str, Any], *wanted: Iterable[Verb]) -> str | None:
        """Returns the other side's newest message of some verbs, else of the next ones; None where there is none."""
        leg = self._leg(case, arguments.get("to", ()), Verb.RELEASE)
        with self.store.begin() as c:
            kept = mailstore.messages_of_case(c, leg.case_id)
        good = (m for m in kept if m.log_index >= 0 and self._reading.standing(m) is Standing.GOOD)
        theirs = [m for m in good if m.sender == self._other(leg)]
        for verbs in map(frozenset, wanted):
            found = [m for m in theirs if m.verb in verbs]
            if found:
                return found[-1].message_hash.hex()
        return None
