"""Hits that the rules want reported reach the list's owner by themselves, and what cannot be sent holds nothing up."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from comity.errors import Reason, RefusedError
from comity.v1 import payload_pb2
from comity.watchlists import entry_id
from comity.workflow.terms import Verb

from agents.sync.condition import Condition
from agents.sync.following.reporting import Reporting
from agents.sync.screening.lists import ListKey
from agents.sync.screening.rules import SightingWanted
from agents.sync.screening.sightings import FILE, SightingQueue
from tests.agents.following.desks import desks
from tests.agents.owner.market import WALLETS, entry


async def test_a_sighting_that_waits_is_sent_once_under_its_subscription(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await desk.subscribe()
        await owner.publish(entry(1))
        await owner.hear()
        await desk.pull()
        condition = Condition(started=0)
        reporting = Reporting(desk.agent, desk.store, condition)
        assert await reporting.send() == 0

        kind = payload_pb2.SIGHTING_KIND_SEEN_DEPOSIT
        seen = SightingWanted(
            desk.key, entry_id(entry(1)), 1, kind, "2026-11-23T05:00:00+00:00", WALLETS[1], "deposit 7"
        )
        lost = replace(seen, key=ListKey("sfc/intake", bytes(16)))
        with SightingQueue(desk.config.home / FILE) as queue:
            assert queue.put([lost, seen]) == 2
        assert await reporting.send() == 1
        assert await reporting.send() == 0
        assert (condition.counts["sightings"], condition.counts["sightings_dropped"]) == (1, 1)

        report = await owner.analyst.sync()
        (told,) = [item for item in report.new if item.verb is Verb.SIGHTING]
        body = owner.analyst.peek(told.message).payload.report_sighting
        assert (body.account, body.kind, body.reference, body.entry_version) == (WALLETS[1], kind, "deposit 7", 1)
        assert told.case_id == desk.listed.terms.case_id.hex()


async def test_a_sighting_whose_receipt_was_never_seen_is_told_once_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await desk.subscribe()
        await owner.publish(entry(1))
        await owner.hear()
        await desk.pull()
        seen = SightingWanted(
            desk.key,
            entry_id(entry(1)),
            1,
            payload_pb2.SIGHTING_KIND_SEEN_DEPOSIT,
            "2026-11-23T05:00:00+00:00",
            WALLETS[1],
            "",
        )
        with SightingQueue(desk.config.home / FILE) as queue:
            queue.put([seen])
        send = desk.agent.send

        async def unheard(draft: str) -> None:
            await send(draft)
            raise RefusedError(Reason.UNAVAILABLE, "the answer never came")

        monkeypatch.setattr(desk.agent, "send", unheard)
        reporting = Reporting(desk.agent, desk.store, Condition(started=0))
        with pytest.raises(RefusedError, match="the answer never came"):
            await reporting.send()
        monkeypatch.setattr(desk.agent, "send", send)
        assert await reporting.send() == 1
        assert await reporting.send() == 0

        report = await owner.analyst.sync()
        assert [item.verb for item in report.new].count(Verb.SIGHTING) == 1


async def test_a_sighting_whose_draft_is_here_no_more_is_written_anew(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await desk.subscribe()
        await owner.publish(entry(1))
        await owner.hear()
        await desk.pull()
        kind = payload_pb2.SIGHTING_KIND_SEEN_DEPOSIT
        seen = SightingWanted(desk.key, entry_id(entry(1)), 1, kind, "2026-11-23T05:00:00+00:00", WALLETS[1], "")
        with SightingQueue(desk.config.home / FILE) as queue:
            queue.put([seen])
            queue.bind(1, "no-such-draft")

        assert await Reporting(desk.agent, desk.store, Condition(started=0)).send() == 1


def test_a_queue_of_the_release_before_is_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / FILE
    seen = SightingWanted(ListKey("sfc/intake", bytes(16)), bytes(16), 1, 1, "2026-11-23T05:00:00+00:00", "a", "")
    with SightingQueue(path) as queue:
        queue.put([seen])
    with closing(sqlite3.connect(path)) as file:
        file.execute("ALTER TABLE sightings DROP COLUMN draft")
        file.commit()

    with SightingQueue(path) as queue:
        assert [sighting for _, sighting in queue.waiting()] == [seen]
        assert queue.draft_of(1) == ""
