"""The legs' statements for the schemas before 0005, which this release serves while it takes the place of another.

There every leg is full, none was passed on, and none is an onward one: whatever would make such a leg was refused.

Never does: carry freezes, assistance or onward grants (`hub/exchange/onward.py` refuses them there).
"""

# ruff: noqa: S608 -- every part that is put together here is a constant of this file

from __future__ import annotations

from hub.bulk import Bulk, Insert, Lookup

_LEG = (
    "g.originator, g.case_id, g.recipient, g.family, g.state, g.revision, g.opening, g.previous, g.opened,"
    " g.deliver_by, g.question, g.respond_by, g.awaiting, g.overdue_logged, g.recall, g.recall_respond_by,"
    " g.recall_overdue_logged, g.lapses_at, g.ended_at, g.resume_state, g.finished_at, 0, 0 = 1, NULL"
)

LEGS = Lookup(
    f"SELECT {_LEG} FROM wanted w CROSS JOIN legs g ON g.originator = w.a AND g.case_id = w.b AND g.recipient = w.c",
    f"SELECT {_LEG} FROM unnest(%b::text[], %b::bytea[], %b::text[]) AS w (a, b, c)"
    " JOIN legs g ON g.originator = w.a AND g.case_id = w.b AND g.recipient = w.c",
)
"""Legs by their key."""

INSERT_LEGS = Insert(
    "INSERT INTO legs (originator, case_id, recipient, family, state, revision, opening, previous, "
    "opened, deliver_by, question, respond_by, awaiting, overdue_logged, recall, recall_respond_by, "
    "recall_overdue_logged, lapses_at, ended_at, resume_state, next_limit, finished_at) VALUES (?, ?, ?, "
    "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    "COPY legs (originator, case_id, recipient, family, state, revision, opening, previous, opened, "
    "deliver_by, question, respond_by, awaiting, overdue_logged, recall, recall_respond_by, "
    "recall_overdue_logged, lapses_at, ended_at, resume_state, next_limit, finished_at) FROM STDIN "
    "(FORMAT BINARY)",
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
    ),
)

UPDATE_LEGS = Bulk(
    "UPDATE legs SET family = ?, state = ?, revision = ?, opening = ?, previous = ?, opened = ?, deliver_by = ?,"
    " question = ?, respond_by = ?, awaiting = ?, overdue_logged = ?, recall = ?, recall_respond_by = ?,"
    " recall_overdue_logged = ?, lapses_at = ?, ended_at = ?, resume_state = ?, next_limit = ?, finished_at = ?"
    " WHERE originator = ? AND case_id = ? AND recipient = ? AND revision = ?",
    "UPDATE legs SET family = n.family, state = n.state, revision = n.revision, opening = n.opening,"
    " previous = n.previous, opened = n.opened, deliver_by = n.deliver_by, question = n.question,"
    " respond_by = n.respond_by, awaiting = n.awaiting, overdue_logged = n.overdue_logged, recall = n.recall,"
    " recall_respond_by = n.recall_respond_by, recall_overdue_logged = n.recall_overdue_logged,"
    " lapses_at = n.lapses_at, ended_at = n.ended_at, resume_state = n.resume_state, next_limit = n.next_limit,"
    " finished_at = n.finished_at"
    " FROM unnest(%b::smallint[], %b::text[], %b::bigint[], %b::bytea[], %b::bytea[], %b::bigint[], %b::bigint[],"
    " %b::bytea[], %b::bigint[], %b::text[], %b::boolean[], %b::bytea[], %b::bigint[], %b::boolean[], %b::bigint[],"
    " %b::bigint[], %b::text[], %b::bigint[], %b::bigint[], %b::text[], %b::bytea[], %b::text[], %b::bigint[])"
    " AS n (family, state, revision, opening, previous, opened, deliver_by, question, respond_by, awaiting,"
    " overdue_logged, recall, recall_respond_by, recall_overdue_logged, lapses_at, ended_at, resume_state, next_limit,"
    " finished_at, originator, case_id, recipient, before)"
    " WHERE legs.originator = n.originator AND legs.case_id = n.case_id AND legs.recipient = n.recipient"
    " AND legs.revision = n.before",
)
