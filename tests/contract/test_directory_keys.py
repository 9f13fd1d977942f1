"""One public key has one owner and one purpose in the directory, ever."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from comity.checkpoint import verifier_key
from comity.directory.statements import Content
from comity.errors import Reason, RefusedError
from comity.keys import Use
from comity.names import HUB
from comity.v1 import directory_pb2 as pb
from comity.workflow.terms import Role

from tests.contract.builders import (
    AUTHOR,
    HEAD_KEY,
    LOG_KEY,
    NOW,
    OPS,
    OTHER_DESK,
    RECIPIENT,
    SENDER,
    THEIR_AUTHOR,
    TWO_OPS,
    Builder,
    Signer,
    admission,
    certificate,
    desk_key,
    fresh,
    genesis,
    operator_key,
    root,
    signing_key,
    tls_hash,
    transport,
    wrap_key,
)

ROOT = root("sfc")


@pytest.fixture
def world() -> Builder:
    world = fresh()
    world.time = NOW // 1000
    return world


def rule(world: Builder, content: Content, chains: Sequence[str], signers: Sequence[Signer]) -> str:
    """The rule that refuses a statement."""
    with pytest.raises(RefusedError) as caught:
        world.add(content, chains, signers)
    assert caught.value.reason is Reason.STATEMENT_REFUSED
    return caught.value.metadata["rule"]


def by_root(world: Builder, content: Content) -> str:
    return rule(world, content, ["sfc"], [ROOT])


@pytest.mark.parametrize(
    "changes",
    [
        {"log_key": HEAD_KEY.public},
        {"head_key": OPS[0].public},
        {"operators": [operator_key("op-one"), operator_key("op-two"), operator_key("op-three", "operator of op-one")]},
    ],
)
def test_K_12_the_keys_of_the_genesis_are_five(changes: dict[str, object]) -> None:
    assert rule(Builder(), genesis(**changes), [HUB], OPS) == "public_key_in_use"


def test_K_12_the_operators_of_the_genesis_have_three_tls_keys() -> None:
    keys = [operator_key(o.owner) for o in OPS]
    keys[2].tls_spki_sha256 = keys[1].tls_spki_sha256
    assert rule(Builder(), genesis(operators=keys), [HUB], OPS) == "public_key_in_use"


def _new_operator(sign_key: bytes, spki: bytes) -> pb.OperatorReplaced:
    key = pb.OperatorKey(operator="op-new", sign_key=sign_key, tls_spki_sha256=spki)
    return pb.OperatorReplaced(old_operator="op-three", new_operator=key)


TAKEN = {
    "root": root("police").public,
    "own root": ROOT.public,
    "member": THEIR_AUTHOR.public,
    "own member": AUTHOR.public,
    "operator": OPS[0].public,
    "log key": LOG_KEY.public,
    "head key": HEAD_KEY.public,
}


@pytest.mark.parametrize("taken", TAKEN)
def test_K_12_a_signing_key_in_use_is_registered_nowhere_else(world: Builder, taken: str) -> None:
    key = TAKEN[taken]
    seeds = (root("police"), ROOT, THEIR_AUTHOR, AUTHOR, OPS[0])
    owner = next((s.key for s in seeds if s.public == key), LOG_KEY if key == LOG_KEY.public else HEAD_KEY)

    class Borrowed(Signer):
        """Somebody who holds the key of another."""

        key = owner  # type: ignore[assignment]

    new_root, member, witness = Borrowed("customs", Use.ROOT), "sfc/m-new00000", Borrowed("w.example/w", Use.LOG)
    certified = certificate(member, [Role.ANALYST], [SENDER], sign_key=key)
    attempts: list[tuple[Content, list[str], list[Signer]]] = [
        (admission("customs", root_key=key), ["customs"], [new_root, *TWO_OPS]),
        (certified, ["sfc"], [ROOT]),
        (pb.RootReplaced(agency="sfc", new_root_key=key), ["sfc"], [ROOT]),
        (_new_operator(key, tls_hash("new")), [HUB], [*TWO_OPS]),
        (pb.LogKeyReplaced(new_key=key), [HUB], [*TWO_OPS]),
        (pb.HeadKeyReplaced(new_key=key), [HUB], [*TWO_OPS]),
        (pb.WitnessListed(verifier_key=verifier_key("w.example/w", key)), [HUB], [*TWO_OPS, witness]),
    ]
    assert [rule(world, *attempt) for attempt in attempts] == ["public_key_in_use"] * len(attempts)


def test_K_12_a_wrapping_key_in_use_is_registered_nowhere_else(world: Builder) -> None:
    members, desks = wrap_key(f"wrap of {THEIR_AUTHOR.owner}").public, desk_key(RECIPIENT).wrap_key
    for key in (members, desks, desk_key(SENDER).wrap_key):
        assert by_root(world, desk_key(SENDER, 2, wrap_key=key)) == "public_key_in_use"
        content = certificate("sfc/m-new00000", [Role.ANALYST], [SENDER], wrap_key=key)
        assert by_root(world, content) == "public_key_in_use"


def test_K_10_K_12_a_tls_key_in_use_is_registered_nowhere_else(world: Builder) -> None:
    for taken in (RECIPIENT, "operator op-one"):
        assert by_root(world, transport(SENDER, taken)) == "public_key_in_use"
        content = _new_operator(signing_key("new").public, tls_hash(taken))
        assert rule(world, content, [HUB], TWO_OPS) == "public_key_in_use"
    assert by_root(world, transport(OTHER_DESK, SENDER)) == "public_key_in_use"
    world.by_root("sfc", transport(SENDER))


def test_K_12_a_key_that_was_replaced_is_never_registered_again(world: Builder) -> None:
    new = root("sfc", "second")
    world.add(pb.RootReplaced(agency="sfc", new_root_key=new.public), ["sfc"], [ROOT, new])
    back = pb.RootReplaced(agency="sfc", new_root_key=ROOT.public)
    assert rule(world, back, ["sfc"], [new, ROOT]) == "public_key_in_use"
    replaced = pb.OperatorReplaced(old_operator="op-three", new_operator=operator_key("op-four"))
    world.add(replaced, [HUB], TWO_OPS)
    again = pb.OperatorReplaced(old_operator="op-four", new_operator=operator_key("op-three"))
    assert rule(world, again, [HUB], TWO_OPS) == "public_key_in_use"
