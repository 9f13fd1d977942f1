"""What may be done with a message now: looked up each time, not remembered.

A key that is revoked as suspect today makes last week's mail SUSPECT, and a pin that is taken back makes it inert.
Nobody acts on either, nor on what contradicts a rule or was not proved: not on what opened a case, not on what a
message answers, not on what it passes on. What one takes back oneself acts on nothing, and a recall may be answered
whatever it was.

Never does: open anything; change anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from comity.envelope import Header
from comity.workflow.legs import Leg
from comity.workflow.terms import Verb
from sqlalchemy import Connection

from agents import mailstore
from agents.cases import leg_between, opens_case
from agents.errors import ContradictsError, SuspectError, UnpinnedError, UnprovedError
from agents.mailstore import Message
from agents.onward import rows
from agents.onward.receiving import originator_agency
from agents.records import Standing
from agents.store import Store
from agents.trust import Trust

_OVER: Final = frozenset({Standing.QUARANTINED, Standing.EXPIRED, Standing.WITHDRAWN, Standing.DESTROYED})
"""What does not change any more."""
_TAKES_BACK: Final = frozenset({Verb.RECALL, Verb.WITHDRAW, Verb.REVOKE_GRANT, Verb.ANSWER_RECALL})


class Standings:
    """What may be done with the messages that one home keeps."""

    def __init__(self, store: Store, trust: Trust) -> None:
        """Takes where they are, and what is verified."""
        self._store, self._trust = store, trust

    def of(self, message: Message) -> Standing:
        """Returns what may be done with a message now."""
        if message.outgoing or message.standing in _OVER:
            return message.standing
        if not self._trust.pinned(message.agency) or not self._words_pinned(message):
            return Standing.UNPINNED
        if message.standing is not Standing.GOOD:
            return message.standing
        view = self._trust.view()
        signers = (message.signers[at : at + 32] for at in range(0, len(message.signers), 32))
        # Whoever stole a key writes `created` as well; only the leaf's time is not theirs to choose.
        written = max(message.created, message.leaf_time)
        if any(view.suspect(key_id, written) for key_id in signers):
            return Standing.SUSPECT
        return Standing.GOOD

    def check_opening(self, legs: Iterable[Leg], verb: Verb) -> None:
        """Checks that what opened a case may be acted on.

        Args:
            legs: of the case, those that the verb serves.
            verb: what would be said.

        Raises:
            SuspectError, UnpinnedError, ContradictsError, UnprovedError: it may not.
        """
        if verb not in _TAKES_BACK:
            self._check(leg.opening for leg in legs)

    def check_grounds(self, header: Header) -> None:
        """Checks that a message acts on nothing that nobody acts on.

        Args:
            header: of a draft, or of one that is about to be sealed.

        Raises:
            SuspectError, UnpinnedError, ContradictsError, UnprovedError: it does.
        """
        with self._store.begin() as c:
            legs = _legs(c, header)
        self.check_opening(legs, header.verb)
        grounds = [] if header.verb in _TAKES_BACK else [header.about]
        granted = header.granted
        if granted is not None:
            grounds += [granted.message_hash, granted.header.grant.original_hash if granted.header.grant else b""]
        self._check(grounds)

    def _check(self, hashes: Iterable[bytes]) -> None:
        for message_hash in hashes:
            with self._store.begin() as c:
                message = mailstore.message(c, message_hash) if message_hash else None
                forward = rows.forward(c, message_hash) if message_hash else None
            if message is not None:
                _refuse(self.of(message))
            if message is not None and forward is not None and not forward.proved:
                raise UnprovedError("the original in it was not proved here yet")

    def _words_pinned(self, message: Message) -> bool:
        """Returns whether the fingerprint was compared of whose words a message brings, where it passes them on."""
        if message.verb is not Verb.FORWARD:
            return True
        with self._store.begin() as c:
            agency = originator_agency(c, message.message_hash)
        return bool(agency) and self._trust.pinned(agency)


def _refuse(standing: Standing) -> None:
    if standing is Standing.SUSPECT:
        raise SuspectError("what it acts on came under a key that is suspect")
    if standing is Standing.UNPINNED:
        raise UnpinnedError("the fingerprint of whose words it acts on was not compared here")
    if standing is Standing.CONTRADICTS:
        raise ContradictsError("what it acts on contradicts a rule")


def _legs(c: Connection, header: Header) -> list[Leg]:
    if opens_case(header.family, header.verb):
        return []
    found = [leg_between(c, header.case_id, header.sender, desk) for desk in header.counterparts]
    return [leg for leg in found if leg is not None]
