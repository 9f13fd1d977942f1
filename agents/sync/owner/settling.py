"""Receipts of what was published: verified like anybody's, kept in few transactions; then who has stored what.

The hub's word that it took an envelope is believed once its receipt verifies. Until then the envelope stays on its way,
and goes again after a crash.

Never does: send.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from comity.checks import check_parties
from comity.envelope import Signature, SignatureRole, parse_envelope, signatures_digest
from comity.errors import RefusedError, VerificationError
from comity.receipts import EventKind, Receipt, VerifiedReceipt
from comity.v1 import envelope_pb2
from comity.workflow.engine import apply
from comity.workflow.terms import State
from sqlalchemy import Connection

from agents import mailstore
from agents.cases import action_of
from agents.client import Client
from agents.proving import tie, verify_receipt
from agents.records import MessageStatus
from agents.sync.owner import mailrows, outbox
from agents.sync.owner.outbox import Out
from agents.sync.owner.store import OwnerStore
from agents.tied import OVERTAKEN_TRIES, OvertakenError, Tied

_STORED = frozenset({MessageStatus.DELIVERED, MessageStatus.OPENED})
_ENDED = frozenset({MessageStatus.REFUSED, MessageStatus.EXPIRED, MessageStatus.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Waiting:
    """An envelope that the hub says it took."""

    out: Out
    wire: envelope_pb2.Envelope
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class _Proved:
    waiting: Waiting
    verified: VerifiedReceipt
    tied: Tied


class Settling:
    """Verifies and keeps receipts."""

    def __init__(self, store: OwnerStore, client: Client) -> None:
        self._store, self._client = store, client
        self._waiting: list[Waiting] = []
        self._doubted: set[int] = set()

    @property
    def waiting(self) -> set[int]:
        """Numbers of the envelopes that are not to be sent now: their receipts are still to be verified, or did not.

        The second kind stays so while this process lives: asking a hub that lies each second proves nothing more.
        """
        return {waiting.out.number for waiting in self._waiting} | self._doubted

    def add(self, waiting: Waiting) -> None:
        """Takes a receipt, to be verified by `settle`."""
        self._waiting.append(waiting)

    async def settle(self) -> int:
        """Verifies every receipt that waits, and keeps it. Returns how many.

        Raises:
            VerificationError: one does not verify: it is not logged; evidence is saved. The others had their turn.
            RefusedError: the hub did not answer a question that verifying needs.
        """
        waiting, self._waiting = self._waiting, []
        wrong: list[VerificationError] = []
        proved: list[_Proved] = []
        for one in waiting:
            last = proved[-1].tied if proved else None
            try:
                verified = await verify_receipt(self._client.trust, self._client.session, one.receipt)
                _check_event(verified, one)
            except VerificationError as error:
                self._client.trust.history.invalid_receipt(one.receipt, one.out.message_hash.hex())
                wrong.append(error)
                self._doubted.add(one.out.number)
                continue
            tied = await tie(
                self._client.trust,
                self._client.session,
                one.receipt,
                verified.leaf,
                verified.checkpoint,
                last=last,
            )
            proved.append(_Proved(one, verified, tied))
        kept = await self._keep(proved, wrong)
        if wrong:
            raise wrong[0]
        return kept

    def collect(self) -> int:
        """Takes note of what subscribers have acknowledged. Returns how many envelopes are done."""
        with self._store.write() as c:
            logged = outbox.logged(c)
        if not logged:
            return 0
        with self._client.store.begin(lasting=False) as mail:
            found = mailrows.statuses(mail, (out.message_hash for out in logged))
        done = [out for out in logged if found.get(out.message_hash) in _STORED]
        ended = [out for out in logged if found.get(out.message_hash) in _ENDED]
        # The mailbox says SUBMITTED before this does: what is not is in no log any more (`agents/unsending.py`).
        gone = [out for out in logged if found.get(out.message_hash) is MessageStatus.PENDING]
        if not done and not ended and not gone:
            return 0
        with self._store.write() as c:
            for out in gone:
                outbox.again(c, out)
            for out in done:
                outbox.was_stored(c, out)
            for out in ended:
                outbox.drop(c, out)
                outbox.set_fault(c, out.case_id, found[out.message_hash].value)
        return len(done)

    async def _keep(self, proved: Sequence[_Proved], wrong: list[VerificationError]) -> int:
        total, left = 0, list(proved)
        for _ in range(OVERTAKEN_TRIES):
            kept, left = self._keep_once(left, wrong)
            total += kept
            if not left:
                break
            again: list[_Proved] = []
            for one in left:
                last = again[-1].tied if again else None
                tied = await self._client.trust.history.tie_again(self._client.session, one.tied, last)
                again.append(replace(one, tied=tied))
            left = again
        return total

    def _keep_once(self, proved: Sequence[_Proved], wrong: list[VerificationError]) -> tuple[int, list[_Proved]]:
        """Keeps what fits, in one transaction. Returns how many, and those that have to be tied again."""
        if not proved:
            return 0, []
        kept: list[_Proved] = []
        overtaken: list[_Proved] = []
        with self._client.store.begin() as mail:
            for one in proved:
                try:
                    receipt = one.waiting.receipt
                    self._client.trust.history.check_leaf_beside(mail, receipt.index, one.verified.leaf)
                    one.tied.keep(mail)
                except VerificationError as error:
                    wrong.append(error)
                    self._doubted.add(one.waiting.out.number)
                except OvertakenError:
                    overtaken.append(one)
                else:
                    kept.append(one)
                    self._move_leg(mail, one)
            mailrows.logged(mail, [(o.waiting.out.message_hash, o.waiting.receipt, o.verified.leaf) for o in kept])
        for one in kept:
            self._client.trust.history.kept(one.tied)
        with self._store.write() as c:
            outbox.was_logged(c, [one.waiting.out for one in kept], self._client.clock())
        return len(kept), overtaken

    def _move_leg(self, mail: Connection, one: _Proved) -> None:
        """Moves a subscription as the log has it: the desk itself is no recipient, so that its feed says nothing."""
        out, leaf = one.waiting.out, one.verified.leaf
        legs = [leg for leg in mailstore.legs(mail, out.case_id) if leg.originator == self._client.desk]
        if len(legs) != 1 or legs[0].state is State.CURRENT:
            return
        leg, envelope = legs[0], parse_envelope(one.waiting.wire)
        now, view = leaf.time_seconds * 1000, self._client.trust.view(leaf.directory_size)
        try:
            signers = check_parties(envelope, view, now, opening=False)
            mailstore.put_leg(mail, apply(leg, action_of(envelope, signers, view, leg.recipient), now).leg)
        except RefusedError:
            return  # the subscription has ended meanwhile: its own message says so


def _check_event(verified: VerifiedReceipt, waiting: Waiting) -> None:
    event = verified.event
    signatures = [Signature(s.kid, SignatureRole(s.role), s.sig) for s in waiting.wire.signatures]
    if (event.kind, event.message_hash) != (EventKind.SUBMITTED, waiting.out.message_hash):
        raise VerificationError("the receipt is not of this message")
    if len(event.deliveries) != len(waiting.wire.wraps):
        raise VerificationError("the event is not delivered to its recipients")
    if (event.kids, event.signatures_digest) != (tuple(s.kid for s in signatures), signatures_digest(signatures)):
        raise VerificationError("the receipt names other signers")
