"""A home: the directory of one desk's node, shared by the members of that desk who work on it.

    home.toml          agency, desk, endpoints, pagers, idle time: nothing secret
    keys/              one Argon2id file a member: the only thing a passphrase opens
    grants/            desk keys, each sealed to one member (`agents/grants.py`)
    tls/               TLS keys sealed to their member, and certificates
    store.sqlite       directory, trust, mail, cases
    profiles/          deadline profiles beside those of the program, as agreements name them by their digest
    outbox/ evidence/  sealed attachments on their way; signed proofs of a hub's contradictions
    originals/         what was passed on to this desk in others' names, sealed as it came
    run/               where a key process listens

Never does: keys, passphrases, network.
"""

from __future__ import annotations

import contextlib
import json
import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from comity.encoding import check_text
from comity.errors import MalformedError
from comity.names import agency_of, check_agency, check_desk, check_member, check_origin

SETTINGS: Final = "home.toml"
"""Name of the settings file."""
IDLE_SECONDS: Final = 900
"""After how many idle seconds a key process forgets the keys, unless the settings say otherwise."""
_LINES: Final = ("further_pagers", "approver_pagers")
"""Settings that are lists of programs, each with its arguments."""


def write_private(path: Path, data: bytes) -> None:
    """Writes a file that only its owner may read, whole or not at all.

    Args:
        path: its folder exists; a file of that name is replaced.
        data: the content.
    """
    temporary = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def destroy(path: Path) -> None:
    """Overwrites and removes a file. A journalling or copying file system may keep the old blocks all the same."""
    with contextlib.suppress(FileNotFoundError):
        length = path.stat().st_size
        with path.open("r+b") as file:
            file.write(bytes(length))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()


