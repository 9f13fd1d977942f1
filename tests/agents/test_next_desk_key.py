"""The desk's next key: whichever is published is held, nobody who left holds it, and one at once begins at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from comity.errors import Reason, RefusedError
from comity.keys import Use, WrapKey, kid
from comity.sealing import seal_desk_key
from comity.v1 import directory_pb2 as pb
from comity.workflow.terms import Role

from agents.admin import Admin
from agents.client import Client
from agents.granting import CLAIM_MS, Granting
from agents.grants import destroy_losers, load_grants, make_grant, save_grant
from agents.home import Home
from agents.keyring import MemberKeyring, backup, new_member_id, restore
from agents.keys import KeyUse, LocalKeys
from agents.parting import GRACE_MS, is_behind
from agents.renewal import destroy_old_keys, renew
from agents.stating import Stating
from tests.agents.offices import CHEAP, PASSPHRASE, Office, send_referral, two_offices
from tests.support.world import DAY

DESK = "hkma/intake"
LEFT = pb.REVOCATION_REASON_LEFT


def held(office: Office, member: str) -> set[bytes]:
    """The ids of the desk keys that a member opens."""
    keys = LocalKeys.open(office.home, member, PASSPHRASE, CHEAP)
    return {entry.kid for entry in keys.entries() if entry.use is KeyUse.DESK}


def everybody(office: Office) -> list[str]:
    return [office.admin, *office.people.values()]


def unanswered(client: Client) -> list[Sequence[bytes]]:
    """The hub answers nothing from now on, and what it was sent is returned here."""
    kept: list[Sequence[bytes]] = []

    async def silent(statements: Sequence[bytes]) -> int:
        kept.append(statements)
        raise RefusedError(Reason.UNAVAILABLE, "the hub did not answer")

    client.session.append_statements = silent  # type: ignore[method-assign]
    return kept


@pytest.mark.parametrize("reason", [Reason.STATEMENT_REFUSED, Reason.STALE_POSITION])
async def test_a_key_whose_publication_was_not_answered_is_held_when_the_hub_publishes_it_later(
    tmp_path: Path, reason: Reason
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        first, second = await hkma.client(), await hkma.client()
        kept = unanswered(first)
        with pytest.raises(RefusedError):
            await Admin(first).publish_desk_key(at_once=True)

        async def late(statements: Sequence[bytes]) -> int:
            assert statements != kept[0]
            await hkma.town.append(kept[0])
            raise RefusedError(reason, "somebody was first")

        second.session.append_statements = late  # type: ignore[method-assign]
        assert await Admin(second).publish_desk_key(at_once=True) == 2
        published = second.directory().desk_keys(DESK)
        assert [key.epoch for key in published] == [1, 2]
        for member in everybody(hkma):
            assert published[-1].kid in held(hkma, member)
        await send_referral(sfc, DESK)
        assert len((await (await hkma.as_(Role.AGENT)).sync()).new) == 1


async def test_of_two_keys_of_one_epoch_both_are_held_until_one_is_published(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        admin, leaver = await hkma.client(), hkma.people[Role.ANALYST]
        before = held(hkma, leaver)
        kept = unanswered(admin)
        with pytest.raises(RefusedError):
            await Admin(admin).publish_desk_key(at_once=True)
        (first,) = held(hkma, leaver) - before

        again = await hkma.client()
        await Admin(again).revoke(leaver, LEFT)  # who knows the first key: it is not used again
        second = again.directory().desk_keys(DESK)[-1]
        agent = hkma.people[Role.AGENT]
        assert (second.epoch, second.kid != first, len(kept)) == (2, True, 1)
        assert {first, second.kid} <= held(hkma, agent)
        assert second.kid not in held(hkma, leaver)
        assert first not in {entry.kid for entry in Granting(again).held()}
        with pytest.raises(RefusedError):
            await hkma.town.append(kept[0])

        assert destroy_old_keys(again) == ["unpublished desk key 2 destroyed"]
        assert destroy_old_keys(again) == []
        assert held(hkma, agent) == before | {second.kid}
        assert held(hkma, leaver) == before
        await mail_is_read(sfc, hkma)


async def mail_is_read(sfc: Office, hkma: Office) -> None:
    await send_referral(sfc, DESK)
    assert len((await (await hkma.as_(Role.AGENT)).sync()).new) == 1


async def test_somebody_who_is_revoked_while_a_key_is_being_published_does_not_hold_what_is_published(
    tmp_path: Path,
) -> None:
    async with two_offices(tmp_path) as (_sfc, hkma):
        leaver = hkma.people[Role.ANALYST]
        renewing, admin = await hkma.client(), await hkma.client()
        await admin.refresh()
        record = admin.directory().member(leaver, admin.clock())
        assert record is not None
        honest, revoked = renewing.session.append_statements, list[str]()

        async def overtaken(statements: Sequence[bytes]) -> int:
            if not revoked:
                revoked.append(leaver)
                now = admin.clock() - 60_000
                kids = (record.sign_kid, record.wrap_kid)
                ends = [pb.Revoked(kid=key_id, reason=LEFT, effective=now) for key_id in kids]
                await Stating(admin).state(lambda: ends)
            return await honest(statements)

        renewing.session.append_statements = overtaken  # type: ignore[method-assign]
        assert await Admin(renewing).publish_desk_key(at_once=True) == 2
        view = renewing.directory()
        newest = view.desk_keys(DESK)[-1]
        assert newest.since > view.parted_from_desk(DESK)
        assert newest.kid not in held(hkma, leaver)
        for member in set(everybody(hkma)) - {leaver}:
            assert newest.kid in held(hkma, member)


async def publish_ahead(client: Client, begin: int, count: int) -> None:
    """A delegate gone bad publishes keys that begin when it likes, and grants them to nobody."""
    contents = []
    for epoch in range(2, 2 + count):
        public, _ = client.keys.create_desk_key(DESK, epoch)
        contents.append(
            pb.DeskKeyPublished(desk=DESK, epoch=epoch, wrap_key=public, valid_from=begin, valid_until=begin + 30 * DAY)
        )
    await Stating(client).state(lambda: contents)


@pytest.mark.parametrize(("days", "count"), [(1, 1), (3650, 1), (3650, 64)])
async def test_a_key_at_once_begins_now_whatever_was_published_ahead(tmp_path: Path, days: int, count: int) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        admin, leaver = await hkma.client(), hkma.people[Role.ANALYST]
        await Admin(admin).delegate(leaver)
        bad = await hkma.client(leaver)
        await bad.refresh()
        await publish_ahead(bad, admin.clock() + days * DAY, count)
        await Admin(admin).revoke(leaver, LEFT)
        view, now = admin.directory(), admin.clock()
        for later in (0, 2 * DAY):
            key = view.desk_key(DESK, now + later)
            assert key is not None
            assert key.epoch == 2 + count
            assert key.kid not in held(hkma, leaver)
        assert all(view.blocked(key.kid) for key in view.desk_keys(DESK)[1:-1])
        assert not is_behind(view, DESK, now)
        assert not admin.archive.due()
        await mail_is_read(sfc, hkma)


async def test_a_delegate_that_cannot_end_an_epoch_makes_one_key_after_it_and_the_desk_stays_behind(
    tmp_path: Path,
) -> None:
    async with two_offices(tmp_path) as (_sfc, hkma):
        admin, leaver = await hkma.client(), hkma.people[Role.ANALYST]
        await Admin(admin).delegate(hkma.people[Role.AGENT])
        assert await Admin(admin).publish_desk_key() == 2  # begins in a day, and who leaves was granted it
        record = admin.directory().member(leaver, admin.clock())
        assert record is not None
        ends = pb.Revoked(kid=record.sign_kid, reason=LEFT, effective=admin.clock() - 60_000)
        await Stating(admin).state(lambda: [ends])

        agent = await hkma.as_(Role.AGENT)
        hkma.clock.shift = GRACE_MS + 1_000
        assert "desk key 3 published" in await renew(agent)
        assert not any("desk key" in done for done in await renew(agent))
        view, now = agent.directory(), agent.clock()
        ahead = view.desk_keys(DESK)[1]
        assert [key.epoch for key in (view.desk_key(DESK, now), view.desk_key(DESK, ahead.valid_from)) if key] == [1, 3]
        await admin.refresh()
        assert Admin(admin).behind() == [DESK]  # an admin can end it
        assert "desk key 4 published" in await renew(admin)
        assert Admin(admin).behind() == []


def test_keys_of_one_epoch_lie_beside_each_other_and_files_of_older_homes_are_read(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "home", agency="sfc", desk="sfc/intake")
    member = new_member_id("sfc")
    keyring = MemberKeyring.generate(member)
    keyring.save(home, PASSPHRASE, CHEAP)
    keys = [WrapKey.generate() for _ in range(3)]
    kids = [kid("sfc/intake", Use.DESK, key.public) for key in keys]
    for key, key_id in zip(keys, (b"", *kids[1:]), strict=True):  # the first one as an older home has it
        sealed = seal_desk_key("sfc/intake", 2, keyring.wrap_kid, keyring.wrap.public, key.seed)
        grant = make_grant(
            "sfc/intake",
            2,
            keyring.wrap_kid,
            sealed,
            signer=keyring.sign_kid,
            sign=lambda _kid, data: keyring.sign.sign(data),
        )
        save_grant(home, member, grant, key_id)

    def opened(where: Home) -> set[bytes]:
        found = LocalKeys.open(where, member, PASSPHRASE, CHEAP).entries()
        return {entry.kid for entry in found if entry.use is KeyUse.DESK}

    assert opened(home) == set(kids)
    data = backup(home, member, PASSPHRASE, b"safe", cost=CHEAP, floor=CHEAP)
    other = Home.create(tmp_path / "other", agency="sfc", desk="sfc/intake")
    restore(other, data, b"safe", PASSPHRASE, cost=CHEAP, floor=CHEAP)
    assert opened(other) == set(kids)
    assert destroy_losers(other, member, "sfc/intake", 2, kids[2])
    assert not destroy_losers(other, member, "sfc/intake", 2, kids[2])
    assert opened(other) == {kids[2]}
    assert len(load_grants(home, member)) == 3


async def test_a_claim_that_another_process_took_over_is_not_released_by_the_first(tmp_path: Path) -> None:
    async with two_offices(tmp_path, hire=False) as (_sfc, hkma):
        slow, quick = [Granting(await hkma.client()) for _ in range(2)]
        claim = slow.claim(2)
        with pytest.raises(RefusedError):
            quick.claim(2)
        hkma.clock.shift = CLAIM_MS + 1
        taken = quick.claim(2)
        slow.release(claim)
        with pytest.raises(RefusedError) as refused:
            slow.claim(2)
        assert refused.value.reason is Reason.BUSY
        quick.release(taken)
        assert slow.claim(2)
