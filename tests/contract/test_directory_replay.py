"""Replay by a client: what a dishonest hub or a thief of keys can put into a directory, and what it cannot."""

from __future__ import annotations

import itertools

import pytest
from comity.directory import Directory, parse_entry, parse_statement
from comity.directory.statements import Position, make_body, make_entry, sign_body
from comity.encoding import Purpose, tagged
from comity.errors import ComityError, Reason, RefusedError
from comity.v1 import directory_pb2 as pb
from comity.workflow.terms import Role

from tests.contract.builders import (
    AUTHOR,
    NOW,
    ORIGIN,
    OTHER_DESK,
    RECIPIENT,
    SENDER,
    T0,
    TWO_OPS,
    Builder,
    Signer,
    certificate,
    desk_key,
    fresh,
    root,
    signed,
    signing_key,
    transport,
    wrap_key,
)

ROOT = root("sfc")


@pytest.fixture
def world() -> Builder:
    return fresh()


def replayed(entries: list[bytes]) -> Directory:
    directory = Directory()
    for entry in entries:
        directory.apply(entry)
    return directory


def test_two_replays_of_the_same_entries_are_equal(world: Builder) -> None:
    directory = replayed(world.entries)
    assert directory.state == world.directory.state
    assert (directory.size, directory.root) == (world.directory.size, world.directory.root)


def test_a_clone_grows_alone(world: Builder) -> None:
    before, root_before = world.directory.state.copy(), world.directory.root
    clone = world.clone()
    clone.by_root(
        "sfc", transport(SENDER, "another"), desk_key(OTHER_DESK), certificate("sfc/m-new00000", [Role.ADMIN], [SENDER])
    )
    clone.by_root("sfc", pb.KeyDisputed(kid=AUTHOR.kid))
    assert clone.directory.size == world.directory.size + 4
    assert world.directory.state == before
    assert world.directory.root == root_before


@pytest.mark.parametrize("by", ["nobody of the agency", "two operators", "another agency", "a member"])
def test_K_01_a_key_without_the_agencys_signature_is_refused_by_every_client(world: Builder, by: str) -> None:
    rogue = {
        "nobody of the agency": [Signer("sfc", label="the hub's own")],
        "two operators": list(TWO_OPS),
        "another agency": [root("police")],
        "a member": [AUTHOR],
    }[by]
    for content in (
        desk_key(SENDER, 2),
        transport(SENDER, "rogue"),
        certificate("sfc/m-rogue000", [Role.ANALYST], [SENDER]),
        pb.RootReplaced(agency="sfc", new_root_key=signing_key("rogue").public),
    ):
        entry = make_entry(T0 + 100, world.statement(content, ["sfc"], rogue))
        client = replayed(world.entries)
        with pytest.raises(RefusedError) as caught:
            client.apply(entry)
        assert caught.value.reason is Reason.STATEMENT_REFUSED
        assert client.state == world.directory.state


def test_K_01_a_self_made_root_signs_nothing(world: Builder) -> None:
    rogue = root("sfc", "rogue root")
    body = world.body(desk_key(SENDER, 2), ["sfc"])
    sig = rogue.key.sign(tagged(Purpose.STATEMENT, body))
    for key_id in (rogue.kid, ROOT.kid):
        with pytest.raises(RefusedError):
            replayed(world.entries).apply(make_entry(T0 + 100, sign_body(body, [(key_id, sig)])))


def test_C_07_a_desk_key_that_was_swapped_is_not_in_the_replayed_directory(world: Builder) -> None:
    """The hub answers with entries in which a recipient's key is its own: the replay stops there."""
    place, genuine = next(
        (i, statement)
        for i, entry in enumerate(world.entries)
        if (statement := parse_statement(parse_entry(entry)[1])).kind == "desk_key_published"
        and statement.content.desk == RECIPIENT  # type: ignore[attr-defined]
    )
    own = wrap_key("the hub's own").public
    swapped = desk_key(RECIPIENT, wrap_key=own)
    body = make_body(ORIGIN, genuine.positions, swapped)
    key_id, sig = genuine.signatures[0]
    rogue = signing_key("the hub's own")
    for statement in (
        sign_body(body, [(key_id, sig)]),
        sign_body(body, [(key_id, rogue.sign(tagged(Purpose.STATEMENT, body)))]),
    ):
        client = replayed(world.entries[:place])
        with pytest.raises(RefusedError):
            client.apply(make_entry(parse_entry(world.entries[place])[0], statement))
        assert client.view().desk_key(RECIPIENT, NOW) is None


def test_no_entry_can_be_left_out_reordered_or_repeated_within_a_chain(world: Builder) -> None:
    chained = [i for i, entry in enumerate(world.entries) if "sfc" in signers_of(entry)]
    assert len(chained) > 3
    for i in chained[:-1]:
        with pytest.raises(ComityError):
            replayed([e for j, e in enumerate(world.entries) if j != i])
    for a, b in itertools.pairwise(chained):
        order = list(world.entries)
        order[a], order[b] = order[b], order[a]
        with pytest.raises(ComityError):
            replayed(order)
    for i in range(len(world.entries)):
        with pytest.raises(ComityError):
            replayed([*world.entries[: i + 1], world.entries[i]])


def signers_of(entry: bytes) -> list[str]:
    return [p.signer for p in parse_statement(parse_entry(entry)[1]).positions]


def test_a_statement_of_one_directory_is_worth_nothing_in_another(world: Builder) -> None:
    content = transport(SENDER, "another")
    foreign = signed(make_body("other.example/directory", [world.position("sfc")], content), [ROOT])
    with pytest.raises(RefusedError) as caught:
        world.append(foreign, NOW // 1000)
    assert caught.value.reason is Reason.WRONG_ORIGIN


def test_a_chain_may_not_begin_again(world: Builder) -> None:
    again = signed(make_body(ORIGIN, [Position("sfc", 0, b"")], transport(SENDER, "another")), [ROOT])
    with pytest.raises(RefusedError) as caught:
        world.append(again)
    assert caught.value.reason is Reason.STALE_POSITION
    assert caught.value.metadata["number"] == str(world.position("sfc").number)
