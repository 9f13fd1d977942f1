"""Events, leaves and receipts: what the exchange log says, and how a client checks what it is told.

`make_*` is the hub's half, `verify_receipt` everybody's. A receipt is a proof only after `verify_receipt` returned.

Never does: I/O, clocks, key look-ups: the log's key is an argument.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

from comity.checkpoint import Checkpoint, verify_checkpoint
from comity.encoding import Purpose, digest, parse, serialise, tagged, u64be
from comity.errors import MalformedError, Reason, VerificationError
from comity.keys import verify
from comity.merkle import leaf_hash, verify_inclusion
from comity.names import check_desk, check_origin
from comity.v1 import exchange_pb2
from comity.v1 import log_pb2 as pb
from comity.values import value

MAX_EVENT_BYTES = 32 << 10
MAX_LEAF_BYTES = 256
MAX_ACK_BYTES = 1024
SALT_BYTES = 32
_MAX_TIME = 253_402_128_000_000


class EventKind(IntEnum):
    """What happened."""

    SUBMITTED = 1
    ACKNOWLEDGED = 2
    REFUSED = 3
    WITHDRAWN = 4
    GRANT_USED = 5
    GRANT_REVOKED = 6
    OVERDUE = 7
    LAPSED = 8
    EXPIRED = 9
    EQUIVOCATION = 10
    ERASED = 11
    OPERATOR = 12
    STARTED = 13


class AckState(IntEnum):
    """How far a recipient has come."""

    STORED = 1
    OPENED = 2
    REFUSED = 3


ACK_REASONS = frozenset({"", "CANNOT_OPEN", "QUARANTINED", "EXPIRED", "SUSPECT"})
"""What a REFUSED acknowledgement may say."""


@value
class Event:
    """What a leaf commits to. Hashes are 32 bytes, empty where absent."""

    kind: EventKind
    message_hash: bytes = b""
    signatures_digest: bytes = b""
    kids: tuple[bytes, ...] = ()
    deliveries: tuple[bytes, ...] = ()
    """digest("delivery", salt_i, desk, number) a party."""
    other_hash: bytes = b""
    effective_time: int = 0
    """Unix milliseconds UTC, clock events only."""
    ack_state: AckState | None = None


@value
class Leaf:
    """One entry of the exchange log."""

    time_seconds: int
    """Unix seconds UTC, never decreasing along the log."""
    directory_size: int
    """Directory at which keys, roles and agreements were checked."""
    directory_root: bytes
    """Its root, 32 bytes."""
    commitment: bytes
    """digest("leaf", salt, event), 32 bytes."""


@value
class Receipt:
    """A receipt as it travels, not verified."""

    event: bytes
    salt: bytes
    index: int
    leaf: bytes
    inclusion_path: tuple[bytes, ...]
    checkpoint: bytes


@value
class VerifiedReceipt:
    """What a good receipt proves."""

    receipt: Receipt
    event: Event
    leaf: Leaf
    checkpoint: Checkpoint


@value
class Ack:
    """What an acknowledgement says."""

    origin: str
    message_hash: bytes
    desk: str
    kid: bytes
    state: AckState
    reason: str
    time: int
    """Unix milliseconds UTC by the recipient's clock."""


def encode_event(event: Event) -> bytes:
    """Returns the canonical bytes of an event."""
    return serialise(
        pb.Event(
            version=1,
            kind=int(event.kind),  # type: ignore[arg-type] # the numbers are the proto's, a test compares them
            message_hash=event.message_hash,
            signatures_digest=event.signatures_digest,
            kids=event.kids,
            deliveries=event.deliveries,
            other_hash=event.other_hash,
            effective_time=event.effective_time,
            ack_state=int(event.ack_state or 0),
        )
    )


def parse_event(data: bytes) -> Event:
    """Parses an event.

    Raises:
        MalformedError: it breaks the protocol's form.
    """
    m = parse(pb.Event, data, MAX_EVENT_BYTES)
    if m.version != 1:
        raise MalformedError("version is not 1", Reason.UNSUPPORTED_VERSION)
    try:
        kind = EventKind(m.kind)
        ack_state = AckState(m.ack_state) if m.ack_state else None
    except ValueError:
        raise MalformedError("unknown kind of event") from None
    hashes = (m.message_hash, m.signatures_digest, m.other_hash)
    if any(len(h) not in (0, 32) for h in hashes) or any(len(h) != 32 for h in (*m.kids, *m.deliveries)):
        raise MalformedError("an event's hashes are 32 bytes long")
    if not 0 <= m.effective_time <= _MAX_TIME:
        raise MalformedError("an event's time is no time")
    return Event(
        kind,
        m.message_hash,
        m.signatures_digest,
        tuple(m.kids),
        tuple(m.deliveries),
        m.other_hash,
        m.effective_time,
        ack_state,
    )


def encode_leaf(leaf: Leaf) -> bytes:
    """Returns the canonical bytes of a leaf."""
    return serialise(
        pb.Leaf(
            version=1,
            time_seconds=leaf.time_seconds,
            directory_size=leaf.directory_size,
            directory_root=leaf.directory_root,
            commitment=leaf.commitment,
        )
    )


def parse_leaf(data: bytes) -> Leaf:
    """Parses a leaf.

    Raises:
        MalformedError: it breaks the protocol's form.
    """
    m = parse(pb.Leaf, data, MAX_LEAF_BYTES)
    if m.version != 1:
        raise MalformedError("version is not 1", Reason.UNSUPPORTED_VERSION)
    if len(m.directory_root) != 32 or len(m.commitment) != 32 or not 0 < m.time_seconds <= _MAX_TIME // 1000:
        raise MalformedError("not a leaf")
    return Leaf(m.time_seconds, m.directory_size, m.directory_root, m.commitment)


