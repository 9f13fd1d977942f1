"""The stable JSON shapes of `--json`, documented in JSON.md. Keys and codes never depend on the language.

Ids are lower-case hexadecimal, times Unix milliseconds UTC (null where absent), codes those of the protocol.

Never does: print; show keys of attachments.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from comity.envelope import Header
from comity.payload import body_of
from comity.payload_rules import Gap
from comity.v1 import payload_pb2
from google.protobuf.message import Message

from agents.alarms import Alarm
from agents.cli.words import value_code
from agents.records import (
    AttachmentInfo,
    CaseInfo,
    DraftInfo,
    Duplicate,
    InboxItem,
    OpenedMessage,
    Reader,
    Reminder,
    Review,
    Sent,
    SentItem,
    TimelineEvent,
)
from agents.statistics import CaseStatistics, Took


def message_view(message: Message) -> dict[str, Any]:
    """Returns a payload's message as plain values: listed values as codes, bytes as hexadecimal, all fields present."""
    return {field.name: _field(message, field) for field in message.DESCRIPTOR.fields}


def _field(message: Message, field: Any) -> Any:
    value = getattr(message, field.name)
    if field.is_repeated:
        return [_value(field, item) for item in value]
    if field.message_type is not None and not message.HasField(field.name):
        return None
    return _value(field, value)


def _value(field: Any, value: Any) -> Any:
    if field.message_type is not None:
        return message_view(value)
    if field.enum_type is not None:
        return value_code(field.enum_type, value) if value else None
    return value.hex() if isinstance(value, bytes) else value


def gap_views(gaps: Iterable[Gap]) -> list[dict[str, Any]]:
    """Returns gaps of a form or draft."""
    return [{"path": gap.path, "problem": gap.problem} for gap in gaps]


def reader_views(readers: Iterable[Reader]) -> list[dict[str, Any]]:
    """Returns who will be able to read a message."""
    return [
        {
            "desk": reader.desk,
            "agency_name": reader.agency_name,
            "members": list(reader.members),
            "own_copy": reader.own_copy,
            "pinned": reader.pinned,
        }
        for reader in readers
    ]


def draft_view(info: DraftInfo) -> dict[str, Any]:
    """Returns a draft."""
    return {
        "id": info.id,
        "verb": info.verb.name,
        "case": info.case_id,
        "to": list(info.to),
        "author": info.author,
        "approver": info.approver or None,
        "state": info.state.value,
        "created": info.created,
        "precedence": info.precedence.name,
        "message_hash": info.message_hash,
    }


def header_view(header: Header) -> dict[str, Any]:
    """Returns what stands outside the seal of a message."""
    return {
        "case": header.case_id.hex(),
        "verb": header.verb.name,
        "from": header.sender,
        "to": [recipient.desk for recipient in header.recipients if recipient.desk != header.sender],
        "precedence": header.precedence.name,
        "created": header.created,
        "deliver_by": header.deliver_by or None,
        "respond_by": header.respond_by or None,
        "about": header.about.hex() or None,
    }


def content_view(payload: payload_pb2.Payload, attachments: Sequence[AttachmentInfo] = ()) -> dict[str, Any]:
    """Returns what stands inside the seal: handling, body, attachments without their keys."""
    listed = attachments or tuple(
        AttachmentInfo(item.id.hex(), item.name, item.media_type, item.plain_length) for item in payload.attachments
    )
    return {
        "handling": message_view(payload.handling),
        "body": message_view(body_of(payload)),
        "attachments": [
            {"id": item.id, "name": item.name, "media_type": item.media_type, "length": item.length} for item in listed
        ],
    }


def review_view(review: Review) -> dict[str, Any]:
    """Returns a draft as it was opened for its second person."""
    return {
        "draft": draft_view(review.info),
        "header": header_view(review.header),
        "content": content_view(review.payload),
        "readers": reader_views(review.readers),
        "gaps": gap_views(review.gaps),
        "warnings": list(review.warnings),
        "duplicates": duplicate_views(review.duplicates),
    }


