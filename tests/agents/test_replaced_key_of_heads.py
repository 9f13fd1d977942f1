"""A replaced head key in a thief's hands: what it signed is judged when the replacement is known, also what is kept."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from comity.checkpoint import parse_checkpoint
from comity.directory import Head, parse_entry, sign_head
from comity.directory.heads import parse_head
from comity.directory.statements import make_entry
from comity.errors import Reason, RefusedError
from comity.v1 import directory_pb2 as pb
from comity.workflow.terms import Role

from agents import truststore
from agents.alarms import AlarmKind
from agents.client import Client
from agents.errors import ReplacedKeyError, SplitViewError
from agents.history import HUB_SLACK_MS
from agents.truststore import TrustedSize
from tests.agents.offices import Office, Town, send_referral, two_offices
from tests.agents.replaced_keys import HKMA, Longer, note, replace_keys

MINUTE = 60_000


@dataclass
class Away:
    """An agency that has seen nothing since the hub's keys were replaced."""

    office: Office
    peer: Office
    """Another agency's, which has."""
    reader: Client
    before: Head
    """The newest that it has seen."""
    size: int
    """Of the exchange log, which may be longer by now."""
    entered: int
    """When the last of the keys was replaced, Unix milliseconds."""

    @property
    def town(self) -> Town:
        """Where its hub is."""
        return self.office.town

    def by_thief(self, **changes: object) -> tuple[bytes, bytes]:
        """Returns the newest head, changed, as the old key signs it."""
        return sign_head(replace(self.before, **changes), self.town.world.head_key)  # type: ignore[arg-type]

    async def meets(self, patch: pytest.MonkeyPatch, head: tuple[bytes, bytes], log: Longer, *, withheld: bool) -> None:
        """Has the thief between the agency and its hub for one pass."""

        async def get_head(_: object) -> tuple[bytes, bytes]:
            return head

        async def nothing(_: int) -> list[bytes]:
            return []

        session = self.reader.session
        with patch.context() as between:
            between.setattr(session, "get_head", get_head)
            between.setattr(session, "get_consistency", log.consistency)
            if withheld:
                between.setattr(session, "read_entries", nothing)
            await self.reader.refresh()

    async def is_back(self) -> None:
        """Sees that the agency works with its hub."""
        await self.reader.sync()
        assert self.reader.directory().head_key() == self.town.world.next_head_key.public
        assert self.reader.trust.check_sealable().exchange_size < 100


@pytest.fixture
async def away(tmp_path: Path) -> AsyncIterator[Away]:
    """Mail, then other keys that one agency has not heard of."""
    async with two_offices(tmp_path) as (sfc, hkma):
        reader = await hkma.as_(Role.AGENT)
        await send_referral(sfc, HKMA)
        await reader.sync()
        before = await reader.refresh()
        size = parse_checkpoint(await reader.session.get_checkpoint("exchange"))[0].size
        await replace_keys(sfc.town)
        entered = parse_entry((await reader.session.read_entries(before.directory_size))[-1])[0] * 1000
        yield Away(hkma, sfc, reader, before, size, entered)


