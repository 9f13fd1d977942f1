"""What an owner decides about an import before it runs: what missing things count as, and what a refusal does.

Never does: decide about a single row (`judging`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, Final

DAY_MS: Final = 86_400_000


class OnRefusal(StrEnum):
    """What happens where a row is refused."""

    SKIP = "skip"
    """The rest goes on."""
    STOP = "stop"
    """The import ends there, and nothing of it can be published."""


class Action(IntEnum):
    """What is asked for, ascending in care; the numbers of `WatchAction`."""

    OBSERVE = 1
    ALERT_ME = 2
    HOLD_AND_CALL = 3
    BLOCK = 4


@dataclass(frozen=True, slots=True)
class Confidence:
    """What an assertion rests on."""

    kind: int
    """Number of a `ConfidenceKind`."""
    level: int
    """1 (lowest, or not known) to 100."""


LOWEST: Final = Confidence(1, 1)
"""Not known."""


@dataclass(frozen=True, slots=True)
class ImportPolicy:
    """The owner's choices. Times are Unix milliseconds UTC."""

    now: int
    """When the import began; what has no date of its own is dated by this day."""
    giver: str = ""
    """Stands in place of whatever the rows say about who says so. Empty: the rows' own."""
    default_giver: str = "unspecified"
    """Who says so where the rows do not say; empty: such rows are refused."""
    default_category: str = "unspecified"
    """Category of rows without one; empty: such rows are refused."""
    default_confidence: Confidence | None = LOWEST
    """What counts where a row says nothing of confidence; None: such rows are refused."""
    default_days: int = 365
    """Days from `now` until rows without an end date hold; 0: such rows are refused."""
    default_action: Action = Action.OBSERVE
    """What is asked for where a row does not say."""
    discreet: bool = False
    """True where every entry of the import is discreet."""
    on_refusal: OnRefusal = OnRefusal.SKIP
    """What a refused row does."""
    chain: str = ""
    """Chain (CAIP-2, asset symbol or name) of rows that name none."""
    asset_hints: Mapping[str, str] = field(default_factory=dict)
    """Asset symbol, in capitals, to chain; an empty chain lets the address decide."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """Column name in the file, or number from 1 where there is no header, to the name of a field (`rows.Field`), or to
    an empty text where a column is not to be read."""
    header: bool | None = None
    """Whether a CSV has a header; None: it shows."""
    as_of: int = 0
    """With lists of events: events after this moment are left out. 0: all count."""

    def to_json(self) -> str:
        """Returns the policy for storage."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> ImportPolicy:
        """Returns a stored policy."""
        fields: dict[str, Any] = json.loads(text)
        confidence = fields["default_confidence"]
        fields["default_confidence"] = None if confidence is None else Confidence(**confidence)
        fields["default_action"] = Action(fields["default_action"])
        fields["on_refusal"] = OnRefusal(fields["on_refusal"])
        return cls(**fields)

    @property
    def today(self) -> int:
        """The beginning of the day of `now`, UTC."""
        return self.now // DAY_MS * DAY_MS

    @property
    def default_until(self) -> int:
        """Until when rows without an end date hold; 0 where they are refused."""
        return self.today + self.default_days * DAY_MS if self.default_days else 0
