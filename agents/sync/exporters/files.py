"""A file that appears whole or not at all, for its owner only.

Never does: leave a half-written file under the name that was asked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_BUFFER = 1 << 17


def write_whole(path: Path, pieces: Iterable[str]) -> int:
    """Writes text as UTF-8, mode 0600, and returns its length in bytes. A file of that name is replaced.

    Args:
        path: its folder exists.
        pieces: the text; an error that it raises leaves everything as it was.

    Raises:
        OSError: the file cannot be written there.
    """
    temporary = path.with_name(f".{path.name[:200]}.{os.urandom(6).hex()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(handle, "w", encoding="utf-8", newline="", buffering=_BUFFER) as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
            length = os.fstat(file.fileno()).st_size
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return length
