"""What the client tells of mail, drafts and cases. Values only; ids are lower-case hexadecimal text.

Never does: I/O, decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from comity.envelope import Header
from comity.payload_rules import Gap
from comity.v1 import payload_pb2
from comity.workflow.terms import Family, Precedence, Side, State, Verb

PUBLISHED: Final = frozenset({Verb.PUBLISH, Verb.SNAPSHOT})
"""What agents publish and take, again and again: nobody reads it one by one, and no list of mail holds it."""
PUBLISHES: Final = "publishes"
"""Name under which a mailbox notes that its home publishes: it alone has what was published to each subscriber."""


class MessageStatus(StrEnum):
    """How far a message has come at one recipient. Each word is said only where its proof is held."""

    PENDING = "PENDING"
    """Handed to the hub perhaps; no receipt yet. Sending again is safe."""
    SUBMITTED = "SUBMITTED"
    """A verified receipt: it is in the log."""
    DELIVERED = "DELIVERED"
    """A verified STORED acknowledgement: a machine's word."""
    OPENED = "OPENED"
    """A verified OPENED acknowledgement: a person saw it."""
    REFUSED = "REFUSED"
    """A verified REFUSED acknowledgement."""
    EXPIRED = "EXPIRED"
    """The log says that it was not stored in time."""
    WITHDRAWN = "WITHDRAWN"
    """Taken back before it was stored."""


class Standing(StrEnum):
    """What may be done with a received message."""

    GOOD = "GOOD"
    """Verified in full."""
    SUSPECT = "SUSPECT"
    """Its signer's key was revoked as suspect from before it was written: shown, not acted on."""
    UNPINNED = "UNPINNED"
    """Nobody here has compared the originator's fingerprint: inert until then."""
    QUARANTINED = "QUARANTINED"
    """It broke a rule or could not be opened; it was refused. Kept for inspection."""
    EXPIRED = "EXPIRED"
    """It came after its deliver_by: never live."""
    WITHDRAWN = "WITHDRAWN"
    """The originator took it back before it was stored."""
    CONTRADICTS = "CONTRADICTS"
    """What it says breaks a rule of its family (`agents/contents.py`): shown, acted on by nobody."""
    RECALLED = "RECALLED"
    """Its originator recalled it and this desk has said QUARANTINED: behind a second look, not acted on."""
    DESTROYED = "DESTROYED"
    """Its originator recalled it and this desk has said DESTROYED: the content is gone, the proof is kept."""


class DraftState(StrEnum):
    """Where a draft stands. The comment says who acts next."""

    AWAITING_APPROVAL = "AWAITING_APPROVAL"
    """A second person reviews and approves."""
    READY = "READY"
    """Anybody of the desk sends it."""
    SENT = "SENT"
    """Nobody."""
    DISCARDED = "DISCARDED"
    """Nobody."""


@dataclass(frozen=True, slots=True)
class DraftInfo:
    """One draft."""

    id: str
    verb: Verb
    case_id: str
    to: tuple[str, ...]
    """Desks addressed, without the own copy."""
    author: str
    """Member id of the AUTHOR."""
    approver: str
    """Member id of the APPROVER, empty before."""
    state: DraftState
    created: int
    """Unix milliseconds UTC when it was sealed."""
    precedence: Precedence
    message_hash: str


@dataclass(frozen=True, slots=True)
class Reader:
    """A desk that will be able to read a message."""

    desk: str
    agency_name: str
    """English name of its agency."""
    members: tuple[str, ...]
    """Members certified for that desk now."""
    own_copy: bool
    """It is the sender's own desk."""
    pinned: bool
    """Its agency's fingerprint was compared here."""


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Another case of this home that names the same thing: perhaps the same request, through another channel."""

    kind: str
    """WALLET, ACCOUNT, TRANSACTION, REFERENCE, IDENTITY or PERSON. Never the thing itself."""
    case_id: str
    """The other case."""
    message: str
    """The message there that names it."""


@dataclass(frozen=True, slots=True)
class Review:
    """What a draft says, found by opening the very ciphertext that is signed."""

    info: DraftInfo
    header: Header
    payload: payload_pb2.Payload
    readers: tuple[Reader, ...]
    gaps: tuple[Gap, ...]
    """What stands against sending it now; empty where nothing does."""
    warnings: tuple[str, ...]
    """What a person should think about; nothing prevents sending."""
    duplicates: tuple[Duplicate, ...] = ()
    """Other cases that name the same things; nothing prevents sending."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What is proved after sending."""

    status: MessageStatus
    message_hash: str
    case_id: str
    log_index: int
    """Place in the exchange log."""
    time: int
    """The leaf's time, Unix milliseconds UTC."""


