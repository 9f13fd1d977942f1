"""Unpacking: a batch, or the state in a snapshot, from where it travelled: inside the payload or as an attachment.

An attachment lies in a file without a name while it is read, so that nothing of it is left behind by a process that is
killed. Memory is bounded by a batch (4 MiB) and by portions of a state, whatever their number. What an attachment may
cost is judged by its record before it is fetched; the event loop inflates nothing that is long.

Never does: believe a length or digest before it was compared.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from comity.blobs import sealed_blob_length
from comity.errors import MalformedError, Reason, RefusedError
from comity.payload_watchlists import BATCH_LIMIT
from comity.v1.payload_pb2 import Attachment, Packed, Payload
from comity.watchlists.packing import Inflater, inflate
from comity.watchlists.snapshots import StateReader, StateRecord

from agents.attachments import fetch_into
from agents.session import Session
from agents.sync.threads import in_thread

PIECE_BYTES: Final = 256 << 10
"""Bytes of the packed stream that are read at once."""
RECORDS_AT_ONCE: Final = 2_000
"""Records that are handed on together: so long another list waits for the store."""
SLACK_BYTES: Final = 64 << 10
"""So much longer than its plain bytes, beside a thousandth of them, a packed stream may be."""
BATCH_BLOB_BYTES: Final = 8 << 20
"""Greatest length of the sealed attachment of a batch."""
FREE_BYTES: Final = 256 << 20
"""So much stays free on the disk, beside twice what a state says it holds."""
_SHORT_BYTES: Final = 64 << 10


class NoRoomError(RefusedError):
    """There is no room on the disk for a state."""

    def __init__(self) -> None:
        super().__init__(Reason.TOO_LARGE, "there is no room on the disk for a snapshot")


@dataclass(frozen=True, slots=True)
class Most:
    """What a snapshot may cost at most."""

    records: int
    plain_bytes: int
    """Of the state, and of its sealed attachment."""


async def batch_bytes(session: Session, payload: Payload, packed: Packed, folder: Path) -> bytes:
    """Returns a batch's plain bytes.

    Args:
        session: to the hub.
        payload: that names the attachment.
        packed: of the batch.
        folder: on whose file system an attachment lies meanwhile.

    Raises:
        MalformedError, VerificationError: it is not what was announced, or is too long for a batch.
        CannotOpenError: its attachment is not what the payload says.
        RefusedError: the hub did not answer, or has the attachment no more.
    """
    if packed.length > BATCH_LIMIT:
        raise MalformedError("a batch is too long", Reason.TOO_LARGE)
    if packed.deflated:
        if packed.length <= _SHORT_BYTES:
            return inflate(packed.deflated, packed.length, packed.sha256)
        return await in_thread(inflate, packed.deflated, packed.length, packed.sha256)
    record = _attachment(payload.attachments, packed, BATCH_BLOB_BYTES)
    with tempfile.TemporaryFile(dir=folder) as stream:
        await fetch_into(session, record, stream, folder)
        stream.seek(0)
        return await in_thread(_whole, stream, packed)


def _whole(stream: BinaryIO, packed: Packed) -> bytes:
    inflater = Inflater(packed.length, packed.sha256)
    plain = b"".join(piece for part in _parts(stream, packed) for piece in inflater.feed(part))
    inflater.finish()
    return plain


async def read_state(
    session: Session,
    payload: Payload,
    packed: Packed,
    folder: Path,
    keep: Callable[[list[StateRecord]], None],
    *,
    most: Most,
) -> StateReader:
    """Reads a snapshot's state and hands on its records in portions. What was handed on is not verified before the end.

    Args:
        session: to the hub.
        payload: that names the attachment.
        packed: of the state.
        folder: on whose file system an attachment lies meanwhile.
        keep: takes a portion, in another thread.
        most: what it may cost.

    Returns:
        The reader, which was fed everything that was announced; `comity.watchlists.snapshots.adopt` is still to come.

    Raises:
        MalformedError, VerificationError, CannotOpenError, RefusedError: as `batch_bytes`; TOO_LARGE where it would
            cost more.
        NoRoomError: the disk is too full.
    """
    if packed.length > most.plain_bytes:
        raise MalformedError("a snapshot is longer than is taken here", Reason.TOO_LARGE)
    record = None if packed.deflated else _attachment(payload.attachments, packed, most.plain_bytes)
    if shutil.disk_usage(folder).free < 2 * packed.length + FREE_BYTES:
        raise NoRoomError
    with tempfile.TemporaryFile(dir=folder) as stream:
        if record is None:
            stream.write(packed.deflated)
        else:
            await fetch_into(session, record, stream, folder)
        stream.seek(0)
        return await in_thread(_read, stream, packed, keep, most.records)


def _read(
    stream: BinaryIO, packed: Packed, keep: Callable[[list[StateRecord]], None], most_records: int
) -> StateReader:
    reader, inflater, waiting = StateReader(), Inflater(packed.length, packed.sha256), list[StateRecord]()
    for part in _parts(stream, packed):
        for plain in inflater.feed(part):
            waiting += reader.feed(plain)
            if reader.preamble is not None and reader.preamble.count > most_records:
                raise MalformedError("a snapshot has more records than are taken here", Reason.TOO_LARGE)
            if len(waiting) >= RECORDS_AT_ONCE:
                keep(waiting)
                waiting = []
    inflater.finish()
    reader.finish()
    keep(waiting)
    return reader


def _parts(stream: BinaryIO, packed: Packed) -> Iterator[bytes]:
    """Yields the packed stream, refused where there is more of it than its plain bytes can need."""
    left = _most_packed(packed)
    while part := stream.read(PIECE_BYTES):
        left -= len(part)
        if left < 0:
            raise MalformedError("a packed stream is longer than what it holds", Reason.TOO_LARGE)
        yield part


def _most_packed(packed: Packed) -> int:
    return packed.length + packed.length // 1000 + SLACK_BYTES


def _attachment(attachments: Sequence[Attachment], packed: Packed, most_bytes: int) -> Attachment:
    """Returns the attachment of a stream, unless fetching it would cost more than it can be worth."""
    found = [one for one in attachments if one.id == packed.attachment]
    if len(found) != 1:
        raise MalformedError("a packed stream names no attachment of its message")
    plain, sealed = found[0].plain_length, found[0].blob_length
    if plain > _most_packed(packed) or sealed > most_bytes or sealed != sealed_blob_length(plain):
        raise MalformedError("an attachment is longer than what it holds, or than is taken here", Reason.TOO_LARGE)
    return found[0]
