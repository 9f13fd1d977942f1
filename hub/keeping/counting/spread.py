"""How waits are spread: how many there were, and within what time so many in a hundred of them ended.

Never does: I/O.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

PARTS: Final = (50, 95, 99, 100)
"""In a hundred."""


def spread(waited: Sequence[tuple[int, int]], parts: Sequence[int] = PARTS) -> dict[str, int | None]:
    """Returns how many there are and what each part of them stayed within, in seconds.

    Args:
        waited: (seconds, how many), ascending.
        parts: in a hundred.
    """
    count = sum(many for _, many in waited)
    return {"count": count} | {f"p{part}_seconds": _within(waited, count, part) for part in parts}


def _within(waited: Sequence[tuple[int, int]], count: int, part: int) -> int | None:
    seen = 0
    for seconds, many in waited:
        seen += many
        if seen * 100 >= count * part:
            return max(0, seconds)
    return None
