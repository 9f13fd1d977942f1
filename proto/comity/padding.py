"""Padding of sealed content, so that its length on the wire tells only one of a few hundred size classes.

`pad` marks the end and fills up with zeros to a Padmé size (Nikitin et al., PURBs, 2019), at least 4,096 bytes.
There is one padding for each content: `unpad` refuses every other.

Never does: cryptography.
"""

from __future__ import annotations

from typing import Final

from comity.errors import MalformedError

SMALLEST: Final = 4096
"""Least padded length, in bytes; itself a Padmé size."""
_MARK = b"\x80"


def padme(length: int) -> int:
    """Returns the Padmé size of a length: the least number not below it whose mantissa is short (at most 12 % more)."""
    if length < 2:
        return length
    exponent = length.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return (length + mask) & ~mask


def padded_length(length: int) -> int:
    """Returns the padded length of `length` bytes that need no mark: `max(4096, padme(length))`."""
    return max(SMALLEST, padme(length))


def pad(content: bytes) -> bytes:
    """Returns `content ‖ 0x80 ‖ 0x00…`, of `padded_length(len(content) + 1)` bytes."""
    return (content + _MARK).ljust(padded_length(len(content) + 1), b"\x00")


def unpad(padded: bytes) -> bytes:
    """Returns the content of what `pad` made.

    Raises:
        MalformedError: no mark, or another length than `pad` gives that content.
    """
    content = padded.rstrip(b"\x00")
    if not content.endswith(_MARK) or len(padded) != padded_length(len(content)):
        raise MalformedError("padding is not canonical")
    return content[:-1]
