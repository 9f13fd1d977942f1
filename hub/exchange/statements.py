"""The exchange's statements, those of SQLite and PostgreSQL side by side. Constant text; values are always parameters.

Never does: run anything (`store.py`).
"""

# ruff: noqa: S608 -- every part that is put together here is a constant of this file

from __future__ import annotations

from hub.bulk import Bulk, Insert, Lookup

_KNOWN = (
    "e.idx, e.message_hash, e.sender_agency, e.envelope_id, e.sender, e.recipients, e.case_id, e.family, e.verb,"
    " e.opening, e.author_member, e.deliver_by, e.state, e.unstored, e.due"
)

BY_ID = Lookup(
    f"SELECT {_KNOWN} FROM wanted w CROSS JOIN envelopes e ON e.sender_agency = w.a AND e.envelope_id = w.b",
    f"SELECT {_KNOWN} FROM unnest(%b::text[], %b::bytea[]) AS w (a, b)"
    " JOIN envelopes e ON e.sender_agency = w.a AND e.envelope_id = w.b",
)
"""Envelopes by (agency, envelope id)."""

BY_HASH = Lookup(
    f"SELECT {_KNOWN} FROM wanted w CROSS JOIN envelopes e ON e.message_hash = w.a",
    f"SELECT {_KNOWN} FROM unnest(%b::bytea[]) AS w (a) JOIN envelopes e ON e.message_hash = w.a",
)
"""Envelopes by message hash."""

ACKS = Lookup(
    "SELECT k.message_hash, k.desk, k.state, k.idx FROM wanted w CROSS JOIN acks k ON k.message_hash = w.a",
    "SELECT k.message_hash, k.desk, k.state, k.idx FROM unnest(%b::bytea[]) AS w (a)"
    " JOIN acks k ON k.message_hash = w.a",
)
"""Every acknowledgement of these envelopes."""

LOGGED_ACKS = Lookup(
    "SELECT k.idx, k.desk, k.body, k.sig FROM wanted w CROSS JOIN acks k ON k.idx = w.a",
    "SELECT k.idx, k.desk, k.body, k.sig FROM unnest(%b::bigint[]) AS w (a) JOIN acks k ON k.idx = w.a",
)
"""Acknowledgements as they were logged, by leaf index."""

_LEG = (
    "g.originator, g.case_id, g.recipient, g.family, g.state, g.revision, g.opening, g.previous, g.opened,"
    " g.deliver_by, g.question, g.respond_by, g.awaiting, g.overdue_logged, g.recall, g.recall_respond_by,"
    " g.recall_overdue_logged, g.lapses_at, g.ended_at, g.resume_state, g.finished_at, g.standing, g.forwarded,"
    " g.onward"
)

LEGS = Lookup(
    f"SELECT {_LEG} FROM wanted w CROSS JOIN legs g ON g.originator = w.a AND g.case_id = w.b AND g.recipient = w.c",
    f"SELECT {_LEG} FROM unnest(%b::text[], %b::bytea[], %b::text[]) AS w (a, b, c)"
    " JOIN legs g ON g.originator = w.a AND g.case_id = w.b AND g.recipient = w.c",
)
"""Legs by their key."""

ONWARD_LEGS = Lookup(
    f"SELECT {_LEG} FROM wanted w CROSS JOIN legs g ON g.onward = w.a",
    f"SELECT {_LEG} FROM unnest(%b::bytea[]) AS w (a) JOIN legs g ON g.onward = w.a",
)
"""Legs that these FORWARDs made between originators and those who got something of theirs passed on."""

GRANTS_KEPT = (
    "SELECT count(*) FROM sqlite_master WHERE name = 'grants'",
    "SELECT count(to_regclass('grants'))",
)
"""Whether the schema has a place for freezes, assistance and onward grants: 0 or 1."""

