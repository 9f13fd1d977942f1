"""Readers in processes of their own: killed with SIGKILL between any two steps, and two at once on one mailbox."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from comity.v1 import feed_pb2
from comity.workflow.terms import Precedence, Role

from agents.alarms import AlarmKind
from agents.records import MessageStatus
from tests.agents.offices import Office, referral, send_referral, two_offices
from tests.agents.test_dishonest_hub_mail import feed_through, kinds
from tests.system.processes import ROOT, environment


async def begin(office: Office, role: Role, where: str) -> Process:
    """Starts a reader of an office's mailbox."""
    words = [sys.executable, "-m", "tests.agents.dying_reader", str(office.home.path), office.people[role], where]
    reader = await asyncio.create_subprocess_exec(*words, stdin=PIPE, stdout=PIPE, env=environment(), cwd=ROOT)
    assert reader.stdout is not None
    assert await reader.stdout.readline() == b"ready\n"
    return reader


async def read(office: Office, where: str) -> tuple[int, int | None]:
    """Runs a reader to its end; returns its exit code, and how many messages were new to it if it lived."""
    reader = await begin(office, Role.AGENT, where)
    said, _ = await reader.communicate(b"\n")
    assert reader.returncode is not None
    return reader.returncode, int(said) if said else None


async def one_effect(sfc: Office, hkma: Office, message: str) -> None:
    """Checks that a message has one effect at its recipient, and its sender was told once."""
    reader = await hkma.as_(Role.ANALYST)
    assert [item.message for item in reader.inbox()] == [message]
    assert len(reader.cases()) == 1
    sender = await sfc.as_(Role.ANALYST)
    report = await sender.sync()
    assert report.events == 1
    assert sender.sent()[0].statuses == {"hkma/intake": MessageStatus.DELIVERED}
    assert sender.alarms() == []


async def test_D_01_a_reader_killed_after_its_commit_and_before_its_acknowledgement_has_one_effect(
    tmp_path: Path,
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        for _ in range(2):
            assert await read(hkma, "before-acknowledging") == (-signal.SIGKILL, None)
            reader = await hkma.as_(Role.ANALYST)
            assert [item.message for item in reader.inbox()] == [message]
        assert await read(hkma, "alive") == (0, 0)
        await one_effect(sfc, hkma, message)


async def test_D_02_a_reader_killed_between_decryption_and_commit_processes_the_message_once(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        # Twice: after a third death in its midst a message is put aside (D-11).
        for _ in range(2):
            assert await read(hkma, "before-commit") == (-signal.SIGKILL, None)
            reader = await hkma.as_(Role.ANALYST)
            assert (reader.inbox(), reader.cases()) == ([], [])
        assert await read(hkma, "alive") == (0, 1)
        await one_effect(sfc, hkma, message)


async def test_D_13_two_processes_on_one_mailbox_at_once_have_one_effect_and_one_acknowledgement_each_message(
    tmp_path: Path,
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        sent = [await send_referral(sfc, "hkma/intake") for _ in range(4)]
        readers = [await begin(hkma, role, "alive") for role in (Role.AGENT, Role.ANALYST)]
        said = await asyncio.gather(*(reader.communicate(b"\n") for reader in readers))
        assert [reader.returncode for reader in readers] == [0, 0]
        assert sum(int(out) for out, _ in said) == len(sent)

        reader = await hkma.as_(Role.AGENT)
        assert [item.message for item in reader.inbox()] == sent
        assert len(reader.cases()) == len(sent)
        sender = await sfc.as_(Role.ANALYST)
        report = await sender.sync()
        assert report.events == len(sent)  # of each message, one acknowledgement is in the log
        assert {tuple(item.statuses.values()) for item in sender.sent()} == {(MessageStatus.DELIVERED,)}


async def test_D_03_of_an_urgent_message_that_the_hub_does_not_deliver_the_sender_hears_within_a_minute(
    tmp_path: Path,
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        urgent = referral(urgency_reason="The money is on its way out.")
        await send_referral(sfc, "hkma/intake", urgent, precedence=Precedence.URGENT)
        reader = await hkma.as_(Role.AGENT)

        def dropping(item: feed_pb2.FeedItem) -> None:
            return None

        feed_through(reader, dropping)
        await reader.sync()
        assert reader.inbox() == []
        sender = await sfc.as_(Role.ANALYST)
        await sender.sync()
        sfc.clock.shift = 50_000
        assert kinds(sender) == []
        sfc.clock.shift = 62_000
        assert kinds(sender) == [AlarmKind.NOT_STORED]
