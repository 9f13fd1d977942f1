"""What stands against a draft: the very checks that hub and recipients will make, made before anything leaves.

Of a draft that takes two people only one has signed yet: a stand-in takes the second's place, so that nothing but the
signature may be missing. Whether it takes two follows from the workflow's row, and from what the draft says.

Never does: sign, keep, send.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from comity.checks import Signer, check_directory_age, check_parties, check_profile, verify_signatures
from comity.directory import View
from comity.envelope import Envelope, Header
from comity.errors import ComityError, RefusedError
from comity.grants import check_granted, verify_granted
from comity.names import agency_of
from comity.payload import Gap, body_of
from comity.v1 import payload_pb2
from comity.workflow import actions
from comity.workflow.actions import SignedBy
from comity.workflow.clocks import MAX_AGE, MAX_AGE_SECONDED, check_times
from comity.workflow.engine import apply, apply_forwarded
from comity.workflow.families import table_of
from comity.workflow.guards import takes_place
from comity.workflow.legs import Leg
from comity.workflow.tables import People
from comity.workflow.terms import Role, SignatureRole
from comity.workflow.timers import settle
from sqlalchemy import Connection

from agents import mailstore
from agents.cases import action_of, header_of, leg_between, opens_case, with_about
from agents.contentrules import judge, needs_two
from agents.contents import Reader, Said
from agents.errors import ContentRefusedError, explain
from agents.onward.consent import consent_warnings
from agents.onward.originals import check_hold
from agents.standings import Standings
from agents.store import Store
from agents.trust import Clock, Trust

_STAND_IN: Final = "m-00000000"


class DraftChecks:
    """Checks the drafts of one home."""

    def __init__(self, store: Store, trust: Trust, read: Reader, clock: Clock) -> None:
        self._store, self._trust, self._read, self._clock = store, trust, read, clock
        self._standings = Standings(store, trust)

    def gaps(self, envelope: Envelope, payload: payload_pb2.Payload) -> list[Gap]:
        """Returns everything that stands against sending a draft now, but for a missing approval."""
        found: list[Gap] = []
        header, now, tried = envelope.header, self._clock(), partial(_tried, found)
        tried("directory", self._trust.check_sealable)
        tried("keys", lambda: self.parties(envelope, self._trust.view(), now))
        seconded = self.takes_two(header, payload)
        age = (MAX_AGE_SECONDED if seconded else MAX_AGE)[header.precedence]
        tried("times", lambda: _times(header, seconded, now))
        tried("sealed", lambda: check_directory_age(header, self._trust.view(), now, age))
        tried("deadlines", lambda: self._deadlines(header, now))
        tried("case", lambda: self.workflow(envelope, now))
        return found + self._unseen(envelope, payload, now)

    def unseen(self, envelope: Envelope, payload: payload_pb2.Payload) -> list[Gap]:
        """Returns what stands against sending a draft now and the hub cannot see: pins, what it acts on, content.

        Nothing where the hub refuses it anyway for its keys: it says so itself, or that it had it already.
        """
        now = self._clock()
        try:
            self.parties(envelope, self._trust.view(), now)
        except RefusedError:
            return []
        return self._unseen(envelope, payload, now)

    def _unseen(self, envelope: Envelope, payload: payload_pb2.Payload, now: int) -> list[Gap]:
        found: list[Gap] = []
        header, tried = envelope.header, partial(_tried, found)
        for desk in header.counterparts:
            tried(f"recipient {desk}", partial(self._trust.check_pinned, agency_of(desk)))
        tried("about", lambda: self.grounds(header))
        tried("content", lambda: self._content(envelope, payload, now))
        return found

    def grounds(self, header: Header) -> None:
        """Checks that a message acts on nothing that nobody acts on, see `Standings.check_grounds`."""
        self._standings.check_grounds(header)

    def parties(self, envelope: Envelope, view: View, now: int) -> tuple[Signer, ...]:
        """Checks sender, recipients' keys, agreement and signatures.

        Returns:
            Who signed.

        Raises:
            RefusedError: as the hub's.
        """
        header = envelope.header
        opening, onward = opens_case(header.family, header.verb), any(leg.onward for leg in self.legs(header))
        signers = check_parties(envelope, view, now, opening=opening, onward=onward)
        verify_signatures(envelope, signers)
        return signers

    def legs(self, header: Header) -> list[Leg]:
        """Returns the legs that a message serves, as far as they are open."""
        with self._store.begin() as c:
            legs = [leg_between(c, header.case_id, header.sender, desk) for desk in header.counterparts]
        return [leg for leg in legs if leg is not None]

    def takes_two(self, header: Header, payload: payload_pb2.Payload) -> bool:
        """Returns whether a message takes an author and an approver, by the workflow's row or by what it says."""
        with self._store.begin() as c:
            return self._row_takes_two(c, header) or any(
                needs_two(c, self._said(c, header, payload, (), desk)) for desk in header.counterparts
            )

    def judge(self, header: Header, payload: payload_pb2.Payload, signers: tuple[SignedBy, ...]) -> None:
        """Holds a draft's content against the rules of its family, on every leg that it serves.

        Args:
            header: of the draft.
            payload: what it says.
            signers: who has signed, or is about to.

        Raises:
            ContentRefusedError: it breaks a rule.
        """
        if self.takes_two(header, payload) and not any(s.role is SignatureRole.APPROVER for s in signers):
            signers = (*signers, _stand_in(header.sender))
        with self._store.begin() as c:
            for desk in header.counterparts:
                judge(c, self._said(c, header, payload, signers, desk))

    def workflow(self, envelope: Envelope, now: int) -> None:
        """Runs the engine as if the second person had signed, so that nothing but the signature may be missing.

        Args:
            envelope: signed by its author, or by both.
            now: Unix milliseconds UTC.

        Raises:
            RefusedError: as the hub's.
        """
        view, header = self._trust.view(), envelope.header
        signers = self.parties(envelope, view, now)
        if header.granted is not None:
            check_granted(header, now)
            verify_granted(header.granted, view.sign_key)
        with self._store.begin() as c:
            self._passed_on(c, header, now)
            for desk in header.counterparts:
                action = with_about(c, action_of(envelope, signers, view, desk, granted=header.granted is not None))
                if len(signers) == 1 and signers[0].role is SignatureRole.AUTHOR:
                    action = replace(action, signers=(*action.signers, _stand_in(header.sender)))
                apply(leg_between(c, header.case_id, header.sender, desk), action, now)

    def warnings(self, header: Header, payload: payload_pb2.Payload) -> list[str]:
        """Returns what a person should think about before signing; nothing of it prevents sending."""
        found = []
        if payload.handling.tlp == payload_pb2.TLP_RED:
            found.append("TLP:RED: the recipient desk's members can all read it")
        if header.joint:
            found.append("joint: the recipient desks see one another")
        body = body_of(payload)
        if getattr(body, "do_not_contact", None):
            found.append("the do-not-contact list is part of it")
        if getattr(body, "other_channels", None):
            found.append("the same request went through other channels")
        with self._store.begin() as c:
            return found + consent_warnings(c, header)

    # --- how

    def _passed_on(self, c: Connection, header: Header, now: int) -> None:
        """Checks that what a FORWARD passes on may be passed on, as its leg stands now and as it was written."""
        if header.granted is not None:
            given = header.granted.header
            leg = leg_between(c, given.case_id, given.sender, header.sender)
            if leg is not None:
                apply_forwarded(settle(leg, now).leg, header)
            original = mailstore.message(c, given.grant.original_hash) if given.grant is not None else None
            if original is not None:
                check_hold(header_of(original), header.lapses_at)

    def _row_takes_two(self, c: Connection, header: Header) -> bool:
        rows = [rule for rule in table_of(header.family).rules if rule.verb is header.verb]
        if not opens_case(header.family, header.verb):
            leg = leg_between(c, header.case_id, header.sender, header.counterparts[0])
            if leg is not None:
                at = settle(leg, self._clock()).leg
                side = at.side_of(header.sender)
                here = [r for r in rows if r.side is side and at.state in r.from_states and at.standing in r.standings]
                rows = here or rows
                if side is not None and not header.about and any(takes_place(r, at, side) for r in here):
                    return True  # in the place of what two people asked
        return any(rule.people is People.TWO for rule in rows)

    def _said(
        self,
        c: Connection,
        header: Header,
        payload: payload_pb2.Payload,
        signers: tuple[SignedBy, ...],
        desk: str,
    ) -> Said:
        now = self._clock()
        leg = leg_between(c, header.case_id, header.sender, desk)
        at = None if leg is None else settle(leg, now).leg
        return Said(header, payload, at, signers, now, view=self._trust.view(), read=self._read)

    def _deadlines(self, header: Header, now: int) -> None:
        legs, opening = self.legs(header), opens_case(header.family, header.verb)
        opened, onward = (legs[0].opened, bool(legs[0].onward)) if legs else (None, False)
        check_profile(header, self._trust.view(), now, opening=opening, opened=opened, onward=onward)

    def _content(self, envelope: Envelope, payload: payload_pb2.Payload, now: int) -> None:
        self.judge(envelope.header, payload, self.parties(envelope, self._trust.view(), now))


def _tried(found: list[Gap], path: str, step: Callable[[], object]) -> None:
    try:
        step()
    except ContentRefusedError as error:
        found.append(Gap(error.path, f"{error.code}: {error.problem}"))
    except RefusedError as error:
        found.append(Gap(path, f"{error.reason}: {explain(error)}"))
    except ComityError as error:
        found.append(Gap(path, explain(error)))


def _stand_in(desk: str) -> SignedBy:
    """Returns the second person whose signature is still missing."""
    return actions.Signer(f"{agency_of(desk)}/{_STAND_IN}", frozenset({Role.APPROVER}), SignatureRole.APPROVER)


def _times(header: Header, seconded: bool, now: int) -> None:
    """Checks the times of a draft as they will be checked when it is sent: of two people, where it needs them."""
    check_times(
        precedence=header.precedence,
        created=header.created,
        deliver_by=header.deliver_by,
        respond_by=header.respond_by or None,
        lapses_at=header.lapses_at or None,
        has_approver=seconded,
        now_ms=now,
    )
