"""The examining process: takes strangers' bytes apart and verifies signatures, and has nothing that could be stolen.

`python -m hub.exchange.examiner FD` serves one hub process over an inherited socket, until that end is closed: also
when the hub was killed. CPython runs one thread at a time; what a process of its own does costs the hub nothing but
moving the bytes. Neither keys, nor database, nor network, nor log are within its reach.

Frames in both directions: length, then plain values (`marshal`: both ends are the same program on the same machine).
Every item has a number, which its verdict repeats.

Never does: decide anything that another item or a later moment could change.
"""

from __future__ import annotations

import marshal
import signal
import socket
import struct
import sys
from collections.abc import Iterator
from typing import Any, Final

from comity.hardening import harden_process

from hub.exchange.examining import SentAck, SentEnvelope, Verdict, verdict_on

_LENGTH: Final = struct.Struct("<I")
_READ_BYTES: Final = 1 << 20
ANSWER_AT: Final = 64
"""So many verdicts are handed over in one piece, or fewer where nothing more has come."""
KEYS: Final = "keys"
"""First word of a frame that brings signing keys: (word, origin, ((key id, key), …))."""


def frame(value: Any) -> bytes:
    """Returns plain values as one frame."""
    body = marshal.dumps(value)
    return _LENGTH.pack(len(body)) + body


def frames(buffer: bytearray) -> Iterator[Any]:
    """Yields the values of all complete frames and removes them from the buffer."""
    at = 0
    while len(buffer) - at >= _LENGTH.size:
        (length,) = _LENGTH.unpack_from(buffer, at)
        end = at + _LENGTH.size + length
        if len(buffer) < end:
            break
        value = marshal.loads(bytes(memoryview(buffer)[at + _LENGTH.size : end]))  # noqa: S302 # our own process wrote it
        at = end
        yield value
    del buffer[:at]


class Examiner:
    """What one process does."""

    def __init__(self) -> None:
        self._keys: dict[bytes, bytes] = {}
        self._origin = ""

    def take(self, value: Any) -> list[tuple[int, Verdict]]:
        """Takes one frame's values; returns (number, verdict) of each item, none for keys."""
        if value[0] == KEYS:
            self._origin = value[1]
            self._keys.update(value[2])
            return []
        return [(number, self._one(desk, parts)) for number, desk, parts in value]

    def _one(self, desk: str, parts: tuple[Any, ...]) -> Verdict:
        sent = SentEnvelope(*parts) if len(parts) == len(SentEnvelope._fields) else SentAck(*parts)
        return verdict_on(sent, desk, self._origin, self._keys.get)


def serve(connection: socket.socket) -> None:
    """Examines until the other end is closed."""
    examiner, buffer, verdicts = Examiner(), bytearray(), list[tuple[int, Verdict]]()
    while data := connection.recv(_READ_BYTES):
        buffer += data
        for value in frames(buffer):
            verdicts += examiner.take(value)
            if len(verdicts) >= ANSWER_AT:
                connection.sendall(frame(verdicts))
                verdicts.clear()
        if verdicts:
            connection.sendall(frame(verdicts))
            verdicts.clear()


def main() -> None:
    """Serves the socket whose descriptor is the one argument. Ends with the hub, not with a signal meant for it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    harden_process()
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        try:
            serve(connection)
        except ConnectionError:
            sys.exit(0)  # the hub was killed while an answer was on its way


if __name__ == "__main__":
    main()