GRANTS = Lookup(
    "SELECT k.message_hash, k.used_by FROM wanted w CROSS JOIN grants k ON k.message_hash = w.a",
    "SELECT k.message_hash, k.used_by FROM unnest(%b::bytea[]) AS w (a) JOIN grants k ON k.message_hash = w.a",
)
"""(GRANT_ONWARD, FORWARD that used it or NULL) of those of these grants that are spent."""

PASSED = Lookup(
    "SELECT k.original_hash, k.desk FROM wanted w CROSS JOIN grants k ON k.original_hash = w.a",
    "SELECT k.original_hash, k.desk FROM unnest(%b::bytea[]) AS w (a) JOIN grants k ON k.original_hash = w.a",
)
"""(original, new desk) of what was passed on, of these originals."""

RECALLED = Lookup(
    "SELECT k.message_hash, k.desk FROM wanted w CROSS JOIN recalls k ON k.message_hash = w.a AND k.desk = w.b",
    "SELECT k.message_hash, k.desk FROM unnest(%b::bytea[], %b::text[]) AS w (a, b)"
    " JOIN recalls k ON k.message_hash = w.a AND k.desk = w.b",
)
"""What was recalled of these (envelope, desk)."""

INSERT_GRANTS = Insert(
    "INSERT INTO grants (message_hash, used_by, revoked_by, idx, original_hash, desk) VALUES (?, ?, ?, ?, ?, ?)",
    "COPY grants (message_hash, used_by, revoked_by, idx, original_hash, desk) FROM STDIN (FORMAT BINARY)",
    ("bytea", "bytea", "bytea", "int8", "bytea", "text"),
)

INSERT_RECALLS = Insert(
    "INSERT INTO recalls (message_hash, desk, idx) VALUES (?, ?, ?)",
    "COPY recalls (message_hash, desk, idx) FROM STDIN (FORMAT BINARY)",
    ("bytea", "text", "int8"),
)

DELETE_RECALLS = Bulk(
    "DELETE FROM recalls WHERE message_hash = ?",
    "DELETE FROM recalls USING unnest(%b::bytea[]) AS n (hash) WHERE message_hash = n.hash",
)

DELETE_GRANTS = Bulk(
    "DELETE FROM grants WHERE message_hash = ?",
    "DELETE FROM grants USING unnest(%b::bytea[]) AS n (hash) WHERE message_hash = n.hash",
)

BLOBS = Lookup(
    "SELECT b.agency, b.sha256, b.length FROM wanted w"
    " CROSS JOIN blobs b ON b.agency = w.a AND b.sha256 = w.b WHERE b.complete",
    "SELECT b.agency, b.sha256, b.length FROM unnest(%b::text[], %b::bytea[]) AS w (a, b)"
    " JOIN blobs b ON b.agency = w.a AND b.sha256 = w.b WHERE b.complete",
)
"""Complete blobs by (agency, digest)."""

EQUIVOCATIONS = Lookup(
    "SELECT q.sender_agency, q.envelope_id, q.other_hash FROM wanted w"
    " CROSS JOIN equivocations q ON q.sender_agency = w.a AND q.envelope_id = w.b",
    "SELECT q.sender_agency, q.envelope_id, q.other_hash FROM unnest(%b::text[], %b::bytea[]) AS w (a, b)"
    " JOIN equivocations q ON q.sender_agency = w.a AND q.envelope_id = w.b",
)
"""Second contents that were recorded."""

LISTS_KEPT = (
    "SELECT count(*) FROM sqlite_master WHERE name = 'watchlist_batches'",
    "SELECT count(to_regclass('watchlist_batches'))",
)
"""Whether the schema has a place for watchlists: 0 or 1."""

_BATCH = "k.owner, k.list_id, k.sequence, k.previous_head, k.head"
_NEWEST = "(SELECT max(m.sequence) FROM watchlist_batches m WHERE m.owner = w.a AND m.list_id = w.b)"
_BY_LIST = "k.owner = w.a AND k.list_id = w.b"

