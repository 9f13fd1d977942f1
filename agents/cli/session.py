"""One run of `comity`: which home, who acts, where a passphrase comes from, and how the client is opened.

A passphrase is typed at a prompt, read from the descriptor of `--passphrase-fd` (one line a passphrase, in the order
in which they would be asked for) or taken from the OS keyring; never from an argument or the environment.

Never does: what a command is about.
"""

from __future__ import annotations

import asyncio
import getpass
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

import typer
from comity.errors import CannotOpenError

from agents import keyprocess, passphrases
from agents.cli.catalogue import t
from agents.cli.exits import LockedKeysError, NotConfirmedError, NothingFoundError, UsageError, WrongPassphraseError
from agents.cli.screen import Screen
from agents.cli.words import MAIL_NOUNS
from agents.client import Client
from agents.home import Home, write_private
from agents.keyprocess import LockedError
from agents.keyring import RootKeyring, open_root
from agents.keys import Keys, LocalKeys

DEFAULT_HOME: Final = "~/.comity"
"""Where a home lies unless `--home` or COMITY_HOME says otherwise."""
PATIENCE_SECONDS: Final = 8.0
"""For how long a call to the hub is tried again while a person waits. A command may be repeated without harm."""
NEW_PASSPHRASE_BYTES: Final = 12
"""Least length of a passphrase that is being chosen."""
FILE_LIMIT: Final = 16 << 20
"""Greatest length of a file that a command reads whole, in bytes. Attachments are read by the SDK, in parts."""


@dataclass(slots=True)
class Session:
    """What the global options say."""

    screen: Screen
    """Both streams."""
    home_path: Path
    """Directory of the home."""
    acting: str = ""
    """`--as`, as it was typed; empty where it was not."""
    passphrase_fd: int | None = None
    """Descriptor that passphrases are read from."""
    os_keyring: bool = False
    """Whether the OS keyring holds the member's passphrase."""
    verbose: bool = False
    """Whether a failure shows where it came from."""
    noun: str = "referral"
    """Noun below which the command stands, where that has mail and drafts; a text that names a command says it."""
    _home: Home | None = field(default=None, init=False)

    @classmethod
    def of(cls, ctx: typer.Context) -> Session:
        """Returns the session of a command."""
        found: Session = ctx.ensure_object(cls)
        above = ctx.parent.info_name if ctx.parent is not None else None
        if above in MAIL_NOUNS:
            found.noun = above
        return found

    @property
    def home(self) -> Home:
        """The home.

        Raises:
            NothingFoundError: there is none.
        """
        if self._home is None:
            if not (self.home_path / "home.toml").exists():
                raise NothingFoundError(
                    t(
                        "There is no home in {path}: run `comity agency init`, or name it with --home.",
                        path=self.home_path,
                    )
                )
            self._home = Home.load(self.home_path)
        return self._home

    def change_home(
        self,
        *,
        pager: tuple[str, ...] | None = None,
        further_pagers: tuple[tuple[str, ...], ...] | None = None,
        approver_pagers: tuple[tuple[str, ...], ...] | None = None,
        endpoints: tuple[str, ...] | None = None,
    ) -> None:
        """Changes the home's settings."""
        self._home = self.home.changed(
            pager=pager, further_pagers=further_pagers, approver_pagers=approver_pagers, endpoints=endpoints
        )

    def member(self, name: str | None = None) -> str:
        """Returns a member of this home: the one named, or the only one there is, or the only one unlocked.

        Args:
            name: a member id or the beginning of its pseudonym; None for `--as`.

        Raises:
            UsageError: none, or several, fit.
        """
        wanted = self.acting if name is None else name
        members = self.home.members()
        if wanted:
            begin = wanted if "/" in wanted else f"{self.home.agency}/m-{wanted.removeprefix('m-')}"
            fitting = [member for member in members if member.startswith(begin)]
            none = t("That member has no keyring in this home.")
        else:
            fitting = members
            if len(members) > 1:
                fitting = [m for m in members if keyprocess.status(self.home, m) is not None] or members
            none = t("No member has a keyring in this home: run `comity agency init` or `comity member request`.")
        if not fitting:
            raise UsageError(none)
        if len(fitting) > 1:
            raise UsageError(t("Say who acts with --as: {members}", members=", ".join(fitting)))
        return fitting[0]

    def passphrase(self, what: str, *, new: bool = False) -> bytes:
        """Returns a passphrase.

        Args:
            what: what it opens, in the reader's language.
            new: it is being chosen, so it is asked for twice.

        Raises:
            PassphraseError: none can be had.
        """
        if self.passphrase_fd is not None:
            return _long_enough(passphrases.from_fd(self.passphrase_fd), new=new)
        if not sys.stdin.isatty():
            raise passphrases.PassphraseError("there is no terminal to ask on")
        typed = getpass.getpass(t("Passphrase for {what}: ", what=what))
        if not typed:
            raise passphrases.PassphraseError("no passphrase was typed")
        _long_enough(typed.encode(), new=new)
        if new and getpass.getpass(t("The same again: ")) != typed:
            raise passphrases.PassphraseError("the two passphrases differ")
        return typed.encode()

    def member_passphrase(self, member: str) -> bytes:
        """Returns the passphrase of a member's keyring."""
        if self.os_keyring:
            return passphrases.from_os_keyring(self.home, member)
        return self.passphrase(member)

    def root(self, path: Path | None) -> RootKeyring | None:
        """Opens the agency's root where a command names its file."""
        if path is None:
            return None
        try:
            return open_root(path, self.passphrase(t("the root of {agency}", agency=self.home.agency)))
        except CannotOpenError:
            raise WrongPassphraseError(t("The root file does not open: wrong passphrase, or damaged.")) from None

    def keys(self, member: str) -> Keys:
        """Returns a member's keys: of its key process, else opened for this command alone.

        Raises:
            LockedError: they are locked, and no passphrase was offered.
        """
        try:
            return keyprocess.connect(self.home, member)
        except LockedError:
            if self.passphrase_fd is None and not self.os_keyring and not self.screen.interactive:
                command = self.command("unlock", member)
                raise LockedKeysError(t("The keys are locked. Run: {command}", command=command)) from None
        try:
            return LocalKeys.open(self.home, member, self.member_passphrase(member))
        except CannotOpenError:
            raise WrongPassphraseError(t("The keyring does not open: wrong passphrase, or damaged.")) from None

    def online(self, body: Callable[[Client], Awaitable[None]]) -> None:
        """Runs a command's body with an open client, in the one event loop of this process."""
        keys = self.keys(self.member())

        async def run() -> None:
            async with await Client.open(self.home, keys, patience_seconds=PATIENCE_SECONDS) as client:
                await body(client)

        try:
            asyncio.run(run())
        finally:
            keys.close()

    def confirm(self, question: str, *, yes: bool, default: bool = False) -> None:
        """Asks a person, unless `--yes` stands for the answer.

        Raises:
            NotConfirmedError: the answer was no.
            UsageError: there is nobody to ask.
        """
        if yes:
            return
        if not self.screen.interactive:
            raise UsageError(t("There is no terminal to ask on: look at it first, then add --yes."))
        if not self.screen.confirm(question, default=default):
            raise NotConfirmedError(t("Nothing was done."))

    def command(self, rest: str, member: str = "") -> str:
        """Returns a command as a person would type it next, in this home.

        Args:
            rest: noun, verb and arguments.
            member: who would run it; empty for whoever acts now.
        """
        place = f"--home {self.home_path} " if self.home_path != default_home() else ""
        acting = member or self.acting
        return f"comity {place}{f'--as {acting} ' if acting else ''}{rest}"


