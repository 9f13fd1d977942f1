"""Changes bytes and messages in the ways that break parsers: by chance, the same for one seed.

Never does: know a protocol. Whoever signs what was changed does so elsewhere.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

from google.protobuf.descriptor import FieldDescriptor as Field

EDGES = (0, 1, 2, 127, 128, 255, 256, 2**15, 2**31 - 1, 2**31, 2**32 - 1, 2**53, 2**63 - 1, 2**64 - 1)
WORDS = (b"", b"\0", b"\x80", b"\xff" * 10, b"\xed\xa0\x80", "\u202e".encode(), b"'; DROP TABLE x; --", b"../../etc")
_EMPTY: dict[int, Any] = {Field.TYPE_BYTES: b"", Field.TYPE_STRING: "", Field.TYPE_BOOL: False}
_SIGNED = {Field.TYPE_INT32, Field.TYPE_INT64, Field.TYPE_SINT32, Field.TYPE_SINT64}
_WIDE = {Field.TYPE_INT64, Field.TYPE_SINT64, Field.TYPE_UINT64, Field.TYPE_FIXED64}


class Mutator:
    """One source of chance and the changes it makes."""

    def __init__(self, rng: random.Random) -> None:
        """Takes the source of chance."""
        self.rng = rng
        self._byte_changes: tuple[Callable[[bytearray], None], ...] = (
            self._flip,
            self._flip,
            self._cut,
            self._remove,
            self._insert,
            self._repeat,
            self._overwrite,
            self._varint,
        )

    def data(self, data: bytes) -> bytes:
        """Returns bytes with one to four changes."""
        changed = bytearray(data)
        for _ in range(self.rng.randint(1, 4)):
            self.rng.choice(self._byte_changes)(changed)
        return bytes(changed)

    def splice(self, one: bytes, other: bytes) -> bytes:
        """Returns the beginning of one and the end of another."""
        return one[: self.rng.randint(0, len(one))] + other[self.rng.randint(0, len(other)) :]

    def message(self, message: Any) -> Any:
        """Changes one to three fields of a message, at any depth, in place; returns it."""
        for _ in range(self.rng.randint(1, 3)):
            self._change(message)
        return message

    def _at(self, data: bytearray) -> int:
        return self.rng.randint(0, max(0, len(data) - 1))

    def _flip(self, data: bytearray) -> None:
        if data:
            data[self._at(data)] ^= 1 << self.rng.randrange(8)

    def _cut(self, data: bytearray) -> None:
        del data[self._at(data) :]

    def _remove(self, data: bytearray) -> None:
        at = self._at(data)
        del data[at : at + self.rng.randint(1, 16)]

    def _insert(self, data: bytearray) -> None:
        at = self._at(data)
        data[at:at] = self.rng.choice((*WORDS, self.rng.randbytes(self.rng.randint(1, 12))))

    def _repeat(self, data: bytearray) -> None:
        at = self._at(data)
        data[at:at] = data[at : at + self.rng.randint(1, 64)]

    def _overwrite(self, data: bytearray) -> None:
        at = self._at(data)
        word = self.rng.choice(WORDS)
        data[at : at + len(word)] = word

    def _varint(self, data: bytearray) -> None:
        at, value = self._at(data), self.rng.choice(EDGES)
        encoded = bytearray()
        while value > 127:
            encoded.append(value & 127 | 128)
            value >>= 7
        encoded.append(value)
        data[at : at + 1] = encoded

    def _change(self, message: Any) -> None:
        field = self.rng.choice(message.DESCRIPTOR.fields or [None])
        if field is None:
            return
        present = field.is_repeated or message.HasField(field.name) if field.has_presence else True
        if self.rng.random() < 0.15:
            message.ClearField(field.name)
        elif field.is_repeated:
            self._change_repeated(message, field)
        elif field.type == Field.TYPE_MESSAGE:
            if present or self.rng.random() < 0.5:
                self._change(getattr(message, field.name))
        else:
            setattr(message, field.name, self._value(field, getattr(message, field.name)))

    def _change_repeated(self, message: Any, field: Any) -> None:
        items = getattr(message, field.name)
        chance = self.rng.random()
        if chance < 0.2 and len(items):
            del items[self.rng.randrange(len(items))]
        elif chance < 0.4 and len(items):
            self._put(items, field, list(items) * self.rng.choice((2, 2, 40)))
        elif chance < 0.5:
            shuffled = list(items)
            self.rng.shuffle(shuffled)
            self._put(items, field, shuffled)
        elif field.type == Field.TYPE_MESSAGE:
            self._change(self.rng.choice(items) if len(items) else items.add())
        else:
            values = list(items) or [_EMPTY.get(field.type, 0)]
            values[self.rng.randrange(len(values))] = self._value(field, values[0])
            self._put(items, field, values)

    def _put(self, items: Any, field: Any, values: Iterable[Any]) -> None:
        if field.type == Field.TYPE_MESSAGE:
            copies = [type(value).FromString(value.SerializeToString()) for value in values]
        else:
            copies = list(values)
        del items[:]
        items.extend(copies)

    def _value(self, field: Any, before: Any) -> Any:
        if field.type == Field.TYPE_BYTES:
            return self.rng.choice((self.data(before), self.rng.randbytes(len(before)), self.rng.choice(WORDS)))
        if field.type == Field.TYPE_STRING:
            changed = self.rng.choice((self.data(before.encode()), self.rng.choice(WORDS)))
            return changed.decode("utf-8", "ignore")
        if field.type == Field.TYPE_BOOL:
            return not before
        if field.type in (Field.TYPE_DOUBLE, Field.TYPE_FLOAT):
            return self.rng.choice((0.0, -1.0, float("inf"), float("nan")))
        bits = 64 if field.type in _WIDE else 32
        value = self.rng.choice((*EDGES, before + 1, before - 1, self.rng.randrange(100))) % (1 << bits)
        if field.type in _SIGNED or field.type == Field.TYPE_ENUM:
            return value - (1 << bits) if value >> (bits - 1) else value
        return value
