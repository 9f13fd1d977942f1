"""Bodies of batches and snapshots: compressed once, and where they are large sealed once, for all subscribers.

A small body stands in each envelope; a large one is one sealed attachment that every envelope names.

Never does: network.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, Final, cast

from comity.blobs import seal_blob
from comity.v1.payload_pb2 import Attachment, Packed
from comity.watchlists.packing import deflate

from agents.attachments import sealed_path
from agents.home import Home

INLINE_BYTES: Final = 48 << 10
"""Greatest length of a compressed body that stands in each envelope, in bytes: a call takes 64 of them."""
_IN_MEMORY: Final = 1 << 20
_MEDIA_TYPE: Final = "application/zlib"


def pack_body(home: Home, chunks: Iterable[bytes], name: str) -> tuple[Packed, Attachment | None]:
    """Compresses a body and seals it into the outbox where it is large. Blocks: to be called beside the event loop.

    Args:
        home: whose outbox takes a large one.
        chunks: the plain bytes.
        name: of the attachment.

    Returns:
        What the payload says of it, and the attachment's record where there is one.
    """
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY, dir=str(home.outbox_path)) as spool:
        stream = deflate(chunks)
        for piece in stream:
            spool.write(piece)
        length = spool.tell()
        spool.seek(0)
        packed = Packed(length=stream.length, sha256=stream.sha256)
        if length <= INLINE_BYTES:
            packed.deflated = spool.read()
            return packed, None
        attachment = _sealed(home, cast("BinaryIO", spool), name)
    packed.attachment = attachment.id
    return packed, attachment


def _sealed(home: Home, source: BinaryIO, name: str) -> Attachment:
    handle, written = tempfile.mkstemp(dir=home.outbox_path)
    temporary = Path(written)
    try:
        with os.fdopen(handle, "wb") as sink:
            secrets = seal_blob(source, sink)
            sink.flush()
            os.fsync(sink.fileno())
        temporary.replace(sealed_path(home, secrets.sha256))
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return Attachment(
        id=secrets.attachment_id,
        key=secrets.key,
        commitment=secrets.commitment,
        plain_length=secrets.plain_length,
        name=name,
        media_type=_MEDIA_TYPE,
        blob_sha256=secrets.sha256,
        blob_length=secrets.sealed_length,
    )
