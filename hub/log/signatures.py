"""An envelope's signatures as one column holds them.

Never does: verify.
"""

from __future__ import annotations

from collections.abc import Sequence

from comity.envelope import Signature, SignatureRole

_SIGNATURE_BYTES = 32 + 1 + 64


def pack_signatures(signatures: Sequence[Signature]) -> bytes:
    """Returns signatures as one column holds them: key id, role, signature, 97 bytes each."""
    return b"".join(s.kid + bytes((s.role,)) + s.sig for s in signatures)


def unpack_signatures(data: bytes) -> tuple[Signature, ...]:
    """Reads what `pack_signatures` wrote.

    Raises:
        ValueError: anything else.
    """
    pieces = [data[at : at + _SIGNATURE_BYTES] for at in range(0, len(data), _SIGNATURE_BYTES)]
    if any(len(piece) != _SIGNATURE_BYTES for piece in pieces):
        raise ValueError("not signatures")
    return tuple(Signature(p[:32], SignatureRole(p[32]), p[33:]) for p in pieces)
