"""A row on its way from a file to a list: as it was read, as it was accepted, or as it was refused.

Never does: read files (`reading`), decide (`judging`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntFlag, StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from agents.sync.importers.merging import Assertion


class Format(StrEnum):
    """Formats of lists."""

    CSV = "csv"
    """Rows of cells, with or without a header; also one address a line."""
    JSON = "json"
    """Records by field name: JSON Lines, or an array."""
    TAGPACK = "tagpack"
    """GraphSense TagPack, YAML."""
    OFAC = "ofac"
    """Extract of the OFAC list of specially designated nationals, or its events by date."""
    STIX = "stix"
    """STIX 2.1: a bundle, an array, or objects one a line."""
    MISP = "misp"
    """MISP JSON: events, objects or attributes."""


class Field(StrEnum):
    """What a row may say."""

    CHAIN = "chain"
    ASSET = "asset"
    ADDRESS = "address"
    TX = "tx"
    CATEGORY = "category"
    LABEL = "label"
    ACTOR = "actor"
    CONFIDENCE = "confidence"
    LEVEL = "level"
    SOURCE = "source"
    SOURCE_URL = "source_url"
    WHY = "why"
    DATE = "date"
    ACTION = "action"
    DISCREET = "discreet"
    CLUSTER = "cluster"
    VALID_FROM = "valid_from"
    VALID_UNTIL = "valid_until"
    REVIEW = "review_at"
    OP = "op"


class RefusalCode(StrEnum):
    """Why a row is refused."""

    NO_WALLET = "NO_WALLET"
    """The row holds neither an address nor a transaction."""
    NOT_AN_ADDRESS = "NOT_AN_ADDRESS"
    BAD_LENGTH = "BAD_LENGTH"
    BAD_CHECKSUM = "BAD_CHECKSUM"
    MIXED_CASE = "MIXED_CASE"
    TESTNET = "TESTNET"
    UNKNOWN_CHAIN = "UNKNOWN_CHAIN"
    WRONG_CHAIN = "WRONG_CHAIN"
    NOT_A_TRANSACTION = "NOT_A_TRANSACTION"
    MISSING_CATEGORY = "MISSING_CATEGORY"
    MISSING_CONFIDENCE = "MISSING_CONFIDENCE"
    MISSING_END_DATE = "MISSING_END_DATE"
    MISSING_GIVER = "MISSING_GIVER"
    BAD_CATEGORY = "BAD_CATEGORY"
    BAD_CONFIDENCE = "BAD_CONFIDENCE"
    BAD_DATE = "BAD_DATE"
    BAD_ACTION = "BAD_ACTION"
    BAD_VALUE = "BAD_VALUE"
    NOT_VALID_ANY_MORE = "NOT_VALID_ANY_MORE"
    BAD_GIVER = "BAD_GIVER"
    MALFORMED_ROW = "MALFORMED_ROW"
    ROW_TOO_LONG = "ROW_TOO_LONG"
    AMBIGUOUS = "AMBIGUOUS"
    """More than one wallet with no word on which is meant, or one that stands where nothing says that it is meant."""
    PATTERN = "PATTERN"
    """A STIX pattern that names a wallet together with conditions that an entry cannot hold, or that cannot be read."""


REFUSAL_TEXT: Final[Mapping[RefusalCode, str]] = MappingProxyType(
    {
        RefusalCode.NO_WALLET: "the row holds neither an address nor a transaction",
        RefusalCode.NOT_AN_ADDRESS: "not an address",
        RefusalCode.BAD_LENGTH: "an address of the wrong length",
        RefusalCode.BAD_CHECKSUM: "the address's checksum does not verify",
        RefusalCode.MIXED_CASE: "a bech32 address in both cases",
        RefusalCode.TESTNET: "an address of a test network",
        RefusalCode.UNKNOWN_CHAIN: "a chain that is not supported",
        RefusalCode.WRONG_CHAIN: "an address of another chain than the one named",
        RefusalCode.NOT_A_TRANSACTION: "no transaction identifier of the chain named",
        RefusalCode.MISSING_CATEGORY: "no category",
        RefusalCode.MISSING_CONFIDENCE: "no confidence",
        RefusalCode.MISSING_END_DATE: "no end date",
        RefusalCode.MISSING_GIVER: "nobody is named who says so",
        RefusalCode.BAD_CATEGORY: "no category that can be written in 64 letters, digits and underscores",
        RefusalCode.BAD_CONFIDENCE: "a word of confidence that is not known",
        RefusalCode.BAD_DATE: "a date that is not clear; write YYYY-MM-DD",
        RefusalCode.BAD_ACTION: "an action that is not known",
        RefusalCode.BAD_VALUE: "a value that is not known",
        RefusalCode.NOT_VALID_ANY_MORE: "the end date is over, or not after the beginning",
        RefusalCode.BAD_GIVER: "a name of more than 100 bytes for who says so",
        RefusalCode.MALFORMED_ROW: "the row cannot be taken apart",
        RefusalCode.ROW_TOO_LONG: "the row is longer than the limit",
        RefusalCode.AMBIGUOUS: "nothing says which wallet is meant, or whether this one is",
        RefusalCode.PATTERN: "a pattern that ties a wallet to further conditions, or cannot be read",
    }
)
"""One constant sentence a code."""


class Warned(IntFlag):
    """What an owner should look at before publishing. Nothing is refused for it."""

    NONE = 0
    BURN = 1
    """On the list of addresses nobody can spend from."""
    EXCHANGE = 2
    """On the list of wallets of exchanges and other services, which belong to many customers."""
    BRIDGE = 4
    """On the list of bridges and routers, which everybody's coins pass through."""
    TEXT_CUT = 8
    """A text was too long for an entry and was cut, or left out where it is no use cut."""
    TEXT_CLEANED = 16
    """Control or hidden characters were taken out of a text."""
    CONFIDENCE_UNKNOWN = 32
    """The giver's word of confidence is not known here; it counts as the lowest."""
    NO_GIVER = 64
    """The file does not say who says so; the policy's name stands there."""
    NOT_FOR_DETECTION = 128
    """The giver marks it as not meant for detection; only to be observed, then."""
    ANY_EVM_CHAIN = 256
    """A 0x address with no chain named; it holds for every EVM chain."""
    NO_CHECKSUM = 512
    """The address carries no checksum: a slip of the pen would go unnoticed."""
    VALIDITY_CUT = 1024
    """Said to hold for longer than an entry may; shortened."""
    DATE_UNCLEAR = 2048
    """The source's own date is not clear (03/07: March or July?); the day of the import stands for the beginning."""


