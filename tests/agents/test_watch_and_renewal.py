"""A desk that never sleeps: live mail, the pager, alarms, and keys that renew themselves."""

from __future__ import annotations

import asyncio
import stat
import sys
from pathlib import Path

import pytest
from comity.errors import MalformedError, Reason, RefusedError, VerificationError
from comity.tls import TlsKey, create_authority
from comity.workflow.terms import Family, Precedence, Role

from agents import joining
from agents.admin import Admin
from agents.alarms import AlarmKind
from agents.client import Client
from agents.grants import load_grants, parse_grant
from agents.home import Home
from agents.keyring import MemberKeyring, new_member_id
from agents.keys import KeyUse
from agents.records import MessageStatus
from agents.renewal import _transport, destroy_old_keys, renew
from agents.session import Session
from agents.transport import NoIdentityError, load_identity
from agents.watch import WatchEvent, watch
from tests.agents.offices import CHEAP, PASSPHRASE, Office, referral, send_referral, two_offices

DAY = 86_400_000


class Seen:
    """Collects what a watch tells."""

    def __init__(self) -> None:
        self.events: list[WatchEvent] = []
        self._changed = asyncio.Event()

    def __call__(self, event: WatchEvent) -> None:
        self.events.append(event)
        self._changed.set()

    async def until(self, kind: str) -> WatchEvent:
        async with asyncio.timeout(15):
            while True:
                for event in self.events:
                    if event.kind == kind:
                        return event
                self._changed.clear()
                await self._changed.wait()


async def watching(client: Client) -> tuple[Seen, asyncio.Event, asyncio.Task[None]]:
    seen, stop = Seen(), asyncio.Event()
    task = asyncio.create_task(watch(client, on_event=seen, stop=stop))
    await seen.until("connected")
    return seen, stop, task


