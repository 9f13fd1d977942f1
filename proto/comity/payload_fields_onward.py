"""What the fields of the shared flows may hold: links, late seconding, onward consent.

Never does: rules between fields (`comity.payload_onward`), I/O.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from comity.payload_kinds import Kind, Rows, Rule, fixed, lines, need, records, text

ONWARD: Final[Rows] = MappingProxyType(
    {
        "CaseLink": {
            "case_id": fixed(16, required=True),
            "desk": need(Kind.DESK),
            "relation": need(Kind.ENUM),
        },
        "Confirm": {"text": lines(2000)},
        "AskOnward": {
            "desk": need(Kind.DESK),
            "purpose": lines(2000, required=True),
            "facts": lines(5000, required=True),
            "legal_gateway": text(500),
        },
        "GrantOnward": {"conditions": lines(5000)},
        "RefuseOnward": {"reason": need(Kind.ENUM), "text": lines(2000)},
        "OriginalBlob": {"sha256": fixed(32, required=True), "length": need(Kind.NUMBER)},
        "Forward": {
            "text": lines(5000),
            "original_attachment": fixed(16, required=True),
            "grant_receipt": Rule(Kind.BYTES, required=True, limit=-64 * 1024),
            "original_blobs": records(64),
        },
        "RevokeGrant": {"text": lines(2000)},
    }
)
"""By message, by field."""
