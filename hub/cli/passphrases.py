"""Where a passphrase comes from: a file descriptor, a systemd credential, or a person at a terminal.

Never from the command line or an environment variable: other processes can read both.

Never does: keep or check one.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

import typer

from hub.cli.failures import CommandError

CREDENTIAL: Final = "comity-hub-passphrase"
"""Name of the systemd credential (`LoadCredential=`, `LoadCredentialEncrypted=`)."""
MIN_LENGTH: Final = 12
"""Shortest passphrase that is taken for a new key file, in bytes."""
_LIMIT = 4096


def passphrase(descriptor: int | None, what: str, *, new: bool = False, credential: bool = False) -> bytes:
    """Returns a passphrase.

    Args:
        descriptor: file descriptor to read it from, up to its end or a line feed; None for another way.
        what: it is for, shown in the prompt.
        new: it is being chosen: asked for twice, and not too short.
        credential: systemd may hand it over.

    Raises:
        CommandError: there is none, it is too short, or the two differ.
    """
    if descriptor is not None:
        found = _read_descriptor(descriptor)
    elif credential and (path := _credential()) is not None:
        found = path.read_bytes()[: _LIMIT + 1].removesuffix(b"\n")
    elif sys.stdin.isatty():
        found = str(typer.prompt(f"Passphrase for {what}", hide_input=True, confirmation_prompt=new)).encode()
    else:
        raise CommandError(f"the passphrase for {what} comes by --passphrase-fd or is typed at a terminal")
    if not 0 < len(found) <= _LIMIT:
        raise CommandError("the passphrase is empty or too long")
    if new and len(found) < MIN_LENGTH:
        raise CommandError(f"a new passphrase has at least {MIN_LENGTH} characters")
    return found


def _read_descriptor(descriptor: int) -> bytes:
    found = b""
    try:
        while len(found) <= _LIMIT and b"\n" not in found and (part := os.read(descriptor, _LIMIT)):
            found += part
    except OSError:
        raise CommandError("the passphrase's file descriptor cannot be read") from None
    return found.partition(b"\n")[0]


def _credential() -> Path | None:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(folder, CREDENTIAL) if folder else None
    return path if path is not None and path.exists() else None
