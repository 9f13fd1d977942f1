"""Whether a proof holds, as a truth value."""

from __future__ import annotations

from comity.errors import VerificationError
from comity.merkle import verify_consistency, verify_inclusion


def inclusion_holds(leaf: bytes, index: int, size: int, path: tuple[bytes, ...], root: bytes) -> bool:
    try:
        verify_inclusion(leaf, index, size, path, root)
    except VerificationError:
        return False
    return True


def consistency_holds(first: int, second: int, root1: bytes, root2: bytes, path: tuple[bytes, ...]) -> bool:
    try:
        verify_consistency(first, second, root1, root2, path)
    except VerificationError:
        return False
    return True
