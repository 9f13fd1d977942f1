"""The header: all that the hub may read of an envelope. Parsed from the bytes that were signed, made by its author.

Never does: verify (`comity.checks`), seal or open (`comity.sealing`).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import field

from comity.encoding import HASH_BYTES, Purpose, digest, exactly, parse, serialise
from comity.errors import MalformedError, Reason
from comity.names import agency_of, check_desk, check_origin
from comity.signatures import Signature, parse_signatures
from comity.v1 import envelope_pb2 as pb
from comity.values import value
from comity.workflow.terms import Family, Precedence, SignatureRole, Verb

VERSION = 1
SUITE = 1
MAX_HEADER_BYTES = 64 << 10
MAX_SEAL_BYTES = 16 << 10
MAX_RECIPIENTS = 256
MAX_BLOBS = 64
MAX_SEQUENCE = 1 << 53
"""The greatest number that every reader counts to exactly: more batches than any list will have."""
MAX_BLOB_BYTES = 5 << 30
ID_BYTES = 16
_MAX_TIME = 253_402_128_000_000  # 9999-12-30, so that every time fits a calendar, in every time zone


@value
class Recipient:
    """One desk that can open the envelope."""

    desk: str
    """`agency/desk`."""
    desk_key_id: bytes
    """Key id of the desk key it was sealed to, 32 bytes."""


@value
class BlobRef:
    """One sealed attachment."""

    sha256: bytes
    """SHA-256 of the sealed blob, 32 bytes."""
    length: int
    """Its length in bytes."""


@value
class WatchlistPosition:
    """Where a batch stands in its list."""

    list_id: bytes
    """Random, 16 bytes."""
    sequence: int
    """From 1."""
    previous_head: bytes
    """32 bytes; empty at sequence 1."""
    head: bytes
    """32 bytes."""


@value
class Grant:
    """The originator's consent that one envelope of its own is passed on to one desk, once."""

    id: bytes
    """Random, 16 bytes."""
    origin: str
    """Origin of the exchange log it is valid at."""
    original_hash: bytes
    """Message hash of what may be passed on, 32 bytes."""
    holder: str
    """Desk that may pass it on."""
    new_desk: str
    """Desk that may receive it."""
    expires: int
    """Unix milliseconds UTC after which it is void."""


@value
class GrantedBy:
    """The GRANT_ONWARD that a FORWARD goes by: what was signed of it, and its signatures. Not verified."""

    header_bytes: bytes
    """Its header, as signed."""
    seal_bytes: bytes
    """Its seal, as signed."""
    signatures: tuple[Signature, ...]
    """AUTHOR, then APPROVER."""
    header: Header
    """The header, parsed; its `grant` is there."""
    message_hash: bytes
    """Its message hash, by which the log knows it."""


@value
class Header:
    """All that the hub may read. Times are Unix milliseconds UTC, 0 where absent; hashes are 32 bytes or empty."""

    origin: str
    envelope_id: bytes
    family: Family
    verb: Verb
    case_id: bytes
    previous: bytes
    about: bytes
    sender: str
    recipients: tuple[Recipient, ...]
    author: bytes
    precedence: Precedence
    created: int
    deliver_by: int
    respond_by: int
    lapses_at: int
    directory_size: int
    directory_root: bytes
    blobs: tuple[BlobRef, ...] = ()
    watchlist: WatchlistPosition | None = None
    joint: bool = False
    grant: Grant | None = None
    """GRANT_ONWARD only: what it grants."""
    granted: GrantedBy | None = None
    """FORWARD only: the grant that it uses."""
    sender_agency: str = field(init=False, repr=False, compare=False)
    """Agency of the sending desk."""
    counterparts: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """Recipient desks without the sender's own copy; each is a leg."""

    def __post_init__(self) -> None:
        """Works out once what everybody asks for."""
        object.__setattr__(self, "sender_agency", agency_of(self.sender))
        desks = tuple([r.desk for r in self.recipients if r.desk != self.sender])
        object.__setattr__(self, "counterparts", desks)


def _hash_or_empty(value: bytes, what: str) -> bytes:
    if len(value) not in (0, HASH_BYTES):
        raise MalformedError(f"{what} is not a hash")
    return value


def _time(value: int, what: str, *, required: bool = False) -> int:
    if value < 0 or value > _MAX_TIME or (required and value == 0):
        raise MalformedError(f"{what} is no time")
    return value


def parse_header(data: bytes) -> Header:
    """Parses the signed header bytes.

    Raises:
        MalformedError: anything in it breaks the protocol's form.
    """
    return _read(parse(pb.Header, data, MAX_HEADER_BYTES))


