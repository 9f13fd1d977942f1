"""Derives legs and envelopes' states again from the log: the same events, in the same order, by the workflow's rules.

Each envelope is judged once more at its leaf's moment (signatures, parties, agreement, times, the leg's state), each
clock event must have been due, and what comes out must be what the tables say. Of what was erased the log no longer
tells enough: a leg that lost an envelope so is not judged, and counted.

Never does: I/O.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from comity.checks import Signer, check_parties, check_rules, verify_signatures
from comity.directory import View
from comity.envelope import Envelope, parse_seal
from comity.errors import ComityError
from comity.grants import check_original, leg_made_by, recallable, verify_granted
from comity.header import Header, parse_header
from comity.names import agency_of
from comity.receipts import AckState, Event, EventKind, parse_ack, verify_ack
from comity.workflow.actions import AboutFacts, action_of
from comity.workflow.engine import apply, apply_forwarded, apply_stored
from comity.workflow.legs import Leg
from comity.workflow.terms import Family, Verb
from comity.workflow.timers import settle

from hub.exchange.audit.grants import marked
from hub.exchange.domain import ERASE_AFTER_MS, EnvelopeState, LegKey, is_opening, is_over
from hub.exchange.grants import Passed, Recalled, taken_back
from hub.log.signatures import unpack_signatures

Found = Callable[[int, str, str], None]
"""Is told (index, table, constant words) of each finding."""
Forwarding = tuple[bytes, Header | None, tuple[str, ...]]
"""A FORWARD: its hash, its header unless that is erased, and the desks beside its sender."""
_CLOCKS = {EventKind.OVERDUE, EventKind.LAPSED, EventKind.EXPIRED}


@dataclass(slots=True)
class Sent:
    """An envelope as the log tells of it."""

    index: int
    sender: str
    counterparts: tuple[str, ...]
    case_id: bytes
    family: Family
    verb: Verb
    author_member: str
    opening: bool
    state: EnvelopeState
    unstored: int
    due: int | None
    deliver_by: int


@dataclass(slots=True)
class Derived:
    """A leg as the log tells of it."""

    leg: Leg
    index: int
    """Leaf of the envelope that opened it."""
    finished_at: int | None = None
    joint: bool = False
    """Its opening envelope opened others too: whose clock an event tells of is then known to the parties alone."""
    owed: list[tuple[EventKind, bytes, int]] = field(default_factory=list)
    """Clock events that must follow in the log: (kind, envelope, limit)."""


class Replay:
    """Takes the events in order; afterwards `legs` and `sent` are what the tables should say."""

    def __init__(self, found: Found) -> None:
        """Takes who is told of findings."""
        self._found = found
        self.legs: dict[LegKey, Derived] = {}
        self.sent: dict[bytes, Sent] = {}
        self.unknown: set[tuple[bytes, str, str]] = set()
        """(case, desk, desk): legs that lost an envelope to erasure or cannot be judged."""
        self._by_hash: dict[bytes, set[LegKey]] = {}
        self._passed: dict[bytes, tuple[Header | None, tuple[str, ...]]] = {}
        """FORWARDs of all cases whose GRANT_USED is to follow: header, None where erased, and desks beside the sender.
        """
        self._erased_grants: dict[bytes, tuple[str, bytes]] = {}
        """(sender, case) of GRANT_ONWARDs that were erased."""
        self._spent: set[bytes] = set()
        self._reached: set[Passed] = set()
        self.recalled: set[Recalled] = set()
        """What RECALLs are about, where that is kept: no grant passes it on any more."""
        self._owed: dict[bytes, int] = {}
        """Leaves of envelopes that spend a grant, whose event must follow."""

    def is_unknown(self, one: str, case_id: bytes, other: str) -> bool:
        """Returns whether the leg of a case between two desks is not judged."""
        return (case_id, *sorted((one, other))) in self.unknown

    def _give_up(self, one: str, case_id: bytes, other: str) -> None:
        first, second = sorted((one, other))
        self.unknown.add((case_id, first, second))

    # One function a kind of row.

    def erased(self, row: Any) -> None:
        """Takes an envelope that was erased: its legs are not judged any more."""
        for desk in row.recipients.splitlines():
            if desk != row.sender:
                self._give_up(row.sender, bytes(row.case_id), desk)
        if row.verb == Verb.GRANT_ONWARD:
            self._erased_grants[row.message_hash] = (row.sender, bytes(row.case_id))

    def passed_on(self, row: Any) -> None:
        """Takes a FORWARD of any case: what it makes of the original's is told by the event that follows."""
        desks = tuple(desk for desk in row.recipients.splitlines() if desk != row.sender)
        self._passed[row.message_hash] = (None if row.header is None else parse_header(row.header), desks)

    def submitted(self, row: Any, view: View, now: int) -> None:
        """Takes an envelope at its leaf.

        Args:
            row: of envelopes, header, seal and signatures present and compared with the leaf before.
            view: the directory at the leaf's size.
            now: the leaf's time, milliseconds.
        """
        header, signatures = parse_header(row.header), unpack_signatures(row.signatures)
        envelope = Envelope(
            header_bytes=row.header,
            seal_bytes=row.seal,
            header=header,
            seal=parse_seal(row.seal),
            ciphertext=b"",
            wraps=(None,) * len(header.recipients),
            signatures=signatures,
            message_hash=row.message_hash,
        )
        opening = is_opening(header.family, header.verb)
        try:
            signers = self._judge(envelope, view, now, opening=opening)
        except ComityError:
            self._found(row.idx, "envelopes", "the envelope would not be taken at its leaf's moment")
            for desk in header.counterparts:
                self._give_up(header.sender, header.case_id, desk)
            return
        counterparts = header.counterparts
        self.sent[row.message_hash] = Sent(
            index=row.idx,
            sender=header.sender,
            counterparts=counterparts,
            case_id=header.case_id,
            family=header.family,
            verb=header.verb,
            author_member=signers[0].member,
            opening=opening,
            state=EnvelopeState.LIVE,
            unstored=len(counterparts),
            due=header.deliver_by,
            deliver_by=header.deliver_by,
        )
        if header.verb in (Verb.FORWARD, Verb.REVOKE_GRANT):
            self._owed[row.message_hash] = row.idx
        for desk in counterparts:
            if not self.is_unknown(header.sender, header.case_id, desk):
                self._act(envelope, signers, desk, view, now)

    def _judge(self, envelope: Envelope, view: View, now: int, *, opening: bool) -> tuple[Signer, ...]:
        header = envelope.header
        leg = None if opening else self._leg(header.sender, header.case_id, header.counterparts[0])
        # Where the leg is not known, the envelope's own moment has to do: only the profile's limits look at it.
        opened, onward = (None, False) if leg is None else (leg.leg.opened, bool(leg.leg.onward))
        if opening or leg is not None:
            check_rules(envelope, view, now, opening=opening, opened=opened, onward=onward)
        signers = check_parties(envelope, view, now, opening=opening, onward=onward)
        verify_signatures(envelope, signers)
        if header.granted is not None:
            verify_granted(header.granted, view.sign_key)
        return signers

    def _act(self, envelope: Envelope, signers: tuple[Signer, ...], desk: str, view: View, now: int) -> None:
        header = envelope.header
        sender, counterpart = view.agency(header.sender_agency), view.agency(agency_of(desk))
        derived = self._leg(header.sender, header.case_id, desk)
        index = self.sent[envelope.message_hash].index
        try:
            if sender is None or counterpart is None:
                raise LookupError
            action = action_of(
                header,
                envelope.message_hash,
                signers,
                counterpart=desk,
                sender_kind=sender.kind,
                counterpart_kind=counterpart.kind,
                about_facts=self._about(header, desk),
                granted=header.verb is Verb.FORWARD,
            )
            applied = apply(None if derived is None else derived.leg, action, now)
        except (ComityError, LookupError):
            self._found(index, "legs", "the leg's state did not admit the envelope")
            self._give_up(header.sender, header.case_id, desk)
            return
        if applied.events:
            self._found(index, "log_leaves", "a clock had run out before the envelope and is not in the log")
        if derived is None:
            derived = Derived(applied.leg, index, joint=header.joint)
            self.legs[applied.leg.key] = derived
        self._put(derived, applied.leg, now)

    def _about(self, header: Header, desk: str) -> AboutFacts | None:
        named = self.sent.get(header.about) if header.about else None
        if named is None or named.case_id != header.case_id or named.sender not in (header.sender, desk):
            return None
        other = desk if named.sender == header.sender else header.sender
        passed_on = named.sender == header.sender and Passed(header.about, desk) in self._reached
        if other not in named.counterparts and not passed_on:
            return None
        return AboutFacts(named.sender, named.verb, named.author_member)

    def spent(self, index: int, event: Event, now: int) -> None:
        """Takes a GRANT_USED or GRANT_REVOKED.

        Args:
            index: its leaf.
            event: opened.
            now: the leaf's time, milliseconds.
        """
        grant, by = event.message_hash, event.other_hash
        self._owed.pop(by, None)
        header, desks = self._passed.pop(by, (None, ()))
        if grant in self._spent:
            self._found(index, "log_leaves", "a grant is spent twice")
            return
        self._spent.add(grant)
        given = self.sent.get(grant)
        if event.kind is EventKind.GRANT_REVOKED:
            return
        if header is not None and (header.granted is None or header.granted.message_hash != grant):
            self._found(index, "log_leaves", "a grant is used by an envelope that does not carry it")
        elif given is not None:
            self._forwarded(index, given, (by, header, desks), now)
        elif grant in self._erased_grants:
            for desk in desks:
                self._give_up(*self._erased_grants[grant], desk)

    def _forwarded(self, index: int, given: Sent, passed: Forwarding, now: int) -> None:
        """Marks the leg of what was passed on, and makes the one for recalls."""
        by, header, desks = passed
        holder = given.counterparts[0]
        derived = self.legs.get((given.sender, given.case_id, holder))
        if derived is not None and not self.is_unknown(given.sender, given.case_id, holder):
            settled = settle(derived.leg, now)
            if settled.events:
                self._found(index, "log_leaves", "a clock had run out before the use of a grant and is not in the log")
            try:
                leg = marked(settled.leg) if header is None else apply_forwarded(settled.leg, header)
            except ComityError:
                self._found(index, "legs", "the leg's state did not admit the use of a grant")
                leg = settled.leg
            if leg.revision != derived.leg.revision:
                self._put(derived, leg, now)
        if header is None:
            for desk in desks:
                self._give_up(given.sender, given.case_id, desk)
            return
        if not self.is_unknown(given.sender, given.case_id, holder):
            if not self._was_granted(header):
                self._found(index, "log_leaves", "a grant is used for what its leg does not hold")
            elif derived and header.granted and taken_back(header.granted, derived.leg.opening, holder, self.recalled):
                self._found(index, "log_leaves", "a grant is used for what was recalled")
        made = leg_made_by(header, by)
        self._reached.add(Passed(made.opening, made.recipient))
        there = self._leg(*made.key)
        if there is not None and not recallable(made, there.leg):
            self._found(index, "log_leaves", "a grant is used where no recall runs")
        elif there is None and not self.is_unknown(*made.key):
            self.legs[made.key] = Derived(made, index)
            self._put(self.legs[made.key], made, now)

    def _was_granted(self, forward: Header) -> bool:
        granted = forward.granted
        grant = None if granted is None else granted.header.grant
        original = None if grant is None else self.sent.get(grant.original_hash)
        if granted is None or grant is None or original is None:
            return False
        try:
            check_original(
                granted,
                message_hash=grant.original_hash,
                sender=original.sender,
                counterparts=original.counterparts,
                family=original.family,
                case_id=original.case_id,
                verb=original.verb,
            )
        except ComityError:
            return False
        return True

    def end(self) -> None:
        """Looks for what should have followed in the log and did not."""
        for index in self._owed.values():
            self._found(index, "log_leaves", "the envelope spends a grant and no event says so")

    def happened(self, index: int, event: Event, ack: Any, view: View, now: int) -> None:
        """Takes any other event.

        Args:
            index: its leaf.
            event: opened.
            ack: row of acks, or None.
            view: the directory at the leaf's size.
            now: the leaf's time, milliseconds.
        """
        if ack is not None:
            self._acknowledged(index, ack, view, now)
        elif event.kind in _CLOCKS:
            self._ran_out(index, event, now)
        elif event.kind is EventKind.WITHDRAWN:
            self._withdrawn(event, now)
        elif event.kind is EventKind.ERASED and (sent := self.sent.get(event.message_hash)) is not None:
            sent.state = EnvelopeState.ERASED

    def _acknowledged(self, index: int, row: Any, view: View, now: int) -> None:
        ack = parse_ack(row.body)
        record = view.member_key(ack.kid, now)
        if record is None or ack.desk not in record.desks or not verify_ack(row.body, row.sig, record.sign_key):
            self._found(index, "acks", "the acknowledgement is not by a live key of its desk")
        sent = self.sent.get(ack.message_hash)
        if sent is None:
            return  # of an envelope that was erased, or of another part
        if ack.desk not in sent.counterparts:
            self._found(index, "acks", "the acknowledgement is of a desk that the envelope was not for")
        elif ack.state is AckState.STORED:
            self._stored(index, sent, ack.message_hash, ack.desk, now)

    def _stored(self, index: int, sent: Sent, message_hash: bytes, desk: str, now: int) -> None:
        if sent.unstored:
            sent.unstored -= 1
            if sent.unstored == 0 and sent.state is EnvelopeState.LIVE:
                sent.due = now + ERASE_AFTER_MS
        derived = self._leg(sent.sender, sent.case_id, desk) if sent.opening else None
        if derived is None or self.is_unknown(sent.sender, sent.case_id, desk):
            return
        try:
            applied = apply_stored(derived.leg, message_hash, now)
        except ComityError:
            self._found(index, "acks", "the envelope was stored when it could not be any more")
            return
        if applied.events:
            self._found(index, "log_leaves", "a clock had run out before the acknowledgement and is not in the log")
        if applied.leg.revision != derived.leg.revision:
            self._put(derived, applied.leg, now)

    def _ran_out(self, index: int, event: Event, now: int) -> None:
        told = (event.kind, event.message_hash, event.effective_time)
        keys = sorted(self._by_hash.get(event.message_hash, ()))
        for key in keys:
            if told in self.legs[key].owed:
                self.legs[key].owed.remove(told)
                return
        for key in keys:
            derived = self.legs[key]
            applied = settle(derived.leg, now)
            events = [(EventKind[e.kind.name], e.message_hash, e.limit) for e in applied.events]
            if told in events:
                events.remove(told)
                derived.owed = events
                self._put(derived, applied.leg, now)
                return
        sent = self.sent.get(event.message_hash)
        expired = event.kind is EventKind.EXPIRED and sent is not None and event.effective_time == sent.deliver_by
        if expired and sent is not None and sent.deliver_by < now and sent.unstored:
            return  # an envelope that opened no leg, or not this one alone
        if sent is not None and not any(self.is_unknown(sent.sender, sent.case_id, d) for d in sent.counterparts):
            self._found(index, "log_leaves", "no clock had run out")

    def _withdrawn(self, event: Event, now: int) -> None:
        taken_back = self.sent.get(event.message_hash)
        if taken_back is None:
            return
        taken_back.unstored = max(0, taken_back.unstored - 1)
        if len(taken_back.counterparts) == 1:
            taken_back.state = EnvelopeState.WITHDRAWN
        if taken_back.unstored == 0:
            taken_back.due = now + ERASE_AFTER_MS

    def _leg(self, one: str, case_id: bytes, other: str) -> Derived | None:
        return self.legs.get((one, case_id, other)) or self.legs.get((other, case_id, one))

    def _put(self, derived: Derived, leg: Leg, now: int) -> None:
        derived.leg = leg
        if is_over(leg):
            derived.finished_at = now
        for name in (leg.opening, leg.question, leg.recall):
            if name:
                self._by_hash.setdefault(name, set()).add(leg.key)