SHOWN: Final = 200
"""Characters of a row's own text that are kept for the local report."""


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row as it was read."""

    row: int
    """Where people find it: line of a CSV or JSON Lines file (the header is line 1), or ordinal of a tag, object or
    attribute, from 1."""
    values: Mapping[Field, str]
    """What it says, stripped; absent where it says nothing."""
    columns: Mapping[Field, str] = field(default_factory=dict)
    """The column or path that each value came from, where its name is not the field's."""
    broken: RefusalCode | None = None
    """Set where the row could not be taken apart; `text` then says what was seen."""
    text: str = ""
    """The beginning of a broken row."""
    flags: Warned = Warned.NONE
    """What the reader noticed."""
    passed: bool = False
    """True for what says nothing of a wallet, such as a remark or an object of another kind: only counted."""


@dataclass(frozen=True, slots=True)
class RowRefusal:
    """A row that is not imported. For the owner's own report; never logged, never sent."""

    row: int
    column: str
    """Column or path of the value that is to blame."""
    code: RefusalCode
    text: str
    """Constant text."""
    shown: str
    """The row's own text, cut to `SHOWN` characters. Local report only."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A row that may become (part of) an entry."""

    row: int
    column: str
    """Column or path that the wallet came from."""
    entry_id: bytes
    """Identity of the entry, 16 bytes."""
    assertion: Assertion
    """What the row says of it."""
