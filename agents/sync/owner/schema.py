"""Tables of `watchlists.db`: what an agency owns and publishes. One file a home, one writer at a time.

The file holds the lists in the clear, as the screening stores of those who follow them do: it lies in a folder that
only the home's owner may enter. What subscribers wrote stays sealed in the mailbox; here stands where it is.

Never does: queries.
"""

from __future__ import annotations

from typing import Final

VERSION: Final = 1
"""Version of the tables."""

LISTS: Final = """
CREATE TABLE lists (
    number INTEGER PRIMARY KEY,
    list_id BLOB NOT NULL UNIQUE,
    title TEXT NOT NULL,
    terms BLOB NOT NULL,
    handling BLOB NOT NULL,
    created INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    head BLOB NOT NULL,
    time INTEGER NOT NULL,
    stated INTEGER NOT NULL,
    stated_at INTEGER NOT NULL,
    snapshot_at INTEGER NOT NULL,
    live INTEGER NOT NULL,
    halted TEXT NOT NULL
)"""
"""`terms` is the OfferList that is offered; `stated` the last sequence with a state digest; `halted` why nothing is
published any more, empty where it is."""

RECORDS: Final = """
CREATE TABLE records (
    list INTEGER NOT NULL,
    entry_id BLOB NOT NULL,
    record BLOB NOT NULL,
    digest BLOB NOT NULL,
    valid_until INTEGER NOT NULL,
    set_id BLOB NOT NULL,
    PRIMARY KEY (list, entry_id)
) WITHOUT ROWID"""
RECORDS_EXPIRY: Final = "CREATE INDEX records_expiry ON records (list, valid_until)"
RECORDS_SET: Final = "CREATE INDEX records_set ON records (list, set_id) WHERE set_id != x''"
"""Of what is provisional: entries of an urgent set that nobody has confirmed yet."""

USED: Final = """
CREATE TABLE used (
    list INTEGER NOT NULL,
    set_id BLOB NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (list, set_id)
) WITHOUT ROWID"""
"""Change sets used in the last 14 days, serialised UsedSet."""

BATCHES: Final = """
CREATE TABLE batches (
    list INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    previous_head BLOB NOT NULL,
    head BLOB NOT NULL,
    time INTEGER NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (list, sequence)
) WITHOUT ROWID"""

SUBSCRIBERS: Final = """
CREATE TABLE subscribers (
    case_id BLOB PRIMARY KEY,
    list INTEGER NOT NULL,
    desk TEXT NOT NULL,
    state TEXT NOT NULL,
    reference TEXT NOT NULL,
    since INTEGER NOT NULL,
    sent INTEGER NOT NULL,
    stored INTEGER NOT NULL,
    wants TEXT NOT NULL,
    fault TEXT NOT NULL,
    given INTEGER NOT NULL
)"""
"""`sent` and `stored`: the last sequence that the hub has logged, and that the subscriber has acknowledged. `wants`:
`SNAPSHOT`, a sequence to go on from, or empty. `given`: when a snapshot was put on its way."""

PUBLICATIONS: Final = """
CREATE TABLE publications (
    id BLOB PRIMARY KEY,
    list INTEGER NOT NULL,
    state TEXT NOT NULL,
    author TEXT NOT NULL,
    approver TEXT NOT NULL,
    created INTEGER NOT NULL,
    urgent INTEGER NOT NULL,
    people INTEGER NOT NULL,
    digest BLOB NOT NULL,
    summary TEXT NOT NULL,
    note TEXT NOT NULL,
    sequence INTEGER NOT NULL
)"""
"""What one person signed in one go: one change set or many."""

SETS: Final = """
CREATE TABLE sets (
    set_id BLOB PRIMARY KEY,
    publication BLOB NOT NULL,
    number INTEGER NOT NULL,
    signed BLOB NOT NULL,
    state TEXT NOT NULL,
    confirmed INTEGER NOT NULL,
    provisional_until INTEGER NOT NULL
)"""
SETS_OF: Final = "CREATE INDEX sets_of ON sets (publication, number)"

CONFIRMATIONS: Final = """
CREATE TABLE confirmations (
    set_id BLOB PRIMARY KEY,
    list INTEGER NOT NULL,
    signed BLOB NOT NULL
)"""
"""Signed by a second person and not yet in a batch."""

OUTBOX: Final = """
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    list INTEGER NOT NULL,
    case_id BLOB NOT NULL,
    verb INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    message_hash BLOB NOT NULL,
    envelope BLOB NOT NULL,
    logged INTEGER NOT NULL
)"""
"""Envelopes on their way. `envelope` is empty until it is sealed, and again once it is logged; the row goes once the
subscriber has it, or 14 days are over."""
OUTBOX_STATE: Final = "CREATE INDEX outbox_state ON outbox (logged, number)"

BLOBS: Final = """
CREATE TABLE blobs (
    list INTEGER NOT NULL,
    sequence INTEGER NOT NULL,
    part INTEGER NOT NULL,
    packed BLOB NOT NULL,
    attachment BLOB NOT NULL,
    uploaded INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (list, sequence, part)
) WITHOUT ROWID"""
"""Large bodies, sealed once for all subscribers: part 0 is the batch, 1 the state of a snapshot."""

CHALLENGES: Final = """
CREATE TABLE challenges (
    message_hash BLOB PRIMARY KEY,
    list INTEGER NOT NULL,
    case_id BLOB NOT NULL,
    desk TEXT NOT NULL,
    entry_id BLOB NOT NULL,
    entry_version INTEGER NOT NULL,
    ground INTEGER NOT NULL,
    received INTEGER NOT NULL,
    respond_by INTEGER NOT NULL,
    result INTEGER NOT NULL
)"""
"""`result` is 0 until it was answered."""

SIGHTINGS: Final = """
CREATE TABLE sightings (
    message_hash BLOB PRIMARY KEY,
    list INTEGER NOT NULL,
    case_id BLOB NOT NULL,
    desk TEXT NOT NULL,
    entry_id BLOB NOT NULL,
    entry_version INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    received INTEGER NOT NULL
)"""

META: Final = "CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL)"

STATEMENTS: Final = (
    LISTS,
    RECORDS,
    RECORDS_EXPIRY,
    RECORDS_SET,
    USED,
    BATCHES,
    SUBSCRIBERS,
    PUBLICATIONS,
    SETS,
    SETS_OF,
    CONFIRMATIONS,
    OUTBOX,
    OUTBOX_STATE,
    BLOBS,
    CHALLENGES,
    SIGHTINGS,
    META,
)
"""Makes all tables, in this order."""
