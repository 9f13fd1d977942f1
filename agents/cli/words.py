"""The words for what the protocol codes: verbs, states, fields, listed values.

English comes from the code itself (`NO_POWER`: "No power"), so that nothing can lack a word; the tables hold what that
would spoil. Chinese comes from the catalogue.

Never does: print, or choose among commands.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, Final

from comity.workflow.terms import Family, Verb

from agents.cli.catalogue import t

_VERBS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "REFER": "Case referral",
        "ACKNOWLEDGE": "Acknowledgement",
        "REQUEST_INFO": "Request for information",
        "SUPPLY": "Information supplied",
        "ACCEPT": "Accepted",
        "ACCEPT_IN_PART": "Accepted in part",
        "DECLINE": "Declined",
        "REDIRECT": "Redirected",
        "REPORT_PROGRESS": "Progress report",
        "REPORT_OUTCOME": "Outcome report",
        "WITHDRAW": "Withdrawal",
        "RECALL": "Recall",
        "ANSWER_RECALL": "Answer to a recall",
        "CLOSE": "Closure",
        "REQUEST": "Request",
        "CONFIRM": "Confirmation by a second person",
        "COMPLETE": "Request in full",
        "REFUSE": "Refusal",
        "ORAL_NOTICE": "Oral notice",
        "ANSWER_FIRST": "First answer",
        "SUSPEND": "Suspension",
        "RESUME": "Resumption",
        "REPLY_PART": "Part of a reply",
        "REPLY": "Reply",
        "FOLLOW_UP": "Follow-up",
        "FEEDBACK": "Feedback",
    }
)
_FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "tlp": "TLP",
        "sha256": "SHA-256",
        "on_chain": "On-chain facts",
        "identity_number": "Identity document",
        "when": "Date",
        "what": "What happened",
        "gap": "What is missing",
        "of": "Number of parts",
    }
)
_VALUES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "TLP_CLEAR": "TLP:CLEAR",
        "TLP_GREEN": "TLP:GREEN",
        "TLP_AMBER": "TLP:AMBER",
        "TLP_AMBER_STRICT": "TLP:AMBER+STRICT",
        "TLP_RED": "TLP:RED",
        "HANDLING_CODE_H0": "H0",
        "HANDLING_CODE_H1": "H1 not in court",
        "HANDLING_CODE_H2": "H2 no onward sharing",
        "HANDLING_CODE_H3": "H3 see text",
        "PERMITTED_ACTION_NONE": "None beyond reading",
        "INFO_GAP_OTHER": "Other, see text",
        "ONWARD_FORBIDDEN": "Forbidden: nobody else",
        "ONWARD_ASK": "Ask the originator; silence is no",
        "ONWARD_LISTED": "Listed agencies only",
        "ONWARD_FREE": "Free",
        "ASSISTANCE_INSTRUMENT_IOSCO_MMOU": "IOSCO MMoU",
        "ASSISTANCE_INSTRUMENT_IOSCO_EMMOU": "IOSCO EMMoU",
        "ASSISTANCE_INSTRUMENT_SFO_S186": "SFO s.186",
    }
)

COMMANDS: Final[Mapping[Verb, str]] = MappingProxyType(
    {
        Verb.ACKNOWLEDGE: "ack",
        Verb.REQUEST_INFO: "ask",
        Verb.SUPPLY: "supply",
        Verb.ACCEPT: "accept",
        Verb.ACCEPT_IN_PART: "accept",
        Verb.DECLINE: "decline",
        Verb.REPORT_PROGRESS: "progress",
        Verb.REPORT_OUTCOME: "outcome",
        Verb.WITHDRAW: "withdraw",
        Verb.RECALL: "recall",
        Verb.ANSWER_RECALL: "answer-recall",
        Verb.CLOSE: "close",
    }
)
"""The command below `comity referral` that sends a verb in an open case."""

ASSIST_COMMANDS: Final[Mapping[Verb, str]] = MappingProxyType(
    {
        Verb.CONFIRM: "confirm",
        Verb.COMPLETE: "complete",
        Verb.ACKNOWLEDGE: "ack",
        Verb.ANSWER_FIRST: "answer-first",
        Verb.REQUEST_INFO: "ask",
        Verb.SUPPLY: "supply",
        Verb.ACCEPT: "accept",
        Verb.ACCEPT_IN_PART: "accept",
        Verb.SUSPEND: "suspend",
        Verb.RESUME: "resume",
        Verb.REFUSE: "refuse",
        Verb.REPORT_PROGRESS: "progress",
        Verb.REPLY_PART: "reply-part",
        Verb.REPLY: "reply",
        Verb.FOLLOW_UP: "follow-up",
        Verb.FEEDBACK: "feedback",
        Verb.WITHDRAW: "withdraw",
        Verb.RECALL: "recall",
        Verb.ANSWER_RECALL: "answer-recall",
        Verb.CLOSE: "close",
    }
)
"""The command below `comity assist` that sends a verb in an open case."""

FREEZE_COMMANDS: Final[Mapping[Verb, str]] = MappingProxyType(
    {
        Verb.CONFIRM: "confirm",
        Verb.COMPLETE: "complete",
        Verb.ACKNOWLEDGE: "ack",
        Verb.REQUEST_INFO: "ask",
        Verb.SUPPLY: "supply",
        Verb.ACCEPT: "accept",
        Verb.REFUSE: "refuse",
        Verb.REPORT_EXECUTION: "report",
        Verb.REPORT_PROGRESS: "progress",
        Verb.ASK_EXTENSION: "ask-extension",
        Verb.EXTEND: "extend",
        Verb.REFUSE_EXTENSION: "refuse-extension",
        Verb.ASK_VARIATION: "ask-variation",
        Verb.VARY: "vary",
        Verb.CONVERT: "convert",
        Verb.REPORT_CHALLENGE: "challenge",
        Verb.ASK_RELEASE: "ask-release",
        Verb.RELEASE: "release",
        Verb.REPORT_OUTCOME: "outcome",
        Verb.WITHDRAW: "withdraw",
        Verb.RECALL: "recall",
        Verb.ANSWER_RECALL: "answer-recall",
    }
)
"""The command below `comity freeze` that sends a verb in an open case."""

COMMANDS_OF: Final[Mapping[Family, Mapping[Verb, str]]] = MappingProxyType(
    {Family.REFERRAL: COMMANDS, Family.FREEZE: FREEZE_COMMANDS, Family.ASSISTANCE: ASSIST_COMMANDS}
)
"""By family: the command that sends a verb in an open case of it."""

NOUNS: Final[Mapping[Family, str]] = MappingProxyType(
    {
        Family.REFERRAL: "referral",
        Family.WATCHLIST: "watchlist",
        Family.FREEZE: "freeze",
        Family.ASSISTANCE: "assist",
    }
)
"""By family: the noun of its commands."""

_MAIL: Final = frozenset({Family.REFERRAL, Family.FREEZE, Family.ASSISTANCE})
MAIL_NOUNS: Final = frozenset(NOUNS[family] for family in _MAIL)
"""Nouns below which messages and drafts are shown, approved and sent."""


LIST_COMMANDS: Final[Mapping[Verb, str]] = MappingProxyType(
    {
        Verb.SUBSCRIBE: "subscribe",
        Verb.ANSWER: "challenges",
    }
)
"""The command below `comity watchlist` that leads to a verb in an open subscription."""

BY_MACHINES: Final = frozenset({Verb.PUBLISH, Verb.SNAPSHOT, Verb.RESYNC})
"""What agents send and take: nobody has to read it."""


def sentence(code: str) -> str:
    """Returns a code as English words: `NOT_IN_PUBLIC_INTEREST` as "Not in public interest"."""
    return code.replace("_", " ").strip().lower().capitalize()


def verb_label(verb: Enum) -> str:
    """Returns what a verb's message is called."""
    return t(verb_english(verb))


