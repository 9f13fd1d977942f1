"""What a statement costs does not depend on how many members its agency has: a replay takes time with its length."""

from __future__ import annotations

import sys
from types import FrameType

import pytest
from comity.workflow.terms import Role

from tests.contract.builders import (
    ADMIN,
    AUTHOR,
    NOW,
    SENDER,
    Builder,
    Signer,
    certificate,
    delegation,
    desk_key,
    fresh,
    root,
    transport,
)

MEMBERS = 64


def calls_for(world: Builder, signer: Signer, label: str, epoch: int) -> int:
    """Returns how many functions run while two statements of one signer are applied."""
    found = 0

    def count(_: FrameType, event: str, __: object) -> None:
        nonlocal found
        found += event == "call"

    statements = []
    trial = world.clone()
    for content in (transport(SENDER, label), desk_key(SENDER, epoch)):
        statements.append(trial.add(content, ["sfc"], [signer]))
    sys.setprofile(count)
    try:
        for statement in statements:
            world.directory.apply(statement)
    finally:
        sys.setprofile(None)
    return found


@pytest.mark.parametrize("signer", [root("sfc"), ADMIN, AUTHOR], ids=["root", "admin", "delegate"])
def test_a_statement_costs_the_same_however_many_members_its_agency_has(signer: Signer) -> None:
    world = fresh()
    world.time = NOW // 1000
    world.by_root("sfc", delegation(SENDER, AUTHOR.kid))
    few, many = world.clone(), world.clone()
    for number in range(MEMBERS):
        many.by_root("sfc", certificate(f"sfc/m-{number:08d}", [Role.ANALYST], [SENDER]))
    epoch = len(world.view.desk_keys(SENDER)) + 1
    # The tree is some levels higher; each member that was looked at would be several calls.
    assert calls_for(many, signer, "many", epoch) < calls_for(few, signer, "few", epoch) + MEMBERS
