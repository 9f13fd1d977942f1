"""An entry of the directory is not from before mail that the hub logged before it, to the second."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from comity.directory import sign_body
from comity.directory.statements import Position, make_body, make_entry
from comity.encoding import Purpose, tagged
from comity.errors import VerificationError
from comity.v1 import directory_pb2 as pb
from comity.workflow.terms import Role

from agents import truststore
from agents.admin import Admin
from agents.alarms import AlarmKind
from agents.client import Client
from hub.log.batching import Batching
from hub.log.store import Heads
from tests.agents.offices import Office, send_referral, two_offices


def later_entry(office: Office, client: Client, time_seconds: int) -> bytes:
    """An entry that is well signed, and dated by the hub as it likes."""
    contact = pb.DutyContact(desk="sfc/intake", telephone="+85211111111", hours="24/7", languages=["en"])
    body = make_body(client.home.hub_origin, [Position("sfc", *client.directory().position("sfc"))], contact)
    signature = office.root.key.sign(tagged(Purpose.STATEMENT, body))
    return make_entry(time_seconds, sign_body(body, [(office.root.kid, signature)]))


@pytest.mark.parametrize(("early", "honest"), [(0, True), (1, False)])
async def test_an_entry_is_not_from_before_a_leaf_that_names_less_of_the_directory(
    tmp_path: Path, early: int, honest: bool
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        owner, reader = await sfc.client(), await hkma.as_(Role.AGENT)
        await asyncio.sleep(1.1)  # the leaf is of a later second than the newest entry
        await send_referral(sfc, "hkma/intake")
        await reader.sync()
        # The acknowledgement has a leaf of its own, which on a slow machine is of a later second than the message's.
        with reader.store.begin() as c:
            leaf_time = truststore.leaf_time_up_to(c, reader.directory().size)
        await owner.refresh()
        entry, size = later_entry(sfc, owner, leaf_time - early), reader.directory().size

        async def shown(start: int) -> list[bytes]:
            return [entry]

        reader.session.read_entries = shown  # type: ignore[method-assign]
        if honest:
            await reader.refresh()
            assert (reader.directory().size, reader.alarms()) == (size + 1, [])
            return
        with pytest.raises(VerificationError):
            await reader.refresh()
        assert reader.directory().size == size
        assert [alarm.kind for alarm in reader.alarms()] == [AlarmKind.DIRECTORY_REFUSED]


async def test_an_honest_hub_whose_clock_was_set_back_dates_nothing_before_what_came_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        reader, admin = await hkma.as_(Role.AGENT), await sfc.client()
        honest, back = Batching._time, 0

        def swinging(self: Batching, locked: Heads) -> int:
            nonlocal back
            back = 4 - back
            with monkeypatch.context() as patch:
                patch.setattr(self, "_clock", Behind(self._clock, back * 1000))
                return honest(self, locked)

        monkeypatch.setattr(Batching, "_time", swinging)
        for round_ in range(3):
            await send_referral(sfc, "hkma/intake")
            await Admin(admin).contact(telephone=f"+8521111111{round_}", hours="24/7", languages=["en"])
            await reader.sync()
        assert reader.alarms() == []
        assert len(reader.inbox()) == 3


async def test_a_client_that_is_behind_another_of_its_home_takes_the_entries_that_the_other_has_taken(
    tmp_path: Path,
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        late, reader, admin = await hkma.client(), await hkma.as_(Role.AGENT), await sfc.client()
        await late.refresh()
        await Admin(admin).contact(telephone="+85211111111", hours="24/7", languages=["en"])
        await asyncio.sleep(1.1)
        await send_referral(sfc, "hkma/intake")
        await reader.sync()  # keeps a leaf that is later than the entry, and names it
        await late.refresh()
        assert late.alarms() == []
        assert late.directory().size == reader.directory().size


class Behind:
    """A clock that is behind."""

    def __init__(self, clock: object, behind_ms: int) -> None:
        self._clock, self._behind = clock, behind_ms

    def now_ms(self) -> int:
        return int(self._clock.now_ms()) - self._behind  # type: ignore[attr-defined]
