"""Somebody who was in: a revoked member or admin with all its keys and the home folder, a delegate gone bad."""

from __future__ import annotations

from pathlib import Path

import pytest
from comity.directory import sign_body
from comity.directory.statements import DAY_MS, Position, make_body
from comity.encoding import Purpose, tagged
from comity.envelope import parse_envelope
from comity.errors import CannotOpenError, MalformedError
from comity.hpke import Unwrap
from comity.keys import SigningKey, Use, WrapKey, kid
from comity.payload import parse_payload
from comity.sealing import open_box, open_content, seal_desk_key
from comity.v1 import directory_pb2, envelope_pb2
from comity.workflow.terms import Role

from agents import mailstore
from agents.accepting import accept_grants
from agents.admin import Admin
from agents.alarms import AlarmKind
from agents.client import Client
from agents.grants import archive_epoch, archive_number, destroy_grant, load_grants, make_grant, parse_grant, save_grant
from agents.keys import KeyUse, LocalKeys, UnknownKeyError, find
from agents.renewal import destroy_old_keys
from tests.agents.offices import CHEAP, PASSPHRASE, Office, referral, send_referral, two_offices

COMPROMISED = directory_pb2.REVOCATION_REASON_COMPROMISED


def stolen_keys(office: Office, member: str) -> LocalKeys:
    """What a thief has who knows a member's passphrase: the home's files as they are now, and their keys."""
    return LocalKeys.open(office.home, member, PASSPHRASE, CHEAP)


def read_with(client: Client, message: str, key_id: bytes, key: WrapKey | Unwrap) -> str:
    """Opens a kept message from the files of the home alone, with one archive key."""
    with client.store.begin() as c:
        kept = mailstore.message(c, bytes.fromhex(message))
    assert kept is not None
    content_key = open_box(Purpose.ARCHIVE, kept.message_hash, kept.archive, key_id, key)
    envelope = parse_envelope(envelope_pb2.Envelope.FromString(kept.envelope), reader=client.desk)
    data = open_content(envelope.header_bytes, envelope.seal_bytes, envelope.ciphertext, content_key)
    return parse_payload(data, envelope.header).refer.reference


def read_with_all(client: Client, message: str, keys: LocalKeys) -> list[str]:
    """Tries every archive key of some keys; returns what was read."""
    found = []
    for entry in keys.entries():
        if entry.use is KeyUse.ARCHIVE:
            try:
                found.append(read_with(client, message, entry.kid, lambda i, d, k=entry.kid: keys.unwrap(k, i, d)))  # type: ignore[misc]
            except CannotOpenError:
                continue
    return found


def archive_grant(client: Client, key: WrapKey, epoch: int, keys: LocalKeys) -> bytes:
    """Makes a grant of an archive key for whoever acts, signed with somebody's keys."""
    record = client.directory().member(client.member, client.clock())
    assert record is not None
    sealed = seal_desk_key(client.desk, epoch, record.wrap_kid, record.wrap_key, key.seed)
    return make_grant(client.desk, epoch, record.wrap_kid, sealed, signer=find(keys, KeyUse.SIGN).kid, sign=keys.sign)


def replaced_signer(grant: bytes, office: Office, signer: str) -> bytes:
    """Returns a grant that says another member signed it."""
    found = parse_grant(grant)
    named = find(stolen_keys(office, signer), KeyUse.SIGN).kid
    return make_grant(
        found.desk, found.epoch, found.member_kid, found.sealed_seed, signer=named, sign=lambda _kid, _data: found.sig
    )


