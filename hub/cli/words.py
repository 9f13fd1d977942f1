"""What a directory statement says, in words, for the person who is about to sign it.

Never does: judge it; a kind that this page has no sentence for is shown field by field all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

TITLES: Final = {
    "hub_genesis": "The hub begins, with these keys and these three operators",
    "agency_admitted": "An agency is admitted",
    "member_certified": "A member is certified",
    "desk_key_published": "A desk publishes a sealing key",
    "transport_key": "A TLS key may speak for a desk",
    "rotation_delegated": "A member may renew a desk's keys",
    "duty_contact": "A desk's duty contact",
    "revoked": "A key is revoked",
    "agreement_signed": "Two agencies agree to exchange",
    "agreement_ended": "An agreement ends",
    "root_replaced": "An agency has a new root key",
    "operator_replaced": "An operator is replaced",
    "log_key_replaced": "Another key signs the logs",
    "head_key_replaced": "Another key signs heads",
    "agency_suspended": "AN AGENCY IS SUSPENDED: its traffic stops",
    "agency_resumed": "A suspended agency's traffic goes on",
    "witness_listed": "A witness of the logs is listed",
    "key_disputed": "A key is disputed and blocked",
}
_TIMES = frozenset({"created", "valid_from", "valid_until", "effective", "suspect_from"})
_LONG_BYTES = 64


def in_words(kind: str, content: Any) -> list[str]:
    """Returns the lines that say what a statement states.

    Args:
        kind: name of the statement.
        content: its message.
    """
    return [TITLES.get(kind, kind.replace("_", " ")), *_fields(content, "  ")]


def _fields(message: Any, indent: str) -> Iterator[str]:
    for field, value in message.ListFields():
        name = field.name.replace("_", " ")
        values = list(value) if field.is_repeated else [value]
        if field.message_type is not None:
            for item in values:
                yield f"{indent}{name}:"
                yield from _fields(item, indent + "  ")
        else:
            yield f"{indent}{name}: {', '.join(_value(field, item) for item in values)}"


def _value(field: Any, value: Any) -> str:
    if field.enum_type is not None:
        known = field.enum_type.values_by_number.get(value)
        return known.name.lower() if known is not None else str(value)
    if field.name in _TIMES:
        return moment(value)
    if isinstance(value, bytes):
        return value.hex() if len(value) <= _LONG_BYTES else f"{len(value)} bytes, beginning {value[:16].hex()}"
    return str(value)


def moment(milliseconds: int) -> str:
    """Returns Unix milliseconds as a date and time in UTC."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
