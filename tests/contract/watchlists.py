"""A list in the making, for the tests of watchlists and their vectors: entries, signed sets, batches."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from comity.directory import View
from comity.encoding import serialise
from comity.v1 import envelope_pb2, payload_pb2
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists import (
    Effects,
    MemoryRecords,
    Standing,
    apply_batch,
    confirmation_signed_bytes,
    digest_after,
    encode_batch,
    encode_change_set,
    encode_confirmation,
    signed_bytes,
)
from comity.workflow.terms import Role, SignatureRole

from tests.contract.builders import (
    APPROVER,
    AUTHOR,
    NOW,
    SENDER,
    Builder,
    Signer,
    certificate,
    fresh,
    secret,
)

LIST_ID = secret("list")[:16]
SECOND = Signer("sfc/m-second00")
"""Another analyst of the owner's desk."""
MINUTE = 60_000
DAY = 86_400_000
ALICE = "eip155:1:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
BOB = "bip122:000000000019d6689c085ae165831e93:1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"
CAROL = "xrpl:0:rf1BiGeXwwQoi8Z2ueFYTEXSwuJYfV2Jpn"


def world() -> Builder:
    """The standard world, with another analyst at the owner's desk."""
    made = fresh()
    made.by_root("sfc", certificate(SECOND.owner, [Role.ANALYST], [SENDER]))
    return made


def entry(account: str = ALICE, /, **changes: Any) -> pb.WatchEntry:
    """A complete entry."""
    fields: dict[str, Any] = {
        "account": account,
        "category": "sanctions",
        "giver": "ofac-sdn",
        "confidence": payload_pb2.CONFIDENCE_KIND_OFFICIAL,
        "confidence_level": 90,
        "valid_from": NOW - DAY,
        "valid_until": NOW + 300 * DAY,
        "action": payload_pb2.WATCH_ACTION_ALERT_ME,
        "version": 1,
    }
    return pb.WatchEntry(**fields | changes)


def change_set(label: str = "set", /, **changes: Any) -> pb.ChangeSet:
    """A change set whose id is made of a label."""
    fields: dict[str, Any] = {"list_id": LIST_ID, "id": secret(label)[:16], "created": NOW}
    return pb.ChangeSet(**fields | changes)


def signature(who: Signer, role: SignatureRole, data: bytes) -> envelope_pb2.Signature:
    """A member's signature."""
    return envelope_pb2.Signature(kid=who.kid, role=int(role), sig=who.key.sign(data))  # type: ignore[arg-type]


def signed_set(
    content: pb.ChangeSet,
    author: Signer = AUTHOR,
    approver: Signer | None = None,
    *,
    body: bytes | None = None,
    desk: str = SENDER,
) -> pb.SignedChangeSet:
    """A signed change set; `body` where it shall break a rule."""
    data = encode_change_set(content) if body is None else body
    who = [(author, SignatureRole.AUTHOR), *([(approver, SignatureRole.APPROVER)] if approver else [])]
    signatures = [signature(person, role, signed_bytes(desk, data, role)) for person, role in who]
    return pb.SignedChangeSet(body=data, signatures=signatures)


def confirmation(
    content: pb.ChangeSet, who: Signer = APPROVER, /, *, desk: str = SENDER, **changes: Any
) -> pb.SignedConfirmation:
    """A signed confirmation of a set."""
    shown = hashlib.sha256(encode_change_set(content)).digest()
    fields: dict[str, Any] = {"list_id": LIST_ID, "set_id": content.id, "created": NOW, "set_sha256": shown}
    body = encode_confirmation(pb.Confirmation(**fields | changes))
    return pb.SignedConfirmation(
        body=body, signature=signature(who, SignatureRole.APPROVER, confirmation_signed_bytes(desk, body))
    )


def batch(*sets: pb.SignedChangeSet, time: int = NOW, label: str = "salt", **changes: Any) -> bytes:
    """A batch."""
    return encode_batch(pb.WatchBatch(salt=secret(label), time=time, sets=sets, **changes))


class List:
    """A list as one holder has it."""

    def __init__(self, view: View | None = None) -> None:
        self.view = world().view if view is None else view
        self.standing = Standing(LIST_ID, SENDER)
        self.records = MemoryRecords()

    def take(self, data: bytes, **given: Any) -> Effects:
        """Applies a batch and keeps what came of it; what is kept of an entry as it travelled is its record's bytes."""
        effects = apply_batch(self.standing, data, self.view, self.records, **given)
        assert effects.puts == {found: serialise(record) for found, record in effects.records.items()}
        self.records.store(effects)
        self.standing = effects.standing
        return effects

    def publish(self, *sets: pb.SignedChangeSet, time: int = NOW, stated: bool = True, **changes: Any) -> bytes:
        """Makes the next batch as its owner does, applies it and returns it."""
        label = f"salt {self.standing.sequence}"
        data = batch(*sets, time=time, label=label, **changes)
        if stated:
            effects = apply_batch(self.standing, data, self.view, self.records)
            digest, live = digest_after(effects, self.records)
            data = batch(*sets, time=time, label=label, state_digest=digest, live=live, **changes)
        self.take(data)
        return data

    def ids(self) -> Sequence[bytes]:
        """The ids of what is live, ascending."""
        return sorted(self.records.kept)
