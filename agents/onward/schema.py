"""Tables of what reaches beyond one leg. Hashes and opaque ids only: what a message says stays sealed in its row.

Never does: queries (`agents/onward/*.py`).
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, String, Table

from agents.schema import METADATA

grants = Table(
    "onward_grants",
    METADATA,
    Column("grant_hash", LargeBinary, primary_key=True),
    Column("case_id", LargeBinary, nullable=False),
    Column("original_hash", LargeBinary, nullable=False),
    Column("originator", String, nullable=False),
    Column("holder", String, nullable=False),
    Column("new_desk", String, nullable=False),
    Column("expires", Integer, nullable=False),
    Column("used_by", LargeBinary, nullable=False),
    Column("revoked_by", LargeBinary, nullable=False),
    Column("at", Integer, nullable=False),
    Index("onward_grants_case", "case_id"),
)
"""Grants that this desk gave or was given, by the hash of the GRANT_ONWARD; `used_by` and `revoked_by` are empty while
it is neither, `at` is the leaf's time of whichever it is."""

forwards = Table(
    "onward_forwards",
    METADATA,
    Column("forward_hash", LargeBinary, primary_key=True),
    Column("grant_hash", LargeBinary, nullable=False),
    Column("original_hash", LargeBinary, nullable=False),
    Column("original_case", LargeBinary, nullable=False),
    Column("originator", String, nullable=False),
    Column("case_id", LargeBinary, nullable=False),
    Column("holder", String, nullable=False),
    Column("new_desk", String, nullable=False),
    Column("proved", Boolean, nullable=False),
    Column("verb", Integer, nullable=False),
    Index("onward_forwards_original", "original_hash"),
    Index("onward_forwards_case", "case_id"),
    Index("onward_forwards_origin", "original_case"),
)
"""Every FORWARD that this desk sent, received, or consented to. `proved`: the original in it was opened and is what the
originator signed and the log has; `verb` is the original's, by its signed header."""

links = Table(
    "case_links",
    METADATA,
    Column("case_id", LargeBinary, primary_key=True),
    Column("linked", LargeBinary, primary_key=True),
    Column("desk", String, nullable=False),
    Column("message_hash", LargeBinary, nullable=False),
    Index("case_links_linked", "linked"),
)
"""Which case names which other one; how they belong together stands in the message."""

fact_keys = Table(
    "fact_keys",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("kid", LargeBinary, nullable=False, unique=True),
    Column("box", LargeBinary, nullable=False),
)
"""Keys under which facts are made unreadable, each sealed to an archive key."""

facts = Table(
    "facts",
    METADATA,
    Column("digest", LargeBinary, primary_key=True),
    Column("message_hash", LargeBinary, primary_key=True),
    Column("case_id", LargeBinary, nullable=False),
    Index("facts_message", "message_hash"),
)
"""Keyed digests of wallets, transactions, references and identities: who lacks the key learns that two are equal."""
