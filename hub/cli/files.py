"""Files of the ceremony: written whole or not at all, private where they hold keys.

Never does: know what is in them.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from hub.cli.failures import CommandError

LIMIT = 16 * 1024 * 1024
"""Greatest length of a file that is read."""


def read_file(path: Path) -> bytes:
    """Returns a file's content.

    Raises:
        CommandError: it is too large to be one of ours.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise CommandError(f"{path}: too large")
    return data


def write_file(path: Path, data: bytes, *, private: bool = False, replace: bool = True) -> None:
    """Writes a file so that a reader finds the old content or the new one, and a crash loses neither.

    Args:
        path: its name.
        data: its content.
        private: readable by this user alone.
        replace: False where a file that exists must not be touched.

    Raises:
        CommandError: it exists and must not be replaced.
        OSError: it cannot be written.
    """
    if not replace and path.exists():
        raise CommandError(f"{path} exists and is not overwritten")
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if private else 0o644)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def make_folder(path: Path) -> None:
    """Makes a folder that only this user may enter, where there is none.

    Raises:
        OSError: it cannot be made.
    """
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