def _read(m: pb.Header) -> Header:
    if m.version != VERSION or m.suite != SUITE:
        raise MalformedError("version or suite is not 1", Reason.UNSUPPORTED_VERSION)
    if len(m.recipients) > MAX_RECIPIENTS or len(m.blobs) > MAX_BLOBS:
        raise MalformedError("too many recipients or attachments", Reason.TOO_LARGE)
    try:
        family, verb, precedence = Family(m.family), Verb(m.verb), Precedence(m.precedence)
    except ValueError:
        raise MalformedError("unknown family, verb or precedence") from None
    recipients = tuple(
        Recipient(check_desk(r.desk), exactly(r.desk_key_id, HASH_BYTES, "desk key id")) for r in m.recipients
    )
    if any(a.desk >= b.desk for a, b in itertools.pairwise(recipients)):
        raise MalformedError("recipients are not in strictly ascending order")
    grant, granted = _consent(m)
    header = Header(
        origin=check_origin(m.origin),
        envelope_id=exactly(m.envelope_id, ID_BYTES, "envelope id"),
        family=family,
        verb=verb,
        case_id=exactly(m.case_id, ID_BYTES, "case id"),
        previous=_hash_or_empty(m.previous, "previous"),
        about=_hash_or_empty(m.about, "about"),
        sender=check_desk(m.sender),
        recipients=recipients,
        author=exactly(m.author, HASH_BYTES, "author"),
        precedence=precedence,
        created=_time(m.created, "created", required=True),
        deliver_by=_time(m.deliver_by, "deliver_by", required=True),
        respond_by=_time(m.respond_by, "respond_by"),
        lapses_at=_time(m.lapses_at, "lapses_at"),
        directory_size=m.directory_size,
        directory_root=exactly(m.directory_root, HASH_BYTES, "directory root"),
        blobs=_blobs(m),
        watchlist=_watchlist(m),
        joint=m.joint,
        grant=grant,
        granted=granted,
    )
    if header.envelope_id[6] >> 4 != 7 or header.envelope_id[8] >> 6 != 2:
        raise MalformedError("envelope id is not a UUIDv7")
    if not header.counterparts:
        raise MalformedError("nobody but the sender is addressed")
    if verb is Verb.REQUEST_PROVISIONAL and len(header.counterparts) == len(recipients):
        raise MalformedError("a provisional hold has no copy for those who confirm it")
    _check_consent(header)
    return header


def _consent(m: pb.Header) -> tuple[Grant | None, GrantedBy | None]:
    gives, uses = int(m.verb) == Verb.GRANT_ONWARD, int(m.verb) == Verb.FORWARD
    if m.HasField("grant") != (gives or uses):
        raise MalformedError("a grant stands in GRANT_ONWARD and FORWARD, and there only")
    if gives:
        if m.grant.header or m.grant.seal or m.grant.signatures:
            raise MalformedError("a grant is given by its terms alone")
        return _grant(m.grant.terms), None
    if uses:
        if m.grant.terms:
            raise MalformedError("a grant is used by what was signed alone")
        given = [(s.kid, int(s.role), s.sig) for s in m.grant.signatures]
        return None, parse_granted(m.grant.header, m.grant.seal, given)
    return None, None


def _grant(data: bytes) -> Grant:
    m = parse(pb.Grant, data, MAX_HEADER_BYTES)
    if m.uses != 1:
        raise MalformedError("a grant is used once")
    return Grant(
        exactly(m.id, ID_BYTES, "grant id"),
        check_origin(m.origin),
        exactly(m.original_hash, HASH_BYTES, "original"),
        check_desk(m.holder),
        check_desk(m.new_desk),
        _time(m.expires, "expires", required=True),
    )


def parse_granted(header: bytes, seal: bytes, signatures: Sequence[tuple[bytes, int, bytes]]) -> GrantedBy:
    """Reads a GRANT_ONWARD as a FORWARD carries it. Its signatures are verified elsewhere (`comity.grants`).

    Args:
        header: as signed.
        seal: as signed.
        signatures: (key id, number of the role, signature), in their order.

    Raises:
        MalformedError: it is no GRANT_ONWARD, or not one that two people signed.
    """
    m = parse(pb.Header, header, MAX_HEADER_BYTES)
    if int(m.verb) != Verb.GRANT_ONWARD:  # before anything in it is read, so that no header is nested in another's
        raise MalformedError("what is used is no grant")
    if not 0 < len(seal) <= MAX_SEAL_BYTES:
        raise MalformedError("a grant comes with its seal")
    read, people = _read(m), parse_signatures(signatures)
    if [s.role for s in people] != [SignatureRole.AUTHOR, SignatureRole.APPROVER]:
        raise MalformedError("a grant has two signatures, AUTHOR and APPROVER")
    if people[0].kid != read.author or people[1].kid == read.author:
        raise MalformedError("the first signature is not by the author of the grant, or the second is too")
    return GrantedBy(header, seal, people, read, digest(Purpose.MESSAGE_HASH, header, seal))


