"""Compares one row with what its event commits to. Each function yields what is wrong, in constant words.

Never does: I/O.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from comity.envelope import Seal, message_hash, parse_seal, signatures_digest
from comity.errors import MalformedError
from comity.header import parse_header
from comity.receipts import Event, EventKind, ack_digest, ack_signature_digest, parse_ack
from comity.workflow.terms import Verb

from hub.log.signatures import unpack_signatures

_LIVE, _WITHDRAWN, _ERASED = 1, 2, 4


def compare_envelope(event: Event | None, row: Any | None, time_seconds: int, *, erased: bool) -> Iterator[str]:
    """Compares an envelope's row with its SUBMITTED event.

    Args:
        event: of the leaf; None where it is erased or was found wanting.
        row: of envelopes at that index, or None.
        time_seconds: of the leaf.
        erased: whether the event was erased.
    """
    submitted = event is not None and event.kind is EventKind.SUBMITTED
    if row is None:
        if submitted:
            yield "the envelope is missing"
        return
    if erased:
        kept = any(part is not None for part in (row.header, row.seal, row.signatures))
        if row.state < _ERASED or row.ciphertext is not None or (kept and not _proves(row)):
            yield "the opening is erased and the envelope is not"
        return
    if event is None:
        return
    if not submitted:
        yield "an envelope stands at another event's index"
        return
    yield from _content(event, row, time_seconds)


def _proves(row: Any) -> bool:
    """Returns whether what is kept of an erased envelope is what was signed of a FORWARD: it proves a grant's use."""
    if (row.verb, row.state) != (Verb.FORWARD, _ERASED) or None in (row.header, row.seal, row.signatures):
        return False
    return bool(message_hash(row.header, row.seal) == row.message_hash)


def _content(event: Event, row: Any, time_seconds: int) -> Iterator[str]:
    if row.header is None or row.seal is None or row.signatures is None:
        yield "header, seal or signatures of the envelope are missing"
        return
    if message_hash(row.header, row.seal) != event.message_hash or row.message_hash != event.message_hash:
        yield "the envelope is not the one that was submitted"
        return
    try:
        header, seal = parse_header(row.header), parse_seal(row.seal)
        signatures = unpack_signatures(row.signatures)
    except (MalformedError, ValueError):
        yield "the envelope is malformed"
        return
    if signatures_digest(signatures) != event.signatures_digest or tuple(s.kid for s in signatures) != event.kids:
        yield "the envelope's signatures are not those that were submitted"
    expected = (
        header.sender_agency,
        header.envelope_id,
        header.sender,
        "\n".join(r.desk for r in header.recipients),
        header.case_id,
        int(header.family),
        int(header.verb),
        header.author,
        header.deliver_by,
        time_seconds,
    )
    stored = (
        row.sender_agency,
        row.envelope_id,
        row.sender,
        row.recipients,
        row.case_id,
        row.family,
        row.verb,
        row.author,
        row.deliver_by,
        row.time_seconds,
    )
    if expected != stored:
        yield "a column of the envelope contradicts its header"
    yield from _ciphertext(row, seal)


def _ciphertext(row: Any, seal: Seal) -> Iterator[str]:
    if row.ciphertext is None:
        if row.state != _WITHDRAWN:
            yield "the ciphertext is missing"
        return
    data = row.ciphertext
    if len(data) != seal.ciphertext_length or hashlib.sha256(data).digest() != seal.ciphertext_sha256:
        yield "the ciphertext is not the one that was submitted"


def compare_ack(event: Event, row: Any | None, equivocation: Any | None) -> Iterator[str]:
    """Compares the row of an acknowledgement, or of an equivocation, with its event."""
    acknowledged = event.kind in (EventKind.ACKNOWLEDGED, EventKind.REFUSED)
    if acknowledged != (row is not None):
        yield "an acknowledgement is missing, or stands at another event's index"
    elif row is not None:
        try:
            ack = parse_ack(row.body)
        except MalformedError:
            yield "the acknowledgement is malformed"
            return
        if (
            ack_digest(row.body) != event.other_hash
            or ack_signature_digest(ack.kid, row.sig) != event.signatures_digest
        ):
            yield "the acknowledgement is not the one that was given"
        if (row.message_hash, row.desk, row.state) != (ack.message_hash, ack.desk, int(ack.state)):
            yield "a column of the acknowledgement contradicts its body"
    equivocated = event.kind is EventKind.EQUIVOCATION
    if equivocated != (equivocation is not None):
        yield "an equivocation is missing, or stands at another event's index"
    elif equivocation is not None and equivocation.other_hash != event.other_hash:
        yield "the equivocation is not the one that was recorded"


def compare_delivery(desk: str, row: Any) -> Iterator[str]:
    """Compares the wrap of a submitted envelope's delivery with the seal."""
    if row.wrap is None:
        if row.state == _LIVE and len([d for d in row.recipients.splitlines() if d != row.sender]) == 1:
            yield "the wrap of a live envelope is missing"
        return
    if row.seal is None or row.recipients is None:
        yield "a wrap is left of an envelope that is not"
        return
    desks = row.recipients.splitlines()
    try:
        seal = parse_seal(row.seal)
    except MalformedError:
        return  # found with the envelope
    if desk not in desks or hashlib.sha256(row.wrap).digest() != seal.wrap_sha256[desks.index(desk)]:
        yield "a wrap is not the one that was submitted"
