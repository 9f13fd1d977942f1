"""A hub that chooses what its leaves and entries say of time and directory, with a thief of keys that were revoked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from comity.directory import View, sign_body
from comity.directory.statements import DAY_MS, Position, make_body, make_entry
from comity.encoding import Purpose, tagged
from comity.errors import VerificationError
from comity.keys import SigningKey, WrapKey
from comity.v1 import directory_pb2 as pb
from comity.workflow.terms import Role

from agents.admin import Admin
from agents.alarms import AlarmKind
from agents.client import Client
from agents.history import HUB_SLACK_MS
from agents.keyring import new_member_id
from hub.log.batching import Batching
from hub.log.commands import SubmitEnvelope
from tests.agents.offices import Office, referral, send_referral, two_offices

COMPROMISED = pb.REVOCATION_REASON_COMPROMISED
MODES = ["when the member left", "when the key was stolen", "before the key was stolen"]


def kinds(client: Client) -> list[AlarmKind]:
    return [alarm.kind for alarm in client.alarms()]


@contextmanager
def leaves_of(office: Office, view: View, shift: int = 0, *, checks_too: bool = False) -> Iterator[None]:
    """From now on the hub's leaves name an earlier directory, and a time of its choice."""
    honest = Batching._lock

    def lock(self: Batching, connection: Any) -> Any:
        state, moment = honest(self, connection)
        seconds = (office.clock() + shift) // 1000
        return state, replace(moment, directory_size=view.size, directory_root=view.root, time_seconds=seconds)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Batching, "_lock", lock)
        if checks_too:
            patch.setattr(type(office.town.hub.directory), "view", lambda _: view)
        yield