LIST_BATCHES = Lookup(
    f"SELECT {_BATCH} FROM wanted w CROSS JOIN watchlist_batches k ON {_BY_LIST} AND k.sequence = w.c"
    f" UNION SELECT {_BATCH} FROM (SELECT DISTINCT a, b FROM wanted) w"
    f" CROSS JOIN watchlist_batches k ON {_BY_LIST} AND k.sequence = {_NEWEST}",
    "WITH wanted (a, b, c) AS MATERIALIZED (SELECT * FROM unnest(%b::text[], %b::bytea[], %b::bigint[]))"
    f" SELECT {_BATCH} FROM wanted w JOIN watchlist_batches k ON {_BY_LIST} AND k.sequence = w.c"
    f" UNION SELECT {_BATCH} FROM (SELECT DISTINCT a, b FROM wanted) w"
    f" JOIN watchlist_batches k ON {_BY_LIST} AND k.sequence = {_NEWEST}",
)
"""What was shown of each list at these sequences, and at its newest."""

LIST_LEGS = Lookup(
    "SELECT k.originator, k.case_id, k.recipient, k.list_id FROM wanted w"
    " CROSS JOIN watchlist_legs k ON k.originator = w.a AND k.case_id = w.b AND k.recipient = w.c",
    "SELECT k.originator, k.case_id, k.recipient, k.list_id"
    " FROM unnest(%b::text[], %b::bytea[], %b::text[]) AS w (a, b, c)"
    " JOIN watchlist_legs k ON k.originator = w.a AND k.case_id = w.b AND k.recipient = w.c",
)
"""Which list these subscriptions carry."""

INSERT_LIST_BATCHES = Insert(
    "INSERT INTO watchlist_batches (owner, list_id, sequence, previous_head, head, idx) VALUES (?, ?, ?, ?, ?, ?)",
    "COPY watchlist_batches (owner, list_id, sequence, previous_head, head, idx) FROM STDIN (FORMAT BINARY)",
    ("text", "bytea", "int8", "bytea", "bytea", "int8"),
)

INSERT_LIST_LEGS = Insert(
    "INSERT INTO watchlist_legs (originator, case_id, recipient, list_id) VALUES (?, ?, ?, ?)",
    "COPY watchlist_legs (originator, case_id, recipient, list_id) FROM STDIN (FORMAT BINARY)",
    ("text", "bytea", "text", "bytea"),
)

DELETE_LIST_BATCHES = Bulk(
    "DELETE FROM watchlist_batches WHERE owner = ? AND list_id = ? AND sequence <= ?",
    "DELETE FROM watchlist_batches USING unnest(%b::text[], %b::bytea[], %b::bigint[]) AS n (a, b, c)"
    " WHERE owner = n.a AND list_id = n.b AND sequence <= n.c",
)

DELETE_LIST_LEGS = Bulk(
    "DELETE FROM watchlist_legs WHERE originator = ? AND case_id = ? AND recipient = ?",
    "DELETE FROM watchlist_legs USING unnest(%b::text[], %b::bytea[], %b::text[]) AS n (a, b, c)"
    " WHERE originator = n.a AND case_id = n.b AND recipient = n.c",
)

INSERT_ENVELOPES = Insert(
    "INSERT INTO envelopes (idx, message_hash, sender_agency, envelope_id, sender, recipients, case_id, "
    "family, verb, opening, author, author_member, time_seconds, deliver_by, state, unstored, due, "
    "header, seal, signatures, ciphertext) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
    "?, ?, ?)",
    "COPY envelopes (idx, message_hash, sender_agency, envelope_id, sender, recipients, case_id, family, "
    "verb, opening, author, author_member, time_seconds, deliver_by, state, unstored, due, header, seal, "
    "signatures, ciphertext) FROM STDIN (FORMAT BINARY)",
    (
        "int8",
        "bytea",
        "text",
        "bytea",
        "text",
        "text",
        "bytea",
        "int2",
        "int2",
        "bool",
        "bytea",
        "text",
        "int8",
        "int8",
        "int2",
        "int2",
        "int8",
        "bytea",
        "bytea",
        "bytea",
        "bytea",
    ),
)

