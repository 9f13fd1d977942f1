"""A FORWARD at its new desk: the grant proved, the original in it fetched, kept sealed, and proved.

The original's blob is kept in this home as it came, sealed: the hub forgets it after its time, and whoever recalls it
must be answered for what is here. Where the hub does not hand it over, the FORWARD is kept all the same; it is proved
as soon as somebody opens it, and nobody acts on it before.

Never does: show anything; act on a FORWARD whose original is not proved.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from comity.envelope import BlobRef, Header
from comity.errors import CannotOpenError, RefusedError
from comity.grants import check_granted, leg_made_by, verify_granted
from comity.names import agency_of
from comity.v1.payload_pb2 import Attachment, Payload
from comity.workflow.terms import Verb
from sqlalchemy import Connection

from agents import mailstore
from agents.attachments import fetch_again, open_bytes
from agents.cases import leg_between
from agents.contents import ContentRefusedError
from agents.home import Home, destroy
from agents.onward import rows
from agents.onward.originals import ORIGINAL_LIMIT, Original, check_grant, prove
from agents.session import Session
from agents.trust import Trust
from agents.verifying import Item


def kept_path(home: Home, sha256: bytes) -> Path:
    """Returns where the sealed blob of an original is kept."""
    return home.path / "originals" / f"{sha256.hex()}.blob"


def record_of(payload: Payload) -> Attachment:
    """Returns the attachment of a FORWARD that holds the original.

    Raises:
        ContentRefusedError: NO_ORIGINAL: there is none, or it is larger than a message can be.
    """
    wanted = payload.forward.original_attachment
    found = [item for item in payload.attachments if item.id == wanted]
    if len(found) != 1 or found[0].plain_length > ORIGINAL_LIMIT:
        raise ContentRefusedError("NO_ORIGINAL", "forward.original_attachment", "is not the one original")
    return found[0]


async def receive(
    home: Home,
    trust: Trust,
    session: Session,
    *,
    header: Header,
    payload: Payload,
    index: int,
    asking: Callable[[], None] = lambda: None,
) -> Original | None:
    """Proves a FORWARD that came.

    Args:
        home: where the original is kept.
        trust: of this home.
        session: to the hub.
        header: of the FORWARD; its signatures and those of its grant were verified.
        payload: what it says.
        index: of its leaf.
        asking: called before the hub is asked.

    Returns:
        The original; None where the hub did not hand it over.

    Raises:
        ContentRefusedError: grant or original is not what it is said to be.
        SplitViewError: one of them is in another history.
        RefusedError: the hub did not answer a question that a proof needs.
    """
    asking()
    await check_grant(trust, session, header, payload.forward.grant_receipt, index)
    record = record_of(payload)
    try:
        data = await fetched(home, session, record)
    except RefusedError:
        return None
    return await prove(trust, session, data, forward=header, said=payload, before=index)


async def fetched(home: Home, session: Session, record: Attachment) -> bytes:
    """Returns the file of an original, from this home or, the first time, from the hub.

    Raises:
        ContentRefusedError: ORIGINAL_FALSE: it does not open.
        RefusedError: the hub does not hand it over.
    """
    path = kept_path(home, record.blob_sha256)
    try:
        await fetch_again(session, BlobRef(record.blob_sha256, record.blob_length), path)
        return await asyncio.to_thread(open_bytes, path, record)
    except CannotOpenError:
        raise ContentRefusedError("ORIGINAL_FALSE", "forward.original_attachment", "does not open") from None


def forget_kept(home: Home, blobs: Sequence[BlobRef]) -> None:
    """Destroys the sealed blobs that are kept of a FORWARD."""
    for blob in blobs:
        destroy(kept_path(home, blob.sha256))


def keep_received(c: Connection, header: Header, forward_hash: bytes, original: Original | None) -> None:
    """Keeps what a FORWARD makes at its new desk: where it came from, and the leg on which that may be recalled.

    Args:
        c: of the transaction that stores it.
        header: of the FORWARD.
        forward_hash: its message hash.
        original: what it brought, None where that is not proved.
    """
    put_forward(c, header, forward_hash, proved=original is not None, verb=original.header.verb if original else None)
    put_onward_leg(c, header, forward_hash)


def put_forward(c: Connection, header: Header, forward_hash: bytes, *, proved: bool, verb: Verb | None) -> None:
    """Keeps where a FORWARD came from and where it goes."""
    granted = header.granted
    if granted is None or granted.header.grant is None:
        return
    rows.put_forward(
        c,
        rows.ForwardRow(
            forward_hash=forward_hash,
            grant_hash=granted.message_hash,
            original_hash=granted.header.grant.original_hash,
            original_case=granted.header.case_id,
            originator=granted.header.sender,
            case_id=header.case_id,
            holder=header.sender,
            new_desk=granted.header.grant.new_desk,
            proved=proved,
            verb=verb or Verb.FORWARD,
        ),
    )


def put_onward_leg(c: Connection, header: Header, forward_hash: bytes) -> None:
    """Makes the leg between originator and new desk, unless there is one of that case between them."""
    leg = leg_made_by(header, forward_hash)
    if leg_between(c, leg.case_id, leg.originator, leg.recipient) is None:
        mailstore.put_leg(c, leg)


def keep_unopened(c: Connection, item: Item, header: Header, desk: str) -> None:
    """Keeps what a FORWARD makes here although it was not taken: its originator may recall it, and must be answered.

    Nobody's word is needed for it but that of the two who granted it: they signed what the FORWARD's header holds.

    Args:
        c: of the transaction that sets it aside.
        item: what brought it.
        header: of any message; it hashes to what the log names.
        desk: this one.
    """
    granted = header.granted
    if header.verb is not Verb.FORWARD or granted is None:
        return
    try:
        grant = check_granted(header, item.time)
        verify_granted(granted, item.view.sign_key)
    except RefusedError:
        return
    if grant.new_desk == desk:
        keep_received(c, header, item.verified.event.message_hash, None)


def originator_agency(c: Connection, forward_hash: bytes) -> str:
    """Returns whose words a FORWARD brings, as its grant has it; empty where that is not known here."""
    found = rows.forward(c, forward_hash)
    return "" if found is None else agency_of(found.originator)
