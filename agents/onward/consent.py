"""Onward consent: what may be asked, granted, refused, revoked and used, judged alike by both sides' agents.

A grant is for one message, one desk and one time: what was asked for, and nothing else. It is the originator's to give:
what was passed on under one cannot be passed on again (`comity.grants.check_original`). Silence is no.

Never does: verify signatures or receipts (`agents/onward/originals.py`, `agents/intake.py`).
"""

from __future__ import annotations

from typing import Final

from comity.envelope import Header
from comity.grants import leg_made_by, recallable
from comity.workflow.terms import Verb
from sqlalchemy import Connection

from agents import mailstore
from agents.cases import header_of, leg_between
from agents.contents import ContentRefusedError, Said, Taking
from agents.onward import rows
from agents.onward.originals import MEDIA_TYPE

GRANT_MAX_MS: Final = 90 * 86_400_000
"""For how long a grant may stand open at most."""


def judge_onward(c: Connection, said: Said) -> None:
    """Holds a message against the rules of onward consent, see `contents.judge`.

    Raises:
        ContentRefusedError: EMBEDDED_ORIGINAL, NO_ORIGINAL, NO_GRANT, GRANT_NOT_ASKED, GRANT_TOO_LONG, GRANT_USED
            or GRANT_REVOKED.
    """
    header, payload = said.header, said.payload
    for number, item in enumerate(payload.attachments):
        if item.media_type == MEDIA_TYPE and header.verb is not Verb.FORWARD:
            raise ContentRefusedError(
                "EMBEDDED_ORIGINAL", f"attachments[{number}]", "is a message: only FORWARD passes one on"
            )
    match header.verb:
        case Verb.ASK_ONWARD:
            _judge_ask(said)
        case Verb.GRANT_ONWARD:
            _judge_grant(c, said)
        case Verb.REVOKE_GRANT:
            found = rows.grant(c, header.about)
            if found is not None and found.used_by:
                raise ContentRefusedError("GRANT_USED", "about", "was used: it is a recall now")
        case Verb.FORWARD:
            _judge_forward(c, said)


def _judge_ask(said: Said) -> None:
    header, desk = said.header, said.payload.ask_onward.desk
    if desk in (header.sender, *header.counterparts):
        raise ContentRefusedError("GRANT_NOT_ASKED", "ask_onward.desk", "has it already")


def _judge_grant(c: Connection, said: Said) -> None:
    header, terms = said.header, said.header.grant
    if terms is None:  # no header is parsed without
        raise ContentRefusedError("NO_GRANT", "grant", "is missing")
    if not header.created < terms.expires <= header.created + GRANT_MAX_MS:
        raise ContentRefusedError("GRANT_TOO_LONG", "grant.expires", "is past, or more than 90 days ahead")
    asked, ask = mailstore.message(c, header.about), said.read(c, header.about)
    if asked is None or ask is None:
        # Another home of the desk asked, or it was destroyed: the hub has seen to it that it is an ASK_ONWARD.
        return
    fits = (terms.original_hash, terms.holder, terms.new_desk)
    if fits != (header_of(asked).about, asked.sender, ask.ask_onward.desk):
        raise ContentRefusedError("GRANT_NOT_ASKED", "grant", "is not what was asked for")


def _judge_forward(c: Connection, said: Said) -> None:
    header, body = said.header, said.payload.forward
    marked = [item.id for item in said.payload.attachments if item.media_type == MEDIA_TYPE]
    if marked != [body.original_attachment]:
        raise ContentRefusedError("NO_ORIGINAL", "forward.original_attachment", "is not the one original")
    granted = header.granted
    if granted is None:
        return
    made = leg_made_by(header, said.message_hash)
    # The hub is not believed that it lets a grant be used once: whoever has both uses of one sees it here.
    uses = [row.forward_hash for row in rows.forwards_of(c, made.opening) if row.grant_hash == granted.message_hash]
    if set(uses) - {said.message_hash}:
        raise ContentRefusedError("GRANT_USED", "grant", "was used before")
    found = rows.grant(c, granted.message_hash)
    if found is not None and found.revoked_by and said.index is None:
        raise ContentRefusedError("GRANT_REVOKED", "grant", "was revoked")
    there = leg_between(c, made.case_id, made.originator, made.recipient)
    if not recallable(made, there):
        raise ContentRefusedError("NO_GRANT", "grant", "is over what its originator could not recall here")


def take_grants(c: Connection, taking: Taking) -> None:
    """Keeps what was granted and revoked: by REVOKE_GRANT, or by a recall of what it is about."""
    header = taking.header
    if header.verb is Verb.GRANT_ONWARD and header.grant is not None:
        terms = header.grant
        rows.put_grant(
            c,
            rows.GrantRow(
                grant_hash=taking.message_hash,
                case_id=header.case_id,
                original_hash=terms.original_hash,
                originator=header.sender,
                holder=terms.holder,
                new_desk=terms.new_desk,
                expires=terms.expires,
            ),
        )
    if header.verb is Verb.REVOKE_GRANT:
        rows.revoke_grant(c, header.about, taking.message_hash, taking.time)
    if header.verb is Verb.RECALL:
        _take_back(c, taking)


def _take_back(c: Connection, taking: Taking) -> None:
    """Revokes the unused grants that were recalled, or over what was, as the hub does: it is passed on no more."""
    about, leg = taking.header.about, taking.after
    for row in rows.grants(c, leg.case_id):
        if (row.originator, row.holder) == (leg.originator, leg.recipient) and about in (
            leg.opening,
            row.original_hash,
            row.grant_hash,
        ):
            rows.revoke_grant(c, row.grant_hash, taking.message_hash, taking.time)


def consent_warnings(c: Connection, header: Header) -> list[str]:
    """Returns what the second person of a grant should know of what is passed on."""
    if header.grant is None:
        return []
    original = mailstore.message(c, header.grant.original_hash)
    if original is None:
        return ["the original is not here: what is passed on cannot be seen"]
    if len(header_of(original).counterparts) > 1:
        return ["the original shows its other recipients: the new desk will see them"]
    return []
