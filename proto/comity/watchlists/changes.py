"""Change sets and confirmations: what people sign of a watchlist, and who must have signed.

Batches go to each subscriber in an envelope of its own, and a machine may seal those. So people sign inside: the
AUTHOR and, where two are needed, the APPROVER sign the change set's bytes once, and every subscriber verifies them.

Who may sign is read in the directory as it stood before the second of the batch's own time (`View.as_of`), not at the
reader's: a batch that is sent again after a year, when keys were renewed and people left, is judged as it was on its
first day, by all subscribers alike. No batch is dated after its leaf, so nothing that is logged later can change that.

Never does: hold a private key, apply a change (`comity.watchlists.states`), read a clock.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from comity.checks import Signer, bad_signature
from comity.directory.state import View
from comity.encoding import Purpose, check_text, parse, serialise, tagged
from comity.errors import MalformedError, Reason, RefusedError
from comity.keys import verify
from comity.payload_rules import LATEST_TIME
from comity.v1 import envelope_pb2, payload_pb2
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists.counting import check_counts
from comity.watchlists.entries import ID_BYTES, MAX_RECORD_BYTES, entry_gaps, entry_id
from comity.watchlists.plain import plainly_complete
from comity.workflow.signers import check_people
from comity.workflow.tables import ORDINARY, People
from comity.workflow.terms import Role, SignatureRole

BULK: Final = 100
"""More changes than that, in one set or by one person alone within a day, need two people."""
MAX_CHANGES: Final = 10_000
"""Greatest number of changes in a batch, and so in a set."""
MAX_SET_BYTES: Final = 4 << 20
"""Greatest length of a serialised change set, in bytes."""
MAX_CONFIRMATION_BYTES: Final = 1 << 10
"""Greatest length of a serialised confirmation, in bytes."""
BEFORE_CREATED: Final = 5 * 60_000
"""A set counts in a batch whose time is at most that much before the set's `created`: clocks differ. Milliseconds."""
AFTER_CREATED: Final = 14 * 86_400_000
"""… and at most that much after it: a set that nobody published is no threat for ever. Milliseconds."""
URGENT_AFTER_CREATED: Final = 60 * 60_000
"""… and an urgent one at most that much: it cannot be kept for later. Milliseconds."""
PROVISIONAL: Final = 60 * 60_000
"""How long an urgent set that one person signed is in force without a second one's word. Milliseconds."""
ALONE: Final = 86_400_000
"""So far back reaches what one person has done alone: bulk, and urgent sets that nobody confirmed. Milliseconds."""
SIGNATURE_BYTES: Final = 64
KID_BYTES: Final = 32
SHA256_BYTES: Final = 32

_REPEATED: Final = {
    "puts": (MAX_CHANGES, MAX_RECORD_BYTES),
    "removals": (MAX_CHANGES, 1 << 10),
    "lifts": (MAX_CHANGES, ID_BYTES),
}

_REASONS = frozenset(pb.RemovalReason.values()) - {0}


def encode_change_set(change_set: pb.ChangeSet) -> bytes:
    """Returns the bytes that people sign: puts, removals and lifts brought into ascending order, every rule held.

    Raises:
        MalformedError: it breaks a rule; `entry_gaps` tells which of an entry.
    """
    ordered = pb.ChangeSet()
    ordered.CopyFrom(change_set)
    for name, key in (("puts", entry_id), ("removals", lambda removal: removal.entry_id), ("lifts", bytes)):
        items = sorted(getattr(change_set, name), key=key)
        ordered.ClearField(name)
        getattr(ordered, name).extend(items)
    data = serialise(ordered)
    parse_change_set(data)
    return data


def parse_change_set(data: bytes) -> pb.ChangeSet:
    """Parses the body of a signed change set strictly.

    Raises:
        MalformedError: it is none, breaks a rule, or is too large.
    """
    return read_change_set(data)[0]


def read_change_set(data: bytes) -> tuple[pb.ChangeSet, list[bytes], list[bytes]]:
    """Does what `parse_change_set` does, and returns ids and bytes of the puts as well, in their order."""
    items = check_counts(pb.ChangeSet, data, MAX_SET_BYTES, _REPEATED)
    found = parse(pb.ChangeSet, data, MAX_SET_BYTES)
    if len(found.list_id) != ID_BYTES or len(found.id) != ID_BYTES or not 0 < found.created <= LATEST_TIME:
        raise MalformedError("a change set has no list, id or time")
    changes = changes_of(found)
    if not 1 <= changes <= MAX_CHANGES:
        raise MalformedError("a change set has no change, or too many")
    if found.urgent and len(found.puts) != changes:
        raise MalformedError("an urgent change set only puts: nothing else can be provisional")
    check_text(found.note, 1000, multiline=True)
    plain = plainly_complete(found.puts)
    if any(entry_gaps(entry) for entry, is_plain in zip(found.puts, plain, strict=True) if not is_plain):
        raise MalformedError("an entry of a change set is not complete")
    put = [entry_id(entry) for entry in found.puts]
    removed = [removal.entry_id for removal in found.removals]
    for ids in (put, removed, list(found.lifts)):
        check_ids(ids)
    if not set(removed).isdisjoint(put) or not set(removed).isdisjoint(found.lifts):
        raise MalformedError("a change set removes what it puts or lifts")
    for removal in found.removals:
        if removal.reason not in _REASONS or not removal.version:
            raise MalformedError("a removal has no version or reason")
        check_text(removal.text, 500, multiline=True)
    return found, put, [item for name, item in items if name == "puts"]


def check_ids(ids: Sequence[bytes]) -> None:
    """Checks a list of entry ids.

    Raises:
        MalformedError: one is not 16 bytes long, or they do not strictly ascend.
    """
    if any(len(found) != ID_BYTES for found in ids) or any(a >= b for a, b in itertools.pairwise(ids)):
        raise MalformedError("entry ids are not of 16 bytes, or not in strictly ascending order")