@dataclass(frozen=True, slots=True)
class InboxItem:
    """A received message, not opened by looking at it here."""

    message: str
    case_id: str
    sender: str
    verb: Verb
    precedence: Precedence
    created: int
    deliver_by: int
    respond_by: int
    """0 where no answer is due."""
    received: int
    status: MessageStatus
    """DELIVERED or OPENED; REFUSED where it was quarantined."""
    standing: Standing
    log_index: int
    family: Family = Family.REFERRAL
    """Of its case."""
    awaited: bool = True
    """Its answer is still awaited: `respond_by` counts."""


@dataclass(frozen=True, slots=True)
class SentItem:
    """A message of this desk."""

    message: str
    case_id: str
    to: tuple[str, ...]
    verb: Verb
    precedence: Precedence
    created: int
    statuses: dict[str, MessageStatus]
    """By recipient desk."""
    log_index: int
    """-1 while there is no receipt."""


@dataclass(frozen=True, slots=True)
class AttachmentInfo:
    """An attachment as its sender named it. The name is never used as a path."""

    id: str
    name: str
    media_type: str
    length: int


@dataclass(frozen=True, slots=True)
class OpenedMessage:
    """A message and what it says."""

    message: str
    standing: Standing
    header: Header
    payload: payload_pb2.Payload
    attachments: tuple[AttachmentInfo, ...]
    author: str
    """Member id, empty where the directory no longer says."""
    duplicates: tuple[Duplicate, ...] = ()
    """Other cases here that name the same things."""


@dataclass(frozen=True, slots=True)
class CaseInfo:
    """One leg of a case."""

    case_id: str
    originator: str
    recipient: str
    side: Side
    """Where this desk stands."""
    state: State
    next_actor: str
    """Who acts next, in words."""
    respond_by: int | None
    awaiting: Side | None
    allowed: tuple[Verb, ...]
    """Verbs this desk may send now."""
    opening: str
    """Message that opened it."""
    family: Family = Family.REFERRAL
    """Whose verbs it takes."""


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """Something that happened in a case, in the order of the log."""

    time: int
    """The leaf's time, Unix milliseconds UTC."""
    kind: str
    """Event kind of the log; of an acknowledgement STORED (a machine), OPENED (a person) or REFUSED; UNPROVED where the
    hub has logged something that was not found true."""
    message: str
    verb: Verb | None
    """None where the message is not known here."""
    sender: str
    desk: str
    """Who acknowledged, empty elsewhere."""
    log_index: int
    proof: bool
    """The log has it, by a verified receipt, and it was found true: by signatures, or by the bytes held here."""
    case_id: str = ""
    """Which of the linked cases it belongs to."""
    family: Family | None = None
    """Of that case."""
    own_clock: bool = False
    """A limit went by on this side's own clock and the log has not said so (yet): `log_index` is -1."""


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a pass over the feed brought."""

    new: tuple[InboxItem, ...] = ()
    events: int = 0
    """Other items: acknowledgements, clocks, own copies."""
    quarantined: int = 0
    acknowledged: int = 0
    """Acknowledgements that the hub has logged."""


class LimitKind(StrEnum):
    """What a limit is the limit of."""

    ANSWER = "ANSWER"
    """By when an answer is due."""
    RECALL = "RECALL"
    """By when the recipient must answer a recall."""
    LAPSE = "LAPSE"
    """When the case ends by itself."""
    DELIVERY = "DELIVERY"
    """By when the message that opens the case must have been stored."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """A limit that comes near, or went by."""

    case_id: str
    originator: str
    recipient: str
    ours: bool
    """This desk owes the answer, or what keeps the case from ending; else it waits for one."""
    respond_by: int
    """The limit, Unix milliseconds UTC."""
    percent: int
    """50, 80, 95 of its time have gone; 100 once it went by, by this side's own clock."""
    kind: LimitKind = LimitKind.ANSWER
    family: Family = Family.REFERRAL


@dataclass(frozen=True, slots=True)
class LogReport:
    """What checking the whole log found."""

    directory_size: int
    exchange_size: int
    receipts_checked: int
    findings: tuple[str, ...]
    """Empty where all is well."""
