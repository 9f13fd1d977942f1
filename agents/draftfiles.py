"""Draft files: a draft with its sealed attachments, on its way to another home of the same desk.

    line    JSON { "version": 2, "desk", "id", "box" } and a line feed; box: the draft sealed to its author and to the
            desk's approvers (PROTOCOL.md, section 11), base64
    blobs   the sealed attachments one after another, as they will be uploaded, in the order of the envelope's header;
            lengths and digests stand there and nowhere else

Version 1 was the line alone and is read where the envelope names no attachment. Nothing is taken of a file that is not
whole, to its last byte. No attachment is ever held in memory whole.

Never does: open an attachment.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from comity.envelope import BlobRef
from comity.errors import CannotOpenError, MalformedError, Reason, RefusedError

from agents.attachments import PIECE_BYTES, Progress, check_folder, sealed_path
from agents.errors import DraftFileError
from agents.home import Home

VERSION: Final = 2
"""What is written."""
LINE_LIMIT: Final = 4 << 20
"""Greatest length of the line, in bytes: an envelope, padded, for 256 approvers, in base64."""


@dataclass(frozen=True, slots=True)
class DraftLine:
    """The line of a draft's file."""

    version: int
    """1 or 2."""
    desk: str
    """`agency/desk` as the file says."""
    draft_id: str
    """32 hexadecimal digits."""
    box: bytes
    """Serialised Box."""


def write_draft(home: Home, target: Path, line: DraftLine, blobs: Sequence[BlobRef], progress: Progress | None) -> None:
    """Writes a draft's file, which appears whole or not at all and takes no other's place.

    Args:
        home: whose outbox holds the attachments.
        target: where to.
        line: the draft.
        blobs: its attachments, in the order of its header.
        progress: told how far each attachment got.

    Raises:
        RefusedError: UNKNOWN_BLOB: an attachment is not in the outbox.
        CannotOpenError: an attachment in the outbox was changed.
        FolderError: no such folder, or not one that may be written to.
        MalformedError: there is a file of that name already.
    """
    check_folder(target.absolute().parent)
    if target.exists():
        raise MalformedError("there is a file of that name already")
    if not all(sealed_path(home, blob.sha256).exists() for blob in blobs):
        raise RefusedError(Reason.UNKNOWN_BLOB, "a sealed attachment is not in this home's outbox")
    handle, name = tempfile.mkstemp(dir=target.absolute().parent, prefix=".comity-")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as sink:
            sink.write(_encode(line))
            for blob in blobs:
                with sealed_path(home, blob.sha256).open("rb") as source:
                    if not _copied(source, sink, blob, progress) or source.read(1):
                        raise CannotOpenError
            sink.flush()
            os.fsync(sink.fileno())
        try:
            target.touch(mode=0o600, exist_ok=False)
        except FileExistsError:
            raise MalformedError("there is a file of that name already") from None
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read_line(source: BinaryIO) -> DraftLine:
    """Returns the line of a draft's file; what follows it stays unread.

    Raises:
        MalformedError: not a draft's file.
    """
    data = source.readline(LINE_LIMIT + 1)
    if len(data) > LINE_LIMIT:
        raise MalformedError("not a draft file")
    try:
        fields = json.loads(data)
        version, desk, draft_id = fields["version"], fields["desk"], fields["id"]
        box = base64.b64decode(fields["box"], validate=True)
        right = version in (1, VERSION) and isinstance(desk, str) and len(bytes.fromhex(draft_id)) == 16
    except (ValueError, KeyError, TypeError, RecursionError):
        raise MalformedError("not a draft file") from None
    if not right or draft_id != bytes.fromhex(draft_id).hex():
        raise MalformedError("not a draft file")
    return DraftLine(version, desk, draft_id, box)


class StagedBlobs:
    """Attachments from a draft's file that were found whole, and are not in the outbox yet."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._files: list[tuple[Path, Path]] = []
        self._new: list[Path] = []

    def read(self, source: BinaryIO, blobs: Sequence[BlobRef], progress: Progress | None) -> None:
        """Reads what follows a draft file's line.

        Raises:
            DraftFileError: an attachment is missing or was changed, or more follows.
        """
        for blob in blobs:
            handle, name = tempfile.mkstemp(dir=self._home.outbox_path)
            self._files.append((Path(name), sealed_path(self._home, blob.sha256)))
            with os.fdopen(handle, "wb") as sink:
                if not _copied(source, sink, blob, progress):
                    raise DraftFileError("an attachment of the draft is missing in its file, or was changed")
                sink.flush()
                os.fsync(sink.fileno())
        if source.read(1):
            raise DraftFileError("the draft's file goes on after its attachments")

    def place(self) -> None:
        """Moves the attachments to the outbox."""
        for temporary, path in self._files:
            if not path.exists():
                self._new.append(path)
            temporary.replace(path)

    def take_back(self) -> None:
        """Leaves nothing of the file behind."""
        for path in (*(temporary for temporary, _ in self._files), *self._new):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)


def _copied(source: BinaryIO, sink: BinaryIO, blob: BlobRef, progress: Progress | None) -> bool:
    """Copies one sealed attachment. Returns whether it was there, whole and the very one."""
    seen, done = hashlib.sha256(), 0
    while done < blob.length:
        data = source.read(min(PIECE_BYTES, blob.length - done))
        if not data:
            return False
        seen.update(data)
        sink.write(data)
        done += len(data)
        if progress is not None:
            progress(blob.sha256.hex()[:12], done, blob.length)
    return seen.digest() == blob.sha256


def _encode(line: DraftLine) -> bytes:
    box = base64.b64encode(line.box).decode()
    return json.dumps({"version": VERSION, "desk": line.desk, "id": line.draft_id, "box": box}).encode() + b"\n"
