"""What was logged and can never be read here, because its `deliver_by` went by: its case moves by what was signed.

Header, seal and signatures are handed out still. They say who did what on which case, which is all that the workflow
goes by: so the leg here stays the hub's and the sender's, and what comes next fits. What it said nobody here knows; it
is kept as EXPIRED, and of a freeze the sums are in doubt from there on.

Never does: take what opens a case; believe a header that nobody has signed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from comity.envelope import Envelope, parse_signed, signatures_digest
from comity.errors import MalformedError, RefusedError
from comity.workflow.engine import apply
from comity.workflow.legs import Leg
from comity.workflow.profiles import UnknownProfileError
from sqlalchemy import Connection

from agents import mailstore as rows
from agents.cases import action_of, author_of, leg_between, opens_case, with_about, with_unread
from agents.lateness import raise_unread
from agents.outgoing import outgoing_message
from agents.records import PUBLISHED, Standing
from agents.store import Store
from agents.verifying import Item, Verifier, kept_receipt


@dataclass(frozen=True, slots=True)
class Unread:
    """A message of which only what was signed is here, and verified."""

    envelope: Envelope
    """Without ciphertext and wraps."""
    author: str
    """Member id of who wrote it."""
    leg: Leg
    """Its leg after it."""


def unread_of(store: Store, verifier: Verifier, item: Item) -> Unread | None:
    """Returns what moves a case although it cannot be read; None where nothing of a case that is known here does.

    To be called outside a transaction.

    Args:
        store: of the home.
        verifier: of its feed.
        item: SUBMITTED, verified, of another desk, without content.

    Raises:
        UnknownProfileError: the agreed profile is not here: reading stops.
    """
    envelope = _signed(item)
    if envelope is None:
        return None
    header, desk = envelope.header, verifier.desk
    if opens_case(header.family, header.verb):
        return None
    with store.begin() as c:
        before = leg_between(c, header.case_id, header.sender, desk)
        seen = rows.envelope_seen(c, header.sender_agency, header.envelope_id)
    if before is None or seen is not None:
        return None
    try:
        signers = verifier.signers(envelope, item, before)
        verifier.check_rules(envelope, item, before)
        with store.begin() as c:
            granted = header.granted is not None  # verified with the signatures
            action = with_about(c, action_of(envelope, signers, item.view, desk, granted=granted))
            leg = apply(before, with_unread(c, action, before), item.time).leg
    except UnknownProfileError:
        raise
    except (RefusedError, MalformedError):
        verifier.invalid(item.wire)
        return None
    return Unread(envelope, author_of(signers), leg)


def keep_unread(c: Connection, item: Item, unread: Unread, now: int) -> None:
    """Keeps a message that cannot be read, moves its case, and raises the alarm where it is a freeze's.

    Args:
        c: of the transaction that takes the item.
        item: what brought it.
        unread: of `unread_of`.
        now: Unix milliseconds UTC.
    """
    header = unread.envelope.header
    rows.put_leg(c, unread.leg)
    if header.verb in PUBLISHED:
        return
    kept = replace(
        outgoing_message(unread.envelope, unread.author, now),
        outgoing=False,
        standing=Standing.EXPIRED,
        log_index=item.index,
        leaf_time=item.time,
        receipt=kept_receipt(item),
    )
    rows.put_message(c, kept)
    raise_unread(c, header, unread.envelope.message_hash, now)


def is_signed(item: Item) -> bool:
    """Returns whether an item brings what was signed, whole: header, seal and the signatures that the event names."""
    return _signed(item) is not None


def _signed(item: Item) -> Envelope | None:
    """Returns what was signed, where the event names these very signatures; None where they were not handed out."""
    event = item.verified.event
    try:
        envelope = parse_signed(item.wire.envelope)
    except MalformedError:
        return None
    said = (envelope.message_hash, signatures_digest(envelope.signatures), tuple(s.kid for s in envelope.signatures))
    return envelope if said == (event.message_hash, event.signatures_digest, event.kids) else None
