"""The words of the workflow: families, verbs, precedence, roles, sides, states.

The numbers of the IntEnums are those of the protocol's enums (a test compares them with the descriptors). The value 0,
UNSPECIFIED, is never valid and has no member, so that a converter cannot let it through.

Never does: hold a rule. Rules are rows of a family's table.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Family(IntEnum):
    """One of the four kinds of work."""

    REFERRAL = 1
    WATCHLIST = 2
    FREEZE = 3
    ASSISTANCE = 4


class Verb(IntEnum):
    """What an envelope does to its leg."""

    REFER = 1
    ACKNOWLEDGE = 2
    REQUEST_INFO = 3
    SUPPLY = 4
    ACCEPT = 5
    ACCEPT_IN_PART = 6
    DECLINE = 7
    REDIRECT = 8
    REPORT_PROGRESS = 9
    REPORT_OUTCOME = 10
    WITHDRAW = 11
    RECALL = 12
    ANSWER_RECALL = 13
    CLOSE = 14
    CONFIRM = 15
    COMPLETE = 16
    ASK_ONWARD = 17
    GRANT_ONWARD = 18
    REFUSE_ONWARD = 19
    FORWARD = 20
    REVOKE_GRANT = 21
    OFFER = 30
    SUBSCRIBE = 31
    UNSUBSCRIBE = 32
    PUBLISH = 33
    SNAPSHOT = 34
    RESYNC = 35
    CHALLENGE = 36
    ANSWER = 37
    SIGHTING = 38
    REQUEST = 50
    REQUEST_PROVISIONAL = 51
    REFUSE = 52
    REPORT_EXECUTION = 53
    ASK_EXTENSION = 54
    EXTEND = 55
    REFUSE_EXTENSION = 56
    ASK_VARIATION = 57
    VARY = 58
    CONVERT = 59
    REPORT_CHALLENGE = 60
    ASK_RELEASE = 61
    RELEASE = 62
    ORAL_NOTICE = 70
    ANSWER_FIRST = 71
    SUSPEND = 72
    RESUME = 73
    REPLY_PART = 74
    REPLY = 75
    FOLLOW_UP = 76
    FEEDBACK = 77


class Precedence(IntEnum):
    """How soon a person must look."""

    ROUTINE = 1
    URGENT = 2
    FLASH = 3


class SignatureRole(IntEnum):
    """In which capacity a member signed; the name is part of the signed bytes."""

    AUTHOR = 1
    APPROVER = 2


class Role(IntEnum):
    """What a member may do."""

    ANALYST = 1
    APPROVER = 2
    SUPERVISOR = 3
    DUTY_DESK = 4
    AGENT = 5
    AUDITOR = 6
    ADMIN = 7


class AgencyKind(IntEnum):
    """What an agency may do."""

    AUTHORITY = 1
    HOLDER = 2
    ISSUER = 3


class Side(StrEnum):
    """The two ends of a leg."""

    ORIGINATOR = "ORIGINATOR"
    """The desk that opened it."""
    RECIPIENT = "RECIPIENT"
    """The desk it was opened towards."""

    @property
    def other(self) -> Side:
        """The opposite end."""
        return Side.RECIPIENT if self is Side.ORIGINATOR else Side.ORIGINATOR


class Standing(IntEnum):
    """How far people stand behind the opening of a leg. What is not FULL ends by its own date unless they do more."""

    FULL = 0
    """Opened with every signature that it takes, or become so."""
    PROVISIONAL = 1
    """Opened by one person."""
    CONFIRMED = 2
    """A second person stands behind it."""
    COMPLETED = 3
    """Two people supplied the full form."""


class State(StrEnum):
    """Where a leg stands. Every member says who acts next, as data, because the documentation is made from it."""

    next_actor: str

    def __new__(cls, name: str, next_actor: str = "") -> State:
        """Makes a member out of its name and a sentence on who acts next; every member has one (a test looks)."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.next_actor = next_actor
        return member

    SENT = "SENT", "The recipient's agent stores it; until then a referral may be withdrawn."
    DELIVERED = "DELIVERED", "A person of the recipient acknowledges."
    ACKNOWLEDGED = "ACKNOWLEDGED", "The recipient decides, or asks for what is missing."
    MORE_INFO = "MORE_INFO", "The originator supplies; the recipient may still decide on what it has."
    IN_PROGRESS = "IN_PROGRESS", "The recipient works, and reports the outcome or replies."
    SUSPENDED = "SUSPENDED", "The recipient resumes, or refuses, by its review date."
    EXECUTING = "EXECUTING", "The recipient executes and reports; nothing counts as held before it has."
    IN_FORCE = "IN_FORCE", "Nobody until its end comes near; either side may ask, two people release."
    CHALLENGED = "CHALLENGED", "A court; the recipient reports its decision."
    REPLIED = "REPLIED", "The originator gives feedback, asks on or closes."
    DECLINED = "DECLINED", "The originator closes."
    REDIRECTED = "REDIRECTED", "The originator closes; the new desk has a leg of its own."
    OUTCOME_REPORTED = "OUTCOME_REPORTED", "The originator closes."
    REFUSED = "REFUSED", "The originator closes."
    RELEASED = "RELEASED", "The recipient reports the outcome; the originator closes."
    CLOSED = "CLOSED", "Nobody; only a recall can follow."
    WITHDRAWN = "WITHDRAWN", "Nobody; only a recall can follow, where a copy got out before."
    RECALLED = "RECALLED", "The recipient answers the recall."
    EXPIRED = "EXPIRED", "Nobody; it was not stored in time, or reached its end. The originator may open a new case."
    LAPSED = "LAPSED", "Nobody; it ended by its own date, because too few people stood behind it."
    FORWARDED = "FORWARDED", "Nobody; it reached this desk under a grant, and only a recall follows."
    OFFERED = "OFFERED", "A person of the recipient subscribes; the owner may take the offer back."
    SYNCING = "SYNCING", "The owner's agent sends a snapshot."
    CURRENT = "CURRENT", "The owner publishes; the subscriber may challenge."
    LAGGING = "LAGGING", "The owner's agent sends again what the subscriber asked for."
    REVOKED = "REVOKED", "Nobody; the owner may offer the list anew, as a new case."
