"""The keys of all lists in memory: says of millions of wallets a second that they are not listed.

A miss is certain. A hit is not: two keys may share a short hash, and a record may have gone since; whoever gets one
asks the store (`ScreeningReader.found`). A million keys take about 65 MB and half a second to read.

Never does: say that something is listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import Final
from zlib import crc32

from agents.sync.screening.lists import tail_of
from agents.sync.screening.reading import ScreeningReader

STALE_PART: Final = 8
"""The keys are read again once those added singly are more than one in so many: some that went are still among them."""
_PART: Final = 32
"""So many hashes are asked about in one question; most such parts have none that is held."""


class KeyIndex:
    """The short hashes of every key, as fresh as the last `refresh`."""

    def __init__(self, reader: ScreeningReader) -> None:
        """Reads the keys.

        Args:
            reader: a connection that only this index and its screener use.
        """
        self._reader = reader
        self._version = -1
        self._epoch = -1
        self._change = 0
        self._added = 0
        self._tails: set[int] = set()
        self.refresh()

    def __len__(self) -> int:
        """Returns how many different hashes there are."""
        return len(self._tails)

    def refresh(self) -> bool:
        """Takes in what was written since; cheap where nothing was.

        Returns:
            Whether anything was written.
        """
        version = self._reader.version()
        if version == self._version:
            return False
        with self._reader.at_once():
            epoch, change = self._reader.epoch(), self._reader.last_change()
            if epoch != self._epoch or not self._add(change):
                self._tails = set()  # the old ones go first: two sets of a million would not fit beside one another
                self._tails = self._reader.tails()
                self._added = 0
            self._epoch, self._change = epoch, change
        self._version = version
        return True

    def _add(self, last: int) -> bool:
        """Adds the single changes; False where the keys are better read anew."""
        if last == self._change:
            return True
        changed = self._reader.changed_since(self._change)
        if changed is None or (self._added + len(changed)) * STALE_PART > len(self._tails) + 10_000:
            return False
        self._tails.update(changed)
        self._added += len(changed)
        return True

    def places(self, keys: Sequence[str]) -> list[int]:
        """Returns the places of the canonical screening keys under which something may be listed. No other is listed.

        Args:
            keys: of `comity.watchlists.seen_keys`, or `screening_key` of a canonical account.
        """
        # All at once is faster than one by one; a text with a line in it is no key, and comes out as several.
        lowered: list[bytes] = "\n".join(keys).lower().encode().split(b"\n")
        if len(lowered) != len(keys):
            lowered = [key.lower().encode() for key in keys]
        return self._held(list(map(crc32, lowered)))

    def places_under(self, prefix: str, endings: Sequence[bytes]) -> list[int]:
        """Returns the same for keys that begin alike.

        Args:
            prefix: what they begin with, in any case.
            endings: the rest of each, in lower case.
        """
        return self._held(list(map(crc32, endings, repeat(tail_of(prefix)))))

    def _held(self, tails: list[int]) -> list[int]:
        """Returns the places of the hashes that are among the keys': next to none, so whole parts are asked first."""
        found: list[int] = []
        held, is_clear = self._tails, self._tails.isdisjoint
        for start in range(0, len(tails), _PART):
            part = tails[start : start + _PART]
            if not is_clear(part):
                found += [start + place for place, tail in enumerate(part) if tail in held]
        return found
