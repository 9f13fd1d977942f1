"""Hits that the rules want reported reach the list's owner by themselves, and what cannot be sent holds nothing up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

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
