"""The verbs of cross-border assistance, one method each, with the payload it carries.

Each makes a draft; the ones that need two people await approval, the others can be sent at once. What is said in every
family (acknowledge, request_info, supply, accept, report_progress, recall …) is in `agents/verbs.py`.

Never does: anything that `Client.draft` does not.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, Final

from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Verb

from agents.assisting.judging import parts_given
from agents.assisting.story import AssistanceStory, Stories
from agents.drafting import Drafting
from agents.errors import NotUniqueError
from agents.records import DraftInfo

_DAY_MS: Final = 86_400_000


class AssistanceVerbs(Drafting):
    """What may be said in an assistance case. Further arguments are those of `Client.draft`."""

    async def request_assistance(
        self, to: str | Sequence[str], body: pb.AssistanceRequest, **arguments: Any
    ) -> DraftInfo:
        """Asks for assistance in full (originator, two people).

        Args:
            to: a desk, or several with `joint`.
            body: the request.
            **arguments: further ones of `Client.draft`.
        """
        desks = (to,) if isinstance(to, str) else tuple(to)
        return await self.draft(Verb.REQUEST, body, to=desks, family=Family.ASSISTANCE, **arguments)

    async def oral_notice(self, to: str, body: pb.OralNotice, **arguments: Any) -> DraftInfo:
        """Puts on record what was asked for by telephone (originator). It lapses unless it is completed in time."""
        return await self.draft(Verb.ORAL_NOTICE, body, to=(to,), family=Family.ASSISTANCE, **arguments)

    async def confirm_notice(self, case: str, body: pb.Confirm, **arguments: Any) -> DraftInfo:
        """Seconds an oral notice (originator, another person than its author). It still has to be completed."""
        return await self.draft(Verb.CONFIRM, body, case=case, **arguments)

    async def complete_request(self, case: str, body: pb.AssistanceRequest, **arguments: Any) -> DraftInfo:
        """Puts an oral notice in writing (originator, two people): it does not lapse any more."""
        return await self.draft(Verb.COMPLETE, body, case=case, **arguments)

    async def answer_first(self, case: str, body: pb.AnswerFirst, **arguments: Any) -> DraftInfo:
        """Says whether there is anything, before it is sent: hit, no hit, not yet known (recipient)."""
        return await self.draft(Verb.ANSWER_FIRST, body, case=case, **arguments)

    async def suspend(
        self, case: str, body: pb.Suspend, *, respond_by: int | None = None, **arguments: Any
    ) -> DraftInfo:
        """Lays the work aside until a date (recipient). The clock runs out at the end of that day, UTC.

        Args:
            case: case id or its beginning.
            body: reason and review date.
            respond_by: Unix milliseconds UTC; None for the end of the review date.
            **arguments: further ones of `Client.draft`.
        """
        limit = review_limit(body) if respond_by is None else respond_by
        return await self.draft(Verb.SUSPEND, body, case=case, respond_by=limit, **arguments)

    async def resume(self, case: str, body: pb.Resume, **arguments: Any) -> DraftInfo:
        """Takes the work up again (recipient)."""
        return await self.draft(Verb.RESUME, body, case=case, **arguments)

    async def refuse_assistance(self, case: str, body: pb.RefuseAssistance, **arguments: Any) -> DraftInfo:
        """Refuses with a coded reason, and says what would make the request acceptable (recipient, two people)."""
        return await self.draft(Verb.REFUSE, body, case=case, **arguments)

    async def reply_part(self, case: str, body: pb.ReplyPart, **arguments: Any) -> DraftInfo:
        """Sends one part of the answer, under a handling and conditions of its own (recipient)."""
        return await self.draft(Verb.REPLY_PART, body, case=case, **arguments)

    async def reply(self, case: str, body: pb.Reply, **arguments: Any) -> DraftInfo:
        """Sends the last part of the answer, or the only one (recipient)."""
        return await self.draft(Verb.REPLY, body, case=case, **arguments)

    async def follow_up(self, case: str, body: pb.FollowUp, **arguments: Any) -> DraftInfo:
        """Asks again within the same scope (originator)."""
        return await self.draft(Verb.FOLLOW_UP, body, case=case, **arguments)

    async def feedback(self, case: str, body: pb.Feedback, **arguments: Any) -> DraftInfo:
        """Says what the answer was good for (originator); due 90 days after it."""
        return await self.draft(Verb.FEEDBACK, body, case=case, **arguments)

    def next_part(self, case: str) -> int:
        """Returns the number that the next part of the answer bears: of the leg on which this desk answers.

        Raises:
            NotUniqueError: the case has several legs, so this desk asks in it.
        """
        legs = self._reading.legs(case)
        if len(legs) != 1:
            raise NotUniqueError("the case has several desks: parts are numbered by each of them")
        with self.store.begin() as c:
            return parts_given(c, legs[0]) + 1

    def assistance(self, case: str) -> list[AssistanceStory]:
        """Returns how far a request has come on each of its legs, out of what this home has sent and people opened."""
        return Stories(self.store, self._reading, self.desk, self.clock()).of(self._reading.legs(case))


def review_limit(body: pb.Suspend) -> int | None:
    """Returns the last moment of a review date, Unix milliseconds UTC; None for what is no date, as its rule says."""
    try:
        day = datetime.datetime.fromisoformat(f"{body.review_date}T00:00:00+00:00")
    except ValueError:
        return None
    return int(day.timestamp() * 1000) + _DAY_MS - 1000
