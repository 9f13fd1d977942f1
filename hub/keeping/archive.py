"""A backup as it lies on a disk: one folder, the same whatever engine and object store it was taken from.

    manifest.json                    written last: what is here, whose it is, how far the logs reached, every digest
    tables/NAME.jsonl                one table: a line that names its columns, then a line a row; bytes are base64
    home/…                           genesis, operators' public files; the sealed key file where it was asked for
    blobs/AGENCY/SHA256.NONCE        attachments, sealed as they came; absent where they stay in their own store

A folder without a manifest is not a backup. A manifest that names anything else, or a link, is none either: what lies
in a home decides what a hub opens, trusts and serves. Nothing in one is secret to whoever may read the database; the
key file, if it is there, is as safe as its passphrase.

Never does: SQL, judge what the rows say.
"""

from __future__ import annotations

import base64
import binascii
import errno
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Final

FORMAT: Final = "comity-hub-backup"
VERSION: Final = 1
MANIFEST: Final = "manifest.json"
TABLES: Final = "tables"
HOME: Final = "home"
BLOBS: Final = "blobs"
KINDS: Final = frozenset({"int", "text", "bytes", "bool"})
_PIECE = 1 << 20
_LONGEST_LINE = 8 << 20
_LARGEST_MANIFEST = 1 << 28
_LARGEST_HOME_FILE = 1 << 20
_KEY_FILE = f"{HOME}/hub.key"
_KNOWN = re.compile(rf"{TABLES}/[a-z_]+\.jsonl|{BLOBS}/[^/]+/[0-9a-f]{{64}}\.[0-9a-f]+", re.A)
_OF_HOME = re.compile(rf"{HOME}/(?:genesis|operators/[^/\n]+\.(?:pub|crt))", re.A)


class BackupError(Exception):
    """A backup cannot be taken or is none. The message is constant but for names of files of the backup."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a log had come."""

    size: int
    """Leaves."""
    root: str
    """Hexadecimal."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of a backup."""

    path: str
    """Inside the folder, with slashes."""
    bytes: int
    sha256: str
    """Hexadecimal."""
    rows: int = 0
    """Of a table; 0 for what is none."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup is."""

    taken_at: str
    """When its moment was, ISO 8601, UTC."""
    schema: str
    """Revision of the schema."""
    origin: str
    """Of the directory."""
    exchange_origin: str
    directory: Reached
    exchange: Reached
    checkpoint: str
    """The newest signed checkpoint of this log that was kept outside the database then; empty where none was. While a
    hub serves it is behind the tables by what was signed since."""
    attachments: str
    """`copied` where their bytes are here, `listed` where they stay in their own store."""
    with_keys: bool
    """Whether the sealed key file is here."""
    files: tuple[File, ...]
    format: str = FORMAT
    version: int = VERSION

    def serialise(self) -> bytes:
        """Returns the manifest as it is written."""
        return (json.dumps(asdict(self), indent=1, ensure_ascii=True) + "\n").encode()

    @classmethod
    def read(cls, folder: Path, *, sha256: str = "") -> Manifest:
        """Reads the manifest of a backup.

        Args:
            folder: the backup.
            sha256: what its digest must be, hexadecimal; empty where nobody knows.

        Raises:
            BackupError: there is none, it is another one, of another format, or names what no backup holds.
        """
        try:
            with open_inside(folder, MANIFEST) as file:
                data = file.read(_LARGEST_MANIFEST + 1)
        except OSError:
            raise BackupError("there is no manifest.json: this is no backup, or one that was interrupted") from None
        if len(data) > _LARGEST_MANIFEST:
            raise BackupError("the manifest is too large")
        if sha256 and hashlib.sha256(data).hexdigest() != sha256.lower():
            raise BackupError("the manifest has another digest: this is not the backup that was written down")
        try:
            content = json.loads(data)
            if (content.get("format"), content.get("version")) != (FORMAT, VERSION):
                raise BackupError("the manifest is of another format, or of another version of it")
            content["files"] = tuple(File(**one) for one in content["files"])
            content["directory"], content["exchange"] = Reached(**content["directory"]), Reached(**content["exchange"])
            if not isinstance(content["checkpoint"], str):
                raise TypeError
            manifest = cls(**content)
            manifest.check_names()
        except (ValueError, TypeError, KeyError, AttributeError):
            raise BackupError("the manifest cannot be read") from None
        return manifest

    def check_names(self) -> None:
        """Refuses a manifest that names what no backup holds, or too much of what belongs into a home.

        Raises:
            BackupError: it does.
        """
        for file in self.files:
            _parts(file.path)
            of_home = bool(_OF_HOME.fullmatch(file.path)) or (bool(self.with_keys) and file.path == _KEY_FILE)
            if not (of_home and file.bytes <= _LARGEST_HOME_FILE) and not _KNOWN.fullmatch(file.path):
                raise BackupError("the manifest names a file that no backup holds")
        if len({file.path for file in self.files}) != len(self.files):
            raise BackupError("the manifest names a file twice")

    def verify(self, folder: Path) -> Iterator[File]:
        """Reads every file and compares it with its digest; yields each that is right.

        Raises:
            BackupError: one is missing, or is not what it was.
        """
        for file in self.files:
            try:
                with open_inside(folder, file.path) as source:
                    right = os.fstat(source.fileno()).st_size == file.bytes and digest_of(source) == file.sha256
            except FileNotFoundError:
                right = False
            if not right:
                raise BackupError(f"{file.path} is missing from the backup, or is not what was written")
            yield file

    def of_home(self, folder: Path) -> dict[str, bytes]:
        """Returns what belongs into a home, by its name there, compared with the digests once more.

        Raises:
            BackupError: it is not what was written.
            OSError: it cannot be read.
        """
        found = {}
        for file in self.files:
            kind, _, name = file.path.partition("/")
            if kind == HOME:
                with open_inside(folder, file.path) as source:
                    found[name] = source.read(_LARGEST_HOME_FILE + 1)
                if hashlib.sha256(found[name]).hexdigest() != file.sha256:
                    raise BackupError(f"{file.path} changed while it was read")
        return found