def _check_consent(header: Header) -> None:
    """Checks what a grant says against the header around it. Whether it counts is `comity.grants`' to say."""
    grant = header.grant
    if grant is not None:
        if grant.origin != header.origin or header.counterparts != (grant.holder,):
            raise MalformedError("a grant is for the desk that it goes to, at its own hub")
        if grant.new_desk in (header.sender, grant.holder):
            raise MalformedError("a grant is for a third desk")
        if grant.expires <= header.created:
            raise MalformedError("a grant expires after it is given")
    if header.granted is not None and header.granted.header.case_id == header.case_id:
        raise MalformedError("what is passed on opens a case of its own")


def _blobs(m: pb.Header) -> tuple[BlobRef, ...]:
    blobs = tuple(BlobRef(exactly(b.sha256, HASH_BYTES, "blob digest"), b.length) for b in m.blobs)
    if any(a.sha256 >= b.sha256 for a, b in itertools.pairwise(blobs)):
        raise MalformedError("attachments are not in strictly ascending order")
    if any(not 0 < b.length <= MAX_BLOB_BYTES for b in blobs):
        raise MalformedError("an attachment is empty or too large", Reason.TOO_LARGE)
    return blobs


def _watchlist(m: pb.Header) -> WatchlistPosition | None:
    placed = int(m.family) == Family.WATCHLIST and int(m.verb) in (Verb.PUBLISH, Verb.SNAPSHOT)
    if m.HasField("watchlist") != placed:
        raise MalformedError("a watchlist position stands in PUBLISH and SNAPSHOT, and there only")
    if not m.HasField("watchlist"):
        return None
    w = m.watchlist
    if not 0 < w.sequence <= MAX_SEQUENCE:
        raise MalformedError("a sequence is 0, or beyond what every reader counts exactly")
    if (w.sequence == 1) == bool(w.previous_head):
        raise MalformedError("the first batch has no previous head, every later one has")
    return WatchlistPosition(
        exactly(w.list_id, ID_BYTES, "list id"),
        w.sequence,
        _hash_or_empty(w.previous_head, "previous head"),
        exactly(w.head, HASH_BYTES, "head"),
    )


def encode_header(header: Header) -> bytes:
    """Returns the canonical bytes of a header that is about to be sealed. Authors only; `parse_header` must accept it.

    Raises:
        MalformedError: it would not be accepted.
    """
    m = pb.Header(
        version=VERSION,
        suite=SUITE,
        origin=header.origin,
        envelope_id=header.envelope_id,
        family=int(header.family),  # type: ignore[arg-type] # IntEnum numbers equal the proto's, a test compares them
        verb=int(header.verb),  # type: ignore[arg-type] # see above
        case_id=header.case_id,
        previous=header.previous,
        about=header.about,
        sender=header.sender,
        recipients=[pb.Recipient(desk=r.desk, desk_key_id=r.desk_key_id) for r in header.recipients],
        author=header.author,
        precedence=int(header.precedence),  # type: ignore[arg-type] # see above
        created=header.created,
        deliver_by=header.deliver_by,
        respond_by=header.respond_by,
        lapses_at=header.lapses_at,
        directory_size=header.directory_size,
        directory_root=header.directory_root,
        blobs=[pb.BlobRef(sha256=b.sha256, length=b.length) for b in header.blobs],
        joint=header.joint,
    )
    if header.watchlist is not None:
        w = header.watchlist
        m.watchlist.CopyFrom(
            pb.WatchlistPosition(list_id=w.list_id, sequence=w.sequence, previous_head=w.previous_head, head=w.head)
        )
    if header.grant is not None:
        m.grant.terms = serialise(encode_grant(header.grant))
    if header.granted is not None:
        g = header.granted
        m.grant.CopyFrom(pb.OnwardGrant(header=g.header_bytes, seal=g.seal_bytes))
        for s in g.signatures:
            m.grant.signatures.add(kid=s.kid, role=int(s.role), sig=s.sig)
    data = serialise(m)
    parse_header(data)
    return data


def encode_grant(grant: Grant) -> pb.Grant:
    """Returns the message that carries a grant's terms."""
    return pb.Grant(
        id=grant.id,
        origin=grant.origin,
        original_hash=grant.original_hash,
        holder=grant.holder,
        new_desk=grant.new_desk,
        expires=grant.expires,
        uses=1,
    )
