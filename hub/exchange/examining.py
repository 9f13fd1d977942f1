"""What is checked of an envelope or acknowledgement by itself: steps 2 to 4 of the submit path. Pure.

It runs where bytes of strangers are best taken apart: in a process that has neither keys nor database (`examiner.py`).
So whatever goes in and comes out here can be written as plain tuples, which is also quicker than objects would be.

Never does: clocks, database, directory. Whether a key is live, and all else that depends on the moment, is judged under
the log's lock.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from comity.checks import verify_signatures_by
from comity.envelope import Envelope, Seal, Signature, SignatureRole, parse_parts
from comity.errors import MalformedError, Reason, RefusedError
from comity.grants import verify_granted
from comity.header import BlobRef, Grant, GrantedBy, Header, Recipient, WatchlistPosition
from comity.receipts import Ack, AckState, parse_ack, verify_ack
from comity.workflow.engine import check_counterparts
from comity.workflow.terms import Family, Precedence, Verb

KeyOf = Callable[[bytes], bytes | None]
"""Returns the public half of a signing key by its id, live or not; None where no member ever had it."""


class SentEnvelope(NamedTuple):
    """An envelope as it came, nothing checked."""

    header: bytes
    seal: bytes
    ciphertext: bytes
    wraps: tuple[tuple[str, bytes], ...]
    """(desk, wrap)."""
    signatures: tuple[tuple[bytes, int, bytes], ...]
    """(key id, number of the role, signature)."""

    @property
    def size(self) -> int:
        """Length of all that it holds, in bytes."""
        wraps = sum([len(desk) + len(data) for desk, data in self.wraps])
        signatures = sum([len(kid) + len(sig) for kid, _, sig in self.signatures])
        return len(self.header) + len(self.seal) + len(self.ciphertext) + wraps + signatures

    @property
    def weight(self) -> int:
        """Bytes it keeps in memory, roughly."""
        return self.size + 200 * (len(self.wraps) + len(self.signatures)) + 1024


class SentAck(NamedTuple):
    """An acknowledgement as it came, nothing checked."""

    body: bytes
    sig: bytes

    @property
    def weight(self) -> int:
        """Bytes it keeps in memory, roughly."""
        return len(self.body) + len(self.sig) + 1024


Sent = SentEnvelope | SentAck


class Examined(NamedTuple):
    """What passed; a refusal is raised instead."""

    facts: tuple[Any, ...]
    """For `envelope_of` or `ack_of`, plain values all the way down."""
    genuine: bool
    """Whether every signature is by the key that its id names. If not, it may still be a repetition."""


def examine(sent: Sent, desk: str, origin: str, key_of: KeyOf) -> Examined:
    """Checks form, sizes, digests, origin, sender and signatures.

    Args:
        sent: as it came.
        desk: the calling desk.
        origin: of this hub's exchange log.
        key_of: finds signing keys.

    Raises:
        MalformedError: form or size.
        RefusedError: WRONG_ORIGIN, WRONG_SENDER, FAMILY_NOT_OFFERED or another reason of the family's table.
    """
    return _ack(sent, desk, origin, key_of) if isinstance(sent, SentAck) else _envelope(sent, desk, origin, key_of)


def _envelope(sent: SentEnvelope, desk: str, origin: str, key_of: KeyOf) -> Examined:
    envelope = parse_parts(*sent)
    header = envelope.header
    if header.origin != origin:
        raise RefusedError(Reason.WRONG_ORIGIN, "the envelope is for another hub")
    if header.sender != desk:
        raise RefusedError(Reason.WRONG_SENDER, "the envelope's sender is not the calling desk")
    check_counterparts(header.family, header.verb, header.counterparts, joint=header.joint)
    genuine = True
    try:
        verify_signatures_by(envelope, key_of)
        if header.granted is not None:
            verify_granted(header.granted, key_of)
    except RefusedError:
        genuine = False
    return Examined((_header_facts(header), _seal_facts(envelope.seal), envelope.message_hash), genuine)


def _ack(sent: SentAck, desk: str, origin: str, key_of: KeyOf) -> Examined:
    ack = parse_ack(sent.body)
    if ack.origin != origin:
        raise RefusedError(Reason.WRONG_ORIGIN, "the acknowledgement is for another hub")
    if ack.desk != desk:
        raise RefusedError(Reason.WRONG_SENDER, "the acknowledging desk is not the calling desk")
    key = key_of(ack.kid)
    genuine = key is not None and verify_ack(sent.body, sent.sig, key)
    facts = (ack.origin, ack.message_hash, ack.desk, ack.kid, int(ack.state), ack.reason, ack.time)
    return Examined(facts, genuine)


def _header_facts(h: Header) -> tuple[Any, ...]:
    """Returns a header's fields in their order, each as a plain value."""
    w, g, by = h.watchlist, h.grant, h.granted
    return (
        h.origin,
        h.envelope_id,
        int(h.family),
        int(h.verb),
        h.case_id,
        h.previous,
        h.about,
        h.sender,
        tuple((r.desk, r.desk_key_id) for r in h.recipients),
        h.author,
        int(h.precedence),
        h.created,
        h.deliver_by,
        h.respond_by,
        h.lapses_at,
        h.directory_size,
        h.directory_root,
        tuple((b.sha256, b.length) for b in h.blobs),
        None if w is None else (w.list_id, w.sequence, w.previous_head, w.head),
        h.joint,
        None if g is None else (g.id, g.origin, g.original_hash, g.holder, g.new_desk, g.expires),
        None if by is None else _granted_facts(by),
    )


