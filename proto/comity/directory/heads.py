"""Signed heads: how long both logs are, and when the hub said so.

Never does: decide whether a head is fresh enough; that needs a clock (`agents/trust.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

from comity.encoding import Purpose, parse, serialise, tagged
from comity.errors import MalformedError, Reason, VerificationError
from comity.keys import SigningKey, verify
from comity.names import check_origin
from comity.v1 import directory_pb2 as pb

MAX_HEAD_BYTES = 1024
_MAX_TIME = 253_402_128_000_000


@dataclass(frozen=True, slots=True)
class Head:
    """What a signed head says."""

    directory_origin: str
    """Origin of the directory log."""
    directory_size: int
    """Number of its entries."""
    directory_root: bytes
    """Its root, 32 bytes."""
    exchange_origin: str
    """Origin of the exchange log."""
    exchange_size: int
    """Number of its leaves."""
    exchange_root: bytes
    """Its root, 32 bytes."""
    time: int
    """Unix milliseconds UTC when it was signed."""


def sign_head(head: Head, key: SigningKey) -> tuple[bytes, bytes]:
    """Returns (body, signature) of a head. The hub's."""
    body = serialise(
        pb.Head(
            version=1,
            directory_origin=head.directory_origin,
            directory_size=head.directory_size,
            directory_root=head.directory_root,
            exchange_origin=head.exchange_origin,
            exchange_size=head.exchange_size,
            exchange_root=head.exchange_root,
            time=head.time,
        )
    )
    return body, key.sign(tagged(Purpose.HEAD, body))


def parse_head(body: bytes) -> Head:
    """Parses a head without verifying it.

    Raises:
        MalformedError: it breaks the protocol's form.
    """
    m = parse(pb.Head, body, MAX_HEAD_BYTES)
    if m.version != 1:
        raise MalformedError("version is not 1", Reason.UNSUPPORTED_VERSION)
    if len(m.directory_root) != 32 or len(m.exchange_root) != 32 or not 0 < m.time <= _MAX_TIME:
        raise MalformedError("not a head")
    return Head(
        check_origin(m.directory_origin),
        m.directory_size,
        m.directory_root,
        check_origin(m.exchange_origin),
        m.exchange_size,
        m.exchange_root,
        m.time,
    )


def verify_head(body: bytes, sig: bytes, head_key: bytes) -> Head:
    """Verifies and parses a head.

    Raises:
        VerificationError: the head key did not sign it.
        MalformedError: it was signed, but breaks the protocol's form.
    """
    if not verify(head_key, tagged(Purpose.HEAD, body), sig):
        raise VerificationError("the head is not signed by the hub's head key")
    return parse_head(body)