def people_needed(change_set: pb.ChangeSet, action_of: Callable[[bytes], payload_pb2.WatchAction | int]) -> int:
    """Returns how many people must have signed a change set: 2 for bulk and, unless it is urgent, for BLOCK; else 1.

    What its author has done alone within a day is added up in `apply_batch`, for which bulk in portions is bulk.

    Args:
        change_set: in proper form.
        action_of: returns the action of a live entry by its id; 0 where there is none.
    """
    if changes_of(change_set) > BULK:
        return 2
    if change_set.urgent:
        return 1
    block = payload_pb2.WATCH_ACTION_BLOCK
    blocks = any(entry.action == block for entry in change_set.puts)
    return 2 if blocks or any(action_of(found) == block for found in change_set.lifts) else 1


def changes_of(change_set: pb.ChangeSet) -> int:
    """Returns how many changes a set holds."""
    return len(change_set.puts) + len(change_set.removals) + len(change_set.lifts)


def signed_bytes(owner_desk: str, body: bytes, role: SignatureRole) -> bytes:
    """Returns the bytes that a member signs over a change set of a desk's list in a role."""
    return tagged(Purpose.WATCHLIST_CHANGES, owner_desk.encode(), body, role.name.encode())


def verify_change_set(signed: pb.SignedChangeSet, view: View, owner_desk: str, at_ms: int) -> tuple[Signer, ...]:
    """Verifies the signatures of a change set. How many are needed is for `people_needed` to say.

    Args:
        signed: the set, as it travelled.
        view: a directory that reaches to `at_ms`, or further.
        owner_desk: desk that owns the list.
        at_ms: time of the batch, Unix milliseconds UTC.

    Returns:
        The AUTHOR, then the APPROVER if there is one.

    Raises:
        MalformedError: the signatures are not of that form.
        RefusedError: BAD_SIGNATURE, WRONG_ROLE or SECOND_PERSON_MISSING.
    """
    roles = [signature.role for signature in signed.signatures]
    if roles not in ([1], [1, 2]):
        raise MalformedError("the signatures of a change set are not AUTHOR, then at most one APPROVER")
    body = signed.body
    signers = _signers(signed.signatures, lambda role: signed_bytes(owner_desk, body, role), view, owner_desk, at_ms)
    check_people(signers, owner_desk, People.ONE, ORDINARY)
    return signers


def encode_confirmation(confirmation: pb.Confirmation) -> bytes:
    """Returns the bytes that a second person signs.

    Raises:
        MalformedError: it breaks a rule.
    """
    data = serialise(confirmation)
    parse_confirmation(data)
    return data


def parse_confirmation(data: bytes) -> pb.Confirmation:
    """Parses the body of a signed confirmation strictly.

    Raises:
        MalformedError: it is none, or breaks a rule.
    """
    found = parse(pb.Confirmation, data, MAX_CONFIRMATION_BYTES)
    if len(found.list_id) != ID_BYTES or len(found.set_id) != ID_BYTES or not 0 < found.created <= LATEST_TIME:
        raise MalformedError("a confirmation has no list, change set or time")
    if len(found.set_sha256) != SHA256_BYTES:
        raise MalformedError("a confirmation does not say what it confirms")
    return found


def confirmation_signed_bytes(owner_desk: str, body: bytes) -> bytes:
    """Returns the bytes that an APPROVER signs over a confirmation in a desk's list."""
    return tagged(Purpose.WATCHLIST_CONFIRM, owner_desk.encode(), body, SignatureRole.APPROVER.name.encode())


def verify_confirmation(
    signed: pb.SignedConfirmation, view: View, owner_desk: str, at_ms: int, *, author: str
) -> Signer:
    """Verifies the signature of a confirmation.

    Args:
        signed: the confirmation, as it travelled.
        view: as for `verify_change_set`.
        owner_desk: desk that owns the list.
        at_ms: time of the batch.
        author: member id of the change set's AUTHOR, who cannot confirm it.

    Raises:
        MalformedError: the signature is not of that form.
        RefusedError: BAD_SIGNATURE, WRONG_ROLE or SECOND_PERSON_MISSING.
    """
    if signed.signature.role != int(SignatureRole.APPROVER):
        raise MalformedError("a confirmation is not signed by an APPROVER")
    data = confirmation_signed_bytes(owner_desk, signed.body)
    signers = _signers([signed.signature], lambda _: data, view, owner_desk, at_ms)
    check_people(signers, owner_desk, People.SECOND, ORDINARY)
    if signers[0].member == author:
        raise RefusedError(Reason.SECOND_PERSON_MISSING, "whoever wrote it cannot confirm it")
    return signers[0]


def _signers(
    signatures: Iterable[envelope_pb2.Signature],
    data: Callable[[SignatureRole], bytes],
    view: View,
    owner_desk: str,
    at_ms: int,
) -> tuple[Signer, ...]:
    then = view.as_of(at_ms)
    signers = []
    for signature in signatures:
        if len(signature.kid) != KID_BYTES or len(signature.sig) != SIGNATURE_BYTES:
            raise MalformedError("a signature is not of its length")
        role = SignatureRole(signature.role)
        record = None if then is None else then.member_key(signature.kid, at_ms)
        if record is None or owner_desk not in record.desks or not verify(record.sign_key, data(role), signature.sig):
            raise bad_signature()
        if Role.AGENT in record.roles:
            raise RefusedError(Reason.WRONG_ROLE, "a machine signs no change of a list, whatever else it may do")
        signers.append(Signer(record.member, record.sign_kid, record.sign_key, record.roles, role))
    return tuple(signers)
