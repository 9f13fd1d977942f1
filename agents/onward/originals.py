"""The original inside a FORWARD: a message that was not sent to this desk, with all that proves whose words it is.

Whoever passes it on hands over what it has: header, seal, ciphertext, signatures, content key and the log's receipt.
Whoever receives it proves, without the forwarder's word: the GRANT_ONWARD is in the one log, signed by two people of
the originator who could; the original is in the same log; it was sent to the forwarder; its signers' keys were live
then; and that content key, and no other, opens that ciphertext. What fails contradicts: it is shown as such.

Never does: keep anything; take the hub's word. A receipt that a sender handed over says nothing about the hub until it
verifies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from comity.directory import View
from comity.encoding import parse, serialise
from comity.envelope import Header, Signature, message_hash, parse_header, signing_bytes
from comity.errors import CannotOpenError, ComityError, MalformedError, RefusedError, VerificationError
from comity.grants import check_grantors, check_original
from comity.keys import verify
from comity.names import agency_of
from comity.payload import parse_payload
from comity.receipts import EventKind, VerifiedReceipt, parse_receipt
from comity.sealing import open_content
from comity.v1 import envelope_pb2, onward_pb2, payload_pb2
from comity.workflow.actions import Signer
from comity.workflow.families import table_of
from comity.workflow.onward import PROVISIONAL
from comity.workflow.tables import People
from comity.workflow.terms import SignatureRole

from agents.errors import ContentRefusedError, SplitViewError
from agents.handlings import check_passing, loosened
from agents.mailstore import Message
from agents.proving import prove as prove_receipt
from agents.session import Session
from agents.trust import Trust

MEDIA_TYPE: Final = "application/vnd.comity.original"
"""By which the attachment is known that holds an original; it stands in FORWARD and nowhere else."""
FILE_NAME: Final = "original.comity"
"""What that attachment is called."""
ORIGINAL_LIMIT: Final = (1 << 20) + (256 << 10)
"""Greatest length of a serialised original: an envelope without its wraps, and its receipt."""


@dataclass(frozen=True, slots=True)
class Original:
    """An original that was proved."""

    header: Header
    payload: payload_pb2.Payload
    message_hash: bytes
    author: str
    """Member id of the originator's agency."""
    log_index: int
    time: int
    """The leaf's time, Unix milliseconds UTC: when it was in the log."""
    content_key: bytes = field(repr=False)


def embed(message: Message, content_key: bytes) -> bytes:
    """Returns a kept message as the file that a FORWARD attaches.

    Raises:
        MalformedError: there is no receipt of it, or nothing left to pass on.
    """
    wire = envelope_pb2.Envelope.FromString(message.envelope)
    if not message.receipt or not wire.ciphertext:
        raise MalformedError("there is no proof of it, or nothing left to pass on")
    return serialise(
        onward_pb2.EmbeddedOriginal(
            header=wire.header,
            seal=wire.seal,
            ciphertext=wire.ciphertext,
            signatures=wire.signatures,
            cek=content_key,
            receipt=message.receipt,
        )
    )


def is_original(data: bytes) -> bool:
    """Returns whether a file is a message with its content key, whatever it is called."""
    try:
        found = parse(onward_pb2.EmbeddedOriginal, data, ORIGINAL_LIMIT)
        parse_header(found.header)
    except MalformedError:
        return False
    return bool(found.cek and found.ciphertext)


def check_files(files: Sequence[Path]) -> None:
    """Checks that no file to be attached is somebody's message, see `check_file`."""
    for number, file in enumerate(files):
        check_file(Path(file), f"attachments[{number}]")


def check_file(file: Path, path: str = "attachments") -> None:
    """Checks that a file is not somebody's message with its content key: only FORWARD passes one on.

    Args:
        file: whatever it is called.
        path: names it in the error.

    Raises:
        ContentRefusedError: EMBEDDED_ORIGINAL.
    """
    if file.stat().st_size <= ORIGINAL_LIMIT and is_original(file.read_bytes()):
        raise ContentRefusedError("EMBEDDED_ORIGINAL", path, "is a message: only FORWARD passes one on")