@dataclass(frozen=True, slots=True)
class Home:
    """One desk's node."""

    path: Path
    """The directory."""
    agency: str
    """Agency id."""
    desk: str
    """`agency/desk`."""
    hub_origin: str = ""
    """Origin of the directory log; empty until the operators' answer was accepted."""
    endpoints: tuple[str, ...] = ()
    """Hub processes, `host:port`, in order of preference."""
    pager: tuple[str, ...] = ()
    """Program and arguments that are run for urgent mail; empty for none."""
    idle_seconds: int = IDLE_SECONDS
    """After how long an idle key process ends."""
    further_pagers: tuple[tuple[str, ...], ...] = ()
    """Who is paged after `pager` where nobody has opened a FLASH message, in this order, then `pager` again."""
    approver_pagers: tuple[tuple[str, ...], ...] = ()
    """Who is paged, in this order, while an approver of this desk has to confirm; empty for those of the desk."""

    def __post_init__(self) -> None:
        check_agency(self.agency)
        if agency_of(check_desk(self.desk)) != self.agency:
            raise MalformedError("the desk is of another agency than the home")
        if self.hub_origin:
            check_origin(self.hub_origin)
        if not 1 <= self.idle_seconds <= 7 * 86_400:
            raise MalformedError("the idle time is 1 second to 7 days")
        for program in (*self.further_pagers, *self.approver_pagers):
            if not program:
                raise MalformedError("a pager is a program")
        for endpoint in self.endpoints:
            check_text(endpoint, 300)
            host, _, port = endpoint.rpartition(":")
            if not host or not port.isascii() or not port.isdigit():
                raise MalformedError("an endpoint is host:port")

    @classmethod
    def create(
        cls,
        path: Path | str,
        *,
        agency: str,
        desk: str,
        endpoints: Sequence[str] = (),
        pager: Sequence[str] = (),
        idle_seconds: int = IDLE_SECONDS,
    ) -> Home:
        """Makes a home. Only its owner may enter the directory.

        Raises:
            MalformedError: a name or number is none, or there is a home already.
        """
        home = cls(Path(path), agency, desk, endpoints=tuple(endpoints), pager=tuple(pager), idle_seconds=idle_seconds)
        if (home.path / SETTINGS).exists():
            raise MalformedError("there is a home in that directory already")
        home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        home.path.chmod(0o700)
        for folder in ("keys", "grants", "tls", "outbox", "evidence", "run"):
            (home.path / folder).mkdir(mode=0o700, exist_ok=True)
        home.save()
        return home

    @classmethod
    def load(cls, path: Path | str) -> Home:
        """Reads the settings of a home.

        Raises:
            MalformedError: no home there, or its settings are none.
        """
        folder = Path(path)
        try:
            found: dict[str, Any] = tomllib.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise MalformedError("there is no home in that directory") from None
        except ValueError:  # not UTF-8 or not TOML
            raise MalformedError("home.toml is not readable") from None
        kinds = {"agency": str, "desk": str, "hub_origin": str, "endpoints": list, "pager": list, "idle_seconds": int}
        kinds |= dict.fromkeys(_LINES, list)
        found = {name: [] for name in _LINES} | found  # a home of before has none
        if set(found) - set(kinds) or any(type(found.get(name)) is not kind for name, kind in kinds.items()):
            raise MalformedError("home.toml has other settings than it must")
        if any(not isinstance(line, list) for name in _LINES for line in found[name]):
            raise MalformedError("home.toml has other settings than it must")
        lists = [found["endpoints"], found["pager"], *(line for name in _LINES for line in found[name])]
        if any(not isinstance(item, str) for items in lists for item in items):
            raise MalformedError("home.toml has other settings than it must")
        return cls(
            folder,
            found["agency"],
            found["desk"],
            found["hub_origin"],
            tuple(found["endpoints"]),
            tuple(found["pager"]),
            found["idle_seconds"],
            *(tuple(tuple(line) for line in found[name]) for name in _LINES),
        )

    def save(self) -> None:
        """Writes the settings."""
        settings = {
            "agency": self.agency,
            "desk": self.desk,
            "hub_origin": self.hub_origin,
            "endpoints": list(self.endpoints),
            "pager": list(self.pager),
            "idle_seconds": self.idle_seconds,
            "further_pagers": [list(line) for line in self.further_pagers],
            "approver_pagers": [list(line) for line in self.approver_pagers],
        }
        # JSON's strings, numbers and lists are TOML's.
        lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
        write_private(self.path / SETTINGS, "\n".join([*lines, ""]).encode())

    def changed(
        self,
        *,
        hub_origin: str | None = None,
        endpoints: Sequence[str] | None = None,
        pager: Sequence[str] | None = None,
        idle_seconds: int | None = None,
        further_pagers: Sequence[Sequence[str]] | None = None,
        approver_pagers: Sequence[Sequence[str]] | None = None,
    ) -> Home:
        """Changes settings, writes them, and returns the home as it is now."""
        home = replace(
            self,
            hub_origin=self.hub_origin if hub_origin is None else hub_origin,
            endpoints=self.endpoints if endpoints is None else tuple(endpoints),
            pager=self.pager if pager is None else tuple(pager),
            idle_seconds=self.idle_seconds if idle_seconds is None else idle_seconds,
            further_pagers=self.further_pagers if further_pagers is None else tuple(map(tuple, further_pagers)),
            approver_pagers=self.approver_pagers if approver_pagers is None else tuple(map(tuple, approver_pagers)),
        )
        home.save()
        return home

    def pagers(self, *, approvers: bool = False) -> tuple[tuple[str, ...], ...]:
        """Returns who is paged, in order: of the desk, or of its approvers. Empty where nobody can be."""
        desk = (*((self.pager,) if self.pager else ()), *self.further_pagers)
        return (self.approver_pagers or desk) if approvers else desk

    def members(self) -> list[str]:
        """Returns the members with a keyring in this home."""
        return sorted(f"{self.agency}/{file.stem}" for file in (self.path / "keys").glob("m-*.key"))

    def keyring_path(self, member: str) -> Path:
        """Returns where a member's key file lies."""
        return self.path / "keys" / f"{_short(member)}.key"

    def grants_path(self, member: str) -> Path:
        """Returns the folder of a member's desk keys."""
        return self.path / "grants" / _short(member)

    def tls_path(self, member: str) -> Path:
        """Returns the folder of a member's TLS keys and certificates."""
        return self.path / "tls" / _short(member)

    def run_path(self, member: str) -> Path:
        """Returns the file that says where a member's key process listens."""
        return self.path / "run" / f"{_short(member)}.json"

    @property
    def store_path(self) -> Path:
        """The database file."""
        return self.path / "store.sqlite"

    @property
    def profiles_path(self) -> Path:
        """Folder of deadline profiles that this desk knows beside those of the program; it need not be there."""
        return self.path / "profiles"

    @property
    def outbox_path(self) -> Path:
        """Sealed attachments that wait for their envelope's last signature."""
        return self.path / "outbox"

    @property
    def evidence_path(self) -> Path:
        """Signed proofs of contradictions, kept for an outside verifier."""
        return self.path / "evidence"


def _short(member: str) -> str:
    """Returns a member's pseudonym: checked, so that it can stand in a path."""
    return check_member(member).partition("/")[2]
