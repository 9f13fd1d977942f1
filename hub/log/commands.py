"""Commands: everything that can change anything. The sequencer takes these and nothing else.

The exchange's own commands are here too, so that one file lists every way in.

Never does: check. Whoever submits a command has made every check that needs no lock.
"""

from __future__ import annotations

from dataclasses import dataclass

from comity.directory import Directory, SignedStatement
from comity.envelope import Envelope
from comity.errors import ComityError
from comity.receipts import Ack, EventKind


@dataclass(slots=True)
class SubmitEnvelope:
    """An envelope whose form and signatures were checked. Answered with a `Receipt`.

    Who signed, and whether they might, is judged under the lock, at the moment that the leaf will name.
    """

    envelope: Envelope
    refusal: ComityError | None = None
    """Why it can only be a repetition: then it gets the first receipt again, and this where it is none."""
    judged_at: int = 0
    """Size of the directory by whose keys the signatures were verified: a larger one may know a key that it did not."""

    @property
    def weight(self) -> int:
        """Bytes it keeps in memory, roughly."""
        e = self.envelope
        return len(e.ciphertext) + len(e.header_bytes) + len(e.seal_bytes) + 1200 * len(e.wraps) + 1024


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """A recipient's acknowledgement, signature verified; whether its key is live is judged under the lock.

    Answered with a `Receipt`.
    """

    ack: Ack
    body: bytes
    sig: bytes
    refusal: ComityError | None = None
    """Why it is refused, whatever else."""
    judged_at: int = 0
    """As of a `SubmitEnvelope`."""

    @property
    def weight(self) -> int:
        """Bytes it keeps in memory, roughly."""
        return len(self.body) + len(self.sig) + 1024


@dataclass(frozen=True, slots=True)
class Tried:
    """What a copy of the directory became with some statements, before they came to the sequencer."""

    size: int
    """Of the directory they were tried on."""
    root: bytes
    """Of the same."""
    time_seconds: int
    """Of the entries, Unix seconds."""
    entries: tuple[bytes, ...]
    statements: tuple[SignedStatement, ...]
    grown: Directory
    """The directory with them; nobody else holds it."""


@dataclass(frozen=True, slots=True)
class AppendStatements:
    """Serialised directory Statements that stand or fall together. Answered with `Appended`."""

    statements: tuple[bytes, ...]
    tried: Tried | None = None
    """What came of trying them (`trial.py`); None where nobody did, as for the hub's own."""

    @property
    def weight(self) -> int:
        """Bytes it keeps in memory, roughly."""
        return sum(map(len, self.statements)) + 1024


@dataclass(frozen=True, slots=True)
class LegDue:
    """A leg with a clock that has run out. Answered with None; nothing happens where it was seen to already."""

    originator: str
    case_id: bytes
    recipient: str
    weight: int = 256


@dataclass(frozen=True, slots=True)
class EnvelopeDue:
    """An envelope whose own clock has run out: expiry, then erasure. Answered with None, like `LegDue`."""

    message_hash: bytes
    weight: int = 256


@dataclass(frozen=True, slots=True)
class Erase:
    """Erases an envelope before its time, decided by two people of its originator. Answered with a `Receipt`."""

    message_hash: bytes
    weight: int = 256


@dataclass(frozen=True, slots=True)
class Record:
    """An event about no envelope: STARTED or OPERATOR. Answered with a `Receipt`."""

    kind: EventKind
    kids: tuple[bytes, ...] = ()
    """Keys of those who acted."""
    other_hash: bytes = b""
    """Digest of what they decided."""
    weight: int = 256


Command = SubmitEnvelope | Acknowledge | AppendStatements | LegDue | EnvelopeDue | Erase | Record
"""The one list."""


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head as it travels."""

    body: bytes
    sig: bytes
    """Ed25519, 64 bytes."""


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of directory statements."""

    first_index: int
    """Index of the first one."""
    head: SignedHead
    """A head that covers them."""
