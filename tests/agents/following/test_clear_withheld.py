"""What the follower knows to be missing, or to have ended, keeps "clear" from being said; silence counts by its age."""

from __future__ import annotations

from pathlib import Path

import pytest
from comity.errors import Reason, RefusedError
from comity.v1 import payload_pb2
from comity.watchlists import entry_id

from agents.alarms import AlarmKind
from agents.client import Client
from agents.records import DraftInfo
from agents.sync.condition import Condition
from agents.sync.following.reporting import Reporting
from agents.sync.screening.lists import ListKey, ListStatus, ListTerms
from agents.sync.screening.reading import ScreeningReader
from agents.sync.screening.rules import SightingWanted
from agents.sync.screening.screening import Query, Screener, Verdict
from agents.sync.screening.sightings import FILE, SightingQueue
from tests.agents.following.desks import Desk, desks, forget
from tests.agents.owner.market import WALLETS, entry


def verdict(desk: Desk, text: str) -> Verdict:
    with ScreeningReader.open(desk.store.path) as reader:
        return Screener(reader, clock=desk.agent.clock).screen([Query(text)]).results[0].verdict


async def test_an_omitted_batch_keeps_clear_back_silence_alone_does_not_and_an_end_is_an_alarm(tmp_path: Path) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await desk.subscribe()
        await owner.publish(entry(1))
        await owner.hear()
        await desk.pull()
        assert (verdict(desk, WALLETS[1]), verdict(desk, WALLETS[2])) == (Verdict.HIT, Verdict.CLEAR)

        desk.follower.taking.gap(desk.listed, "was not heard in time", silent=True)
        assert (desk.listed.status, verdict(desk, WALLETS[2])) == (ListStatus.LAGGING, Verdict.CLEAR)

        first = desk.listed.sequence
        await owner.publish(entry(2))
        await owner.publish(entry(3))
        await desk.agent.sync()
        assert forget(desk.agent, first + 1, first + 1) == 1
        await desk.follower.catch_up()
        assert (desk.listed.sequence, desk.listed.seen) == (first, first + 2)
        assert verdict(desk, WALLETS[2]) is Verdict.STALE  # it is listed in the batch that was left out
        await desk.follower.look()
        await owner.hear()
        await desk.pull()
        assert (verdict(desk, WALLETS[2]), verdict(desk, WALLETS[4])) == (Verdict.HIT, Verdict.CLEAR)

        desk.alarms.clear()
        body = payload_pb2.UnsubscribeList(list_id=desk.key.list_id, text="the agreement ends")
        case = desk.listed.terms.case_id.hex()
        await owner.analyst.send((await owner.analyst.unsubscribe(case, body)).id)
        await desk.pull()
        assert desk.listed.status is ListStatus.REVOKED
        assert [kind for kind, _ in desk.alarms] == [AlarmKind.LIST_ENDED]
        desk.store.set_wanted([desk.key])
        assert verdict(desk, WALLETS[4]) is Verdict.STALE


async def test_a_sighting_that_an_agreement_does_not_let_through_waits_and_holds_up_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desks(tmp_path) as (owner, (desk,)):
        await desk.subscribe()
        await owner.publish(entry(1))
        await owner.hear()
        await desk.pull()
        barred = {
            b"a" * 16: RefusedError(Reason.NO_AGREEMENT, "not between these agencies"),
            b"b" * 16: RefusedError(Reason.FAMILY_NOT_OFFERED, "not between these agencies"),
        }
        for case_id in barred:
            desk.store.put_list(ListKey("sfc/intake", case_id), ListTerms("", 1, b"", case_id), ListStatus.CURRENT)
        write = Client.draft

        async def draft(client: Client, verb: object, body: object, *, case: str = "") -> DraftInfo:
            if (refusal := barred.get(bytes.fromhex(case))) is not None:
                raise refusal
            return await write(client, verb, body, case=case)  # type: ignore[arg-type]

        monkeypatch.setattr(Client, "draft", draft)
        kind = payload_pb2.SIGHTING_KIND_HELD
        days = [f"2026-11-{day:02d}T05:00:00+00:00" for day in range(1, 24)]
        found = [
            SightingWanted(ListKey("sfc/intake", list_id), entry_id(entry(1)), 1, kind, day, WALLETS[1], "")
            for list_id in barred
            for day in days
        ]
        with SightingQueue(desk.config.home / FILE) as queue:
            queue.put([*found, SightingWanted(desk.key, entry_id(entry(1)), 1, kind, days[0], WALLETS[1], "")])
        condition = Condition(started=0)
        reporting = Reporting(desk.agent, desk.store, condition)
        assert await reporting.send() == 1
        with pytest.raises(RefusedError):
            await reporting.send()  # nobody may be told anything: that is for a person
        reporting.look()
        with SightingQueue(desk.config.home / FILE) as queue:
            assert (queue.waiting_count(), condition.counts["sightings_dropped"]) == (len(found), 0)
        monkeypatch.setattr("agents.sync.following.reporting.MOST", len(found))
        reporting.look()
        assert (condition.sightings_full, condition.counts["sightings_lost"]) == (True, 0)
