"""Rules between the fields of the shared flows, and the file in which a FORWARD carries the original.

Never does: judge a grant (`comity.grants`), verify or open the original, I/O.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from google.protobuf.message import Message

from comity.blobs import BLOB_LIMIT
from comity.encoding import parse, serialise
from comity.envelope import MAX_ENVELOPE_BYTES
from comity.errors import MalformedError
from comity.header import MAX_BLOBS, MAX_HEADER_BYTES
from comity.payload_cases import twice
from comity.payload_rules import Gap
from comity.v1 import onward_pb2
from comity.v1 import payload_pb2 as pb

_RECEIPT_LIMIT: Final = 64 << 10
ORIGINAL_LIMIT: Final = MAX_ENVELOPE_BYTES + _RECEIPT_LIMIT
"""Greatest length of a serialised EmbeddedOriginal, in bytes."""


def onward_gaps(payload: pb.Payload, body: Message, name: str) -> Iterator[Gap]:
    """Yields where a FORWARD names blobs that are not there or stand twice, and where a case is linked twice.

    Args:
        payload: with the attachments.
        body: of the payload.
        name: its member of Payload's oneof.
    """
    match body:
        case pb.Forward():
            yield from _forward(payload, body, name)
        case pb.Refer() | pb.FreezeRequest() | pb.ProvisionalHold() | pb.AssistanceRequest() | pb.OralNotice():
            yield from twice(((link.case_id, link.desk, link.relation) for link in body.links), f"{name}.links")
        case _:
            pass


def encode_original(original: onward_pb2.EmbeddedOriginal) -> bytes:
    """Returns the file that a FORWARD attaches.

    Raises:
        MalformedError: a part is missing or too long.
    """
    _check(original)
    return serialise(original)


def parse_original(data: bytes) -> onward_pb2.EmbeddedOriginal:
    """Returns what the attached file holds; nothing of it is verified yet.

    Raises:
        MalformedError: it is no canonical EmbeddedOriginal, or a part of it is missing or too long.
    """
    original = parse(onward_pb2.EmbeddedOriginal, data, ORIGINAL_LIMIT)
    _check(original)
    return original


def _forward(payload: pb.Payload, body: pb.Forward, name: str) -> Iterator[Gap]:
    if body.original_attachment not in {item.id for item in payload.attachments}:
        yield Gap(f"{name}.original_attachment", "is no attachment of this message")
    digests = [item.blob_sha256 for item in payload.attachments] + [blob.sha256 for blob in body.original_blobs]
    yield from twice(digests, f"{name}.original_blobs")
    if len(digests) > MAX_BLOBS:
        yield Gap(f"{name}.original_blobs", f"are with the attachments more than {MAX_BLOBS}")
    for number, blob in enumerate(body.original_blobs):
        if blob.length > BLOB_LIMIT:
            yield Gap(f"{name}.original_blobs[{number}].length", "is more than a blob can have")


def _check(original: onward_pb2.EmbeddedOriginal) -> None:
    if not 0 < len(original.header) <= MAX_HEADER_BYTES or not 0 < len(original.receipt) <= _RECEIPT_LIMIT:
        raise MalformedError("the header or receipt of the original is missing, or too long")
    if not original.seal or not original.ciphertext or len(original.cek) != 32:
        raise MalformedError("the original is not whole")
    if not 1 <= len(original.signatures) <= 2:
        raise MalformedError("the original has no signatures, or too many")
