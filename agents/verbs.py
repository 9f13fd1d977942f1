"""The verbs of case referrals, one method each, with the payload it carries.

Each makes a draft; the ones that need two people await approval, the others can be sent at once.

Never does: anything that `Client.draft` does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Verb

from agents.drafting import Drafting
from agents.records import DraftInfo


class ReferralVerbs(Drafting):
    """What may be said in a case referral. Further arguments are those of `Client.draft`."""

    async def refer(
        self, to: str | Sequence[str], body: pb.Refer, *, attachments: Sequence[Path] = (), **arguments: Any
    ) -> DraftInfo:
        """Opens a case (originator, two people).

        Args:
            to: a desk, or several with `joint`.
            body: the referral.
            attachments: files that go with it.
            **arguments: further ones of `Client.draft`.
        """
        desks = (to,) if isinstance(to, str) else tuple(to)
        return await self.draft(Verb.REFER, body, to=desks, attachments=attachments, **arguments)

    async def acknowledge(self, case: str, body: pb.AcknowledgeCase, **arguments: Any) -> DraftInfo:
        """Takes note: own reference, contact, expected date (recipient)."""
        return await self.draft(Verb.ACKNOWLEDGE, body, case=case, **arguments)

    async def request_info(self, case: str, body: pb.RequestInfo, **arguments: Any) -> DraftInfo:
        """Asks for what is missing (recipient)."""
        return await self.draft(Verb.REQUEST_INFO, body, case=case, **arguments)

    async def supply(self, case: str, body: pb.Supply, **arguments: Any) -> DraftInfo:
        """Supplies what was asked for (originator)."""
        return await self.draft(Verb.SUPPLY, body, case=case, **arguments)

    async def accept(self, case: str, body: pb.Accept, **arguments: Any) -> DraftInfo:
        """Takes the whole case (recipient)."""
        return await self.draft(Verb.ACCEPT, body, case=case, **arguments)

    async def accept_in_part(self, case: str, body: pb.Accept, **arguments: Any) -> DraftInfo:
        """Takes a part and says which (recipient)."""
        return await self.draft(Verb.ACCEPT_IN_PART, body, case=case, **arguments)

    async def decline(self, case: str, body: pb.Decline, **arguments: Any) -> DraftInfo:
        """Declines with a coded, sealed reason (recipient, two people)."""
        return await self.draft(Verb.DECLINE, body, case=case, **arguments)

    async def redirect(self, case: str, body: pb.Redirect, **arguments: Any) -> DraftInfo:
        """Says which desk has the case now; only after it was passed on under an onward grant (recipient)."""
        return await self.draft(Verb.REDIRECT, body, case=case, **arguments)

    async def report_progress(self, case: str, body: pb.ReportProgress, **arguments: Any) -> DraftInfo:
        """Says how far the work is (recipient)."""
        return await self.draft(Verb.REPORT_PROGRESS, body, case=case, **arguments)

    async def report_outcome(self, case: str, body: pb.ReportOutcome, **arguments: Any) -> DraftInfo:
        """Reports what came of it (recipient)."""
        return await self.draft(Verb.REPORT_OUTCOME, body, case=case, **arguments)

    async def withdraw(self, case: str, body: pb.Withdraw, **arguments: Any) -> DraftInfo:
        """Takes a referral back before it was stored (originator)."""
        return await self.draft(Verb.WITHDRAW, body, case=case, **arguments)

    async def recall(self, case: str, body: pb.Recall, *, about: str | None = None, **arguments: Any) -> DraftInfo:
        """Asks for a message, the opening one unless named, to be destroyed or quarantined (originator)."""
        return await self.draft(Verb.RECALL, body, case=case, about=about, **arguments)

    async def answer_recall(
        self, case: str, body: pb.AnswerRecall, *, about: str | None = None, **arguments: Any
    ) -> DraftInfo:
        """Answers the newest recall unless another is named (recipient)."""
        return await self.draft(Verb.ANSWER_RECALL, body, case=case, about=about, **arguments)

    async def close_case(self, case: str, body: pb.Close, **arguments: Any) -> DraftInfo:
        """Ends a case (originator)."""
        return await self.draft(Verb.CLOSE, body, case=case, **arguments)
