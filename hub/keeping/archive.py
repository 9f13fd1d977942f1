"""A backup as it lies on a disk: one folder, the same whatever engine and object store it was taken from.

    manifest.json                    written last: what is here, whose it is, how far the logs reached, every digest
    tables/NAME.jsonl                one table: a line that names its columns, then a line a row; bytes are base64
    home/…                           genesis, operators' public files; the sealed key file where it was asked for
    blobs/AGENCY/SHA256.NONCE        attachments, sealed as they came; absent where they stay in their own store

A folder without a manifest is not a backup. Nothing in one is secret to whoever may read the database; the key file,
if it is there, is as safe as its passphrase.

Never does: SQL, judge what the rows say.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import os
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
    """The newest signed checkpoint of this log that was kept outside the database then; empty where none was."""
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
    def read(cls, folder: Path) -> Manifest:
        """Reads the manifest of a backup.

        Raises:
            BackupError: there is none, or it is of another format.
        """
        path = folder / MANIFEST
        if not path.is_file():
            raise BackupError("there is no manifest.json: this is no backup, or one that was interrupted")
        if path.stat().st_size > _LARGEST_MANIFEST:
            raise BackupError("the manifest is too large")
        try:
            content = json.loads(path.read_bytes())
            if (content.get("format"), content.get("version")) != (FORMAT, VERSION):
                raise BackupError("the manifest is of another format, or of another version of it")
            content["files"] = tuple(File(**one) for one in content["files"])
            content["directory"], content["exchange"] = Reached(**content["directory"]), Reached(**content["exchange"])
            return cls(**content)
        except (ValueError, TypeError, KeyError, AttributeError):
            raise BackupError("the manifest cannot be read") from None

    def verify(self, folder: Path) -> Iterator[File]:
        """Reads every file and compares it with its digest; yields each that is right.

        Raises:
            BackupError: one is missing, or is not what it was.
        """
        for file in self.files:
            path = inside(folder, file.path)
            if not path.is_file() or path.stat().st_size != file.bytes or digest_file(path) != file.sha256:
                raise BackupError(f"{file.path} is missing from the backup, or is not what was written")
            yield file


def inside(folder: Path, path: str) -> Path:
    """Returns the place of a file of a backup.

    Raises:
        BackupError: it would lie elsewhere.
    """
    parts = path.split("/")
    if not parts or any(part in {"", ".", ".."} or "\\" in part or "\0" in part for part in parts):
        raise BackupError("the manifest names a file outside the backup")
    return folder.joinpath(*parts)


def digest_file(path: Path) -> str:
    """Returns the SHA-256 of a file, hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


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
    with inside(folder, file.path).open("rb") as source:
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