def verb_english(verb: Enum) -> str:
    """Returns the English name of a verb's message."""
    return _VERBS.get(verb.name, sentence(verb.name))


def label(code: Enum | str) -> str:
    """Returns the word for a state, status, precedence, role, kind or any other code."""
    return t(sentence(code.name if isinstance(code, Enum) else code))


def status_label(status: Enum) -> str:
    """Returns the word for how far a message has come: SUBMITTED, DELIVERED, OPENED and so on."""
    return label(status).upper()


def field_label(field: Any) -> str:
    """Returns the label of a payload's field."""
    return t(field_english(field))


def field_english(field: Any) -> str:
    """Returns the English label of a payload's field."""
    return _FIELDS.get(field.name, sentence(field.name))


def value_label(enum: Any, number: int) -> str:
    """Returns the word for a listed value of a payload."""
    return t(value_english(enum, number))


def value_english(enum: Any, number: int) -> str:
    """Returns the English word for a listed value."""
    found = enum.values_by_number.get(number)
    if found is None:
        return str(number)
    return _VALUES.get(found.name, sentence(value_code(enum, number)))


def value_code(enum: Any, number: int) -> str:
    """Returns the code of a listed value without its enum's prefix: `NO_POWER`."""
    found = enum.values_by_number.get(number)
    if found is None:
        return str(number)
    words = "".join(f"_{char}" if char.isupper() else char.upper() for char in enum.name).strip("_")
    code: str = found.name.removeprefix(f"{words}_")
    return code


def short(identity: str) -> str:
    """Returns the first 8 of an id's hex digits: enough to name it in a command."""
    return identity[:8]


def mail_noun(family: Family) -> str:
    """Returns the noun below which messages and drafts of a family are shown, approved and sent."""
    return NOUNS[family if family in _MAIL else Family.REFERRAL]


def grouped(fingerprint: str) -> str:
    """Returns a fingerprint of 60 digits as it is read aloud: groups of five, four groups a line."""
    digits = "".join(fingerprint.split())
    groups = [digits[i : i + 5] for i in range(0, len(digits), 5)]
    return "\n".join("  ".join(groups[i : i + 4]) for i in range(0, len(groups), 4))