def sent_view(sent: Sent) -> dict[str, Any]:
    """Returns what is proved after sending."""
    return {
        "status": sent.status.value,
        "message": sent.message_hash,
        "case": sent.case_id,
        "log_index": sent.log_index,
        "time": sent.time,
    }


def inbox_view(item: InboxItem) -> dict[str, Any]:
    """Returns a received message without its content."""
    return {
        "message": item.message,
        "case": item.case_id,
        "from": item.sender,
        "verb": item.verb.name,
        "precedence": item.precedence.name,
        "created": item.created,
        "deliver_by": item.deliver_by or None,
        "respond_by": item.respond_by or None,
        "received": item.received,
        "status": item.status.value,
        "standing": item.standing.value,
        "log_index": item.log_index if item.log_index >= 0 else None,
    }


def outbox_view(item: SentItem) -> dict[str, Any]:
    """Returns a message of this desk and how far it has come at each recipient."""
    return {
        "message": item.message,
        "case": item.case_id,
        "to": list(item.to),
        "verb": item.verb.name,
        "precedence": item.precedence.name,
        "created": item.created,
        "statuses": {desk: status.value for desk, status in item.statuses.items()},
        "log_index": item.log_index if item.log_index >= 0 else None,
    }


def opened_view(opened: OpenedMessage) -> dict[str, Any]:
    """Returns a message with its content."""
    return {
        "message": opened.message,
        "standing": opened.standing.value,
        "author": opened.author or None,
        "header": header_view(opened.header),
        "content": content_view(opened.payload, opened.attachments),
        "duplicates": duplicate_views(opened.duplicates),
    }


def duplicate_views(duplicates: Sequence[Duplicate]) -> list[dict[str, str]]:
    """Returns the other cases that name the same things."""
    return [{"kind": one.kind, "case": one.case_id, "message": one.message} for one in duplicates]


def case_view(case: CaseInfo) -> dict[str, Any]:
    """Returns one leg of a case."""
    return {
        "case": case.case_id,
        "originator": case.originator,
        "recipient": case.recipient,
        "side": case.side.value,
        "state": case.state.value,
        "respond_by": case.respond_by,
        "awaiting": case.awaiting.value if case.awaiting else None,
        "allowed": [verb.name for verb in case.allowed],
        "opening": case.opening,
        "family": case.family.name,
    }


def event_view(event: TimelineEvent) -> dict[str, Any]:
    """Returns one event of a timeline."""
    return {
        "time": event.time,
        "kind": event.kind,
        "message": event.message or None,
        "verb": event.verb.name if event.verb else None,
        "from": event.sender or None,
        "desk": event.desk or None,
        "log_index": event.log_index if event.log_index >= 0 else None,
        "proof": event.proof,
        "case": event.case_id or None,
        "own_clock": event.own_clock,
    }


def alarm_view(alarm: Alarm) -> dict[str, Any]:
    """Returns an alarm."""
    return {
        "id": alarm.id,
        "kind": alarm.kind.value,
        "subject": alarm.subject,
        "raised": alarm.raised,
        "telephone": alarm.telephone or None,
    }


def reminder_view(reminder: Reminder) -> dict[str, Any]:
    """Returns a limit that comes near, or went by."""
    return {
        "case": reminder.case_id,
        "originator": reminder.originator,
        "recipient": reminder.recipient,
        "ours": reminder.ours,
        "respond_by": reminder.respond_by,
        "percent": reminder.percent,
        "kind": reminder.kind.value,
        "family": reminder.family.name,
    }


def statistics_view(one: CaseStatistics) -> dict[str, Any]:
    """Returns how the cases with one desk, of one family, went."""
    return {
        "with": one.desk,
        "family": one.family.name,
        "side": one.side.value,
        "cases": one.cases,
        "acknowledged": _took_view(one.acknowledged),
        "executed": _took_view(one.executed),
        "overdue_ours": one.overdue_ours,
        "overdue_theirs": one.overdue_theirs,
        "lapsed": one.lapsed,
        "expired": one.expired,
        "refusals": dict(one.refusals),
    }


def _took_view(took: Took) -> dict[str, Any]:
    return {"count": took.count, "median": took.median, "p90": took.p90}
