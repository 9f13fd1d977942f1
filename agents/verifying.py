"""Verifying what the feed brings, from the bytes: nothing of an item is acted on before it passed here.

An item: its receipt (leaf commits to the event, inclusion, checkpoint in the one history), the leaf's directory against
the replayed one, the delivery number against the event, order and gaps. An envelope: form, origin, the event's word on
it, parties and agreement at the leaf's directory, signatures, age, number of counterparts, the agreed profile.

Never does: opening, storage of mail, acknowledgements.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from comity.checks import Signer, check_directory_age, check_parties, verify_signatures
from comity.directory import View
from comity.encoding import serialise
from comity.envelope import Envelope, signatures_digest
from comity.errors import MalformedError, Reason, RefusedError, VerificationError
from comity.receipts import (
    VerifiedReceipt,
    delivery_commitment,
    encode_receipt,
    parse_leaf,
    receipt_from_wire,
    verify_receipt,
)
from comity.v1 import feed_pb2
from comity.workflow.clocks import MAX_AGE, MAX_AGE_SECONDED, Deadlines
from comity.workflow.engine import check_counterparts
from comity.workflow.legs import Leg
from comity.workflow.terms import SignatureRole

from agents.alarms import AlarmKind, raise_alarm
from agents.cases import opens_case, profile_between
from agents.evidence import save_evidence
from agents.home import Home
from agents.mailstore import Cursor
from agents.session import Session
from agents.store import Store
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

    @property
    def index(self) -> int:
        """Place in the exchange log."""
        return self.verified.receipt.index


class Verifier:
    """Verifies items of one desk's feed."""

    def __init__(self, home: Home, store: Store, trust: Trust, clock: Clock) -> None:
        self._home, self._store, self._trust, self._clock = home, store, trust, clock

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
            if self._leaf_directory(receipt.leaf) > self._trust.directory_size:
                await self._trust.refresh(session)
            verified = verify_receipt(receipt, self._trust.exchange_origin, self._trust.view().log_keys())
            leaf = verified.leaf
            if self._trust.view().root_at(leaf.directory_size) != leaf.directory_root:
                raise VerificationError("the leaf names another directory than the one replayed")
            committed = delivery_commitment(wire.delivery_salt, self._home.desk, wire.number)
            if committed not in verified.event.deliveries:
                raise VerificationError("the event does not name this delivery")
            if wire.number <= after.number or leaf.time_seconds * 1000 < after.time:
                raise VerificationError("the delivery is out of order")
            if leaf.time_seconds * 1000 > self._clock() + CLOCK_SKEW_MS:
                raise VerificationError("the leaf is from the future: check the clocks")
        except VerificationError:
            self.invalid(wire, str(receipt.index))
            raise
        await self._trust.check_receipt_history(session, verified.checkpoint, receipt.checkpoint)
        if wire.number != after.number + 1:
            self._alarm(AlarmKind.DELIVERY_GAP, f"{GAP} {after.number}", wire)
        view = self._trust.view(leaf.directory_size)
        return Item(wire.number, wire.delivery_salt, verified, view, leaf.time_seconds * 1000, wire)

    def envelope(self, envelope: Envelope, item: Item, leg: Leg | None) -> tuple[Signer, ...]:
        """Verifies an envelope against the event that logs it and the directory at its leaf.

        Args:
            envelope: its form was checked.
            item: what brought it.
            leg: of that case with the sender, None where there is none.

        Returns:
            The people behind it.

        Raises:
            RefusedError: for the same reasons as the hub's.
            VerificationError: it is not what the event names.
        """
        header, event, view = envelope.header, item.verified.event, item.view
        named = (event.message_hash, event.signatures_digest, event.kids)
        kids = tuple(s.kid for s in envelope.signatures)
        if named != (envelope.message_hash, signatures_digest(envelope.signatures), kids):
            raise VerificationError("the envelope is not the one that the log names")
        if header.origin != self._trust.exchange_origin:
            raise RefusedError(Reason.WRONG_ORIGIN, "made for another hub")
        opening = opens_case(header.family, header.verb)
        signers = check_parties(envelope, view, item.time, opening=opening)
        verify_signatures(envelope, signers)
        seconded = any(s.role is SignatureRole.APPROVER for s in envelope.signatures)
        limit = (MAX_AGE_SECONDED if seconded else MAX_AGE)[header.precedence]
        check_directory_age(header, view, item.time, limit)
        check_counterparts(header.family, header.verb, header.counterparts, joint=header.joint)
        if header.sender_agency != self._home.agency:
            profile = profile_between(view, self._home.agency, header.sender_agency, header.family, item.time)
            given = Deadlines(header.deliver_by, header.respond_by or None, header.lapses_at or None)
            opened = None if leg is None else leg.opened
            profile.check_deadlines(
                header.family, header.verb, header.precedence, given, created=header.created, opened=opened
            )
        return signers

    def invalid(self, wire: feed_pb2.FeedItem, subject: str) -> None:
        """Saves evidence of a delivery that does not verify, and raises the alarm."""
        self._alarm(AlarmKind.INVALID_DELIVERY, subject, wire)

    def _alarm(self, kind: AlarmKind, subject: str, wire: feed_pb2.FeedItem) -> None:
        now = self._clock()
        save_evidence(self._home, kind, now, {"feed_item": serialise(wire)})
        with self._store.begin() as c:
            raise_alarm(c, kind, subject, now)

    def _leaf_directory(self, leaf: bytes) -> int:
        try:
            return parse_leaf(leaf).directory_size
        except MalformedError as error:
            raise VerificationError("the receipt's leaf is malformed") from error


def kept_receipt(item: Item) -> bytes:
    """Returns an item's receipt as the store keeps it."""
    return encode_receipt(item.verified.receipt)
