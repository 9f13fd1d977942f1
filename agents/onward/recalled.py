"""What a recall takes back, as far as it is held here.

Never does: change any of it (`agents/onward/recalls.py`).
"""

from __future__ import annotations

from typing import Final

from comity.v1 import envelope_pb2
from comity.workflow.terms import Verb
from sqlalchemy import Connection

from agents import mailstore
from agents.cases import header_of, leg_between
from agents.mailstore import Message
from agents.onward import rows
from agents.records import Standing

LIVE: Final = frozenset({Standing.GOOD, Standing.CONTRADICTS, Standing.RECALLED})
"""What can be read here, if only at a second look."""
_KEPT: Final = frozenset({Verb.RECALL, Verb.WITHDRAW, Verb.REVOKE_GRANT})
"""What takes something back is no part of what is taken back."""


def recalled_by(c: Connection, recall: Message, desk: str) -> list[Message]:
    """Returns what is held here of what a recall takes back.

    Args:
        c: to look with.
        recall: the RECALL, received.
        desk: this desk.
    """
    about = header_of(recall).about
    leg = leg_between(c, recall.case_id, recall.sender, desk)
    hashes = {about}
    if leg is not None and about == leg.opening:
        sent = mailstore.messages_of_case(c, recall.case_id)
        hashes |= {m.message_hash for m in sent if m.sender == recall.sender and m.verb not in _KEPT}
        passed_on = rows.forwards_in(c, recall.case_id)
        hashes |= {row.original_hash for row in passed_on if row.originator == recall.sender}
    hashes |= {row.forward_hash for one in list(hashes) for row in rows.forwards_of(c, one)}
    found = [mailstore.message(c, one) for one in sorted(hashes)]
    return [m for m in found if m is not None and _is_here(m)]


def _is_here(message: Message) -> bool:
    """Returns whether anything of a message's content is here, whatever it stands as: withdrawn, or set aside."""
    wire = envelope_pb2.Envelope.FromString(message.envelope)
    return bool(message.archive or wire.ciphertext or wire.wraps)
