"""What goes between owner and subscriber, typed at both desks: offer, subscribe, challenge, answer, sighting, end."""

from __future__ import annotations

from pathlib import Path

import pytest
from comity.v1 import payload_pb2
from comity.workflow.terms import Role

from agents import keyprocess
from tests.agents.following.desks import desks
from tests.agents.offices import CHEAP, PASSPHRASE
from tests.agents.owner.market import entry
from tests.agents.owner.test_watchlist_commands import Desk

WALLET = "0x0000000000000000000000000000000000000002"


async def test_a_wallet_is_challenged_answered_and_seen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    async with desks(tmp_path) as (owner, (following,)):
        offices = (owner.office, following.subscriber.office)
        here, there = (Desk(office, office.people[Role.ANALYST], capsys) for office in offices)
        title = owner.row.title
        try:
            for desk in (here, there):
                keyprocess.unlock(desk.office.home, desk.member, PASSPHRASE, floor=CHEAP)
            await owner.publish(entry(1), entry(2, action=payload_pb2.WATCH_ACTION_HOLD_AND_CALL))
            offered = await here("offer", title, "--to", following.agent.desk, "--yes")
            await following.pull()
            case = offered["sent"]["case"]
            taken = await there("subscribe", case, "--contact", "Lee", "--telephone", "+85211112222", "--yes")
            assert taken["sent"]["status"] == "SUBMITTED"
            await owner.hear()
            await following.pull()
            assert following.listed.count == 2

            said = await there("challenge", title, WALLET, "--ground", "service", "--text", "An exchange.", "--yes")
            assert said["sent"]["case"] == case
            (challenge,) = (await here("challenges", case))["challenges"]
            assert (challenge["ground"], challenge["result"]) == ("SERVICE_WALLET", None)
            seen = ("sighting", title, WALLET, "--kind", "seen-deposit", "--band", "1000-10000", "--yes")
            assert (await there(*seen))["sent"]["status"] == "SUBMITTED"
            (sighting,) = (await here("sightings", title))["sightings"]
            assert (sighting["account"].rpartition(":")[2], sighting["kind"]) == (WALLET, "SEEN_DEPOSIT")

            answered = await here("answer", challenge["id"], "--result", "retracted", "--text", "Right.", "--yes")
            assert answered["publication"]["state"] == "PUBLISHED"
            await following.pull()
            assert (following.listed.count, following.equals(owner)) == (1, True)
            again = ("answer", challenge["id"], "--result", "kept", "--text", "No.")
            assert (await here(*again, code=2))["error"]["message"].endswith("add --yes.")  # nobody was asked
            assert (await here(*again, "--yes", code=1))["error"]
            assert (await there("challenge", title, WALLET, "--ground", "other", "--text", "Again.", code=4))["error"]

            assert "提供名單" in await there.shown("referral", "inbox")
            assert "異議" in await here.shown("case", "timeline", case)
            assert "Right." in await there.shown("referral", "show", case, "--no-sync")
            for words in (("case", "list"), ("referral", "sent"), ("next",), ("watchlist", "show", title)):
                assert await here.shown(*words)
            assert (await here("unsubscribe", case, "--yes"))["case"] == case
            assert [one["state"] for one in (await here("subscribers", title))["subscribers"]] == ["REVOKED"]
            listed = await here("show")
            assert [(one["title"], one["entries"]) for one in listed["lists"]] == [(title, 1)]
        finally:
            for desk in (here, there):
                keyprocess.lock(desk.office.home, desk.member)
