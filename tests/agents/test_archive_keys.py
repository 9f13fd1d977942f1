"""Archive keys: made after a revocation, granted on, signed again, taken over in another home."""

from __future__ import annotations

from pathlib import Path

import pytest
from comity.errors import CannotOpenError, MalformedError, Reason, RefusedError
from comity.keys import Use, WrapKey, kid
from comity.sealing import seal_desk_key
from comity.v1 import directory_pb2
from comity.v1 import directory_pb2 as pb
from comity.workflow.terms import Role

from agents import joining, keyprocess
from agents.accepting import accept_grants
from agents.admin import Admin
from agents.client import Client
from agents.grants import archive_epoch, archive_number, load_grants, make_grant, parse_grant, save_grant
from agents.home import Home
from agents.keyring import MemberKeyring, RootKeyring, new_member_id
from agents.keys import KeyUse, LocalKeys, UnknownKeyError, find
from agents.renewal import renew
from tests.agents.offices import CHEAP, PASSPHRASE, Office, send_referral, two_offices

LEFT = directory_pb2.REVOCATION_REASON_LEFT


def archive_epochs(office: Office, member: str) -> set[int]:
    grants = [parse_grant(data) for data in load_grants(office.home, member)]
    return {grant.epoch for grant in grants if grant.archive is not None}


async def revoked_only(office: Office, member: str) -> None:
    """Revokes a member's signing key, and stops there: as where whoever revokes is cut off, or has no desk key."""
    client = await office.client()
    await client.refresh()
    record = client.directory().member(member, client.clock())
    assert record is not None
    revoked = pb.Revoked(kid=record.sign_kid, reason=LEFT, effective=client.clock() - 60_000)
    await Admin(client, office.root)._state(revoked)


async def delegated(office: Office) -> Client:
    """The desk's agent, which may renew."""
    await Admin(await office.client()).delegate(office.people[Role.AGENT])
    agent = await office.as_(Role.AGENT)
    await agent.refresh()
    return agent


def test_archive_keys_have_a_numbering_of_their_own_beside_the_epochs() -> None:
    assert [archive_number(archive_epoch(number)) for number in (0, 1, 7, 1 << 40)] == [0, 1, 7, 1 << 40]
    assert [archive_number(epoch) for epoch in (1, 2, 1 << 62)] == [None] * 3
    assert archive_epoch(7) > 1 << 62
    for epoch, name in ((0, "0"), (3, "3"), (archive_epoch(7), "archive-7")):
        data = make_grant("sfc/intake", epoch, bytes(32), b"x", signer=bytes(32), sign=lambda _kid, _data: bytes(64))
        assert parse_grant(data).label == name
    twice = make_grant("sfc/intake", 1 << 63, bytes(32), b"x", signer=bytes(32), sign=lambda _kid, _data: bytes(64))
    with pytest.raises(MalformedError):  # number 0 has one place
        parse_grant(twice)


