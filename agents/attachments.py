"""Attachments: sealed into the outbox when a draft is made, uploaded after its last signature, opened after a digest.

The name that a sender gave is shown and never used as a path. Nothing of an attachment is written where a person looks
before the whole of it was found genuine.

Never does: keep a plaintext copy.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
import mimetypes
import os
import re
import tempfile
import unicodedata
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from comity.blobs import BlobSecrets, open_blob, seal_blob
from comity.envelope import BlobRef
from comity.errors import CannotOpenError, MalformedError, Reason, RefusedError
from comity.v1 import blobs_pb2
from comity.v1.payload_pb2 import Attachment, Payload

from agents.errors import FolderError, NotUniqueError
from agents.home import Home, destroy
from agents.session import Session

PIECE_BYTES: Final = 256 * 1024
"""Bytes of a message of an upload."""
UPLOAD_TRIES: Final = 20
"""How often an upload is taken up again before it is given up; each goes on where the last one stopped."""

Progress = Callable[[str, int, int], None]
"""Told the name of a file, the bytes done and the bytes there are."""

_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")


def seal_files(home: Home, files: Sequence[Path], progress: Progress | None = None) -> list[Attachment]:
    """Seals files into the outbox, each under a key of its own. Returns their records for the payload.

    Raises:
        MalformedError: one is larger than 5 GiB.
        OSError: one cannot be read.
    """
    return [_seal_file(home, Path(file), progress) for file in files]


def seal_bytes(home: Home, data: bytes, name: str, media_type: str) -> Attachment:
    """Seals what is in memory into the outbox, under a key of its own. Returns its record for the payload."""
    return _sealed(home, io.BytesIO(data), name, media_type, None)


def _seal_file(home: Home, file: Path, progress: Progress | None) -> Attachment:
    total = file.stat().st_size

    def told(done: int) -> None:
        if progress is not None:
            progress(file.name, done, total)

    name = unicodedata.normalize("NFC", file.name)
    with file.open("rb") as source:
        return _sealed(home, source, name, mimetypes.guess_type(file.name)[0] or "application/octet-stream", told)


def _sealed(
    home: Home, source: BinaryIO, shown: str, media_type: str, told: Callable[[int], None] | None
) -> Attachment:
    handle, name = tempfile.mkstemp(dir=home.outbox_path)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as sink:
            secrets = seal_blob(source, sink, told)
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
        name=shown,
        media_type=media_type,
        blob_sha256=secrets.sha256,
        blob_length=secrets.sealed_length,
    )


def blob_refs(attachments: Sequence[Attachment]) -> tuple[BlobRef, ...]:
    """Returns what the header says of attachments."""
    return tuple(sorted((BlobRef(a.blob_sha256, a.blob_length) for a in attachments), key=lambda ref: ref.sha256))


async def upload(home: Home, session: Session, blobs: Sequence[BlobRef], progress: Progress | None = None) -> None:
    """Uploads sealed attachments; what the hub holds already is not sent again.

    Raises:
        RefusedError: UNKNOWN_BLOB where a sealed file is not in this home; what the hub says otherwise.
    """
    for blob in blobs:
        if not sealed_path(home, blob.sha256).exists() and not (await session.upload_offset(blob.sha256))[1]:
            raise RefusedError(Reason.UNKNOWN_BLOB, "a sealed attachment is not in this home's outbox")
        if sealed_path(home, blob.sha256).exists():
            await _upload(sealed_path(home, blob.sha256), session, blob, progress)


async def _upload(path: Path, session: Session, blob: BlobRef, progress: Progress | None) -> None:
    name = blob.sha256.hex()[:12]
    for attempt in range(UPLOAD_TRIES):
        offset, complete = await session.upload_offset(blob.sha256)
        if complete:
            return
        try:
            _, complete = await session.upload(_pieces(path, blob, offset, name, progress))
        except RefusedError as error:
            if error.reason not in (Reason.BLOB_OFFSET, Reason.BLOB_DIGEST, Reason.UNAVAILABLE, Reason.BUSY):
                raise
            await asyncio.sleep(min(5.0, 0.1 * 2**attempt))
        if complete:
            return
    raise RefusedError(Reason.UNAVAILABLE, "an attachment could not be uploaded")


async def _pieces(
    path: Path, blob: BlobRef, offset: int, name: str, progress: Progress | None
) -> AsyncIterator[blobs_pb2.UploadBlobRequest]:
    with path.open("rb") as file:
        file.seek(offset)
        first = blobs_pb2.UploadBlobRequest(sha256=blob.sha256, length=blob.length, offset=offset)
        first.data = file.read(PIECE_BYTES)
        yield first
        while data := await asyncio.to_thread(file.read, PIECE_BYTES):
            if progress is not None:
                progress(name, file.tell(), blob.length)
            yield blobs_pb2.UploadBlobRequest(data=data)


def forget(home: Home, blobs: Sequence[BlobRef]) -> None:
    """Removes sealed attachments from the outbox: they were sent, or their draft was discarded."""
    for blob in blobs:
        destroy(sealed_path(home, blob.sha256))


def attachment_named(payload: Payload, prefix: str) -> Attachment:
    """Returns the one attachment whose id begins so.

    Raises:
        NotUniqueError: none does, or several do.
    """
    found = [attachment for attachment in payload.attachments if attachment.id.hex().startswith(prefix)]
    if len(found) != 1:
        raise NotUniqueError("no attachment, or more than one, has an id that begins so")
    return found[0]


async def fetch(
    session: Session,
    record: Attachment,
    folder: Path,
    progress: Progress | None = None,
    check: Callable[[Path], None] | None = None,
) -> Path:
    """Downloads an attachment, checks the whole of it, and writes it under a safe name that is not taken yet.

    Args:
        session: to the hub.
        record: from the payload.
        folder: where the file goes.
        progress: told the bytes downloaded.
        check: looks into the whole file before it appears, and raises where it must not.

    Raises:
        CannotOpenError: it is not what the payload says; nothing was written.
        RefusedError: NOT_FOUND: the hub has it no more.
        FolderError: it cannot be written there; nothing was downloaded.
    """
    check_folder(folder)
    with tempfile.TemporaryFile() as sealed:
        await _fetch_sealed(session, record, sealed, progress)
        return await asyncio.to_thread(_release, sealed, record, folder, check)


async def fetch_into(session: Session, record: Attachment, sink: BinaryIO, folder: Path) -> None:
    """Downloads an attachment for a machine: its plaintext goes into an open file, from where that stands.

    Args:
        session: to the hub.
        record: from the payload.
        sink: takes the plaintext, seekable; keeps nothing of an attachment that does not open.
        folder: on whose file system what is downloaded lies meanwhile, in a file without a name.

    Raises:
        CannotOpenError: it is not what the payload says.
        RefusedError: NOT_FOUND: the hub has it no more.
    """
    with tempfile.TemporaryFile(dir=folder) as sealed:
        await _fetch_sealed(session, record, sealed, None)
        await asyncio.to_thread(open_blob, sealed, sink, _secrets(record))


async def fetch_again(session: Session, blob: BlobRef, path: Path) -> None:
    """Downloads a sealed attachment as it is, unopened, to be uploaded again unchanged. It appears whole or not at all.

    Args:
        session: to the hub.
        blob: what the header says of it.
        path: where it goes; nothing is downloaded where it is there already.

    Raises:
        CannotOpenError: it is not what its name says.
        RefusedError: NOT_FOUND: the hub has it no more.
    """
    record = Attachment(name=blob.sha256.hex()[:12], blob_sha256=blob.sha256, blob_length=blob.length)
    with _placing(path) as sealed:
        if sealed is not None:
            await _fetch_sealed(session, record, sealed, None)


@contextmanager
def _placing(path: Path) -> Iterator[BinaryIO | None]:
    """Lends a file that stands under a name once the block has ended well; None where there is one already."""
    if path.exists():
        yield None
        return
    path.parent.mkdir(mode=0o700, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def open_bytes(path: Path, record: Attachment) -> bytes:
    """Opens a sealed attachment into memory.

    Raises:
        CannotOpenError: it is not what the payload says.
    """
    plain = io.BytesIO()
    with path.open("rb") as sealed:
        open_blob(sealed, plain, _secrets(record))
    return plain.getvalue()


async def _fetch_sealed(session: Session, record: Attachment, sealed: BinaryIO, progress: Progress | None) -> None:
    """Downloads a sealed attachment, going on where the connection broke; `sealed` stands at its begin then."""
    seen = hashlib.sha256()
    for attempt in range(1, UPLOAD_TRIES + 1):
        try:
            await _download(session, record, sealed, seen.update, progress)
            break
        except RefusedError as error:  # go on from where it broke
            if error.reason not in (Reason.UNAVAILABLE, Reason.BUSY, Reason.STALLED) or attempt == UPLOAD_TRIES:
                raise
            await asyncio.sleep(min(5.0, 0.1 * 2**attempt))
    if seen.digest() != record.blob_sha256:
        raise CannotOpenError
    sealed.seek(0)


async def _download(
    session: Session,
    record: Attachment,
    sealed: BinaryIO,
    seen: Callable[[bytes], None],
    progress: Progress | None,
) -> None:
    async for data in session.download(record.blob_sha256, sealed.tell()):
        if sealed.tell() + len(data) > record.blob_length:
            raise CannotOpenError
        seen(data)
        sealed.write(data)
        if progress is not None:
            progress(record.name, sealed.tell(), record.blob_length)


def check_folder(folder: Path) -> None:
    """Raises FolderError unless a file can be written into a folder."""
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise FolderError("there is no such folder, or it may not be written to")


def release(home: Home, record: Attachment, folder: Path) -> Path:
    """Writes an attachment of a draft, sealed in this home's outbox, under a safe name that is not taken yet.

    Raises:
        CannotOpenError: it is not what the payload says; nothing was written.
        RefusedError: UNKNOWN_BLOB: it is not in the outbox.
        FolderError: it cannot be written there.
    """
    check_folder(folder)
    path = sealed_path(home, record.blob_sha256)
    if not path.exists():
        raise RefusedError(Reason.UNKNOWN_BLOB, "a sealed attachment is not in this home's outbox")
    with path.open("rb") as sealed:
        return _release(sealed, record, folder)


def _release(sealed: BinaryIO, record: Attachment, folder: Path, check: Callable[[Path], None] | None = None) -> Path:
    """Opens a sealed attachment into a file that appears whole or not at all, and takes no other's place."""
    handle, name = tempfile.mkstemp(dir=folder, prefix=".comity-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "w+b") as plain:
            open_blob(sealed, plain, _secrets(record))
        if check is not None:
            check(temporary)
        return _placed(temporary, folder, record.name)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _secrets(record: Attachment) -> BlobSecrets:
    parts = (record.id, record.key, record.commitment, record.plain_length, record.blob_length, record.blob_sha256)
    return BlobSecrets(*parts)


def _placed(temporary: Path, folder: Path, name: str) -> Path:
    """Moves a whole file to a free name. Another process may take a name between the look and the move."""
    while True:
        target = _free_name(folder, name)
        try:
            target.touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            continue
        try:
            temporary.replace(target)
        except BaseException:
            target.unlink()
            raise
        return target


def safe_name(name: str) -> str:
    """Returns a file name that is one anywhere, as near to the sender's as may be."""
    cleaned = _UNSAFE.sub("_", unicodedata.normalize("NFC", name)).strip(" .")[:120]
    if not cleaned or _RESERVED.fullmatch(cleaned):
        return f"attachment-{cleaned}" if cleaned else "attachment"
    return cleaned


def _free_name(folder: Path, name: str) -> Path:
    safe = Path(safe_name(name))
    for number in range(1000):
        candidate = folder / (f"{safe.stem} ({number}){safe.suffix}" if number else safe.name)
        if not candidate.exists():
            return candidate
    raise MalformedError("there are too many files of that name")


def sealed_path(home: Home, sha256: bytes) -> Path:
    """Returns where a sealed attachment waits for its envelope."""
    return home.outbox_path / f"{sha256.hex()}.blob"
