"""The daemon's log: one JSON object a line on standard error, for systemd's journal.

Only the fields named here are ever written, and only words, numbers and names of the directory stand in them.

Never does: content, wallets, passphrases, paths of people's files.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, TextIO

FIELDS: Final = frozenset(
    {"error", "reason", "kind", "subject", "what", "name", "days", "count", "list", "status", "sequence", "member"}
    | {"desk", "port", "did", "seconds", "bytes"}
)
"""What may stand beside an event."""


class Journal:
    """Writes lines."""

    def __init__(self, clock: Callable[[], int], stream: TextIO | None = None) -> None:
        """Takes Unix milliseconds UTC, and where lines go; standard error by default."""
        self._clock, self._stream = clock, stream

    def say(self, event: str, *, level: str = "info", **fields: str | int | float) -> None:
        """Writes one line.

        Args:
            event: constant words.
            level: `info`, `warning` or `error`.
            **fields: among `FIELDS`; others are left out.
        """
        moment = datetime.fromtimestamp(self._clock() / 1000, UTC).isoformat(timespec="milliseconds")
        line: dict[str, str | int | float] = {"time": moment, "level": level, "event": event}
        line |= {name: value for name, value in fields.items() if name in FIELDS}
        stream = self._stream or sys.stderr
        stream.write(json.dumps(line, ensure_ascii=True).replace("\x7f", "\\u007f") + "\n")
        stream.flush()