def _long_enough(passphrase: bytes, *, new: bool) -> bytes:
    if new and len(passphrase) < NEW_PASSPHRASE_BYTES:
        raise UsageError(t("A new passphrase has at least {n} characters.", n=NEW_PASSPHRASE_BYTES))
    return passphrase


def default_home() -> Path:
    """Returns where the home lies if no option names it."""
    return Path(os.environ.get("COMITY_HOME") or DEFAULT_HOME).expanduser()


def read_file(path: Path) -> bytes:
    """Returns the content of a file that was handed over; `-` is the standard input.

    Raises:
        UsageError: it is larger than any such file.
    """
    if str(path) == "-":
        data = sys.stdin.buffer.read(FILE_LIMIT + 1)
    else:
        with path.open("rb") as file:
            data = file.read(FILE_LIMIT + 1)
    if len(data) > FILE_LIMIT:
        raise UsageError(t("The file is too large to be what it should be."))
    return data


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """Opens a file that was handed over, to be read in parts; `-` is the standard input."""
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    with path.open("rb") as file:
        yield file


def read_text(path: Path) -> str:
    """Returns the text of a form.

    Raises:
        UsageError: it is not UTF-8.
    """
    try:
        return read_file(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(t("The file is not UTF-8 text.")) from None


def fresh(path: Path) -> Path:
    """Returns where a file can be written without replacing one. Asked before any passphrase is.

    Raises:
        UsageError: there is one of that name, or no such folder.
    """
    if path.exists():
        raise UsageError(t("There is a file of that name already: {path}", path=path))
    if not path.absolute().parent.is_dir():
        raise UsageError(t("There is no such folder: {path}", path=path.absolute().parent))
    return path


def write_file(path: Path, data: bytes) -> None:
    """Writes a file that only its owner may read; replaces none.

    Raises:
        UsageError: there is one of that name, or no such folder.
    """
    write_private(fresh(path), data)
