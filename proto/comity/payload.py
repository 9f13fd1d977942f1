"""Payloads: strict encoding, parsing and completeness of what is sealed (PROTOCOL.md, section "Payload").

Sender and recipient run the same rules: what `gaps` names cannot be encoded, and what could not have been encoded is
not parsed. Fields are ruled by `comity.payload_rules`, what stands between them by a module a family.

Never does: sealing, wallets beyond their canonical form, I/O. Never imported by the hub.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from comity.blobs import BLOB_LIMIT, sealed_blob_length
from comity.encoding import parse, serialise
from comity.envelope import MAX_ENVELOPE_BYTES, BlobRef, Header
from comity.errors import MalformedError, Reason
from comity.payload_assistance import assistance_gaps
from comity.payload_bodies import BODY_NAMES, Body, body_name, body_of, set_body
from comity.payload_cases import case_gaps
from comity.payload_freezes import freeze_gaps
from comity.payload_onward import onward_gaps
from comity.payload_rules import Gap, Setting, field_gaps
from comity.payload_watchlists import handling_gaps, packed_gaps, watchlist_gaps
from comity.v1 import payload_pb2 as pb
from comity.workflow.terms import Family, Precedence, Verb

__all__ = [
    "BODY_NAMES",
    "VERSION",
    "Body",
    "Gap",
    "body_name",
    "body_of",
    "encode_payload",
    "gaps",
    "parse_payload",
    "set_body",
]

VERSION: Final = 1
"""Version of the payload."""
PAYLOAD_LIMIT: Final = MAX_ENVELOPE_BYTES - (64 << 10)
"""Greatest length of a serialised payload: it shares an envelope with its header, seal and wraps."""


def gaps(payload: pb.Payload, family: Family, verb: Verb, precedence: Precedence, created: int = 0) -> list[Gap]:
    """Returns everything that is missing or wrong, in the order of the fields; empty where it is complete.

    Args:
        payload: with handling, gossip, attachments and body.
        family: of the header.
        verb: of the header.
        precedence: of the header.
        created: of the header, Unix milliseconds UTC; 0 where it is not known yet: no date is then held against it.
    """
    found = list(field_gaps(payload, ""))
    if payload.version not in (0, VERSION):
        found.append(Gap("version", "is not 1"))
    found += handling_gaps(payload.handling, "handling")
    found += _attachments(payload)
    name = body_name(family, verb)
    if name is None or payload.WhichOneof("body") != name:
        found.append(Gap(name or "body", "is missing: the verb carries it"))
        return found
    body: Body = getattr(payload, name)
    setting = Setting(family, verb, precedence, created)
    found += field_gaps(body, name)
    found += case_gaps(body, name, setting)
    found += watchlist_gaps(body, name)
    found += packed_gaps(payload, body, name)
    found += freeze_gaps(payload, body, name, setting)
    found += assistance_gaps(body, name, setting)
    found += onward_gaps(payload, body, name)
    return found


def encode_payload(payload: pb.Payload, family: Family, verb: Verb, precedence: Precedence, created: int = 0) -> bytes:
    """Returns the canonical bytes of a payload that is about to be sealed; arguments as for `gaps`.

    Raises:
        MalformedError: it is not complete, or too large.
    """
    if gaps(payload, family, verb, precedence, created):
        raise MalformedError("the payload is not complete")
    data = serialise(payload)
    if len(data) > PAYLOAD_LIMIT:
        raise MalformedError("the payload is too large", Reason.TOO_LARGE)
    return data


def parse_payload(data: bytes, header: Header) -> pb.Payload:
    """Parses what was opened, strictly, against the header it came under.

    Args:
        data: the opened payload.
        header: of its envelope, verified.

    Raises:
        MalformedError: it breaks a rule, has another body than the verb, or other attachments than the header.
    """
    payload = parse(pb.Payload, data, PAYLOAD_LIMIT)
    if payload.version != VERSION:
        raise MalformedError("version is not 1", Reason.UNSUPPORTED_VERSION)
    if gaps(payload, header.family, header.verb, header.precedence, header.created):
        raise MalformedError("the payload is not complete")
    named = [BlobRef(item.blob_sha256, item.blob_length) for item in payload.attachments]
    named += [BlobRef(blob.sha256, blob.length) for blob in payload.forward.original_blobs]
    if tuple(sorted(named, key=lambda blob: blob.sha256)) != header.blobs:
        raise MalformedError("the attachments are not those of the header")
    return payload


def _attachments(payload: pb.Payload) -> Iterator[Gap]:
    for number, item in enumerate(payload.attachments):
        fits = item.blob_length <= BLOB_LIMIT and item.blob_length == sealed_blob_length(item.plain_length)
        if not fits:
            yield Gap(f"attachments[{number}].blob_length", "is not that of a sealed blob of the plain length")
    for name in ("id", "blob_sha256"):
        if len({getattr(item, name) for item in payload.attachments}) != len(payload.attachments):
            yield Gap("attachments", "one stands twice")