async def test_a_head_that_came_with_the_word_that_its_key_was_replaced_is_not_kept(
    away: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, log = away.reader, await Longer.of(away.reader.session, away.size)
    reader.clock.shift = MINUTE  # type: ignore[attr-defined]
    lie = away.by_thief(exchange_size=log.size, exchange_root=log.root, time=away.entered + HUB_SLACK_MS - 1000)
    with pytest.raises(RefusedError) as refused:
        await away.meets(monkeypatch, lie, log, withheld=False)
    assert refused.value.reason is Reason.BUSY
    await away.is_back()
    assert reader.alarms() == []
    # An honest one may be under way when the key is replaced: the next one is asked for.
    honest, heads = reader.session.get_head, [away.by_thief(time=away.entered)]

    async def get_head(seen: tuple[bytes, bytes] | None) -> tuple[bytes, bytes]:
        return heads.pop() if heads else await honest(seen)

    monkeypatch.setattr(reader.session, "get_head", get_head)
    assert (await reader.refresh()).directory_size > away.before.directory_size
    assert not reader.trust.see_head(*away.by_thief(time=away.entered))  # nor by the feed
    assert (heads, reader.alarms()) == ([], [])


@pytest.mark.parametrize("longer", [100, 0])
async def test_an_agency_that_met_the_thief_before_it_heard_of_another_key_is_not_cut_off_from_its_hub(
    away: Away, monkeypatch: pytest.MonkeyPatch, longer: int
) -> None:
    reader, log = away.reader, await Longer.of(away.reader.session, away.size, longer)
    reader.clock.shift = 10 * MINUTE  # type: ignore[attr-defined]
    lie = away.by_thief(exchange_size=log.size, exchange_root=log.root, time=reader.clock())
    await away.meets(monkeypatch, lie, log, withheld=True)
    assert reader.trust.head is not None
    assert (reader.trust.head.exchange_size, reader.alarms()) == (log.size, [])
    reader.clock.shift = 0  # type: ignore[attr-defined]
    await away.is_back()
    assert [alarm.kind for alarm in reader.alarms()] == [AlarmKind.REPLACED_KEY]
    (evidence,) = reader.home.evidence_path.glob("replaced_key-*.json")
    parts = json.loads(evidence.read_text())["parts"]
    assert {"head", "head_signature", "shown_head", "shown_head_signature"} < set(parts)
    if not longer:  # the head alone: it is later than the entry, whose date is the hub's word
        entered = parse_entry(base64.b64decode(parts["entry"]["base64"]))
        assert (entered[0] * 1000, b"hub" in entered[1]) == (away.entered, True)
    await away.is_back()
    assert (await reader.verify_log()).findings == ()


async def test_a_hub_that_denies_a_head_gets_nothing_forgotten_while_its_key_is_in_force(
    away: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, honest = away.reader, cast("Any", away.reader.session.get_head)
    await reader.refresh()
    kept = reader.trust.history.newest
    asked = []

    async def denies(seen: tuple[bytes, bytes] | None) -> tuple[bytes, bytes]:
        asked.append(seen)
        if seen is not None:
            raise RefusedError(Reason.BAD_SIGNATURE, "not mine")
        return await honest(seen)

    monkeypatch.setattr(reader.session, "get_head", denies)
    with pytest.raises(RefusedError, match="not mine"):
        await reader.refresh()
    assert (len(asked), asked[1], reader.trust.history.newest) == (2, None, kept)
    # What it shows instead is held against what is kept, all the same.
    assert kept is not None
    log, world = await Longer.of(reader.session, 2, 0), away.town.world
    lesser = replace(kept.head, exchange_size=log.size, exchange_root=log.root, time=reader.clock())

    async def lies(_: object) -> tuple[bytes, bytes]:
        return sign_head(lesser, world.next_head_key)

    honest = lies
    with pytest.raises(SplitViewError):
        await reader.refresh()
    assert [alarm.kind for alarm in reader.alarms()] == [AlarmKind.SPLIT_VIEW]


async def test_a_process_that_signs_heads_on_with_the_old_key_is_told_of_and_left(
    away: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, session = away.reader, away.reader.session
    now, honest, endpoints = await reader.refresh(), session.get_head, session.endpoints
    lies = 0

    async def get_head(seen: tuple[bytes, bytes] | None) -> tuple[bytes, bytes]:
        nonlocal lies
        body, sig = await honest(seen)
        if endpoints._at == 0:
            lies += 1
            return sign_head(replace(now, time=reader.clock() + lies), away.town.world.head_key)
        return body, sig

    monkeypatch.setattr(session, "get_head", get_head)
    with pytest.raises(ReplacedKeyError):  # there is no other process
        await reader.sync()
    monkeypatch.setattr(endpoints, "addresses", endpoints.addresses * 2)
    await reader.sync()
    assert lies > 1
    assert [alarm.kind for alarm in reader.alarms()] == [AlarmKind.REPLACED_KEY]
    assert len(list(reader.home.evidence_path.glob("replaced_key-*.json"))) == 1  # of many the first is enough
    assert reader.trust.check_sealable()


async def test_a_process_of_a_home_judges_by_what_another_has_read_of_the_directory(away: Away) -> None:
    other = await away.office.as_(Role.AGENT)
    await away.reader.refresh()
    assert other.trust.directory_size < away.reader.trust.directory_size
    with other.store.begin() as c:
        held = {found.size for found in truststore.sizes(c)}
        size = max(set(range(1, away.size)) - held)
        found = TrustedSize(size, bytes(32), note(away.town.world, size, bytes(32)))
        truststore.put_gossip_due(c, found)
    await other.trust.settle_gossip(other.session)
    assert [alarm.kind for alarm in other.alarms()] == [AlarmKind.REPLACED_KEY]
    assert other.trust.check_sealable()


async def test_a_process_that_has_read_less_of_the_directory_than_another_refreshes_all_the_same(
    away: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, other = away.reader, await away.office.as_(Role.AGENT)
    await reader.refresh()
    lagging = await reader.session.get_head(None)
    await away.office.hire(Role.APPROVER)
    await other.refresh()
    with monkeypatch.context() as behind:  # a process of the hub that is a second behind

        async def get_head(_: object) -> tuple[bytes, bytes]:
            return lagging

        async def nothing(_: int) -> list[bytes]:
            return []

        behind.setattr(reader.session, "get_head", get_head)
        behind.setattr(reader.session, "read_entries", nothing)
        await reader.refresh()
    assert (await reader.refresh()).directory_size == other.trust.directory_size
    assert reader.alarms() == []


@pytest.mark.parametrize("leaves", [0, 20])
async def test_a_hub_cannot_fork_beneath_a_head_in_force_by_having_another_log_key_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, leaves: int
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        world, reader = sfc.town.world, await hkma.as_(Role.AGENT)
        await send_referral(sfc, HKMA)
        await reader.sync()
        with reader.store.begin() as c:
            kept = truststore.sizes(c)
        await sfc.town.append([world.as_operators(pb.LogKeyReplaced(new_key=world.next_log_key.public))])
        body, _ = await reader.session.get_head(None)
        log = await Longer.of(reader.session, 2, leaves)
        true = parse_head(body)
        lie = sign_head(replace(true, exchange_size=log.size, exchange_root=log.root), world.head_key)

        async def get_head(_: object) -> tuple[bytes, bytes]:
            return lie

        monkeypatch.setattr(reader.session, "get_head", get_head)
        monkeypatch.setattr(reader.session, "get_consistency", log.consistency)
        with pytest.raises(SplitViewError):
            await reader.refresh()
        assert [alarm.kind for alarm in reader.alarms()] == [AlarmKind.SPLIT_VIEW]
        with reader.store.begin() as c:
            assert truststore.sizes(c) == kept


async def no_proof(*_: object) -> list[bytes]:
    raise RefusedError(Reason.NOT_FOUND, "no such size")


async def test_nothing_is_forgotten_before_the_entries_that_say_why_are_kept(
    away: Away, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, session = away.reader, away.reader.session
    log = await Longer.of(session, away.size)
    with reader.store.begin() as c:
        truststore.put_checkpoint(c, TrustedSize(log.size, log.root, note(away.town.world, log.size, log.root)))
        kept = truststore.sizes(c), truststore.newest_head(c)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as between:
        between.setattr(truststore, "add_entries", killed)
        with pytest.raises(KeyboardInterrupt):
            await reader.refresh()
    with reader.store.begin() as c:
        assert (truststore.sizes(c), truststore.newest_head(c)) == kept
    assert reader.alarms() == []
    # Somebody puts an entry of another time behind what the head covers: it waits, and nothing else waits for it.
    true, replaced = await session.get_head(None), await session.read_entries(away.before.directory_size)
    await away.peer.hire(Role.ADMIN)
    time, statement = parse_entry((await session.read_entries(away.before.directory_size))[len(replaced)])
    entries = [*replaced, make_entry(time + 86_400, statement)]

    async def read_entries(start: int) -> list[bytes]:
        return entries[start - away.before.directory_size :]

    async def get_head(_: object) -> tuple[bytes, bytes]:
        return true

    with monkeypatch.context() as between:
        between.setattr(session, "get_head", get_head)
        between.setattr(session, "read_entries", read_entries)
        between.setattr(session, "get_consistency", no_proof)
        await reader.refresh()
    assert reader.trust.directory_size == away.before.directory_size + len(replaced)
    assert [alarm.kind for alarm in reader.alarms()] == [AlarmKind.REPLACED_KEY]
    # So whoever has the old key does not get a log of his own taken from its first leaf on.
    own = Longer([bytes([at]) * 32 for at in range(50)])
    lie = away.by_thief(exchange_size=own.size, exchange_root=own.root, time=away.entered + 2 * HUB_SLACK_MS)
    reader.clock.shift = 10 * MINUTE  # type: ignore[attr-defined]
    with pytest.raises(ReplacedKeyError):
        await away.meets(monkeypatch, lie, own, withheld=True)
    reader.clock.shift = 0  # type: ignore[attr-defined]
    await away.is_back()
    # Nor does the log accuse a hub that was not asked for its proofs.
    assert (await reader.verify_log()).findings == ()
    assert {alarm.kind for alarm in reader.alarms()} == {AlarmKind.REPLACED_KEY}


async def test_a_thiefs_head_over_few_leaves_dated_within_the_slack_keeps_no_true_leaf_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(truststore, "HEADS_APART_MS", 1)  # as for an agency whose last head is older than ten minutes
    async with two_offices(tmp_path) as (sfc, hkma):
        reader = await hkma.as_(Role.AGENT)
        await send_referral(sfc, HKMA)
        await reader.sync()
        before = await reader.refresh()
        unread = await send_referral(sfc, HKMA)
        await asyncio.sleep(1.1)  # leaves and entries bear seconds: this one is from before the replacement
        await replace_keys(sfc.town)
        entered = parse_entry((await reader.session.read_entries(before.directory_size))[0])[0] * 1000
        lie = sign_head(replace(before, time=entered + HUB_SLACK_MS), sfc.town.world.head_key)

        async def get_head(_: object) -> tuple[bytes, bytes]:
            return lie

        async def nothing(_: int) -> list[bytes]:
            return []

        reader.clock.shift = 70_000
        with monkeypatch.context() as between:
            between.setattr(reader.session, "get_head", get_head)
            between.setattr(reader.session, "read_entries", nothing)
            await reader.refresh()
        reader.clock.shift = 0
        with reader.store.begin() as c:
            assert truststore.head_up_to(c, before.exchange_size).body == lie[0]  # type: ignore[union-attr]
        assert [item.message for item in (await reader.sync()).new] == [unread]
