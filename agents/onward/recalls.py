"""Answering a recall: what this desk has said it did is done, in the transaction that takes its answer from the log.

DESTROYED: of every message that was recalled, ciphertext, wraps, content key and all that was kept of its content go;
header, seal, signatures and receipt stay as the proof that it was here. QUARANTINED: it stands behind a second look; so
does, whatever was answered, what a freeze that goes on rests on (`agents/freezing/keeping.py`).
Whoever passed it on destroys its own FORWARD as well; whoever received it so, the FORWARD that brought it. A recall of
what opened a case is one of everything that its originator sent in it.

Never does: reach what left the home: a file that somebody saved, a page that was printed.
"""

from __future__ import annotations

from typing import Final

from comity.encoding import serialise
from comity.envelope import BlobRef, Header
from comity.v1 import envelope_pb2
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Verb
from sqlalchemy import Connection

from agents import draftstore, mailstore
from agents.cases import header_of
from agents.contentrules import forget
from agents.contents import Reader
from agents.freezing.keeping import must_stay
from agents.mailstore import Message
from agents.onward import rows
from agents.onward.recalled import LIVE, recalled_by
from agents.records import DraftState, Standing

_UNSENT: Final = frozenset({DraftState.AWAITING_APPROVAL, DraftState.READY})


def settle_answer(c: Connection, header: Header, payload: pb.Payload, at: int) -> list[BlobRef]:
    """Does what this desk's own ANSWER_RECALL says.

    Args:
        c: of the transaction that takes it from the log.
        header: of the answer.
        payload: what it says.
        at: the leaf's time, Unix milliseconds UTC.

    Returns:
        Sealed blobs that may be kept here of what was destroyed.
    """
    recall = mailstore.message(c, header.about)
    if recall is None or recall.verb is not Verb.RECALL:
        return []
    gone: list[BlobRef] = []
    destroys = payload.answer_recall.kind == pb.RECALL_ANSWER_KIND_DESTROYED
    for message in recalled_by(c, recall, header.sender):
        stays = destroys and must_stay(c, message, header.sender, at)  # its own client has refused to say so
        if destroys and not stays:
            gone += header_of(message).blobs
            _destroy(c, message)
        elif message.standing in LIVE and (stays or payload.answer_recall.kind == pb.RECALL_ANSWER_KIND_QUARANTINED):
            mailstore.update_message(c, message.message_hash, standing=Standing.RECALLED.value)
    return gone


def settle_late(c: Connection, read: Reader, message_hash: bytes, desk: str) -> list[BlobRef] | None:
    """Destroys what came late, after this desk has said that it destroyed it.

    Args:
        c: of the transaction that stores it.
        read: opens what is kept.
        message_hash: of what came.
        desk: this one.

    Returns:
        Sealed blobs that may be kept here of it; None where it stays.
    """
    late = mailstore.message(c, message_hash)
    if late is None:
        return None
    for answer in mailstore.messages_of_case(c, late.case_id):
        if answer.verb is not Verb.ANSWER_RECALL or not answer.outgoing or answer.log_index <= late.log_index:
            continue
        said, whole = read(c, answer.message_hash), mailstore.message(c, answer.message_hash)
        if said is None or whole is None or said.answer_recall.kind != pb.RECALL_ANSWER_KIND_DESTROYED:
            continue
        recall = mailstore.message(c, header_of(whole).about)
        taken_back = [] if recall is None else recalled_by(c, recall, desk)
        found = [m for m in taken_back if m.message_hash == message_hash]
        if found and not must_stay(c, found[0], desk, answer.leaf_time):
            _destroy(c, found[0])
            return list(header_of(found[0]).blobs)
    return None


def _destroy(c: Connection, message: Message) -> None:
    wire = envelope_pb2.Envelope.FromString(message.envelope)
    wire.ClearField("ciphertext")
    wire.ClearField("wraps")
    values = {"envelope": serialise(wire), "archive": b"", "standing": Standing.DESTROYED.value}
    mailstore.update_message(c, message.message_hash, **values)
    forget(c, message.message_hash)
    granted = [row for row in rows.grants(c, message.case_id) if row.original_hash == message.message_hash]
    for info in draftstore.drafts(c):
        # A FORWARD that was drafted and not sent holds the original: nobody else may address that desk by its grant.
        if info.verb is Verb.FORWARD and info.state in _UNSENT and info.to in {(row.new_desk,) for row in granted}:
            draftstore.set_draft_state(c, info.id, DraftState.DISCARDED)
