"""Counting on the wire: how many items a message repeats and how long each is, before anything is made of it.

An item that holds nothing takes two bytes on the wire, packs to almost none, and is an object of its own once it is
parsed. So few bytes could cost a reader much memory. What is counted here first is bounded by its limits, not by its
length. Strict form is the parser's to look at (`comity.encoding.parse`).

Never does: parse a message, allocate by a number that it read.
"""

from __future__ import annotations

from collections.abc import Mapping

from google.protobuf.message import Message

from comity.errors import MalformedError, Reason

_VARINT_BYTES = 10


def check_counts(
    message_type: type[Message], data: bytes, limit: int, repeated: Mapping[str, tuple[int, int]]
) -> list[tuple[str, bytes]]:
    """Checks how often each field stands in a serialised message, without parsing what is in it.

    Args:
        message_type: the protobuf class; its enums and numbers do not repeat.
        data: the bytes as they travelled.
        limit: greatest length accepted, in bytes.
        repeated: greatest number of items and greatest length of each in bytes, by the name of the field. Every other
            field stands once at most.

    Returns:
        (name of the field, item) of everything that repeats, in the order on the wire.

    Raises:
        MalformedError: too long; a field repeats too often, an item is too long, a field is not known, or the bytes
            are cut off.
    """
    if len(data) > limit:
        raise MalformedError("a message is too large", Reason.TOO_LARGE)
    names = {field.number: field.name for field in message_type.DESCRIPTOR.fields}
    left = {name: repeated.get(name, (1, len(data))) for name in names.values()}
    counts = dict.fromkeys(left, 0)
    found: list[tuple[str, bytes]] = []
    at = 0
    end = len(data)
    while at < end:
        key, at = (data[at], at + 1) if data[at] < 0x80 else _varint(data, at)
        name = names.get(key >> 3)
        if name is None:
            raise MalformedError("a message holds a field that is not known")
        start, at = _span(data, at, key & 7)
        counts[name] += 1
        most, longest = left[name]
        if counts[name] > most or at - start > longest:
            raise MalformedError("a message repeats a field too often, or at too great a length")
        if name in repeated:
            found.append((name, data[start:at]))
    return found


def _span(data: bytes, at: int, wire_type: int) -> tuple[int, int]:
    """Returns where the value of a field begins and ends."""
    start = at
    match wire_type:
        case 0:
            _, at = _varint(data, at)
        case 1:
            at += 8
        case 2:
            length, start = _varint(data, at)
            at = start + length
        case 5:
            at += 4
        case _:
            raise MalformedError("a message holds a value of no known form")
    if at > len(data):
        raise MalformedError("a message is cut off")
    return start, at


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Returns a number and where it ends."""
    value = 0
    for place, byte in enumerate(data[at : at + _VARINT_BYTES]):
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            return value, at + place + 1
    raise MalformedError("a message is cut off")
