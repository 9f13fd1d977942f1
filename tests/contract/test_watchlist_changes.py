"""Change sets and confirmations: their form, who must have signed them, and by whose directory that is judged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from comity.encoding import serialise
from comity.errors import MalformedError, Reason, RefusedError
from comity.v1 import envelope_pb2
from comity.v1 import watchlist_pb2 as pb
from comity.watchlists import (
    BULK,
    confirmation_signed_bytes,
    encode_change_set,
    encode_confirmation,
    entry_id,
    parse_change_set,
    parse_confirmation,
    people_needed,
    signed_bytes,
    verify_change_set,
    verify_confirmation,
)
from comity.watchlists.changes import MAX_CHANGES
from comity.workflow.terms import Role, SignatureRole

from tests.contract.builders import (
    AGENT,
    APPROVER,
    AUTHOR,
    NOW,
    OTHER_DESK,
    SENDER,
    THEIR_AUTHOR,
    Builder,
    Signer,
    certificate,
    fresh,
    revocation,
    secret,
)
from tests.contract.watchlists import (
    ALICE,
    BOB,
    CAROL,
    change_set,
    confirmation,
    entry,
    signature,
    signed_set,
)

A, B, C = (entry_id(entry(account)) for account in (ALICE, BOB, CAROL))
BLOCK = 4


def removal(found: bytes = A, **changes: Any) -> pb.Removal:
    fields: dict[str, Any] = {"entry_id": found, "version": 1, "reason": pb.REMOVAL_REASON_DELISTED}
    return pb.Removal(**fields | changes)


def reason(call: Any) -> Reason:
    with pytest.raises(RefusedError) as caught:
        call()
    return caught.value.reason


def test_changes_are_brought_into_their_order_and_read_back() -> None:
    given = change_set(puts=[entry(CAROL), entry(ALICE), entry(BOB)], note="three\nin any order")
    found = parse_change_set(encode_change_set(given))
    ids = [entry_id(put) for put in found.puts]
    assert ids == sorted((A, B, C))
    mixed = change_set(removals=[removal(max(A, B)), removal(min(A, B))], lifts=[C])
    assert [r.entry_id for r in parse_change_set(encode_change_set(mixed)).removals] == sorted((A, B))
    assert len(given.puts) == 3


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"puts": [entry()], "list_id": b"x"},
        {"puts": [entry()], "id": b""},
        {"puts": [entry()], "created": 0},
        {"puts": [entry()], "created": 1 << 60},
        {"puts": [entry()], "note": "x" * 1001},
        {"puts": [entry()], "note": "a\u202eb"},
        {"puts": [entry(giver="")]},
        {"puts": [entry(), entry()]},
        {"removals": [removal(b"x")]},
        {"removals": [removal(version=0)]},
        {"removals": [removal(reason=0)]},
        {"removals": [removal(reason=9)]},
        {"removals": [removal(text="x" * 501)]},
        {"removals": [removal(), removal()]},
        {"lifts": [A, A]},
        {"lifts": [b""]},
        {"puts": [entry()], "removals": [removal()]},
        {"removals": [removal()], "lifts": [A]},
        {"lifts": [A], "urgent": True},
        {"puts": [entry()], "removals": [removal(B)], "urgent": True},
        {"lifts": [n.to_bytes(16, "big") for n in range(MAX_CHANGES + 1)]},
    ],
)
def test_a_change_set_that_breaks_a_rule_is_neither_written_nor_read(changes: dict[str, Any]) -> None:
    made = change_set(**changes)
    with pytest.raises(MalformedError):
        encode_change_set(made)
    with pytest.raises(MalformedError):
        parse_change_set(serialise(made))


def test_changes_out_of_order_are_refused_by_the_reader() -> None:
    first, last = sorted((entry(ALICE), entry(BOB)), key=entry_id)
    with pytest.raises(MalformedError):
        parse_change_set(serialise(change_set(puts=[last, first])))
    with pytest.raises(MalformedError):
        parse_change_set(serialise(change_set(puts=[first, last])) + b"\x48\x01")


def test_two_people_are_needed_for_block_for_bulk_and_to_lift_a_block_and_one_for_the_rest() -> None:
    many = [n.to_bytes(16, "big") for n in range(BULK + 1)]
    never: Any = {}.get
    assert people_needed(change_set(puts=[entry()]), never) == 1
    assert people_needed(change_set(puts=[entry(), entry(BOB, action=BLOCK)]), never) == 2
    assert people_needed(change_set(removals=[removal()]), {A: BLOCK}.__getitem__) == 1
    assert people_needed(change_set(lifts=[A]), lambda _: 3) == 1
    assert people_needed(change_set(lifts=[A, B]), {A: 0, B: BLOCK}.__getitem__) == 2
    assert people_needed(change_set(lifts=many[1:]), lambda _: 0) == 1
    assert people_needed(change_set(lifts=many), lambda _: 0) == 2
    assert people_needed(change_set(puts=[entry()], removals=[removal(i) for i in many[1:]]), lambda _: 0) == 2
    assert people_needed(change_set(puts=[entry(action=BLOCK)], urgent=True), never) == 1
    wallets = [entry(f"eip155:*:0x{n:040d}") for n in range(BULK + 1)]
    assert people_needed(change_set(puts=wallets, urgent=True), never) == 2


def test_the_signed_bytes_name_purpose_owner_and_role() -> None:
    for role in SignatureRole:
        parts = (b"sfc/intake", b"body", role.name.encode())
        tail = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        assert signed_bytes(SENDER, b"body", role) == b"comity/v1/watchlist-changes\x00" + tail
    tail = b"".join(len(part).to_bytes(8, "big") + part for part in (b"sfc/intake", b"body", b"APPROVER"))
    assert confirmation_signed_bytes(SENDER, b"body") == b"comity/v1/watchlist-confirm\x00" + tail


def check(signed: pb.SignedChangeSet, world: Builder | None = None, *, desk: str = SENDER, at: int = NOW) -> list[str]:
    view = (fresh() if world is None else world).view
    return [signer.member for signer in verify_change_set(signed, view, desk, at)]


CONTENT = change_set(puts=[entry()])


def test_an_author_alone_and_an_author_with_an_approver_are_told() -> None:
    assert check(signed_set(CONTENT)) == [AUTHOR.owner]
    assert check(signed_set(CONTENT, AUTHOR, APPROVER)) == [AUTHOR.owner, APPROVER.owner]


@pytest.mark.parametrize(
    ("author", "approver", "expected"),
    [
        (THEIR_AUTHOR, None, Reason.BAD_SIGNATURE),
        (Signer("sfc/m-nobody00"), None, Reason.BAD_SIGNATURE),
        (APPROVER, None, Reason.WRONG_ROLE),
        (AGENT, None, Reason.WRONG_ROLE),
        (AUTHOR, AUTHOR, Reason.WRONG_ROLE),
        (AUTHOR, AGENT, Reason.WRONG_ROLE),
        (AUTHOR, THEIR_AUTHOR, Reason.BAD_SIGNATURE),
    ],
)
def test_who_may_not_sign_is_refused(author: Signer, approver: Signer | None, expected: Reason) -> None:
    assert reason(lambda: check(signed_set(CONTENT, author, approver))) is expected


def test_a_machine_signs_no_change_even_where_it_is_an_analyst_as_well() -> None:
    world = fresh()
    world.by_root("sfc", certificate(AGENT.owner, [Role.AGENT, Role.ANALYST], [SENDER]))
    assert reason(lambda: check(signed_set(CONTENT, AGENT), world)) is Reason.WRONG_ROLE


def test_one_person_with_both_roles_is_one_person() -> None:
    world = fresh()
    world.by_root("sfc", certificate(AUTHOR.owner, [Role.ANALYST, Role.APPROVER], [SENDER]))
    assert reason(lambda: check(signed_set(CONTENT, AUTHOR, AUTHOR), world)) is Reason.SECOND_PERSON_MISSING


def test_a_member_of_another_desk_does_not_sign_for_this_one() -> None:
    assert reason(lambda: check(signed_set(CONTENT), desk=OTHER_DESK)) is Reason.BAD_SIGNATURE


def test_what_was_signed_for_one_desk_counts_in_no_list_of_another_whoever_works_at_both() -> None:
    made = fresh()
    for who, role in ((AUTHOR, Role.ANALYST), (APPROVER, Role.APPROVER)):
        made.by_root("sfc", certificate(who.owner, [role], [SENDER, OTHER_DESK]))
    for desk in (SENDER, OTHER_DESK):
        other = OTHER_DESK if desk == SENDER else SENDER
        signed, word = signed_set(CONTENT, AUTHOR, APPROVER, desk=desk), confirmation(CONTENT, desk=desk)
        assert len(check(signed, made, desk=desk)) == 2
        assert verify_confirmation(word, made.view, desk, NOW, author=AUTHOR.owner).member == APPROVER.owner
        assert reason(lambda signed=signed, other=other: check(signed, made, desk=other)) is Reason.BAD_SIGNATURE
        with pytest.raises(RefusedError):
            verify_confirmation(word, made.view, other, NOW, author=AUTHOR.owner)


def test_a_signature_over_other_bytes_or_in_another_role_does_not_verify() -> None:
    other = signed_set(change_set(puts=[entry(BOB)]))
    other.body = signed_set(CONTENT).body
    assert reason(lambda: check(other)) is Reason.BAD_SIGNATURE
    swapped = signed_set(CONTENT, AUTHOR, APPROVER)
    swapped.signatures[1].sig = signature(
        APPROVER, SignatureRole.APPROVER, signed_bytes(SENDER, swapped.body, SignatureRole.AUTHOR)
    ).sig
    assert reason(lambda: check(swapped)) is Reason.BAD_SIGNATURE


@pytest.mark.parametrize("roles", [[], [2], [2, 1], [1, 1], [1, 2, 2], [0], [3]])
def test_signatures_are_an_author_then_at_most_one_approver(roles: list[int]) -> None:
    signed = pb.SignedChangeSet(
        body=b"x",
        signatures=[envelope_pb2.Signature(kid=bytes(32), role=role, sig=bytes(64)) for role in roles],  # type: ignore[arg-type]
    )
    with pytest.raises(MalformedError):
        check(signed)


@pytest.mark.parametrize("changes", [{"kid": bytes(31)}, {"sig": bytes(63)}])
def test_a_signature_has_its_lengths(changes: dict[str, bytes]) -> None:
    signed = signed_set(CONTENT)
    for name, value in changes.items():
        setattr(signed.signatures[0], name, value)
    with pytest.raises(MalformedError):
        check(signed)


def test_who_may_sign_is_read_as_of_the_batch_whoever_asks_and_however_late() -> None:
    world = fresh()
    signed = signed_set(CONTENT, AUTHOR, APPROVER)
    world.time = NOW // 1000 + 60
    world.by_root("sfc", revocation(AUTHOR.kid), certificate(APPROVER.owner, [Role.APPROVER], [OTHER_DESK]))
    assert check(signed, world) == [AUTHOR.owner, APPROVER.owner]
    # What is logged in the second of a batch may have come after it: it does not count for that batch.
    assert check(signed, world, at=NOW + 60_000 + 999) == check(signed, world)
    for later in (62, 63):
        at = NOW + later * 1000
        assert reason(lambda at=at: check(signed, world, at=at)) is Reason.BAD_SIGNATURE


def test_before_the_directory_began_and_before_they_were_certified_nobody_signs() -> None:
    for at in (1, NOW - 3_600_000, NOW - 3_600_000 + 4000):
        assert reason(lambda at=at: check(signed_set(CONTENT), at=at)) is Reason.BAD_SIGNATURE


def test_a_confirmation_is_read_back_and_verified() -> None:
    signed = confirmation(CONTENT)
    said = parse_confirmation(signed.body)
    assert (said.set_id, said.set_sha256) == (
        secret("set")[:16],
        hashlib.sha256(encode_change_set(CONTENT)).digest(),
    )
    signer = verify_confirmation(signed, fresh().view, SENDER, NOW, author=AUTHOR.owner)
    assert (signer.member, signer.role) == (APPROVER.owner, SignatureRole.APPROVER)
    assert signer.kid == APPROVER.kid
    assert hashlib.sha256(signer.key).digest() == hashlib.sha256(APPROVER.public).digest()


@pytest.mark.parametrize(
    "changes", [{"list_id": b""}, {"set_id": b"x"}, {"created": 0}, {"created": -1}, {"set_sha256": b""}]
)
def test_a_confirmation_that_breaks_a_rule_is_refused(changes: dict[str, Any]) -> None:
    fields: dict[str, Any] = {"list_id": bytes(16), "set_id": bytes(16), "created": NOW, "set_sha256": bytes(32)}
    encode_confirmation(pb.Confirmation(**fields))
    with pytest.raises(MalformedError):
        encode_confirmation(pb.Confirmation(**fields | changes))


def test_who_may_not_confirm_is_refused() -> None:
    view = fresh().view

    def call(signed: pb.SignedConfirmation, author: str) -> Callable[[], object]:
        return lambda: verify_confirmation(signed, view, SENDER, NOW, author=author)

    assert reason(call(confirmation(CONTENT, APPROVER), APPROVER.owner)) is Reason.SECOND_PERSON_MISSING
    assert reason(call(confirmation(CONTENT, AUTHOR), "sfc/m-other000")) is Reason.WRONG_ROLE
    assert reason(call(confirmation(CONTENT, AGENT), AUTHOR.owner)) is Reason.WRONG_ROLE
    assert reason(call(confirmation(CONTENT, THEIR_AUTHOR), AUTHOR.owner)) is Reason.BAD_SIGNATURE
    as_author = confirmation(CONTENT)
    as_author.signature.role = 1  # type: ignore[assignment]
    with pytest.raises(MalformedError):
        verify_confirmation(as_author, view, SENDER, NOW, author=AUTHOR.owner)
