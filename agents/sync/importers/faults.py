"""What makes a whole file unusable, and the limits that keep a reader's memory and time bounded.

Never does: quote the file. A fault is a code, constant text and a row number.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from comity.errors import ComityError


class FaultCode(StrEnum):
    """Why a file is refused as a whole. Nothing of it is published then."""

    NOT_A_FILE = "NOT_A_FILE"
    """No regular file that can be read."""
    EMPTY = "EMPTY"
    """Nothing in it."""
    TOO_LARGE = "TOO_LARGE"
    """Larger than the limit."""
    INFLATES_TOO_FAR = "INFLATES_TOO_FAR"
    """Unpacks to more than the limit."""
    TOO_MANY_PARTS = "TOO_MANY_PARTS"
    """An archive of more members than its content can need."""
    TRUNCATED = "TRUNCATED"
    """Ends in the middle."""
    DAMAGED = "DAMAGED"
    """Not what its beginning says: syntax, checksum, or bytes after the end."""
    NOT_UTF8 = "NOT_UTF8"
    """Text in another encoding than UTF-8, such as Latin-1."""
    UTF16 = "UTF16"
    """Text in UTF-16 or UTF-32."""
    NUL_BYTE = "NUL_BYTE"
    """A zero byte, which text does not have."""
    LINE_TOO_LONG = "LINE_TOO_LONG"
    """A line, value or tag longer than the limit, in a format where it cannot be left out by itself."""
    TOO_DEEP = "TOO_DEEP"
    """Nested deeper than the limit."""
    ALIAS = "ALIAS"
    """YAML with aliases, merge keys or types of its own, which an importer does not follow."""
    TOO_MANY_ROWS = "TOO_MANY_ROWS"
    """More rows than the limit."""
    UNKNOWN_FORMAT = "UNKNOWN_FORMAT"
    """None of the supported formats, or not the one that was named."""
    NO_WALLET_COLUMN = "NO_WALLET_COLUMN"
    """No column that holds addresses or transactions."""
    CHANGED = "CHANGED"
    """Not the file that the import began with, or it changed while it was read."""


FAULT_TEXT: Final = MappingProxyType(
    {
        FaultCode.NOT_A_FILE: "not a file that can be read",
        FaultCode.EMPTY: "the file is empty",
        FaultCode.TOO_LARGE: "the file is larger than the limit",
        FaultCode.INFLATES_TOO_FAR: "the file unpacks to more than the limit",
        FaultCode.TOO_MANY_PARTS: "the archive has far more parts than it has content",
        FaultCode.TRUNCATED: "the file ends in the middle",
        FaultCode.DAMAGED: "the file is damaged",
        FaultCode.NOT_UTF8: "the text is not UTF-8; save it as UTF-8 and import it again",
        FaultCode.UTF16: "the text is UTF-16 or UTF-32; save it as UTF-8 and import it again",
        FaultCode.NUL_BYTE: "the text holds a zero byte",
        FaultCode.LINE_TOO_LONG: "a line, value or tag is longer than the limit",
        FaultCode.TOO_DEEP: "the file is nested deeper than the limit",
        FaultCode.ALIAS: "YAML aliases, merge keys and own types are not followed",
        FaultCode.TOO_MANY_ROWS: "the file has more rows than the limit",
        FaultCode.UNKNOWN_FORMAT: "the file is of no supported format, or not of the one named",
        FaultCode.NO_WALLET_COLUMN: "no column holds addresses or transactions; name it",
        FaultCode.CHANGED: "the file is not the one the import began with",
    }
)
"""One constant sentence a code."""


class FileRefusedError(ComityError):
    """A file cannot be imported. Carries the code, and the row where it shows (0: the file as such)."""

    code: FaultCode
    row: int

    def __init__(self, code: FaultCode, row: int = 0) -> None:
        """Takes the code and the row."""
        super().__init__(FAULT_TEXT[code])
        self.code = code
        self.row = row


@dataclass(frozen=True, slots=True)
class Limits:
    """What a reader takes at most. All in bytes or counts."""

    file: int = 512 * 1024 * 1024
    """Bytes of the file on disk."""
    inflated: int = 1024 * 1024 * 1024
    """Bytes after unpacking."""
    line: int = 256 * 1024
    """Characters of a line of CSV, JSON Lines or YAML."""
    value: int = 4 * 1024 * 1024
    """Characters of one element of a JSON array, of one tag, or of a TagPack's header."""
    depth: int = 40
    """Levels of nesting in JSON and YAML."""
    rows: int = 5_000_000
    """Rows of a file."""