async def test_live_mail_is_stored_acknowledged_shown_and_paged_without_a_word_of_its_content(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        note = tmp_path / "paged"
        pager = tmp_path / "pager.sh"
        pager.write_text(f'#!/bin/sh\necho "$@" >> {note}\n')
        pager.chmod(pager.stat().st_mode | stat.S_IXUSR)
        hkma.home = hkma.home.changed(pager=[str(pager), "duty"])
        agent = await hkma.as_(Role.AGENT)
        seen, stop, task = await watching(agent)
        body = referral(urgency_reason="the wallet moves")
        message = await send_referral(sfc, "hkma/intake", body, precedence=Precedence.FLASH)
        event = await seen.until("item")
        assert event.item is not None
        assert event.item.message == message
        async with asyncio.timeout(15):
            while not note.exists() or not note.read_text().endswith("\n"):  # noqa: ASYNC110 # another program
                await asyncio.sleep(0.05)
        words = note.read_text().split()
        assert words[:3] == ["duty", "FLASH", "REFERRAL"]
        assert words[3].isdigit()
        assert len(words) == 4

        sender = await sfc.as_(Role.ANALYST)
        async with asyncio.timeout(15):
            while sender.sent()[0].statuses["hkma/intake"] is not MessageStatus.DELIVERED:
                await sender.sync()
        sfc.clock.shift = 61_000
        assert [alarm.kind for alarm in sender.alarms()] == [AlarmKind.NOT_OPENED]
        stop.set()
        await task


async def test_a_pager_that_is_not_there_or_hangs_does_not_stop_the_watch(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        hkma.home = hkma.home.changed(pager=[sys.executable, "-c", "import time; time.sleep(600)"])
        agent = await hkma.as_(Role.AGENT)
        seen, stop, task = await watching(agent)
        body = referral(urgency_reason="x")
        await send_referral(sfc, "hkma/intake", body, precedence=Precedence.URGENT)
        await seen.until("item")
        stop.set()
        async with asyncio.timeout(10):
            await task

        hkma.home = hkma.home.changed(pager=["/nonexistent/pager"])
        again = await hkma.as_(Role.AGENT)
        seen, stop, task = await watching(again)
        await send_referral(sfc, "hkma/intake", body, precedence=Precedence.URGENT)
        await seen.until("item")
        stop.set()
        await task


async def test_a_watch_reads_on_where_the_connection_broke(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        agent = await hkma.as_(Role.AGENT)
        seen, stop, task = await watching(agent)
        await send_referral(sfc, "hkma/intake")
        await seen.until("item")
        await agent.session.close()
        await seen.until("disconnected")
        seen.events.clear()
        message = await send_referral(sfc, "hkma/intake")
        event = await seen.until("item")
        assert event.item is not None
        assert event.item.message == message
        stop.set()
        await task


async def test_a_watch_reminds_of_an_answer_that_is_due_and_of_one_that_is_overdue(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        await send_referral(sfc, "hkma/intake")
        officer = await hkma.as_(Role.ANALYST)
        await officer.sync()
        due = officer.inbox()[0]
        assert officer.reminders() == []
        found = []
        for percent in (50, 80, 95, 101):
            hkma.clock.shift = (due.respond_by - due.created) * percent // 100
            found += [(reminder.ours, reminder.percent) for reminder in officer.reminders()]
        assert found == [(True, 50), (True, 80), (True, 95), (True, 100)]
        hkma.clock.shift = 0
        sender = await sfc.as_(Role.ANALYST)
        await sender.sync()
        sfc.clock.shift = (due.respond_by - due.created) * 60 // 100
        assert [(reminder.ours, reminder.percent) for reminder in sender.reminders()] == [(False, 50)]


async def delegated(office: Office) -> Client:
    """The desk's agent, which may renew."""
    await Admin(await office.client()).delegate(office.people[Role.AGENT])
    agent = await office.as_(Role.AGENT)
    await agent.refresh()
    return agent


async def test_an_unattended_desk_renews_its_keys_in_time_and_colleagues_have_them(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        agent = await delegated(hkma)
        assert await renew(agent) == []
        analyst = await hkma.as_(Role.ANALYST)
        await analyst.refresh()
        assert await renew(analyst) == []  # not delegated, nothing of its own is due

        honest = agent.clock
        agent.clock = lambda: honest() + 29 * DAY
        admin = Admin(agent)
        assert await admin.publish_desk_key() == 2
        epochs = agent.directory().desk_keys("hkma/intake")
        assert epochs[1].valid_from > honest() + DAY
        for member in (hkma.admin, *hkma.people.values()):
            assert {parse_grant(data).epoch for data in load_grants(hkma.home, member)} == {0, 1, 2}
        agent.clock = honest
        assert await send_referral(sfc, "hkma/intake")  # still sealed to the present epoch
        assert len((await agent.sync()).new) == 1


async def test_K_09_mail_in_flight_opens_after_a_rotation_and_the_archive_stays_readable(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        messages = [await send_referral(sfc, "hkma/intake") for _ in range(3)]
        await Admin(await hkma.client()).publish_desk_key(at_once=True)
        officer = await hkma.as_(Role.ANALYST)
        assert [item.message for item in (await officer.sync()).new] == messages
        hkma.clock.shift = 15 * DAY
        # The head is two weeks old by that clock; destroying needs none.
        assert destroy_old_keys(officer) == ["desk key 1 destroyed"]
        assert destroy_old_keys(officer) == []
        assert {entry.epoch for entry in officer.keys.entries() if entry.use is KeyUse.DESK} == {2}
        assert officer.peek(messages[0]).payload.refer.reference == "SFC/2026/117"


async def test_a_new_transport_key_takes_over_without_a_failed_call(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        admin = await hkma.client()
        await admin.refresh()
        before = admin.session.spki_sha256
        await Admin(admin).rotate_transport_key()
        after = admin.session.spki_sha256

        assert before != after
        await admin.refresh()
        now = admin.clock()
        assert admin.directory().transport_desk(before, now) == admin.directory().transport_desk(after, now)
        assert load_identity(hkma.home, admin.keys, now).key.spki_sha256 == after
        await send_referral(sfc, "hkma/intake")
        assert len((await admin.sync()).new) == 1


async def test_a_transport_registration_that_ends_soon_is_prolonged_and_the_certificate_too(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (_sfc, hkma):
        agent = await delegated(hkma)
        honest = agent.clock
        agent.clock = lambda: honest() + 380 * DAY
        assert await _transport(agent, Admin(agent)) == ["transport key prolonged"]
        agent.clock = honest
        assert await _transport(agent, Admin(agent)) == []
        ends = [key.valid_until for key in agent.directory().transport_keys("hkma/intake")]
        assert max(ends) > honest() + 700 * DAY


async def test_an_agreement_is_proposed_read_accepted_and_ended(tmp_path: Path) -> None:
    async with two_offices(tmp_path, hire=False) as (sfc, hkma):
        one, two = await sfc.client(), await hkma.client()
        await one.refresh()
        found = one.directory().agreements("sfc")
        assert [agreement.families for agreement in found] == [frozenset({Family.REFERRAL})]
        await Admin(two).end_agreement(found[0].id)
        await one.refresh()
        assert one.directory().agreements("sfc") == []
        with pytest.raises(RefusedError) as refused:
            await one.refer("hkma/intake", referral())
        assert refused.value.reason is Reason.NO_AGREEMENT
        with pytest.raises(MalformedError):
            Admin(one).read_agreement(sfc.town.world.statements[0])
        # The proposal's place in both chains is taken by then: it has to be made anew.
        data = Admin(one).propose_agreement(
            "hkma", families=[Family.REFERRAL], legal_basis="memorandum", valid_until=one.clock() + DAY
        )
        await Admin(two).contact(telephone="+85212121212", hours="24/7", languages=["en"])
        with pytest.raises(RefusedError) as stale:
            await Admin(two).accept_agreement(data)
        assert stale.value.reason is Reason.STALE_POSITION


async def test_a_colleague_who_left_is_out_of_the_next_desk_key(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        leaver = await hkma.as_(Role.ANALYST)
        await leaver.refresh()
        await Admin(await hkma.client(), hkma.root).revoke(hkma.people[Role.ANALYST], 1)
        leaver.keys.reload()
        held = {entry.epoch for entry in leaver.keys.entries() if entry.use is KeyUse.DESK}
        assert held == {1}
        message = await send_referral(sfc, "hkma/intake")
        agent = await hkma.as_(Role.AGENT)
        assert [item.message for item in (await agent.sync()).new] == [message]
        with pytest.raises(RefusedError) as refused:
            await leaver.refresh()
        assert refused.value.reason is Reason.UNKNOWN_TLS_KEY


async def test_a_hub_process_that_is_gone_is_passed_over(tmp_path: Path) -> None:
    async with two_offices(tmp_path, hire=False) as (sfc, _hkma):
        sfc.home = sfc.home.changed(endpoints=["127.0.0.1:9", *sfc.home.endpoints])
        client = await sfc.client()
        assert (await client.refresh()).directory_size > 0
        with pytest.raises(RefusedError):
            Session((), b"", load_identity(sfc.home, client.keys, client.clock()))
        with pytest.raises(NoIdentityError):
            load_identity(sfc.home, client.keys, client.clock() + 3650 * DAY)


async def test_a_hub_that_is_not_the_one_of_the_genesis_is_not_spoken_to(tmp_path: Path) -> None:
    async with two_offices(tmp_path, hire=False) as (sfc, _hkma):
        client = await sfc.client()
        now = client.clock()
        foreign = create_authority(TlsKey.generate(), "another", not_before=now - DAY, not_after=now + DAY)
        identity = load_identity(sfc.home, client.keys, now)
        session = Session(sfc.home.endpoints, foreign, identity, patience_seconds=0.1)
        with pytest.raises(RefusedError) as refused:
            await session.get_head(None)
        assert refused.value.reason is Reason.UNAVAILABLE
        await session.close()


async def test_A_11_a_log_that_lost_a_leaf_of_which_a_receipt_is_kept_is_found_out(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, _hkma):
        await send_referral(sfc, "hkma/intake")
        analyst = await sfc.as_(Role.ANALYST)
        honest = analyst.session.get_leaves
        assert (await analyst.verify_log()).findings == ()

        async def lying(log: str, start: int, count: int) -> list[bytes]:
            leaves = await honest(log, start, count)
            return leaves if log == "directory" else [leaf[:-1] + b"\x00" for leaf in leaves]

        analyst.session.get_leaves = lying  # type: ignore[method-assign]
        report = await analyst.verify_log()
        assert any("is not the one of the receipt" in finding for finding in report.findings)
        assert any("do not hash" in finding for finding in report.findings)
        assert [alarm.kind for alarm in analyst.alarms()] == [AlarmKind.SPLIT_VIEW]
        assert list(sfc.home.evidence_path.glob("split_view-*.json"))

        async def withholding(log: str, start: int, count: int) -> list[bytes]:
            return []

        analyst.session.get_leaves = withholding  # type: ignore[method-assign]
        assert any("withholds" in finding for finding in (await analyst.verify_log()).findings)
        with pytest.raises(VerificationError):
            analyst.trust.check_one_history()


async def test_an_agencys_second_desk_has_a_home_and_keys_of_its_own(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        home = Home.create(tmp_path / "sfc-2", agency="sfc", desk="sfc/enforcement", endpoints=sfc.home.endpoints)
        member = new_member_id("sfc")
        MemberKeyring.generate(member).save(home, PASSPHRASE, CHEAP)
        request = joining.member_request(home, member, PASSPHRASE, CHEAP)
        first = await sfc.client()
        await Admin(first, sfc.root).certify(request, roles=[Role.ANALYST, Role.AGENT])
        await Admin(first).delegate(member, desk="sfc/enforcement")
        home = joining.accept_answer(home, await Admin(first).answer(request), sfc.town.genesis_fingerprint())
        second = Office(sfc.town, home, sfc.root, member, clock=sfc.clock)
        client = await second.client()
        assert await Admin(client).publish_desk_key() == 1
        sfc.town.offices["second"] = second

        message = await send_referral(hkma, "sfc/enforcement")
        client.pin("hkma", (await hkma.client()).fingerprint("hkma"))
        assert [item.message for item in (await client.sync()).new] == [message]
        assert client.peek(message).payload.refer.reference == "SFC/2026/117"
        assert (await (await sfc.as_(Role.AGENT)).sync()).new == ()
        again = await second.client()  # the archive key's grant is by a delegate, which counts
        assert again.inbox()[0].message == message