INSERT_ENVELOPE_BLOBS = Insert(
    "INSERT INTO envelope_blobs (message_hash, sha256, agency) VALUES (?, ?, ?)",
    "COPY envelope_blobs (message_hash, sha256, agency) FROM STDIN (FORMAT BINARY)",
    ("bytea", "bytea", "text"),
)

INSERT_ACKS = Insert(
    "INSERT INTO acks (idx, message_hash, desk, state, body, sig) VALUES (?, ?, ?, ?, ?, ?)",
    "COPY acks (idx, message_hash, desk, state, body, sig) FROM STDIN (FORMAT BINARY)",
    ("int8", "bytea", "text", "int2", "bytea", "bytea"),
)

INSERT_EQUIVOCATIONS = Insert(
    "INSERT INTO equivocations (sender_agency, envelope_id, other_hash, idx) VALUES (?, ?, ?, ?)",
    "COPY equivocations (sender_agency, envelope_id, other_hash, idx) FROM STDIN (FORMAT BINARY)",
    ("text", "bytea", "bytea", "int8"),
)

INSERT_LEGS = Insert(
    "INSERT INTO legs (originator, case_id, recipient, family, state, revision, opening, previous, "
    "opened, deliver_by, question, respond_by, awaiting, overdue_logged, recall, recall_respond_by, "
    "recall_overdue_logged, lapses_at, ended_at, resume_state, next_limit, finished_at, standing, "
    "forwarded, onward) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "COPY legs (originator, case_id, recipient, family, state, revision, opening, previous, opened, "
    "deliver_by, question, respond_by, awaiting, overdue_logged, recall, recall_respond_by, "
    "recall_overdue_logged, lapses_at, ended_at, resume_state, next_limit, finished_at, standing, "
    "forwarded, onward) FROM STDIN (FORMAT BINARY)",
    (
        "text",
        "bytea",
        "text",
        "int2",
        "text",
        "int8",
        "bytea",
        "bytea",
        "int8",
        "int8",
        "bytea",
        "int8",
        "text",
        "bool",
        "bytea",
        "int8",
        "bool",
        "int8",
        "int8",
        "text",
        "int8",
        "int8",
        "int2",
        "bool",
        "bytea",
    ),
)

UPDATE_LEGS = Bulk(
    "UPDATE legs SET family = ?, state = ?, revision = ?, opening = ?, previous = ?, opened = ?, deliver_by = ?,"
    " question = ?, respond_by = ?, awaiting = ?, overdue_logged = ?, recall = ?, recall_respond_by = ?,"
    " recall_overdue_logged = ?, lapses_at = ?, ended_at = ?, resume_state = ?, next_limit = ?, finished_at = ?,"
    " standing = ?, forwarded = ?, onward = ?"
    " WHERE originator = ? AND case_id = ? AND recipient = ? AND revision = ?",
    "UPDATE legs SET family = n.family, state = n.state, revision = n.revision, opening = n.opening,"
    " previous = n.previous, opened = n.opened, deliver_by = n.deliver_by, question = n.question,"
    " respond_by = n.respond_by, awaiting = n.awaiting, overdue_logged = n.overdue_logged, recall = n.recall,"
    " recall_respond_by = n.recall_respond_by, recall_overdue_logged = n.recall_overdue_logged,"
    " lapses_at = n.lapses_at, ended_at = n.ended_at, resume_state = n.resume_state, next_limit = n.next_limit,"
    " finished_at = n.finished_at, standing = n.standing, forwarded = n.forwarded, onward = n.onward"
    " FROM unnest(%b::smallint[], %b::text[], %b::bigint[], %b::bytea[], %b::bytea[], %b::bigint[], %b::bigint[],"
    " %b::bytea[], %b::bigint[], %b::text[], %b::boolean[], %b::bytea[], %b::bigint[], %b::boolean[], %b::bigint[],"
    " %b::bigint[], %b::text[], %b::bigint[], %b::bigint[], %b::smallint[], %b::boolean[], %b::bytea[], %b::text[],"
    " %b::bytea[], %b::text[], %b::bigint[])"
    " AS n (family, state, revision, opening, previous, opened, deliver_by, question, respond_by, awaiting,"
    " overdue_logged, recall, recall_respond_by, recall_overdue_logged, lapses_at, ended_at, resume_state, next_limit,"
    " finished_at, standing, forwarded, onward, originator, case_id, recipient, before)"
    " WHERE legs.originator = n.originator AND legs.case_id = n.case_id AND legs.recipient = n.recipient"
    " AND legs.revision = n.before",
)

DELETE_LEGS = Bulk(
    "DELETE FROM legs WHERE originator = ? AND case_id = ? AND recipient = ?",
    "DELETE FROM legs USING unnest(%b::text[], %b::bytea[], %b::text[]) AS n (a, b, c)"
    " WHERE originator = n.a AND case_id = n.b AND recipient = n.c",
)

UPDATE_ENVELOPES = Bulk(
    "UPDATE envelopes SET state = ?, unstored = ?, due = ? WHERE idx = ?",
    "UPDATE envelopes SET state = n.state, unstored = n.unstored, due = n.due"
    " FROM unnest(%b::smallint[], %b::smallint[], %b::bigint[], %b::bigint[]) AS n (state, unstored, due, idx)"
    " WHERE envelopes.idx = n.idx",
)

DROP_WRAPS = Bulk(
    "UPDATE deliveries SET wrap = NULL WHERE idx = ? AND desk = ?",
    "UPDATE deliveries SET wrap = NULL FROM unnest(%b::bigint[], %b::text[]) AS n (idx, desk)"
    " WHERE deliveries.idx = n.idx AND deliveries.desk = n.desk",
)

DROP_CIPHERTEXTS = Bulk(
    "UPDATE envelopes SET ciphertext = NULL WHERE idx = ?",
    "UPDATE envelopes SET ciphertext = NULL FROM unnest(%b::bigint[]) AS n (idx) WHERE envelopes.idx = n.idx",
)

ERASE_ENVELOPES = Bulk(
    "UPDATE envelopes SET header = NULL, seal = NULL, signatures = NULL, ciphertext = NULL WHERE idx = ?",
    "UPDATE envelopes SET header = NULL, seal = NULL, signatures = NULL, ciphertext = NULL"
    " FROM unnest(%b::bigint[]) AS n (idx) WHERE envelopes.idx = n.idx",
)

ERASE_OPENINGS = Bulk(
    "UPDATE openings SET salt = NULL, event = NULL WHERE idx = ?",
    "UPDATE openings SET salt = NULL, event = NULL FROM unnest(%b::bigint[]) AS n (idx) WHERE openings.idx = n.idx",
)

DELETE_ENVELOPE_BLOBS = Bulk(
    "DELETE FROM envelope_blobs WHERE message_hash = ?",
    "DELETE FROM envelope_blobs USING unnest(%b::bytea[]) AS n (hash) WHERE message_hash = n.hash",
)

PRUNE_ENVELOPES = Bulk(
    "UPDATE envelopes SET sender = '', recipients = '', case_id = x'', author = x'', author_member = '' WHERE idx = ?",
    "UPDATE envelopes SET sender = '', recipients = '', case_id = '', author = '', author_member = ''"
    " FROM unnest(%b::bigint[]) AS n (idx) WHERE envelopes.idx = n.idx",
)

LEGS_DUE = (
    "SELECT originator, case_id, recipient FROM legs WHERE next_limit < ? ORDER BY next_limit LIMIT ?",
    "SELECT originator, case_id, recipient FROM legs WHERE next_limit < %s ORDER BY next_limit LIMIT %s",
)
"""Legs with a clock that has run out."""

ENVELOPES_DUE = (
    "SELECT message_hash FROM envelopes WHERE due < ? ORDER BY due LIMIT ?",
    "SELECT message_hash FROM envelopes WHERE due < %s ORDER BY due LIMIT %s",
)
"""Envelopes whose own clock has run out."""