async def test_a_revoked_member_with_a_later_copy_of_the_home_opens_nothing_that_came_afterwards(
    tmp_path: Path,
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        thief = hkma.people[Role.ANALYST]
        before = await send_referral(sfc, "hkma/intake", referral(reference="BEFORE"))
        agent = await hkma.as_(Role.AGENT)
        await agent.sync()
        early = stolen_keys(hkma, thief)
        assert read_with_all(agent, before, early) == ["BEFORE"]

        await Admin(await hkma.client(), hkma.root).revoke(thief, COMPROMISED)
        after = await send_referral(sfc, "hkma/intake", referral(reference="AFTER"))
        await agent.sync()  # a daemon that was running all the while
        await hkma.hire(Role.ANALYST)
        own = await send_referral(hkma, "sfc/intake", referral(reference="OWN"))

        late = stolen_keys(hkma, thief)
        for message in (after, own):
            assert [read_with_all(agent, message, keys) for keys in (early, late)] == [[], []]
        for colleague in (agent, await hkma.as_(Role.APPROVER), await hkma.as_(Role.ANALYST)):
            opened = [colleague.peek(message).payload.refer.reference for message in (before, after, own)]
            assert opened == ["BEFORE", "AFTER", "OWN"]


async def test_nothing_is_sealed_to_an_archive_key_that_a_revoked_admin_grants(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        ex = await hkma.hire(Role.ADMIN)
        keys = stolen_keys(hkma, ex)
        await Admin(await hkma.client(), hkma.root).revoke(ex, COMPROMISED)
        agent, rogue = await hkma.as_(Role.AGENT), WrapKey.generate()
        await agent.refresh()
        rogue_kid = kid("hkma/intake", Use.DESK, rogue.public)
        size = agent.directory().size
        in_anothers_name = replaced_signer(archive_grant(agent, rogue, archive_epoch(size), keys), hkma, hkma.admin)
        for slipped_in in (
            in_anothers_name,
            archive_grant(agent, rogue, archive_epoch(0), keys),
            archive_grant(agent, rogue, archive_epoch(size), keys),
        ):
            save_grant(hkma.home, agent.member, slipped_in)
            for client in (agent, await hkma.as_(Role.AGENT)):
                message = await send_referral(sfc, "hkma/intake")
                await client.sync()
                with pytest.raises(CannotOpenError):
                    read_with(client, message, rogue_kid, rogue)
                assert client.peek(message).payload.refer.reference == "SFC/2026/117"


async def test_a_rogue_archive_key_is_not_passed_on_by_a_colleague(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (_sfc, hkma):
        admin = await hkma.client()
        await admin.refresh()
        stranger, rogue = LocalKeys.open(hkma.home, hkma.people[Role.ANALYST], PASSPHRASE, CHEAP), WrapKey.generate()
        save_grant(hkma.home, admin.member, archive_grant(admin, rogue, archive_epoch(1), stranger))
        admin.keys.reload()
        assert len(admin.archive.held()) == 2
        epochs = {parse_grant(data).epoch for data in Admin(admin).grant(hkma.people[Role.AGENT])}
        assert epochs == {0, 1}


async def test_an_archive_key_of_the_far_future_does_not_stand_in_the_way_of_the_next(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        ex = await hkma.hire(Role.ADMIN)
        keys, agent, rogue = stolen_keys(hkma, ex), await hkma.as_(Role.AGENT), WrapKey.generate()
        await agent.refresh()
        last = archive_epoch((1 << 63) - 1)
        save_grant(hkma.home, agent.member, archive_grant(agent, rogue, last, keys))  # while still an admin
        message = await send_referral(sfc, "hkma/intake")
        await agent.sync()
        assert last in {entry.epoch for entry in agent.archive.held()}
        with pytest.raises(CannotOpenError):
            read_with(agent, message, kid("hkma/intake", Use.DESK, rogue.public), rogue)

        await Admin(await hkma.client(), hkma.root).revoke(ex, COMPROMISED)
        await agent.refresh()
        number = archive_number(agent.archive.entry().epoch)
        assert number is not None
        assert 0 < number <= agent.directory().size


async def test_mail_is_not_sealed_to_the_old_archive_key_where_the_new_grant_was_taken_away(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        await Admin(await hkma.client(), hkma.root).revoke(hkma.people[Role.ANALYST], COMPROMISED)
        agent = await hkma.as_(Role.AGENT)
        await agent.refresh()
        newest = agent.archive.entry()
        assert destroy_grant(hkma.home, agent.member, "hkma/intake", newest.epoch)
        await send_referral(sfc, "hkma/intake")
        with pytest.raises(UnknownKeyError):
            await agent.sync()

        Admin(await hkma.client()).grant(agent.member)
        assert len((await agent.sync()).new) == 1
        assert agent.archive.entry().kid == newest.kid


async def test_grants_are_verified_before_they_are_kept_and_none_takes_anothers_place(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (_sfc, hkma):
        ex = await hkma.hire(Role.ADMIN)
        keys, rogue = stolen_keys(hkma, ex), WrapKey.generate()
        admin, agent = await hkma.client(), await hkma.as_(Role.AGENT)
        await agent.refresh()
        live = stolen_keys(hkma, hkma.admin)
        true = Admin(admin).grant(agent.member)
        others = Admin(admin).grant(hkma.people[Role.ANALYST])
        by_the_ex = archive_grant(agent, rogue, archive_epoch(1), keys)
        assert [grant.archive for grant in await accept_grants(agent, [by_the_ex])] == [1]  # an admin as yet
        assert destroy_grant(hkma.home, agent.member, "hkma/intake", archive_epoch(1))

        await Admin(admin, hkma.root).revoke(ex, COMPROMISED)
        kept = load_grants(hkma.home, agent.member)
        forged = next(grant for grant in map(parse_grant, true) if grant.archive is None)
        stranger = SigningKey.generate()
        forgery = make_grant(
            forged.desk,
            forged.epoch,
            forged.member_kid,
            forged.sealed_seed,
            signer=find(live, KeyUse.SIGN).kid,
            sign=lambda _kid, data: stranger.sign(data),
        )
        elsewhere = make_grant(
            "hkma/other", 0, forged.member_kid, forged.sealed_seed, signer=find(live, KeyUse.SIGN).kid, sign=live.sign
        )
        for wrong in (
            by_the_ex,
            forgery,
            elsewhere,
            archive_grant(agent, rogue, archive_epoch(0), live),  # another key of a number that is taken
            archive_grant(agent, rogue, archive_epoch(1 << 40), live),
            archive_grant(agent, rogue, 1, live),  # not the desk key that was published
            archive_grant(agent, rogue, 9, live),
            b"garbage",
        ):
            with pytest.raises(MalformedError):
                await accept_grants(agent, [*true, wrong])
        with pytest.raises(CannotOpenError):
            await accept_grants(agent, [*true, others[0]])
        two = [archive_grant(agent, WrapKey.generate(), archive_epoch(2), live) for _ in range(2)]
        with pytest.raises(MalformedError):  # of one number, in one go
            await accept_grants(agent, two)
        assert load_grants(hkma.home, agent.member) == kept
        assert len(await accept_grants(agent, true)) == len(true)


async def rogue_desk_key(office: Office, client: Client, valid_from: int) -> bytes:
    """Publishes a desk key that nobody holds, as whoever has the delegate's key may. Returns its id."""
    signer, desk = find(client.keys, KeyUse.SIGN), client.desk
    content = directory_pb2.DeskKeyPublished(
        desk=desk,
        epoch=client.directory().desk_keys(desk)[-1].epoch + 1,
        wrap_key=WrapKey.generate().public,
        valid_from=valid_from,
        valid_until=valid_from + 35 * DAY_MS,
    )
    position = Position(client.agency, *client.directory().position(client.agency))
    body = make_body(client.home.hub_origin, [position], content)
    signature = (signer.kid, client.keys.sign(signer.kid, tagged(Purpose.STATEMENT, body)))
    await office.town.append([sign_body(body, [signature])])
    await client.refresh()
    return client.directory().desk_keys(desk)[-1].kid


def held_epochs(client: Client) -> list[int]:
    return [entry.epoch for entry in client.keys.entries() if entry.use is KeyUse.DESK]


@pytest.mark.parametrize("ending", ["disputed", "revoked"])
async def test_a_delegate_gone_bad_cannot_have_the_live_desk_key_destroyed(tmp_path: Path, ending: str) -> None:
    async with two_offices(tmp_path, hire=False) as (sfc, _hkma):
        client = await sfc.client()
        await client.refresh()
        live = client.directory().desk_keys("sfc/intake")[-1]
        rogue = await rogue_desk_key(sfc, client, live.valid_from)
        assert [alarm.kind for alarm in client.alarms()] == [AlarmKind.OWN_KEY_UNKNOWN]
        if ending == "disputed":
            await Admin(client).dispute(rogue)
        else:
            await Admin(client).revoke(rogue, COMPROMISED)
            held = held_epochs(client)
            assert held == [1, 3]
        await client.refresh()
        for days in (14, 400):
            sfc.clock.shift = days * DAY_MS + 60_000
            if ending == "disputed":
                assert destroy_old_keys(client) == []
                assert held_epochs(client) == [1]
        if ending == "revoked":  # the honest successor still succeeds, and it alone
            assert destroy_old_keys(client) == ["desk key 1 destroyed"]
            assert held_epochs(client) == [3]


async def test_a_successor_that_says_it_began_long_ago_is_counted_from_its_entry(tmp_path: Path) -> None:
    async with two_offices(tmp_path, hire=False) as (sfc, _hkma):
        client = await sfc.client()
        await client.refresh()
        live = client.directory().desk_keys("sfc/intake")[-1]
        await rogue_desk_key(sfc, client, live.valid_from)
        newest = client.directory().desk_keys("sfc/intake")[-1]
        entered = client.directory().entered(newest)
        assert entered > newest.valid_from
        sfc.clock.shift = newest.valid_from + 14 * DAY_MS + 1 - client.clock()
        assert client.clock() < entered + 14 * DAY_MS
        assert destroy_old_keys(client) == []
        sfc.clock.shift += entered - newest.valid_from
        assert destroy_old_keys(client) == ["desk key 1 destroyed"]


async def test_mail_sealed_to_a_disputed_desk_key_is_refused_and_the_feed_goes_on(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        admin, agent = await hkma.client(), await hkma.as_(Role.AGENT)
        await admin.refresh()
        rogue = await rogue_desk_key(hkma, admin, admin.clock() - 60_000)
        await send_referral(sfc, "hkma/intake")
        with pytest.raises(UnknownKeyError):  # as yet it may be a key that a colleague holds
            await agent.sync()
        await Admin(admin).dispute(rogue)
        await Admin(admin).publish_desk_key(at_once=True)
        message = await send_referral(sfc, "hkma/intake")
        report = await agent.sync()
        assert (report.quarantined, [item.message for item in report.new]) == (1, [message])
