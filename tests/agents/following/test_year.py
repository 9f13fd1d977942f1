"""Untouched for a year: keys renew themselves, mailbox and store stay bounded, and what ends is named in time."""

from __future__ import annotations

from pathlib import Path

import pytest
from comity.workflow.terms import Verb

from agents import mailstore
from agents.admin import Admin
from agents.alarms import AlarmKind
from agents.sync import daemon as daemons
from agents.sync.condition import What
from agents.sync.following.purging import purge, thin
from agents.transport import load_identity
from tests.agents.following.desks import Desk, desks
from tests.agents.following.test_daemon import running, settings, until
from tests.agents.owner.market import entry

DAY = 86_400_000
TABLES = ("messages", "acks", "events", "leaves", "checkpoints", "heads", "statuses", "tries", "drafts")


def rows(desk: Desk) -> dict[str, int]:
    """How many rows each table of the mailbox has."""
    with desk.agent.store.begin() as c:
        return {table: int(c.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one()) for table in TABLES}


async def test_what_machines_send_leaves_the_mailbox_after_a_while_and_nothing_else_does(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await desk.subscribe()
        await owner.hear()
        for number in (1, 2, 3, 4):
            await owner.publish(entry(number))
        await desk.pull()
        case = desk.listed.terms.case_id.hex()
        before = rows(desk)
        now, applied = desk.agent.clock(), desk.store.applied_index()
        keep = 14 * DAY
        assert purge(desk.agent.store, applied=applied, now=now, keep_ms=keep) == 0
        assert purge(desk.agent.store, applied=-1, now=now + 60 * DAY, keep_ms=keep) == 0

        gone = purge(desk.agent.store, applied=applied, now=now + 60 * DAY, keep_ms=keep)
        thin(desk.agent.store, now=now + 60 * DAY, keep_ms=keep)
        await desk.follower.look()
        after = rows(desk)
        assert gone == 5
        assert after["messages"] == before["messages"] - gone
        assert all(after[table] < before[table] for table in ("acks", "events"))
        assert (after["tries"], after["heads"] > 0, after["leaves"] > 0) == (0, True, True)
        with desk.agent.store.begin() as c:
            verbs = {m.verb for m in mailstore.messages(c, outgoing=False)}
        assert verbs == {Verb.OFFER}
        assert {event.verb for event in desk.agent.timeline(case)} >= {Verb.OFFER, Verb.SUBSCRIBE}
        # It goes on as if nothing had been removed, and the hub's log is still held against what is kept.
        await owner.publish(entry(5))
        await desk.pull()
        assert desk.equals(owner)
        assert (await desk.agent.verify_log()).findings == ()


async def test_an_unattended_agent_renews_its_keys_names_what_ends_and_follows_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemons, "LOOK_SECONDS", 0.1)
    async with desks(tmp_path) as (owner, (desk,)):
        await desk.subscribe()
        office = desk.subscriber.office
        await Admin(await office.client()).delegate(desk.agent.member, valid_days=30)
        await desk.agent.refresh()
        first = load_identity(office.home, desk.agent.keys, desk.agent.clock())
        monkeypatch.setattr("agents.renewal.CERTIFICATE_LEFT_MS", 400 * DAY)
        monkeypatch.setattr("agents.renewal.DESK_KEY_LEFT_MS", 400 * DAY)
        async with running(desk, settings(desk, warn_days=365)) as (daemon, lines):
            await until(lambda: daemon.condition.counts["renewals"] >= 2 and daemon.condition.expiries != ())
            await owner.publish(entry(1))
            await owner.hear()
            await until(lambda: desk.equals(owner))
            told = [str(line["did"]) for line in lines.lines if line["event"] == "renewed"]
            soon = {str(line["what"]) for line in lines.lines if line["event"] == "ends soon"}
            await until(lambda: AlarmKind.ENDS_SOON in {alarm.kind for alarm in desk.agent.alarms()})
        assert "certificate renewed" in told
        assert any(did.startswith("desk key") for did in told)
        assert {What.DELEGATION.value, What.AGREEMENT.value} <= soon
        renewed = load_identity(office.home, desk.agent.keys, desk.agent.clock())
        assert renewed.certificate_pem != first.certificate_pem
        assert desk.agent.session.spki_sha256 == renewed.key.spki_sha256
