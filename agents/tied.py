"""What was found to belong to the one history and is not kept yet, and how it is kept without losing to others.

Never does: prove (`agents/history.py`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from comity.errors import Reason, RefusedError
from comity.receipts import Leaf
from sqlalchemy import Connection

from agents import truststore as rows
from agents.truststore import TrustedSize

T = TypeVar("T")

OVERTAKEN_TRIES: Final = 8
"""How often something is tied anew because somebody else of this home kept something meanwhile."""


class OvertakenError(Exception):
    """What was tied is no longer tied to what is kept: something else was kept meanwhile. To be tied again."""


@dataclass(frozen=True, slots=True)
class Offered:
    """A consistency path that came with what is to be tied: the hub guessed what would be asked for."""

    size: int
    """The size that it leads to or from."""
    path: tuple[bytes, ...]
    """Of the smaller size first."""


@dataclass(frozen=True, slots=True)
class Tied:
    """A size of the exchange log, and perhaps a leaf, that were found to belong to the one history; not kept yet."""

    size: TrustedSize
    leaf: tuple[int, Leaf] | None
    base: TrustedSize | None
    """The size that this one was proved against, None where nothing was kept that it could be proved against."""
    kept: bool = False
    """It is kept as it is: there is nothing to add to it."""
    outranks: bool = False
    """Its checkpoint is by the key in force and takes the place of one by a replaced key."""

    @property
    def greater(self) -> TrustedSize:
        """The greater of this size and the one that it was proved against: the next one is proved against that."""
        return self.size if self.base is None or self.size.size >= self.base.size else self.base

    def keep(self, c: Connection) -> None:
        """Keeps them, with what they came with.

        Of two sizes that were proved against the same lesser one nothing says that they fit each other: the one that
        comes second, in the same batch, in another task or in another process, is not kept, but tied again.

        Raises:
            OvertakenError: it has to be tied again. Nothing was written.
        """
        if self.kept:
            known = rows.checkpoint(c, self.size.size)
            if known is None or known.root != self.size.root:
                raise OvertakenError  # another process of this home has forgotten it: a replaced key had signed it
        elif self._is_new(c):
            rows.put_checkpoint(c, self.size)
        if self.leaf is not None:
            rows.put_leaf(c, *self.leaf)

    def _is_new(self, c: Connection) -> bool:
        """Returns whether there is something to write of the size: it, or its signed note."""
        base = self.base
        known, newest = rows.checkpoint_and_newest(c, self.size.size)
        if known is not None:
            if known.root != self.size.root:
                raise OvertakenError
            return bool(self.size.note) and (self.outranks or not known.note)
        if newest is None and base is None:
            return True
        if base is None:
            raise OvertakenError
        # All that is kept is one history: what is a part of some of it is a part of the newest.
        against = rows.checkpoint(c, base.size) if base.size > self.size.size else newest
        if against is None or (against.size, against.root) != (base.size, base.root):
            raise OvertakenError
        return True


async def until_kept(act: Callable[[], Awaitable[T]]) -> T:
    """Does what ties something and keeps it, again where that was overtaken: by another task or process of this home.

    Raises:
        RefusedError: STALLED: it was overtaken time and again.
    """
    for _ in range(OVERTAKEN_TRIES):
        try:
            return await act()
        except OvertakenError:
            continue
    raise RefusedError(Reason.STALLED, "others of this home were faster each time: try again")
