"""Boxes: sealed files for a few recipients, for drafts and archives (PROTOCOL.md, section "Boxes").

A box is the envelope's construction without a header: committed XChaCha20-Poly1305 under a random key, wrapped to every
recipient by HPKE, padded. Purpose, context and the complete list of recipients are what everything is bound to.

Never imported by the hub. Never does: I/O, clocks, signatures: a box says nothing about who made it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from comity.committed import CONTENT_KEY_BYTES, committed_decrypt, committed_encrypt
from comity.encoding import Purpose, digest, parse, serialise, tagged
from comity.errors import CannotOpenError, MalformedError
from comity.hpke import Unwrap, hpke_seal, open_fixed
from comity.keys import WrapKey
from comity.padding import pad
from comity.v1.box_pb2 import Box, BoxWrap

BOX_LIMIT: Final = 64 * 1024 * 1024
"""Greatest length of a box, in bytes."""
RECIPIENT_LIMIT: Final = 256
"""Greatest number of recipients."""


def seal_box(purpose: Purpose, context: bytes, plaintext: bytes, recipients: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Returns a serialised Box that each recipient can open.

    Args:
        purpose: DRAFT or ARCHIVE, what the box is for.
        context: what opening must repeat, for instance an agency and a record's number.
        plaintext: to be sealed.
        recipients: (key id, X-Wing public key), in any order, no key id twice.

    Raises:
        MalformedError: no recipient, too many, one twice, a key that must not be wrapped to, or too large.
    """
    kids = sorted(kid for kid, _ in recipients)
    if not 1 <= len(kids) <= RECIPIENT_LIMIT or len(set(kids)) != len(kids):
        raise MalformedError("a box has 1 to 256 recipients, each once")
    key = os.urandom(CONTENT_KEY_BYTES)
    bound = box_digest(purpose, context, kids)
    commitment, ciphertext = committed_encrypt(key, tagged(purpose, b"box-content", bound), bound, pad(plaintext))
    wraps = [
        BoxWrap(kid=kid, data=hpke_seal(public, tagged(purpose, b"box-wrap", bound, kid), key))
        for kid, public in sorted(recipients)
    ]
    box = serialise(Box(wraps=wraps, commitment=commitment, ciphertext=ciphertext))
    if len(box) > BOX_LIMIT:
        raise MalformedError("too large for a box")
    return box


def open_box(purpose: Purpose, context: bytes, data: bytes, kid: bytes, key: WrapKey | Unwrap) -> bytes:
    """Returns the content of a box.

    Args:
        purpose: as it was sealed.
        context: as it was sealed.
        data: serialised Box.
        kid: key id of the recipient that opens.
        key: the recipient's key, or a function that opens with it.

    Raises:
        CannotOpenError: it cannot be opened.
    """
    try:
        box = parse(Box, data, BOX_LIMIT)
    except MalformedError:
        raise CannotOpenError from None
    kids = [wrap.kid for wrap in box.wraps]
    if kids != sorted(set(kids)) or kid not in kids:
        raise CannotOpenError
    bound = box_digest(purpose, context, kids)
    info = tagged(purpose, b"box-wrap", bound, kid)
    box_key = open_fixed(key, info, box.wraps[kids.index(kid)].data, CONTENT_KEY_BYTES)
    return committed_decrypt(box_key, tagged(purpose, b"box-content", bound), bound, box.commitment, box.ciphertext)


def box_recipients(data: bytes) -> tuple[bytes, ...]:
    """Returns the key ids that a box says it is for, so that a reader knows which key to try.

    Raises:
        MalformedError: not a Box.
    """
    return tuple(wrap.kid for wrap in parse(Box, data, BOX_LIMIT).wraps)


def box_digest(purpose: Purpose, context: bytes, kids: Sequence[bytes]) -> bytes:
    """Returns what a box is bound to: `digest(purpose, "box", context, kid 1, …)`, key ids ascending."""
    return digest(purpose, b"box", context, *kids)
