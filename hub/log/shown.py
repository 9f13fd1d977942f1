"""How much of the exchange log each reader has been proved last, so that its next item can bring the proof it needs.

A reader ties the checkpoint of every item to the greatest one that it holds, by a consistency proof. The hub sees which
proofs a TLS key asks for, so it knows that size, or guesses wrong and the reader asks.

Never does: prove (`service.py`); remember a key that reads no feed.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class _Reader:
    streams: int = 0
    size: int = 0


class Shown:
    """The sizes, by the SHA-256 of the reader's TLS key. Used on the event loop only."""

    def __init__(self) -> None:
        """Begins with nobody."""
        self._readers: dict[bytes, _Reader] = {}

    @contextmanager
    def reading(self, key: bytes) -> Iterator[None]:
        """Remembers a key for as long as one of its streams is open."""
        reader = self._readers.setdefault(key, _Reader())
        reader.streams += 1
        try:
            yield
        finally:
            reader.streams -= 1
            if not reader.streams:
                self._readers.pop(key, None)

    def note(self, key: bytes, size: int) -> None:
        """Takes note that a key was given the proof up to a size."""
        reader = self._readers.get(key)
        if reader is not None:
            reader.size = max(reader.size, size)

    def of(self, key: bytes) -> int:
        """Returns the greatest size that a key was given the proof up to; 0 where that is not known."""
        reader = self._readers.get(key)
        return 0 if reader is None else reader.size
