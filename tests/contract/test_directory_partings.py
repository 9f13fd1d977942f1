"""Who may grant a desk's keys, and who has parted from it: what a renewal and an archive go by."""

from __future__ import annotations

import pytest
from comity.keys import Use, kid
from comity.v1 import directory_pb2 as pb
from comity.workflow.terms import Role

from tests.contract.builders import (
    ADMIN,
    APPROVER,
    AUTHOR,
    NOW,
    OTHER_DESK,
    RECIPIENT,
    SENDER,
    Builder,
    Signer,
    certificate,
    delegation,
    desk_kid,
    fresh,
    revocation,
    root,
)

ROOT = root("sfc")


@pytest.fixture
def world() -> Builder:
    world = fresh()
    world.time = NOW // 1000
    return world


@pytest.mark.parametrize("ending", ["revoked", "disputed"])
def test_the_newest_blocked_key_of_a_desk_is_one_of_its_own_or_of_anybody_who_ever_worked_there(
    world: Builder, ending: str
) -> None:
    def block(key_id: bytes) -> int:
        world.by_root("sfc", revocation(key_id) if ending == "revoked" else pb.KeyDisputed(kid=key_id))
        return world.directory.size

    assert world.view.blocked_at_desk(SENDER) == 0
    member = block(AUTHOR.kid)
    assert (world.view.blocked_at_desk(SENDER), world.view.blocked_at_desk(OTHER_DESK)) == (member, 0)
    own = block(desk_kid(SENDER))
    assert (world.view.blocked_at_desk(SENDER), world.view.blocked_at_desk(OTHER_DESK)) == (own, 0)
    both = block(ADMIN.kid)
    assert [world.view.blocked_at_desk(desk) for desk in (SENDER, OTHER_DESK, RECIPIENT)] == [both, both, 0]
    assert world.directory.view(both - 1).blocked_at_desk(SENDER) == own
    assert world.directory.view(member - 1).blocked_at_desk(SENDER) == 0


@pytest.mark.parametrize("ending", ["revoked", "disputed"])
def test_a_desks_keys_are_granted_by_root_admins_and_delegates_until_their_key_is_blocked(
    world: Builder, ending: str
) -> None:
    before = world.directory.size
    root_kid = kid("sfc", Use.ROOT, ROOT.key.public)
    assert world.view.granting_keys(SENDER) == {root_kid: ROOT.key.public, ADMIN.kid: ADMIN.key.public}
    world.by_root("sfc", delegation(SENDER, AUTHOR.kid))
    assert set(world.view.granting_keys(SENDER)) == {root_kid, ADMIN.kid, AUTHOR.kid}
    assert set(world.view.granting_keys(OTHER_DESK)) == {root_kid, ADMIN.kid}
    for key_id in (ADMIN.kid, AUTHOR.kid):
        world.by_root("sfc", revocation(key_id) if ending == "revoked" else pb.KeyDisputed(kid=key_id))
    assert set(world.view.granting_keys(SENDER)) == {root_kid}
    assert set(world.directory.view(before).granting_keys(SENDER)) == {root_kid, ADMIN.kid}
    assert world.directory.view(1).granting_keys(SENDER) == {}


def test_whoever_is_no_longer_an_admin_or_left_the_desk_grants_its_keys_no_more(world: Builder) -> None:
    world.by_root("sfc", delegation(SENDER, AUTHOR.kid))
    before = world.directory.size
    assert {ADMIN.kid, AUTHOR.kid} <= set(world.view.granting_keys(SENDER))
    world.by_root("sfc", certificate(AUTHOR.owner, [Role.ANALYST], [OTHER_DESK]))
    assert AUTHOR.kid not in world.view.granting_keys(SENDER)
    world.by_root("sfc", certificate(ADMIN.owner, [Role.ANALYST], [SENDER, OTHER_DESK]))
    assert ADMIN.kid not in world.view.granting_keys(SENDER)
    assert {ADMIN.kid, AUTHOR.kid} <= set(world.directory.view(before).granting_keys(SENDER))


def test_an_admins_earlier_key_goes_on_granting_while_its_member_is_an_admin(world: Builder) -> None:
    newer = Signer(ADMIN.owner, label="an admin's second key")
    world.by_root("sfc", certificate(newer.owner, [Role.ADMIN], [SENDER], sign_key=newer.public))
    assert {ADMIN.kid, newer.kid} <= set(world.view.granting_keys(SENDER))
    assert [r.sign_kid for r in world.view.certificates(ADMIN.owner)] == [ADMIN.kid, newer.kid]
    assert world.view.certificates("sfc/m-nobody") == []
    world.by_root("sfc", certificate(newer.owner, [Role.ANALYST], [SENDER], sign_key=newer.public))
    assert not {ADMIN.kid, newer.kid} & set(world.view.granting_keys(SENDER))


def test_a_parting_is_a_block_a_certificate_without_the_desk_or_one_that_is_no_admins_any_more(world: Builder) -> None:
    def parted() -> tuple[int, int, int]:
        view = world.view
        return view.parted_from_desk(SENDER), view.parted_from_desk(OTHER_DESK), view.parted_from_desk(RECIPIENT)

    assert parted() == (0, 0, 0)
    world.by_root("sfc", certificate(AUTHOR.owner, [Role.ANALYST, Role.APPROVER], [SENDER]))
    world.by_root("sfc", certificate(APPROVER.owner, [Role.APPROVER], [SENDER, OTHER_DESK]))
    assert parted() == (0, 0, 0)
    world.by_root("sfc", certificate(APPROVER.owner, [Role.APPROVER], [SENDER]))
    moved = world.directory.size
    assert parted() == (0, moved, 0)
    world.by_root("sfc", certificate(ADMIN.owner, [Role.ANALYST], [SENDER]))
    demoted = world.directory.size
    assert parted() == (demoted, demoted, 0)
    world.by_root("sfc", revocation(AUTHOR.kid))
    assert parted() == (world.directory.size, demoted, 0)
    earlier = world.directory.view(moved)
    assert (earlier.parted_from_desk(SENDER), earlier.parted_from_desk(OTHER_DESK)) == (0, moved)
