"""Verifying what the feed brings, from the bytes: nothing of an item is acted on before it passed here.

An item: its receipt (leaf commits to the event, inclusion, checkpoint in the one history), the leaf's directory and
time against all that the hub has signed (`agents/history.py`), the delivery number against the event, order and gaps.
An envelope: the event's word on its bytes, form, origin, parties and agreement at the leaf's directory, signatures,
age, number of counterparts, the agreed profile.

Never does: opening, storage of mail, acknowledgements.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from comity.checks import Signer, check_parties, check_rules, verify_signatures
from comity.directory import View
from comity.encoding import serialise
from comity.envelope import Envelope, Signature, message_hash, parse_header, parse_seal, signatures_digest
from comity.errors import MalformedError, Reason, RefusedError, VerificationError
from comity.grants import verify_granted
from comity.receipts import Event, Leaf, VerifiedReceipt, delivery_commitment, encode_receipt, receipt_from_wire
from comity.v1 import envelope_pb2, feed_pb2
from comity.workflow.legs import Leg
from comity.workflow.terms import SignatureRole

from agents.alarms import AlarmKind
from agents.cases import opens_case
from agents.home import Home
from agents.mailstore import Cursor
from agents.proving import tie, verify_place, verify_receipt
from agents.session import Session
from agents.tied import Offered, Tied
from agents.trust import CLOCK_SKEW_MS, Clock, Trust

GAP: Final = "gap after"
"""How the subject of a DELIVERY_GAP alarm begins."""


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the feed whose receipt and place were verified."""

    number: int
    """This desk's running number."""
    salt: bytes
    """Opens this desk's entry in the event."""
    verified: VerifiedReceipt
    view: View
    """The directory at the leaf."""
    time: int
    """The leaf's time, Unix milliseconds UTC."""
    wire: feed_pb2.FeedItem
    """As it travelled."""
    tied: Tied
    """What is to be kept with it."""
    after: Cursor
    """Where this desk stood when its place was verified."""

    @property
    def index(self) -> int:
        """Place in the exchange log."""
        return self.verified.receipt.index