async def check_grant(trust: Trust, session: Session, forward: Header, receipt: bytes, before: int | None) -> None:
    """Proves that the grant in a FORWARD is in the one log, by two people of the originator who could give it.

    Args:
        trust: of this home.
        session: to ask for proofs.
        forward: its form was checked.
        receipt: of the GRANT_ONWARD, from the sealed body.
        before: index of the FORWARD's own leaf; None for a draft.

    Raises:
        ContentRefusedError: it is not what it is said to be.
        SplitViewError: it is in another history than this one.
        RefusedError: the hub did not answer.
    """
    granted = forward.granted
    if granted is None:
        raise ContentRefusedError("NO_GRANT", "grant", "is missing")
    path = "forward.grant_receipt"
    proved = await _proved(trust, session, receipt, path)
    event, leaf = proved.event, proved.leaf
    if (event.kind, event.message_hash) != (EventKind.SUBMITTED, granted.message_hash):
        raise ContentRefusedError("GRANT_UNPROVED", path, "is not of the grant")
    if before is not None and proved.receipt.index >= before:
        raise ContentRefusedError("GRANT_UNPROVED", path, "is from after its use")
    try:
        check_grantors(granted, trust.view(leaf.directory_size), leaf.time_seconds * 1000)
    except (RefusedError, MalformedError):
        raise ContentRefusedError("GRANT_UNPROVED", "grant", "is not signed by two people who could give it") from None


async def prove(
    trust: Trust, session: Session, data: bytes, *, forward: Header, said: payload_pb2.Payload, before: int | None
) -> Original:
    """Proves an original and opens it.

    Args:
        trust: of this home.
        session: to ask for proofs.
        data: the attached file.
        forward: header of the FORWARD; its grant was checked.
        said: the FORWARD's payload.
        before: index of the FORWARD's own leaf; None for a draft.

    Raises:
        ContentRefusedError: it is not what it is said to be, or its handling forbids it.
        SplitViewError: it is in another history than this one.
        RefusedError: the hub did not answer.
    """
    path = "forward.original_attachment"
    granted = forward.granted
    if granted is None or granted.header.grant is None:
        raise ContentRefusedError("NO_GRANT", "grant", "is missing")
    try:
        found = parse(onward_pb2.EmbeddedOriginal, data, ORIGINAL_LIMIT)
        header = parse_header(found.header)
        signatures = [Signature(s.kid, SignatureRole(s.role), s.sig) for s in found.signatures]
    except (MalformedError, ValueError):
        raise ContentRefusedError("ORIGINAL_FALSE", path, "is no message") from None
    hashed = message_hash(found.header, found.seal)
    _check_full(header)
    try:
        check_original(
            granted,
            message_hash=hashed,
            sender=header.sender,
            counterparts=header.counterparts,
            family=header.family,
            case_id=header.case_id,
            verb=header.verb,
        )
    except RefusedError:
        raise ContentRefusedError("ORIGINAL_FALSE", path, "is not the message that was granted") from None
    proved = await _proved(trust, session, found.receipt, path)
    event, leaf = proved.event, proved.leaf
    if (event.kind, event.message_hash) != (EventKind.SUBMITTED, hashed) or event.kids != tuple(
        s.kid for s in signatures
    ):
        raise ContentRefusedError("ORIGINAL_FALSE", path, "has a receipt of another message")
    if before is not None and proved.receipt.index >= before:
        raise ContentRefusedError("ORIGINAL_FALSE", path, "is from after it was passed on")
    view = trust.view(leaf.directory_size)
    signers = _signed(view, header, found, signatures, leaf.time_seconds * 1000)
    try:
        content = open_content(found.header, found.seal, found.ciphertext, found.cek)
        payload = parse_payload(content, header)
    except (CannotOpenError, MalformedError):
        raise ContentRefusedError("ORIGINAL_FALSE", path, "does not open") from None
    _check_handling(forward, said, header, payload)
    check_hold(header, forward.lapses_at)
    author = next((s.member for s in signers if s.role is SignatureRole.AUTHOR), signers[0].member)
    return Original(header, payload, hashed, author, proved.receipt.index, leaf.time_seconds * 1000, bytes(found.cek))


