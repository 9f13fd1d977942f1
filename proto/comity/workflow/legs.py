"""The leg: what stands between an originator desk and one recipient desk in one case.

Everything here is a value. Times are Unix milliseconds UTC; hashes are 32 bytes, empty where absent.

Never does: decide.
"""

from __future__ import annotations

from enum import StrEnum

from comity.values import value
from comity.workflow.tables import Rule
from comity.workflow.terms import Family, Side, Standing, State


@value
class Leg:
    """All that is remembered of a leg, the same at the hub and at both agencies."""

    originator: str
    """Desk that opened it."""
    case_id: bytes
    """16 bytes."""
    recipient: str
    """Desk it was opened towards."""
    family: Family
    """Which table governs it."""
    state: State
    """Where it stands."""
    revision: int
    """Counts its changes, from 1."""
    opening: bytes
    """Hash of the envelope that opened it."""
    previous: bytes
    """Hash that the next `previous` must carry: of the last envelope that opened the leg or itself carried one."""
    opened: int
    """`created` of the opening envelope."""
    deliver_by: int
    """`deliver_by` of the opening envelope."""
    question: bytes = b""
    """Hash of the envelope whose answer is awaited; empty where none is."""
    respond_by: int | None = None
    """By when; None where no answer is awaited."""
    awaiting: Side | None = None
    """Whose answer; None where none is awaited."""
    overdue_logged: bool = False
    """OVERDUE was logged for it, or never will be: less than half of its time was left when it came to the log."""
    recall: bytes = b""
    """Hash of the newest RECALL; empty where there was none."""
    recall_respond_by: int | None = None
    """By when the recipient must answer it; None where it has."""
    recall_overdue_logged: bool = False
    """The same as `overdue_logged`, for the recall."""
    lapses_at: int | None = None
    """When it ends by itself; None where it does not."""
    ended_at: int | None = None
    """The limit by which a clock ended it (EXPIRED or LAPSED); None where none did."""
    resume_state: State | None = None
    """Where a pause leads back to; None where there was none."""
    standing: Standing = Standing.FULL
    """How far people stand behind its opening."""
    forwarded: bool = False
    """A grant over an envelope of this leg was used: the recipient passed that on with consent."""
    onward: bytes = b""
    """Hash of the FORWARD that brought its opening to a desk it was not addressed to; empty on every other leg."""

    @property
    def key(self) -> tuple[str, bytes, str]:
        """Returns (originator, case id, recipient), which names it."""
        return self.originator, self.case_id, self.recipient

    def side_of(self, desk: str) -> Side | None:
        """Returns on which side a desk stands, or None where it stands on neither."""
        if desk == self.originator:
            return Side.ORIGINATOR
        return Side.RECIPIENT if desk == self.recipient else None


class ClockKind(StrEnum):
    """What a clock does. The names are those of the log's events."""

    OVERDUE = "OVERDUE"
    """`respond_by` went by without an answer. Logged once; the leg goes on."""
    EXPIRED = "EXPIRED"
    """`deliver_by` went by before the opening envelope was STORED."""
    LAPSED = "LAPSED"
    """`lapses_at` went by: nobody stood behind it in time (LAPSED), or it reached its end (EXPIRED)."""


@value
class ClockEvent:
    """Something that a clock did."""

    kind: ClockKind
    """What."""
    limit: int
    """The limit that went by: the event's effective time."""
    message_hash: bytes
    """The envelope that it is about."""
    awaiting: Side | None
    """OVERDUE: who has not answered. None elsewhere."""


@value
class Applied:
    """What came of something."""

    leg: Leg
    """The leg afterwards; to be stored if its revision has grown."""
    before: State | None
    """State before, None where the leg was opened."""
    events: tuple[ClockEvent, ...] = ()
    """What clocks did before it and nobody has logged yet, in order: the hub logs these first."""
    rule: Rule | None = None
    """The row that was used; None where nobody acted but a machine or a clock."""
