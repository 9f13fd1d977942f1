"""Somebody leaves a desk or is an admin no more: the desk's keys are new ones, and old mail stays readable."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from comity.errors import Reason, RefusedError
from comity.v1 import directory_pb2 as pb
from comity.workflow.terms import Role

from agents import joining
from agents.admin import Admin
from agents.client import Client
from agents.grants import archive_number, load_grants, parse_grant
from agents.home import Home
from agents.keyring import MemberKeyring, new_member_id
from agents.keys import KeyUse, LocalKeys, find
from agents.parting import GRACE_MS
from agents.renewal import renew
from tests.agents.offices import CHEAP, PASSPHRASE, Office, send_referral, two_offices

LEFT = pb.REVOCATION_REASON_LEFT


def epochs(client: Client) -> list[int]:
    return [key.epoch for key in client.directory().desk_keys(client.desk)]


def held(home: Home, member: str) -> set[int]:
    """The desk keys, by epoch, and the archive keys, by their number and negative, that a member has a grant of."""
    grants = [parse_grant(data) for data in load_grants(home, member)]
    return {grant.epoch if grant.archive is None else -grant.archive for grant in grants}


def request(office: Office, member: str) -> bytes:
    return joining.member_request(office.home, member, PASSPHRASE, CHEAP)


async def test_an_admin_that_is_one_no_more_grants_nothing_and_the_desk_has_new_keys(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        ex, chief = await hkma.hire(Role.ADMIN), await hkma.client()
        leaver = Admin(await hkma.client(ex))
        await leaver._client.refresh()
        for member in (chief.member, *hkma.people.values()):
            leaver.grant(member)  # the whole desk has its archive key from the one who is to be demoted
        old = await send_referral(sfc, "hkma/intake")
        agent = await hkma.as_(Role.AGENT)
        await agent.sync()

        key_id = find(leaver._client.keys, KeyUse.SIGN).kid
        assert key_id in chief.directory().granting_keys(chief.desk)
        await Admin(chief, hkma.root).certify(request(hkma, ex), roles=[Role.ANALYST])
        assert key_id not in chief.directory().granting_keys(chief.desk)
        assert epochs(chief) == [1, 2]
        assert Admin(chief).behind() == []
        await leaver._client.refresh()
        with pytest.raises(RefusedError) as refused:
            leaver.grant(hkma.people[Role.AGENT])
        assert refused.value.reason is Reason.WRONG_ROLE

        new = await send_referral(sfc, "hkma/intake")
        await agent.sync()
        for client in (agent, await hkma.as_(Role.ANALYST), await hkma.client(ex)):
            await client.refresh()
            assert [archive_number(entry.epoch) == 0 for entry in client.archive.counting()] == [True, False]
            assert [client.peek(m).payload.refer.reference for m in (old, new)] == ["SFC/2026/117"] * 2


async def test_whoever_leaves_the_desk_opens_and_fetches_nothing_that_comes_afterwards(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        leaver, admin = hkma.people[Role.ANALYST], await hkma.client()
        before = held(hkma.home, leaver)
        kept = replace(hkma.home, path=tmp_path / "copy")
        shutil.copytree(hkma.home.path, kept.path)
        still = await Client.open(kept, LocalKeys.open(kept, leaver, PASSPHRASE, CHEAP), patience_seconds=1.0)
        await still.refresh()

        await Admin(admin).certify(request(hkma, leaver), roles=[Role.ANALYST], desks=["hkma/audit"])
        assert epochs(admin) == [1, 2]
        number = admin.archive.entry().epoch
        assert held(hkma.home, leaver) == before
        assert {2, -(archive_number(number) or 0)} <= held(hkma.home, hkma.people[Role.AGENT])
        await send_referral(sfc, "hkma/intake")
        with pytest.raises(RefusedError) as refused:
            await still.sync()
        assert refused.value.reason is Reason.UNKNOWN_TLS_KEY
        await still.close()
        assert len((await (await hkma.as_(Role.AGENT)).sync()).new) == 1


@pytest.mark.parametrize("how", ["certified away", "certified away on another key", "revoked"])
async def test_whoever_leaves_with_a_home_of_their_own_fetches_nothing_that_comes_afterwards(
    tmp_path: Path, how: str
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        own = Home.create(tmp_path / "own", agency="hkma", desk="hkma/intake", endpoints=hkma.home.endpoints)
        member = new_member_id("hkma")
        MemberKeyring.generate(member).save(own, PASSPHRASE, CHEAP)
        asked, admin = joining.member_request(own, member, PASSPHRASE, CHEAP), await hkma.client()
        await Admin(admin, hkma.root).certify(asked, roles=[Role.ANALYST])
        own = joining.accept_answer(own, await Admin(admin).answer(asked), hkma.town.genesis_fingerprint())
        if how == "certified away":
            await Admin(admin, hkma.root).certify(asked, roles=[Role.ANALYST], desks=["hkma/audit"])
        elif how == "revoked":
            await Admin(admin, hkma.root).revoke(member, LEFT)
        else:  # the request that moves them names another TLS key than the one that speaks for this desk
            again = joining.member_request(own, member, PASSPHRASE, CHEAP)
            await Admin(admin, hkma.root).certify(again, roles=[Role.ANALYST], desks=["hkma/audit"])
        await send_referral(sfc, "hkma/intake")
        left = await Client.open(own, LocalKeys.open(own, member, PASSPHRASE, CHEAP), patience_seconds=1.0)
        with pytest.raises(RefusedError) as refused:
            await left.refresh()
        assert refused.value.reason is Reason.UNKNOWN_TLS_KEY
        await left.close()
        assert len((await (await hkma.as_(Role.AGENT)).sync()).new) == 1


async def test_nothing_is_stated_where_who_acts_could_not_make_the_new_keys(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (_sfc, hkma):
        admin = await hkma.client()
        await admin.refresh()
        size = admin.directory().size
        own = request(hkma, hkma.admin)
        for root, desks in ((None, []), (hkma.root, ["hkma/audit"])):
            with pytest.raises(RefusedError) as refused:
                await Admin(admin, root).certify(own, roles=[Role.ANALYST], desks=desks)
            assert refused.value.reason is Reason.WRONG_ROLE
        await admin.refresh()
        assert admin.directory().size == size


async def test_a_renewal_makes_the_desk_key_that_whoever_stated_a_parting_did_not(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (_sfc, hkma):
        await Admin(await hkma.client()).delegate(hkma.people[Role.AGENT])
        agent, admin = await hkma.as_(Role.AGENT), await hkma.client()
        await agent.refresh()
        record = agent.directory().member(hkma.people[Role.ANALYST], agent.clock())
        assert record is not None
        await Admin(admin)._state(pb.Revoked(kid=record.sign_kid, reason=LEFT, effective=admin.clock() - 60_000))
        assert Admin(admin).behind() == ["hkma/intake"]
        assert await renew(agent) == ["archive key renewed"]  # the desk's key is left to who revoked, for a while
        hkma.clock.shift = GRACE_MS + 1_000
        assert await renew(agent) == ["desk key 2 published"]
        assert await renew(agent) == []
        await admin.refresh()
        assert Admin(admin).behind() == []


async def test_two_processes_of_one_home_do_not_make_one_desk_key_twice(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        makers = [Admin(await hkma.client()) for _ in range(2)]
        results = await asyncio.gather(*(m.publish_desk_key(at_once=True) for m in makers), return_exceptions=True)
        refused = [found for found in results if isinstance(found, RefusedError)]
        assert [found.reason for found in refused] == [Reason.BUSY]
        assert [found for found in results if found not in refused] == [2]
        await makers[0]._client.refresh()
        published = makers[0]._client.directory().desk_keys("hkma/intake")[-1]
        for member in (hkma.admin, *hkma.people.values()):
            keys = LocalKeys.open(hkma.home, member, PASSPHRASE, CHEAP)
            assert {e.epoch: e.kid for e in keys.entries() if e.use is KeyUse.DESK}[2] == published.kid
        await send_referral(sfc, "hkma/intake")
        assert len((await (await hkma.as_(Role.AGENT)).sync()).new) == 1
        assert await makers[1].publish_desk_key(at_once=True) == 3
