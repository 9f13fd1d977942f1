"""The verbs of watchlists that people say, one method each, with the payload it carries.

Each makes a draft that one person can send. Batches and snapshots are the publisher's (`agents/sync/owner`).

Never does: anything that `Client.draft` does not.
"""

from __future__ import annotations

from typing import Any

from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Verb

from agents.drafting import Drafting
from agents.records import DraftInfo


class WatchlistVerbs(Drafting):
    """What may be said of a watchlist. Further arguments are those of `Client.draft`."""

    async def offer_list(self, to: str, body: pb.OfferList, **arguments: Any) -> DraftInfo:
        """Offers a list to a desk (owner); a case of its own, so that subscribers do not see one another."""
        return await self.draft(Verb.OFFER, body, to=(to,), **arguments)

    async def subscribe(self, case: str, body: pb.SubscribeList, **arguments: Any) -> DraftInfo:
        """Takes the terms of an offer (subscriber)."""
        return await self.draft(Verb.SUBSCRIBE, body, case=case, **arguments)

    async def unsubscribe(self, case: str, body: pb.UnsubscribeList, **arguments: Any) -> DraftInfo:
        """Ends a subscription or declines an offer (either side)."""
        return await self.draft(Verb.UNSUBSCRIBE, body, case=case, **arguments)

    async def resync(self, case: str, body: pb.Resync, **arguments: Any) -> DraftInfo:
        """Asks for batches again, or for the whole list (subscriber, also its machine)."""
        return await self.draft(Verb.RESYNC, body, case=case, **arguments)

    async def challenge_entry(self, case: str, body: pb.ChallengeEntry, **arguments: Any) -> DraftInfo:
        """Says that an entry should not stand (subscriber)."""
        return await self.draft(Verb.CHALLENGE, body, case=case, **arguments)

    async def answer_challenge(self, case: str, body: pb.AnswerChallenge, *, about: str, **arguments: Any) -> DraftInfo:
        """Answers a challenge: kept, suspended or retracted (owner).

        Args:
            case: of the subscription.
            body: the answer.
            about: message id of the challenge.
            **arguments: further ones of `Client.draft`.
        """
        return await self.draft(Verb.ANSWER, body, case=case, about=about, **arguments)

    async def report_sighting(self, case: str, body: pb.ReportSighting, **arguments: Any) -> DraftInfo:
        """Reports that a listed wallet was seen (subscriber, also its machine)."""
        return await self.draft(Verb.SIGHTING, body, case=case, **arguments)