def _parts(path: str) -> list[str]:
    parts = path.split("/")
    if any(part in {"", ".", ".."} or "\\" in part or "\0" in part for part in parts):
        raise BackupError("the manifest names a file outside the backup")
    return parts


def inside(folder: Path, path: str) -> Path:
    """Returns the place of a file of a backup.

    Raises:
        BackupError: it would lie elsewhere.
    """
    return folder.joinpath(*_parts(path))


def open_inside(folder: Path, path: str) -> IO[bytes]:
    """Opens a file of a backup to be read. No part of its path below the folder may be a link.

    Raises:
        BackupError: it is a link or no plain file, or would lie elsewhere.
        FileNotFoundError: it is not there.
        OSError: it cannot be read.
    """
    *places, name = _parts(path)
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for place in places:
            deeper = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=at)
            os.close(at)
            at = deeper
        # Without waiting: what is a pipe would never be opened.
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=at)
    except OSError as error:
        if error.errno in {errno.ELOOP, errno.ENOTDIR}:
            raise BackupError(f"{path} of the backup is a link, or no plain file") from None
        raise
    finally:
        os.close(at)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise BackupError(f"{path} of the backup is a link, or no plain file")
    return os.fdopen(descriptor, "rb")


def digest_of(file: IO[bytes]) -> str:
    """Returns the SHA-256 of what is left of an open file, hexadecimal."""
    digest = hashlib.sha256()
    while piece := file.read(_PIECE):
        digest.update(piece)
    return digest.hexdigest()


def digest_file(path: Path) -> str:
    """Returns the SHA-256 of a file, hexadecimal."""
    with path.open("rb") as file:
        return digest_of(file)


class TableWriter:
    """Writes one table. What is written is durable only after `sync_tree`."""

    def __init__(self, folder: Path, name: str, columns: Sequence[tuple[str, str]]) -> None:
        """Takes the backup's folder, the table's name, and (name, kind) of its columns."""
        self._path = f"{TABLES}/{name}.jsonl"
        self._kinds = [kind for _, kind in columns]
        self._file: IO[bytes] = inside(folder, self._path).open("xb")
        self._digest = hashlib.sha256()
        self._bytes = self._rows = 0
        self._write({"table": name, "columns": [list(column) for column in columns]})

    def _write(self, value: object) -> None:
        line = json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode() + b"\n"
        self._digest.update(line)
        self._bytes += len(line)
        self._file.write(line)

    def write(self, row: Sequence[Any]) -> None:
        """Writes a row."""
        self._write([_out(value, kind) for value, kind in zip(row, self._kinds, strict=True)])
        self._rows += 1

    def close(self) -> File:
        """Ends the table; returns what the manifest says of it."""
        self._file.close()
        return File(self._path, self._bytes, self._digest.hexdigest(), self._rows)


def read_table(folder: Path, file: File) -> Iterator[list[dict[str, Any]]]:
    """Yields the rows of a table by column name, some at a time; what is read is compared with the digest once more.

    Raises:
        BackupError: it is not what was written. Rows that were yielded before count for nothing then.
    """
    digest, rows, page, size = hashlib.sha256(), 0, list[dict[str, Any]](), 0
    with open_inside(folder, file.path) as source:
        first = source.readline(_LONGEST_LINE)
        digest.update(first)
        try:
            columns = [(str(name), str(kind)) for name, kind in json.loads(first)["columns"]]
            while line := source.readline(_LONGEST_LINE):
                digest.update(line)
                values = json.loads(line)
                page.append({n: _in(v, k) for v, (n, k) in zip(values, columns, strict=True)})
                rows, size = rows + 1, size + len(line)
                if len(page) >= 500 or size > _LONGEST_LINE:
                    yield page
                    page, size = [], 0
        except (ValueError, TypeError, KeyError, binascii.Error):
            raise BackupError(f"{file.path} cannot be read") from None
    if digest.hexdigest() != file.sha256 or rows != file.rows:
        raise BackupError(f"{file.path} changed while it was read")
    if page:
        yield page


def _out(value: Any, kind: str) -> Any:
    if value is None:
        return None
    if kind == "bytes":
        return base64.b64encode(value).decode("ascii")
    return bool(value) if kind == "bool" else value


def _in(value: Any, kind: str) -> Any:
    if value is None or kind not in KINDS:
        return None
    return base64.b64decode(value, validate=True) if kind == "bytes" else value


def sync_tree(folder: Path) -> None:
    """Makes everything in a folder durable, the folders too."""
    for place, _, names in os.walk(folder):
        for name in (*names, "."):
            descriptor = os.open(Path(place, name), os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
