"""How people see drafts, messages and who can read them.

Never does: print JSON (`agents/cli/views.py`), open anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from comity.envelope import Header
from comity.payload import body_of
from comity.payload_rules import Gap
from comity.v1 import payload_pb2
from comity.workflow.terms import Precedence, Verb
from google.protobuf.message import Message

from agents.cli.catalogue import Language, language, t
from agents.cli.said import said
from agents.cli.screen import Screen
from agents.cli.times import due, stamp
from agents.cli.words import COMMANDS_OF, LIST_COMMANDS, NOUNS, field_label, label, short, value_label, verb_label
from agents.freezing.templates import headline
from agents.records import AttachmentInfo, CaseInfo, Duplicate, InboxItem, Reader, Review, Standing

_TIMES: Final = frozenset({"retain_until", "review_at"})
_ALWAYS: Final = frozenset({"may_tell_affected", "binding"})  # what is not allowed must be seen too
_BYTES_SHOWN: Final = 64
_CASES_SHOWN: Final = 5
STANDINGS: Final = {
    Standing.SUSPECT: "SUSPECT: the signer's key was revoked. Do not act on it; call the sender back.",
    Standing.UNPINNED: "UNPINNED: nobody here has compared the sender's fingerprint. Do not act on it before that.",
    Standing.QUARANTINED: "QUARANTINED: it broke a rule and was refused. Do not act on it.",
    Standing.EXPIRED: "EXPIRED: it came too late to count. Do not act on it.",
    Standing.WITHDRAWN: "WITHDRAWN: the sender took it back. Do not act on it.",
    Standing.CONTRADICTS: "CONTRADICTS: what it says breaks a rule. Do not act on it; call the sender back.",
    Standing.RECALLED: "RECALLED: its originator recalled it and it was set aside here. Do not act on it.",
    Standing.DESTROYED: "DESTROYED: its originator recalled it and it was destroyed here.",
}
"""Why a message must not be acted on."""


def size(length: int) -> str:
    """Returns a number of bytes in a unit that a person reads."""
    if length < 10_000:
        return t("{n} bytes", n=length)
    return f"{length / 1000:.0f} kB" if length < 1_000_000 else f"{length / 1_000_000:.1f} MB"


def field_rows(message: Message, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yields label and value of everything that a message says, records indented below their label."""
    indent = "  " * depth
    for field in message.DESCRIPTOR.fields:
        value = getattr(message, field.name)
        if field.is_repeated:
            yield from _repeated(field, value, indent, depth)
        elif field.message_type is not None:
            if message.HasField(field.name):
                yield f"{indent}{field_label(field)}", ""
                yield from field_rows(value, depth + 1)
        elif value or field.name in _ALWAYS:
            yield f"{indent}{field_label(field)}", _shown(field, value)


def _repeated(field: Any, values: Any, indent: str, depth: int) -> Iterator[tuple[str, str]]:
    for number, value in enumerate(values, start=1):
        name = f"{indent}{field_label(field)}"
        if field.message_type is not None:
            yield f"{name} {number}", ""
            yield from field_rows(value, depth + 1)
        else:
            yield name if number == 1 else "", f"· {_shown(field, value)}" if len(values) > 1 else _shown(field, value)


def _shown(field: Any, value: Any) -> str:
    if field.enum_type is not None:
        return value_label(field.enum_type, value)
    if isinstance(value, bool):
        return t("yes") if value else t("no")
    if isinstance(value, bytes):
        return value.hex() if len(value) <= _BYTES_SHOWN else size(len(value))
    return stamp(value) if field.name in _TIMES else str(value).strip("\n")


def _people(count: int) -> str:
    return t("1 member") if count == 1 else t("{n} members", n=count)


def _named(kind: str) -> str:
    """Returns what two cases have in common."""
    names = {
        "WALLET": t("wallet"),
        "ACCOUNT": t("platform account"),
        "TRANSACTION": t("transaction"),
        "REFERENCE": t("reference"),
        "IDENTITY": t("identity document"),
    }
    return names.get(kind) or t("person")


def show_readers(screen: Screen, readers: Sequence[Reader]) -> None:
    """Shows who will be able to read a message."""
    screen.heading(t("WHO WILL BE ABLE TO READ IT"))
    rows = []
    for reader in readers:
        note = t("own copy") if reader.own_copy else t("fingerprint compared") if reader.pinned else t("NOT COMPARED")
        rows.append((reader.desk, reader.agency_name, _people(len(reader.members)), note))
    screen.table((t("Desk"), t("Agency"), t("People"), ""), rows)
    screen.say(t("Nobody else; not the hub."), "dim")