@pytest.mark.parametrize("mode", MODES)
async def test_K_07_a_revoked_key_does_not_work_on_because_the_hub_says_the_leaf_is_from_before(
    tmp_path: Path, mode: str
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        author, second = await sfc.as_(Role.ANALYST), await sfc.as_(Role.APPROVER)
        await author.refresh()
        await second.refresh()
        old = author.directory()
        await asyncio.sleep(2.1)
        stolen = sfc.clock()
        admin = Admin(await sfc.client(), sfc.root)
        suspect = {} if mode == MODES[0] else {"suspect_from": stolen}
        for role in (Role.ANALYST, Role.APPROVER):
            await admin.revoke(sfc.people[role], COMPROMISED, **suspect)
        officer = await hkma.as_(Role.ANALYST)
        await officer.sync()

        shift = stolen - sfc.clock() - 1500 if mode == MODES[2] else 0

        async def stay() -> Any:
            return author.trust.head

        for client in (author, second):  # the thief's client stays at the directory of before
            client.refresh = stay  # type: ignore[method-assign]
            client._drafts._clock = lambda: sfc.clock() + shift
        draft = await author.refer("hkma/intake", referral(reference="FORGED"))
        second.approve(draft.id, second.review(draft.id).info.message_hash)
        envelope = author._drafts.open(draft.id).envelope
        with leaves_of(sfc, old, shift, checks_too=True):
            await sfc.town.hub.sequencer.submit(SubmitEnvelope(envelope))

        for _ in range(4):
            with pytest.raises(VerificationError):
                await officer.sync()
        assert (officer.inbox(), kinds(officer)) == ([], [AlarmKind.INVALID_DELIVERY])


async def test_a_client_that_held_no_head_finds_the_lie_by_the_time_of_the_revocation(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        sender = await sfc.as_(Role.ANALYST)
        await sender.refresh()
        old = sender.directory()
        await Admin(await sfc.client(), sfc.root).revoke(sfc.people[Role.AGENT], COMPROMISED)
        # The sender is not told either of a leaf that cannot be.
        with leaves_of(sfc, old, 8_000), pytest.raises(VerificationError):
            await send_referral(sfc, "hkma/intake")
        assert AlarmKind.INVALID_DELIVERY in kinds(sender)
        officer = await hkma.as_(Role.ANALYST)
        with pytest.raises(VerificationError):
            await officer.sync()
        assert kinds(officer) == [AlarmKind.INVALID_DELIVERY]


async def test_an_acknowledgements_receipt_cannot_name_a_directory_of_before_either(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        officer = await hkma.as_(Role.ANALYST)
        await officer.refresh()
        old = officer.directory()
        await send_referral(sfc, "hkma/intake")
        await Admin(await sfc.client(), sfc.root).revoke(sfc.people[Role.AGENT], COMPROMISED)
        await officer.refresh()
        with leaves_of(sfc, old), pytest.raises(VerificationError):
            await officer.sync()
        assert kinds(officer) == [AlarmKind.INVALID_DELIVERY]
        assert len(officer.inbox()) == 1


async def test_the_directory_that_leaves_name_does_not_go_back_along_a_feed(tmp_path: Path) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        officer = await hkma.as_(Role.ANALYST)
        await officer.refresh()
        old = officer.directory()
        await Admin(await sfc.client(), sfc.root).revoke(sfc.people[Role.AGENT], COMPROMISED)
        await send_referral(sfc, "hkma/intake")
        await officer.sync()
        with officer.store.begin() as c:  # as if no head had been seen since
            c.exec_driver_sql("DELETE FROM heads")
        officer.trust.history.newest = None
        with leaves_of(sfc, old), pytest.raises(VerificationError):
            await send_referral(sfc, "hkma/intake")
        await asyncio.sleep(1.1)  # the hub hands out a head again for a second
        with pytest.raises(VerificationError):
            await officer.sync()
        assert kinds(officer) == [AlarmKind.INVALID_DELIVERY]


# --- entries of the directory


async def backdated(office: Office, client: Client, time_seconds: int) -> bytes:
    """An entry that certifies a new approver: well signed, dated by the hub as it likes."""
    await client.refresh()
    content = pb.MemberCertified(
        member=new_member_id("sfc"),
        desks=["sfc/intake"],
        roles=[int(Role.APPROVER)],
        sign_key=SigningKey.generate().public,
        wrap_key=WrapKey.generate().public,
        valid_from=client.clock() - DAY_MS,
        valid_until=client.clock() + DAY_MS,
    )
    body = make_body(client.home.hub_origin, [Position("sfc", *client.directory().position("sfc"))], content)
    signature = office.root.key.sign(tagged(Purpose.STATEMENT, body))
    return make_entry(time_seconds, sign_body(body, [(office.root.kid, signature)]))


@pytest.mark.parametrize(
    ("when", "honest"),
    [
        (lambda head, now: (head - HUB_SLACK_MS) // 1000 + 30, True),  # the hub may have signed a newer head since
        (lambda head, now: (head - HUB_SLACK_MS) // 1000 - 1, False),
        (lambda head, now: (now + 100_000) // 1000, True),
        (lambda head, now: (now + 130_000) // 1000, False),
    ],
)
async def test_an_entry_is_neither_from_before_a_head_that_does_not_cover_it_nor_from_the_future(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: Callable[[int, int], int], honest: bool
) -> None:
    async with two_offices(tmp_path, hire=False) as (sfc, hkma):
        client, owner = await hkma.client(), await sfc.client()
        head = await client.refresh()
        # A directory that is old: only so can an entry be dated back without going back in the log.
        monkeypatch.setattr(client.trust._directory.state, "times", [1] * client.trust.directory_size)
        entry = await backdated(sfc, owner, when(head.time, hkma.clock()))
        size = client.trust.directory_size

        async def shown(start: int) -> list[bytes]:
            return [entry]

        client.session.read_entries = shown  # type: ignore[method-assign]
        if honest:
            await client.refresh()
            assert (client.trust.directory_size, kinds(client)) == (size + 1, [])
        else:
            with pytest.raises(VerificationError):
                await client.refresh()
            assert (client.trust.directory_size, kinds(client)) == (size, [AlarmKind.DIRECTORY_REFUSED])
            (file,) = hkma.home.evidence_path.glob("directory_refused-*.json")
            assert "head_signature" in file.read_text()
