"""Where a passphrase comes from: a prompt, a file descriptor, a credential of systemd, or the OS keyring.

Never an argument or the environment.

Never does: keep one, log one.
"""

from __future__ import annotations

import getpass
import os
import re
from pathlib import Path

from comity.errors import ComityError, MalformedError

from agents.home import Home

_LIMIT = 4096


class PassphraseError(ComityError):
    """No passphrase could be had. Says nothing about any passphrase."""


def from_prompt(what: str, *, confirm: bool = False) -> bytes:
    """Asks a person, without echo.

    Args:
        what: what it opens, for the prompt.
        confirm: ask twice, where a new one is chosen.

    Raises:
        PassphraseError: none was typed, or two different ones.
    """
    typed = getpass.getpass(f"Passphrase for {what}: ")
    if not typed:
        raise PassphraseError("no passphrase was typed")
    if confirm and getpass.getpass("The same again: ") != typed:
        raise PassphraseError("the two passphrases differ")
    return typed.encode()


def from_fd(fd: int) -> bytes:
    """Reads the first line of an open file descriptor.

    Raises:
        PassphraseError: it cannot be read, or the line is empty or longer than 4,096 bytes.
    """
    line = b""
    try:
        while not line.endswith(b"\n") and len(line) <= _LIMIT:
            byte = os.read(fd, 1)  # one at a time: what follows the line is not ours
            if not byte:
                break
            line += byte
    except OSError:
        raise PassphraseError("the file descriptor cannot be read") from None
    found = line.rstrip(b"\r\n")
    if not found or len(found) > _LIMIT:
        raise PassphraseError("the file descriptor holds no passphrase")
    return found


def from_credential(name: str) -> bytes:
    """Reads a credential that systemd shows to its service alone (`LoadCredential=`).

    Args:
        name: of the credential.

    Raises:
        PassphraseError: this process was given none of that name, or it is empty or longer than 4,096 bytes.
    """
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
        raise PassphraseError("no credential was handed to this process")
    try:
        with Path(folder, name).open("rb") as file:
            line = file.read(_LIMIT + 2)
    except OSError:
        raise PassphraseError("the credential cannot be read") from None
    found = line.partition(b"\n")[0].rstrip(b"\r")
    if not found or len(found) > _LIMIT:
        raise PassphraseError("the credential holds no passphrase")
    return found


def from_os_keyring(home: Home, member: str) -> bytes:
    """Returns what `save_to_os_keyring` kept.

    Raises:
        PassphraseError: there is no OS keyring here, or nothing in it.
    """
    import keyring  # noqa: PLC0415 # slow to load and absent on servers
    from keyring.errors import KeyringError  # noqa: PLC0415 # see above

    try:
        found = keyring.get_password(_service(home), member)
    except KeyringError:
        raise PassphraseError("the OS keyring does not answer") from None
    if not found:
        raise PassphraseError("the OS keyring holds no passphrase for that member")
    return found.encode()


def save_to_os_keyring(home: Home, member: str, passphrase: bytes) -> None:
    """Keeps a passphrase in the OS keyring.

    Raises:
        PassphraseError: there is no OS keyring here.
        MalformedError: the passphrase is no text.
    """
    import keyring  # noqa: PLC0415 # slow to load and absent on servers
    from keyring.errors import KeyringError  # noqa: PLC0415 # see above

    try:
        keyring.set_password(_service(home), member, passphrase.decode())
    except UnicodeDecodeError:
        raise MalformedError("the OS keyring keeps text only") from None
    except KeyringError:
        raise PassphraseError("the OS keyring does not answer") from None


def _service(home: Home) -> str:
    return f"comity {home.path.resolve()}"