def show_header(screen: Screen, header: Header, *, author: str = "", message: str = "", awaited: bool = True) -> None:
    """Shows what stands outside the seal.

    Args:
        screen: both streams.
        header: of the message.
        author: who wrote it.
        message: its hash.
        awaited: its answer is still awaited; where not, nobody is late.
    """
    to = ", ".join(r.desk for r in header.recipients if r.desk != header.sender)
    pairs = [
        (t("Message"), message),
        (t("Case"), header.case_id.hex()),
        (t("From"), header.sender),
        (t("To"), to),
        (t("Author"), author),
        (t("Precedence"), label(header.precedence)),
        (t("Sealed"), stamp(header.created)),
        (t("Answer by"), _deadline(header.respond_by) if awaited else stamp(header.respond_by)),
        (t("Deliver by"), _deadline(header.deliver_by)),
        (t("About"), header.about.hex()),
    ]
    style = "bold red" if header.precedence is Precedence.FLASH else "bold"
    screen.say(f"{verb_label(header.verb)} · {label(header.precedence)}", style)
    screen.fields([(name, value) for name, value in pairs if value])


def _deadline(at_ms: int) -> str:
    return f"{stamp(at_ms)} ({due(at_ms)})" if at_ms else ""


def show_content(screen: Screen, payload: payload_pb2.Payload, attachments: Sequence[AttachmentInfo] = ()) -> None:
    """Shows what stands inside the seal: handling first, for it says what may be done with the rest."""
    screen.heading(t("Handling"))
    screen.fields(list(field_rows(payload.handling)))
    screen.heading(t("Content"))
    if said_above := headline(body_of(payload), language().value):
        screen.say(said_above, "bold")
    screen.fields(list(field_rows(body_of(payload))))
    listed = attachments or tuple(
        AttachmentInfo(item.id.hex(), item.name, item.media_type, item.plain_length) for item in payload.attachments
    )
    if listed:
        screen.heading(t("Attachments"))
        rows = [(short(item.id), item.name, item.media_type, size(item.length)) for item in listed]
        screen.table((t("Id"), t("File name"), t("Type"), t("Size")), rows)


def show_gaps(screen: Screen, gaps: Sequence[Gap]) -> None:
    """Shows what is missing or wrong, a line each."""
    if gaps:
        screen.heading(t("What stands in the way"))
        screen.fields([(gap.path, said(gap.problem)) for gap in gaps])


def show_review(screen: Screen, review: Review) -> None:
    """Shows a draft in full: what the second person is about to sign."""
    show_header(screen, review.header, author=review.info.author, message=review.info.message_hash)
    show_content(screen, review.payload)
    show_readers(screen, review.readers)
    show_gaps(screen, review.gaps)
    for warning in review.warnings:
        screen.warn(said(warning))
    show_duplicates(screen, review.duplicates)


def show_duplicates(screen: Screen, duplicates: Sequence[Duplicate]) -> None:
    """Warns of other cases that name the same things: perhaps the same request, through another channel."""
    if screen.as_json:
        return  # they stand in the object
    cases: dict[str, set[str]] = {}
    for one in duplicates:
        cases.setdefault(one.case_id, set()).add(one.kind)
    for kinds in dict.fromkeys(frozenset(found) for found in cases.values()):
        alike = [short(case) for case, found in cases.items() if found == kinds]
        listed = ", ".join([*alike[:_CASES_SHOWN], "…"] if len(alike) > _CASES_SHOWN else alike)
        named = ", ".join(_named(kind) for kind in sorted(kinds))
        screen.warn(
            t("Named in other cases, too: {kinds} ({cases}). Is it the same request?", kinds=named, cases=listed)
        )


def show_standing(screen: Screen, standing: Standing) -> None:
    """Shows why a message must not be acted on, where it must not."""
    if standing in STANDINGS:
        screen.say(t(STANDINGS[standing]), "bold red")


def show_inbox(screen: Screen, items: Sequence[InboxItem]) -> None:
    """Shows received messages in a table, unread ones in bold."""
    rows, styles = [], []
    for item in items:
        state = label(item.standing) if item.standing is not Standing.GOOD else label(item.status)
        rows.append(
            (
                short(item.message),
                verb_label(item.verb),
                item.sender,
                short(item.case_id),
                label(item.precedence),
                due(item.respond_by) if item.awaited else "",
                state,
            )
        )
        urgent = item.precedence is Precedence.FLASH or item.standing in STANDINGS
        unread = item.status.value == "DELIVERED"
        styles.append("bold red" if urgent and unread else "bold" if unread else "")
    columns = (t("Id"), t("Message"), t("From"), t("Case"), t("Precedence"), t("Answer"), t("State"))
    screen.table(columns, rows, styles)


def next_actor(case: CaseInfo) -> str:
    """Returns who acts next in a case, in the reader's language."""
    return t(case.state.next_actor) if language() is Language.ZH_HANT else case.next_actor


def answers(case: CaseInfo) -> list[str]:
    """Returns the commands by which this desk may go on with a case, without recall, which is always possible."""
    known = COMMANDS_OF.get(case.family, {})
    usual = [verb for verb in case.allowed if verb in known and verb is not Verb.RECALL]
    lists = [verb for verb in case.allowed if verb in LIST_COMMANDS]
    if lists:
        return [f"watchlist {LIST_COMMANDS[verb]} {short(case.case_id)}" for verb in lists]
    return list(dict.fromkeys(f"{NOUNS[case.family]} {known[verb]} {short(case.case_id)}" for verb in usual))
