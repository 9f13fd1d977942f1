"""Drafts as rows: what a list shows, and the draft itself sealed to the people it concerns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from comity.workflow.terms import Precedence, Verb
from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects.sqlite import insert

from agents import schema as s
from agents.records import DraftInfo, DraftState

# Asked with every pass, and there is hardly ever one: CROSS JOIN has SQLite begin with the messages, by their index.
# PUBLISH and SNAPSHOT are no drafts: where an owner's machine has many of them on their way, none is looked for.
_UNSENT_AGAIN: Final = (
    "SELECT d.id, m.message_hash FROM messages m CROSS JOIN drafts d ON d.message_hash = m.message_hash"
    " WHERE m.log_index < 0 AND m.verb NOT IN (33, 34) AND m.outgoing AND d.state = 'SENT'"
    " ORDER BY m.created, d.created"
)


@dataclass(frozen=True, slots=True)
class StoredDraft:
    """A draft's row."""

    info: DraftInfo
    box: bytes
    """Serialised Box."""


def put_draft(c: Connection, draft: StoredDraft) -> None:
    """Keeps a draft; an older form of it is replaced."""
    info = draft.info
    row = {
        "id": info.id,
        "verb": int(info.verb),
        "case_id": bytes.fromhex(info.case_id),
        "recipients": json.dumps(list(info.to)),
        "author": info.author,
        "approver": info.approver,
        "state": info.state.value,
        "created": info.created,
        "precedence": int(info.precedence),
        "message_hash": bytes.fromhex(info.message_hash),
        "box": draft.box,
    }
    c.execute(insert(s.drafts).values(row).on_conflict_do_update(index_elements=["id"], set_=row))


def set_draft_state(c: Connection, draft_id: str, state: DraftState) -> None:
    """Moves a draft. What was sent or discarded keeps no content."""
    values: dict[str, Any] = {"state": state.value}
    if state in (DraftState.SENT, DraftState.DISCARDED):
        values["box"] = b""
    c.execute(update(s.drafts).where(s.drafts.c.id == draft_id).values(values))


def unsent_again(c: Connection) -> list[tuple[str, bytes]]:
    """Returns draft and message hash of what was sent and is in no log any more, oldest first."""
    return [(str(row[0]), bytes(row[1])) for row in c.exec_driver_sql(_UNSENT_AGAIN)]


def drafts(c: Connection) -> list[DraftInfo]:
    """Returns all drafts, oldest first."""
    return [_draft(row).info for row in c.execute(select(s.drafts).order_by(s.drafts.c.created, s.drafts.c.id))]


def find_drafts(c: Connection, prefix: str) -> list[StoredDraft]:
    """Returns the drafts whose id begins so."""
    query = select(s.drafts).where(s.drafts.c.id.startswith(prefix, autoescape=True))
    return [_draft(row) for row in c.execute(query)]


def _draft(row: Row[Any]) -> StoredDraft:
    info = DraftInfo(
        id=row.id,
        verb=Verb(row.verb),
        case_id=row.case_id.hex(),
        to=tuple(json.loads(row.recipients)),
        author=row.author,
        approver=row.approver,
        state=DraftState(row.state),
        created=row.created,
        precedence=Precedence(row.precedence),
        message_hash=row.message_hash.hex(),
    )
    return StoredDraft(info, row.box)