async def test_what_a_revoked_admin_granted_is_signed_again_and_a_new_colleague_reads_old_mail(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        ex, chief = await hkma.hire(Role.ADMIN), await hkma.client()
        # The whole desk has its archive key from the one who goes.
        leaver = Admin(await hkma.client(ex))
        await leaver._client.refresh()
        for member in (chief.member, *hkma.people.values()):
            leaver.grant(member)
        old = await send_referral(sfc, "hkma/intake")
        agent = await hkma.as_(Role.AGENT)
        await agent.sync()
        await Admin(chief, hkma.root).revoke(ex, LEFT)

        await hkma.hire(Role.SUPERVISOR)
        newcomer = await hkma.as_(Role.SUPERVISOR)
        new = await send_referral(sfc, "hkma/intake")
        await agent.sync()
        for client in (newcomer, agent, await hkma.as_(Role.ANALYST)):
            await client.refresh()
            assert [archive_number(entry.epoch) == 0 for entry in client.archive.counting()] == [True, False]
            assert [client.peek(m).payload.refer.reference for m in (old, new)] == ["SFC/2026/117"] * 2
        assert len(archive_epochs(hkma, ex)) == 1


async def test_a_renewal_makes_the_archive_key_that_whoever_revoked_did_not(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (_sfc, hkma):
        agent = await delegated(hkma)
        assert await renew(agent) == []
        leaver = hkma.people[Role.ANALYST]
        await revoked_only(hkma, leaver)
        assert await renew(agent) == ["archive key renewed"]
        assert await renew(agent) == []
        number = archive_number(agent.archive.entry().epoch)
        assert number == agent.directory().size
        for member in (hkma.admin, agent.member, hkma.people[Role.APPROVER]):
            assert archive_epochs(hkma, member) == {0, archive_epoch(number)}
        assert archive_epochs(hkma, leaver) == {0}


async def test_a_published_desk_key_brings_the_archive_key_that_is_due(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (_sfc, hkma):
        admin = await hkma.client()
        await Admin(admin).publish_desk_key(at_once=True)
        assert archive_epochs(hkma, hkma.admin) == {0}
        await revoked_only(hkma, hkma.people[Role.ANALYST])
        await Admin(admin).publish_desk_key(at_once=True)
        assert len(archive_epochs(hkma, hkma.people[Role.APPROVER])) == 2


async def test_two_processes_of_one_home_do_not_make_two_archive_keys_of_one_number(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (_sfc, hkma):
        agent, admin = await delegated(hkma), await hkma.client()
        await revoked_only(hkma, hkma.people[Role.ANALYST])
        for client in (agent, admin):
            await client.refresh()
            assert client.archive.due()
        assert agent.archive.claim(agent.directory().size)  # it is at it
        assert not Admin(admin).renew_archive()
        assert archive_epochs(hkma, hkma.admin) == {0}


async def test_a_grant_that_no_longer_counts_is_granted_again_by_a_renewal(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (_sfc, hkma):
        agent, stranger = await delegated(hkma), hkma.people[Role.ANALYST]
        member = hkma.people[Role.APPROVER]
        record = agent.directory().member(member, agent.clock())
        assert record is not None
        keys = LocalKeys.open(hkma.home, stranger, PASSPHRASE, CHEAP)
        key = next(entry for entry in keys.entries() if entry.use is KeyUse.ARCHIVE)
        sealed = keys.regrant(key.kid, record.wrap_kid, record.wrap_key)
        signer = find(keys, KeyUse.SIGN).kid
        save_grant(
            hkma.home, member, make_grant("hkma/intake", 0, record.wrap_kid, sealed, signer=signer, sign=keys.sign)
        )
        (hkma.home.grants_path(member) / "damaged.grant").write_bytes(b"damaged")
        assert await renew(agent) == [f"desk keys granted to {member}"]
        approver = await hkma.client(member)
        await approver.refresh()
        assert [entry.kid for entry in approver.archive.counting()] == [key.kid]


async def test_only_who_may_grant_grants_and_the_root_may(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (_sfc, hkma):
        analyst = await hkma.as_(Role.ANALYST)
        await analyst.refresh()
        with pytest.raises(RefusedError) as refused:
            Admin(analyst).grant(hkma.people[Role.AGENT])
        assert refused.value.reason is Reason.WRONG_ROLE
        signers = {parse_grant(data).signer for data in Admin(analyst, hkma.root).grant(hkma.people[Role.AGENT])}
        assert signers == {RootKeyring(hkma.home.agency, hkma.root.key).kid}
        agent = await hkma.as_(Role.AGENT)
        await agent.refresh()
        assert archive_number(agent.archive.entry().epoch) == 0


async def test_nothing_is_granted_to_an_opening_key_that_was_revoked(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (_sfc, hkma):
        admin, member = await hkma.client(), hkma.people[Role.ANALYST]
        await admin.refresh()
        record = admin.directory().member(member, admin.clock())
        assert record is not None
        await Admin(admin).revoke(record.wrap_kid, LEFT)
        assert admin.directory().member(member, admin.clock()) is not None  # it still signs
        assert archive_epochs(hkma, member) == {0}
        with pytest.raises(UnknownKeyError):
            Admin(admin).grant(member)


async def test_an_archive_key_that_is_not_held_is_asked_for_and_a_damaged_box_does_not_open(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        agent = await hkma.as_(Role.AGENT)
        await agent.sync()
        for path in hkma.home.grants_path(agent.member).iterdir():
            path.unlink()
        agent.keys.reload()
        with pytest.raises(UnknownKeyError):
            agent.peek(message)
        with pytest.raises(UnknownKeyError):
            agent.archive.entry()
        with pytest.raises(CannotOpenError):
            agent.archive.open(bytes(32), b"damaged")


async def test_a_colleague_in_another_home_takes_all_keys_of_the_desk(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        admin = await hkma.client()
        await Admin(admin, hkma.root).revoke(hkma.people[Role.ANALYST], LEFT)
        home = Home.create(tmp_path / "second", agency="hkma", desk="hkma/intake", endpoints=hkma.home.endpoints)
        member = new_member_id("hkma")
        MemberKeyring.generate(member).save(home, PASSPHRASE, CHEAP)
        request = joining.member_request(home, member, PASSPHRASE, CHEAP)
        await Admin(admin).certify(request, roles=[Role.ANALYST])
        answer = await Admin(admin).answer(request)
        home = joining.accept_answer(home, answer, hkma.town.genesis_fingerprint())
        second = Office(hkma.town, home, hkma.root, member, clock=hkma.clock)
        hkma.town.offices["second"] = second
        message = await send_referral(sfc, "hkma/intake")
        client = await second.client()
        granted = Admin(admin).grant(member)
        assert [grant.archive is None for grant in await accept_grants(client, granted)] == [False, False, True, True]
        client.pin("sfc", (await sfc.client()).fingerprint("sfc"))
        assert [item.message for item in (await client.sync()).new] == [message]
        assert client.archive.entry().kid == admin.archive.entry().kid


def test_the_key_process_tells_what_is_in_a_grant_and_where_each_key_came_from(tmp_path: Path) -> None:
    home = Home.create(tmp_path / "home", agency="sfc", desk="sfc/intake")
    keyring, key = MemberKeyring.generate("sfc/m-abcd2345"), WrapKey.generate()
    keyring.save(home, PASSPHRASE, CHEAP)
    epoch = archive_epoch(12)
    sealed = seal_desk_key("sfc/intake", epoch, keyring.wrap_kid, keyring.wrap.public, key.seed)
    grant = make_grant(
        "sfc/intake",
        epoch,
        keyring.wrap_kid,
        sealed,
        signer=keyring.sign_kid,
        sign=lambda _kid, data: keyring.sign.sign(data),
    )
    keyprocess.unlock(home, keyring.member, PASSPHRASE, idle_seconds=30, floor=CHEAP)
    remote, local = keyprocess.connect(home, keyring.member), LocalKeys.open(home, keyring.member, PASSPHRASE, CHEAP)
    try:
        for keys in (remote, local):
            assert keys.granted(grant) == key.public
            for wrong, error in ((b"garbage", MalformedError), (grant_to_another(key), CannotOpenError)):
                with pytest.raises(error):
                    keys.granted(wrong)
            assert [entry.use for entry in keys.entries()] == [KeyUse.SIGN, KeyUse.WRAP]
        save_grant(home, keyring.member, grant)
        for keys in (remote, local):
            keys.reload()
        assert remote.entries() == local.entries()
        assert find(remote, KeyUse.ARCHIVE).kid == kid("sfc/intake", Use.DESK, key.public)
        assert len(find(remote, KeyUse.ARCHIVE).grant) == 32
    finally:
        keyprocess.lock(home, keyring.member)
        remote.close()


def grant_to_another(key: WrapKey) -> bytes:
    other = MemberKeyring.generate("sfc/m-zzzz2345")
    sealed = seal_desk_key("sfc/intake", 1, other.wrap_kid, other.wrap.public, key.seed)
    return make_grant(
        "sfc/intake", 1, other.wrap_kid, sealed, signer=other.sign_kid, sign=lambda _kid, data: other.sign.sign(data)
    )