def check_hold(original: Header, lapses_at: int) -> None:
    """Checks that something is passed on in its full form, and a hold not for longer than its originator signed for.

    The hub holds a FORWARD against the case of the original; whoever receives it sees the original alone, and so holds
    it against that, whatever the hub let through.

    Args:
        original: header of what is passed on.
        lapses_at: of the FORWARD, Unix milliseconds UTC; 0 where absent.

    Raises:
        ContentRefusedError: PROVISIONAL or OUTLIVES_ORIGINAL.
    """
    _check_full(original)
    if table_of(original.family).holds and original.lapses_at and not 0 < lapses_at <= original.lapses_at:
        raise ContentRefusedError("OUTLIVES_ORIGINAL", "lapses_at", "is later than when the original ends")


def _check_full(original: Header) -> None:
    if original.verb in PROVISIONAL:
        path = "forward.original_attachment"
        raise ContentRefusedError("PROVISIONAL", path, "is said by one person's word: only the full form is passed on")


def _check_handling(forward: Header, said: payload_pb2.Payload, header: Header, payload: payload_pb2.Payload) -> None:
    blobs = [(blob.sha256, blob.length) for blob in said.forward.original_blobs]
    if sorted(blobs) != [(blob.sha256, blob.length) for blob in header.blobs]:
        raise ContentRefusedError("ORIGINAL_FALSE", "forward.original_blobs", "are not the original's")
    try:
        agencies = [agency_of(desk) for desk in forward.counterparts]
        check_passing([payload.handling], agencies, granted=True)
    except ComityError:
        raise ContentRefusedError("HANDLING_FORBIDS", "handling", "of the original forbids to pass it on") from None
    if loosened(said.handling, [payload.handling]):
        raise ContentRefusedError("HANDLING_LOWERED", "handling", "permits more than the original's")


def _signers(
    view: View, header: Header, signatures: list[Signature] | tuple[Signature, ...], at: int
) -> tuple[Signer, ...]:
    """Returns who signed, of those whose keys were live at the sending desk then."""
    found = []
    for signature in signatures:
        record = view.member_key(signature.kid, at)
        if record is not None and header.sender in record.desks:
            found.append(Signer(record.member, record.roles, signature.role))
    return tuple(found)


def _signed(
    view: View, header: Header, found: onward_pb2.EmbeddedOriginal, signatures: list[Signature], at: int
) -> tuple[Signer, ...]:
    """Verifies an original's signatures by the keys that were live at its leaf, and that they are as many as it took.

    Raises:
        ContentRefusedError: they are not.
    """
    path = "forward.original_attachment"
    for signature in signatures:
        key = view.sign_key(signature.kid)
        data = signing_bytes(found.header, found.seal, signature.role)
        if key is None or not verify(key, data, signature.sig):
            raise ContentRefusedError("ORIGINAL_FALSE", path, "is not signed by its originator")
    signers = _signers(view, header, signatures, at)
    rows = [rule.people for rule in table_of(header.family).rules if rule.verb is header.verb]
    wanted = min(rows, default=People.TWO)
    people = 2 if wanted is People.TWO else 1
    if len(signers) != len(signatures) or len({signer.member for signer in signers}) < max(people, len(signatures)):
        raise ContentRefusedError("ORIGINAL_FALSE", path, "is not signed by those who could")
    return signers


async def _proved(trust: Trust, session: Session, data: bytes, path: str) -> VerifiedReceipt:
    """Returns what a receipt proves that a sender handed over.

    Raises:
        ContentRefusedError: it proves nothing.
        SplitViewError: it belongs to another history: the hub has signed two.
        RefusedError: the hub did not answer.
    """
    try:
        return await prove_receipt(trust, session, parse_receipt(data))
    except SplitViewError:
        raise
    except (MalformedError, VerificationError):
        raise ContentRefusedError("UNPROVED", path, "does not verify") from None
