"""Opens what this home keeps, for rules that must know what was said before in a case.

Never does: acknowledge, show, change anything. What a person reads goes through `agents/reading.py`.
"""

from __future__ import annotations

from comity.encoding import parse
from comity.envelope import parse_envelope, parse_header
from comity.errors import CannotOpenError, MalformedError
from comity.payload import parse_payload
from comity.sealing import open_content
from comity.v1 import envelope_pb2, onward_pb2
from comity.v1.payload_pb2 import Payload
from sqlalchemy import Connection

from agents import mailstore
from agents.archive import Archive
from agents.attachments import open_bytes
from agents.contents import ContentRefusedError, Reader
from agents.keys import UnknownKeyError
from agents.mailstore import Message
from agents.onward.originals import ORIGINAL_LIMIT
from agents.onward.receiving import kept_path, record_of


class KeptReader:
    """Opens the kept mail of a desk. A `contents.Reader`, and what a FORWARD brings besides."""

    def __init__(self, archive: Archive, desk: str) -> None:
        """Takes where it is kept, and whose it is."""
        self._archive, self._desk = archive, desk

    def __call__(self, c: Connection, message_hash: bytes) -> Payload | None:
        """Returns what a message says; None where it is not kept or does not open."""
        message = mailstore.message(c, message_hash)
        if message is None or not message.archive:
            return None
        try:
            return open_kept(self._archive, self._desk, message)
        except (CannotOpenError, UnknownKeyError):
            return None

    def original(self, forward: Payload) -> Payload | None:
        """Returns what the original in a FORWARD says, out of its kept blob; None where that is not here.

        Args:
            forward: a FORWARD whose original was proved.
        """
        try:
            record = record_of(forward)
            data = open_bytes(kept_path(self._archive.home, record.blob_sha256), record)
            found = parse(onward_pb2.EmbeddedOriginal, data, ORIGINAL_LIMIT)
            content = open_content(found.header, found.seal, found.ciphertext, found.cek)
            return parse_payload(content, parse_header(found.header))
        except (CannotOpenError, MalformedError, ContentRefusedError, OSError):
            return None


def reader_of(archive: Archive, desk: str) -> Reader:
    """Returns what opens the kept mail of a desk.

    Args:
        archive: of its home.
        desk: whose mail.
    """
    return KeptReader(archive, desk)


def open_kept(archive: Archive, desk: str, message: Message) -> Payload:
    """Returns what a kept message says.

    Args:
        archive: of the home.
        desk: whose mail.
        message: whole, as it is kept.

    Raises:
        CannotOpenError: it does not open.
        UnknownKeyError: the archive key of its time was not granted to this member.
    """
    wire = envelope_pb2.Envelope.FromString(message.envelope)
    # What came by the feed has this desk's wrap alone.
    envelope = parse_envelope(wire, reader=desk if len(wire.wraps) == 1 else None)
    content_key = archive.open(message.message_hash, message.archive)
    try:
        header, seal = envelope.header_bytes, envelope.seal_bytes
        return parse_payload(open_content(header, seal, envelope.ciphertext, content_key), envelope.header)
    except MalformedError:
        raise CannotOpenError from None