class Verifier:
    """Verifies items of one desk's feed."""

    def __init__(self, home: Home, trust: Trust, clock: Clock) -> None:
        self._home, self._trust, self._clock = home, trust, clock

    @property
    def desk(self) -> str:
        """Whose feed it is."""
        return self._home.desk

    async def item(self, session: Session, wire: feed_pb2.FeedItem, after: Cursor) -> Item:
        """Verifies an item's receipt and place.

        Args:
            session: to refresh and to ask for proofs.
            wire: as it travelled.
            after: where this desk stands.

        Raises:
            VerificationError: the hub cannot prove it, or contradicts itself. Evidence is saved; reading stops.
        """
        receipt = receipt_from_wire(wire.receipt)
        try:
            verified = await verify_receipt(self._trust, session, receipt)
            committed = delivery_commitment(wire.delivery_salt, self._home.desk, wire.number)
            if committed not in verified.event.deliveries:
                raise VerificationError("the event does not name this delivery")
            self._check_place(wire, verified.leaf, after)
        except VerificationError:
            self.invalid(wire)
            raise
        offered = Offered(wire.consistency_size, tuple(wire.consistency_path)) if wire.consistency_size else None
        tied = await tie(self._trust, session, receipt, verified.leaf, verified.checkpoint, offered=offered)
        self._check_gap(wire, after)
        view, time = self._trust.view(verified.leaf.directory_size), leaf_time(verified.leaf)
        return Item(wire.number, wire.delivery_salt, verified, view, time, wire, tied, after)

    async def erased(self, session: Session, wire: feed_pb2.FeedItem, after: Cursor) -> tuple[Leaf, Tied]:
        """Verifies the place of an item of which the hub says that it erased all else.

        Returns:
            Its leaf, and what is to be kept with it.

        Raises:
            VerificationError: the hub cannot prove it, or contradicts itself. Evidence is saved; reading stops.
        """
        receipt = receipt_from_wire(wire.receipt)
        try:
            leaf, checkpoint = await verify_place(self._trust, session, receipt)
            self._check_place(wire, leaf, after)
        except VerificationError:
            self.invalid(wire)
            raise
        tied = await tie(self._trust, session, receipt, leaf, checkpoint)
        self._check_gap(wire, after)
        return leaf, tied

    def _check_place(self, wire: feed_pb2.FeedItem, leaf: Leaf, after: Cursor) -> None:
        if wire.number <= after.number or leaf_time(leaf) < after.time:
            raise VerificationError("the delivery is out of order")
        if leaf_time(leaf) > self._clock() + CLOCK_SKEW_MS:
            raise VerificationError("the leaf is from the future: check the clocks")

    def _check_gap(self, wire: feed_pb2.FeedItem, after: Cursor) -> None:
        if wire.number != after.number + 1:
            self._alarm(AlarmKind.DELIVERY_GAP, f"{GAP} {after.number}", wire)

    def check_named(self, item: Item) -> None:
        """Checks that the bytes are those that the event names: whatever else is wrong with them, it is the sender's.

        Raises:
            VerificationError: they are not. They say nothing of the message; evidence is saved, reading stops.
        """
        if not _named(item.wire.envelope, item.verified.event, self._home.desk):
            self.invalid(item.wire)
            raise VerificationError("the envelope is not the one that the log names")

    def signers(self, envelope: Envelope, item: Item, leg: Leg | None = None) -> tuple[Signer, ...]:
        """Verifies an envelope's signatures at the directory of its leaf, and those on the grant that it carries.

        Args:
            envelope: the one that the event names; its form was checked.
            item: what brought it.
            leg: of that case with the other side, None where there is none.

        Returns:
            The people behind it.

        Raises:
            RefusedError: for the same reasons as the hub's.
        """
        header = envelope.header
        if header.origin != self._trust.exchange_origin:
            raise RefusedError(Reason.WRONG_ORIGIN, "made for another hub")
        opening, onward = opens_case(header.family, header.verb), leg is not None and bool(leg.onward)
        signers = check_parties(envelope, item.view, item.time, opening=opening, onward=onward)
        verify_signatures(envelope, signers)
        if header.granted is not None:
            verify_granted(header.granted, item.view.sign_key)
        return signers

    def check_rules(self, envelope: Envelope, item: Item, leg: Leg | None) -> None:
        """Checks what does not depend on a signature: times, directory, number of counterparts, the agreed profile.

        Args:
            envelope: its signatures were verified.
            item: what brought it.
            leg: of that case with the other side, None where there is none.

        Raises:
            RefusedError, MalformedError: for the same reasons as the hub's.
        """
        header = envelope.header
        opened, onward = (None, False) if leg is None else (leg.opened, bool(leg.onward))
        opening = opens_case(header.family, header.verb)
        check_rules(envelope, item.view, item.time, opening=opening, opened=opened, onward=onward)

    def invalid(self, wire: feed_pb2.FeedItem) -> None:
        """Saves evidence of a delivery that does not verify, and raises the alarm."""
        index = wire.receipt.index
        self._trust.history.invalid(str(index), index, {"feed_item": serialise(wire)})

    def _alarm(self, kind: AlarmKind, subject: str, wire: feed_pb2.FeedItem) -> None:
        self._trust.history.alarm(kind, subject, {"feed_item": serialise(wire)})


def leaf_time(leaf: Leaf) -> int:
    """Returns a leaf's time in Unix milliseconds UTC."""
    return leaf.time_seconds * 1000


def _named(wire: envelope_pb2.Envelope, event: Event, desk: str) -> bool:
    """Returns whether every byte is what the event names: header and seal by the message hash, the rest by the seal.

    A header or seal that is malformed, and hashes to what was logged, was logged so.
    """
    if message_hash(wire.header, wire.seal) != event.message_hash:
        return False
    try:
        signatures = [Signature(s.kid, SignatureRole(s.role), s.sig) for s in wire.signatures]
    except ValueError:
        return False  # what was logged had roles
    if (signatures_digest(signatures), tuple(s.kid for s in signatures)) != (event.signatures_digest, event.kids):
        return False
    try:
        header, seal = parse_header(wire.header), parse_seal(wire.seal)
        wraps = {r.desk: d for r, d in zip(header.recipients, seal.wrap_sha256, strict=True)}
    except (MalformedError, ValueError):
        return True
    given = [(w.desk, hashlib.sha256(w.data).digest()) for w in wire.wraps]
    wanted = [(desk, wraps[desk])] if desk in wraps else given
    return given == wanted and hashlib.sha256(wire.ciphertext).digest() == seal.ciphertext_sha256


def kept_receipt(item: Item) -> bytes:
    """Returns an item's receipt as the store keeps it."""
    return encode_receipt(item.verified.receipt)
