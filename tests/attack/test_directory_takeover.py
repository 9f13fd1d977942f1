"""What a holder of a lesser key may state, and what it must not be able to make irreversible."""

from __future__ import annotations

import pytest
from comity.errors import Reason, RefusedError
from comity.workflow.terms import Role

from tests.contract.builders import (
    ADMIN,
    AUTHOR,
    NOW,
    SENDER,
    Builder,
    certificate,
    delegation,
    desk_key,
    fresh,
    revocation,
    transport,
)

DAY = 86_400_000
FAR = 250_000_000_000_000


@pytest.fixture
def world() -> Builder:
    made = fresh()
    made.by_root("sfc", delegation(SENDER, AUTHOR.kid))
    made.time = NOW // 1000
    return made


def test_a_delegates_key_of_the_far_future_does_not_end_a_desk_for_good(world: Builder) -> None:
    far = desk_key(SENDER, 2, valid_from=FAR, valid_until=FAR + DAY)
    world.add(far, ["sfc"], [AUTHOR])
    now = world.time * 1000
    mended = desk_key(SENDER, 3, valid_from=now, valid_until=now + 30 * DAY)
    with pytest.raises(RefusedError) as refused:
        world.add(mended, ["sfc"], [ADMIN])
    assert refused.value.metadata["rule"] == "epochs_begin_in_order"
    spoilt = world.view.desk_keys(SENDER)[-1]
    world.add(revocation(spoilt.kid), ["sfc"], [ADMIN])
    world.add(mended, ["sfc"], [ADMIN])
    current = world.view.desk_key(SENDER, now + 1000)
    assert current is not None
    assert current.epoch == 3


def test_what_begins_in_order_is_still_asked_of_good_epochs(world: Builder) -> None:
    now = world.time * 1000
    world.add(desk_key(SENDER, 2, valid_from=now, valid_until=now + DAY), ["sfc"], [ADMIN])
    with pytest.raises(RefusedError):
        world.add(desk_key(SENDER, 3, valid_from=now - 1, valid_until=now + DAY), ["sfc"], [ADMIN])


def test_a_delegate_states_nothing_but_keys_of_its_desk(world: Builder) -> None:
    other = "sfc/enforcement"
    for content in (
        delegation(SENDER, AUTHOR.kid),
        revocation(AUTHOR.kid),
        certificate("sfc/m-new00000", [Role.ANALYST], [SENDER]),
        desk_key(other, len(world.view.desk_keys(other)) + 1),
        transport(other, "stolen"),
    ):
        with pytest.raises(RefusedError) as refused:
            world.add(content, ["sfc"], [AUTHOR])
        assert refused.value.reason is Reason.STATEMENT_REFUSED


def test_an_admin_cannot_make_or_unmake_an_admin_under_another_statement(world: Builder) -> None:
    demoted = certificate(ADMIN.owner, [Role.ANALYST], [SENDER])
    for content in (demoted, certificate("sfc/m-new00000", [Role.ADMIN], [SENDER]), revocation(ADMIN.kid)):
        with pytest.raises(RefusedError) as refused:
            world.add(content, ["sfc"], [ADMIN])
        assert refused.value.reason is Reason.STATEMENT_REFUSED
