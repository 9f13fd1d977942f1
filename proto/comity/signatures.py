"""Signatures as they travel with an envelope, and with a grant that another envelope carries.

Never does: verify one.
"""

from __future__ import annotations

from collections.abc import Sequence

from comity.encoding import HASH_BYTES, exactly
from comity.errors import MalformedError
from comity.keys import SIGNATURE_BYTES
from comity.values import value
from comity.workflow.terms import SignatureRole


@value
class Signature:
    """One signature on an envelope."""

    kid: bytes
    """Key id of the signer, 32 bytes."""
    role: SignatureRole
    """In which capacity."""
    sig: bytes
    """Ed25519, 64 bytes."""


def parse_signatures(given: Sequence[tuple[bytes, int, bytes]]) -> tuple[Signature, ...]:
    """Reads the signatures on an envelope.

    Args:
        given: (key id, number of the role, signature).

    Raises:
        MalformedError: a wrong length or an unknown role.
    """
    try:
        return tuple(
            [
                Signature(
                    exactly(kid, HASH_BYTES, "key id"),
                    SignatureRole(role),
                    exactly(sig, SIGNATURE_BYTES, "signature"),
                )
                for kid, role, sig in given
            ]
        )
    except ValueError:
        raise MalformedError("a signature has an unknown role") from None