def _granted_facts(by: GrantedBy) -> tuple[Any, ...]:
    signatures = tuple((s.kid, int(s.role), s.sig) for s in by.signatures)
    return by.header_bytes, by.seal_bytes, signatures, _header_facts(by.header), by.message_hash


def _seal_facts(seal: Seal) -> tuple[Any, ...]:
    return seal.commitment, seal.ciphertext_sha256, seal.ciphertext_length, seal.wrap_sha256


_FAMILIES = {int(family): family for family in Family}
_VERBS = {int(verb): verb for verb in Verb}
_PRECEDENCES = {int(precedence): precedence for precedence in Precedence}
_ROLES = {int(role): role for role in SignatureRole}
_STATES = {int(state): state for state in AckState}


def envelope_of(sent: SentEnvelope, facts: tuple[Any, ...]) -> Envelope:
    """Returns the envelope that was examined, from the bytes that came and what `examine` said of them."""
    header, seal, message_hash = facts
    return Envelope(
        sent.header,
        sent.seal,
        _header_of(header),
        Seal(*seal),
        sent.ciphertext,
        tuple([data for _, data in sent.wraps]),
        tuple([Signature(kid, _ROLES[role], sig) for kid, role, sig in sent.signatures]),
        message_hash,
    )


def _header_of(facts: tuple[Any, ...]) -> Header:
    values = list(facts)
    values[2] = _FAMILIES[values[2]]
    values[3] = _VERBS[values[3]]
    values[8] = tuple([Recipient(desk, kid) for desk, kid in values[8]])
    values[10] = _PRECEDENCES[values[10]]
    values[17] = tuple([BlobRef(sha256, length) for sha256, length in values[17]])
    if values[18] is not None:
        values[18] = WatchlistPosition(*values[18])
    if values[20] is not None:
        values[20] = Grant(*values[20])
    if values[21] is not None:
        header, seal, signatures, inner, message_hash = values[21]
        people = tuple([Signature(kid, _ROLES[role], sig) for kid, role, sig in signatures])
        values[21] = GrantedBy(header, seal, people, _header_of(inner), message_hash)
    return Header(*values)


def ack_of(facts: tuple[Any, ...]) -> Ack:
    """Returns the acknowledgement that was examined."""
    origin, message_hash, desk, kid, state, reason, time = facts
    return Ack(origin, message_hash, desk, kid, _STATES[state], reason, time)


Verdict = tuple[Any, ...]
"""What one examination came to: (0, facts, genuine), (1, reason, text, metadata) or (2, class of a fault)."""


def verdict_on(sent: Sent, desk: str, origin: str, key_of: KeyOf) -> Verdict:
    """Returns `examine`'s answer as plain values. Raises nothing: one item must not take others with it."""
    try:
        return (0, *examine(sent, desk, origin, key_of))
    except MalformedError as error:
        return (1, error.reason.value, str(error), None)
    except RefusedError as error:
        return (1, error.reason.value, str(error), tuple(error.metadata.items()))
    except Exception as error:  # noqa: BLE001 # a fault of ours is told by its class and nothing else
        return (2, type(error).__name__)


class ExaminationError(Exception):
    """A fault of the hub's own while it examined one item: INTERNAL on the wire."""


def read_verdict(verdict: Verdict) -> Examined:
    """Returns what `examine` returned.

    Raises:
        ComityError: as `examine` did.
        ExaminationError: it failed; the text is the class of the fault.
    """
    if verdict[0] == 0:
        return Examined(verdict[1], verdict[2])
    if verdict[0] == 1:
        _, reason, text, metadata = verdict
        if metadata is None:
            raise MalformedError(text, Reason(reason))
        raise RefusedError(Reason(reason), text, **dict(metadata))
    raise ExaminationError(verdict[1])