def commitment(salt: bytes, event: bytes) -> bytes:
    """Returns what a leaf says of an event: digest("leaf", salt, event), 32 bytes."""
    return digest(Purpose.LEAF, salt, event)


def delivery_commitment(salt: bytes, desk: str, number: int) -> bytes:
    """Returns what an event says of one delivery: digest("delivery", salt, desk, u64be(number)), 32 bytes."""
    return digest(Purpose.DELIVERY, salt, desk.encode(), u64be(number))


def verify_receipt(receipt: Receipt, origin: str, log_keys: Sequence[bytes]) -> VerifiedReceipt:
    """Verifies a receipt in four steps.

    (1) Leaf and event are in form, (2) the leaf commits to the event, (3) the checkpoint is signed by a key of the log,
    (4) the leaf is in the log that the checkpoint names.

    The caller MUST still compare the event with what it expects (its message hash, its delivery number), the leaf's
    directory with its own replayed one, and the checkpoint with those it has seen (`agents/trust.py`).

    Args:
        receipt: as it travelled.
        origin: of the exchange log.
        log_keys: one of them must have signed the checkpoint; it counts under the one of the directory that its leaf
            names alone.

    Raises:
        VerificationError: a step fails.
    """
    try:
        leaf, event = parse_leaf(receipt.leaf), parse_event(receipt.event)  # step 1
    except MalformedError as error:
        raise VerificationError("the receipt's leaf or event is malformed") from error
    if len(receipt.salt) != SALT_BYTES or commitment(receipt.salt, receipt.event) != leaf.commitment:  # step 2
        raise VerificationError("the receipt's leaf does not commit to its event")
    checkpoint = _checkpoint(receipt.checkpoint, origin, log_keys)  # step 3
    verify_inclusion(  # step 4
        leaf_hash(receipt.leaf), receipt.index, checkpoint.size, receipt.inclusion_path, checkpoint.root
    )
    return VerifiedReceipt(receipt, event, leaf, checkpoint)


def _checkpoint(note: bytes, origin: str, log_keys: Sequence[bytes]) -> Checkpoint:
    for key in log_keys:
        try:
            return verify_checkpoint(note, origin, key)
        except VerificationError:
            continue
    raise VerificationError("the checkpoint is not signed by a key of the log")


def receipt_from_wire(m: pb.Receipt) -> Receipt:
    """Returns a receipt from its message."""
    return Receipt(m.event, m.salt, m.index, m.leaf, tuple(m.inclusion_path), m.checkpoint)


def receipt_to_wire(r: Receipt) -> pb.Receipt:
    """Returns the message that carries a receipt."""
    m = pb.Receipt()
    fill_receipt(m, r)
    return m


def fill_receipt(m: pb.Receipt, r: Receipt) -> None:
    """Writes a receipt into a message that is there already, such as a field of a larger one."""
    m.event = r.event
    m.salt = r.salt
    m.index = r.index
    m.leaf = r.leaf
    m.inclusion_path.extend(r.inclusion_path)
    m.checkpoint = r.checkpoint


def encode_receipt(r: Receipt) -> bytes:
    """Returns a receipt as it is kept in files and stores."""
    return serialise(receipt_to_wire(r))


def parse_receipt(data: bytes) -> Receipt:
    """Parses a kept receipt.

    Raises:
        MalformedError: it breaks the protocol's form.
    """
    return receipt_from_wire(parse(pb.Receipt, data, MAX_EVENT_BYTES * 2))


def encode_ack(ack: Ack) -> bytes:
    """Returns the canonical body of an acknowledgement."""
    return serialise(
        exchange_pb2.Ack(
            version=1,
            origin=ack.origin,
            message_hash=ack.message_hash,
            desk=ack.desk,
            kid=ack.kid,
            state=int(ack.state),  # type: ignore[arg-type] # the numbers are the proto's, a test compares them
            reason=ack.reason,
            time=ack.time,
        )
    )


def parse_ack(body: bytes) -> Ack:
    """Parses an acknowledgement's body.

    Raises:
        MalformedError: it breaks the protocol's form.
    """
    m = parse(exchange_pb2.Ack, body, MAX_ACK_BYTES)
    if m.version != 1:
        raise MalformedError("version is not 1", Reason.UNSUPPORTED_VERSION)
    try:
        state = AckState(m.state)
    except ValueError:
        raise MalformedError("unknown state of acknowledgement") from None
    if len(m.message_hash) != 32 or len(m.kid) != 32 or not 0 < m.time <= _MAX_TIME:
        raise MalformedError("not an acknowledgement")
    if m.reason not in ACK_REASONS or (state is AckState.REFUSED) != bool(m.reason):
        raise MalformedError("a refusal, and nothing else, has a reason of the list")
    return Ack(check_origin(m.origin), m.message_hash, check_desk(m.desk), m.kid, state, m.reason, m.time)


def ack_signing_bytes(body: bytes) -> bytes:
    """Returns the bytes that a member signs over an acknowledgement."""
    return tagged(Purpose.ACK, body)


def verify_ack(body: bytes, sig: bytes, public: bytes) -> bool:
    """Returns whether a member's key signed an acknowledgement."""
    return verify(public, ack_signing_bytes(body), sig)


def ack_digest(body: bytes) -> bytes:
    """Returns what an event says of an acknowledgement: digest("ack-body", body), 32 bytes."""
    return digest(Purpose.ACK_BODY, body)


def ack_signature_digest(kid: bytes, sig: bytes) -> bytes:
    """Returns what an event says of who acknowledged: digest("signatures", kid, sig), 32 bytes."""
    return digest(Purpose.SIGNATURES, kid, sig)
