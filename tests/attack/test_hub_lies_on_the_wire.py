"""The real hub with one dishonest override, and the unchanged client at the other end of a real connection."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from comity.directory import parse_statement, sign_body
from comity.directory.statements import make_entry, parse_entry
from comity.encoding import serialise
from comity.envelope import signing_bytes
from comity.errors import Reason, RefusedError, VerificationError
from comity.hpke import hpke_seal
from comity.keys import WrapKey
from comity.sealing import wrap_info
from comity.v1 import envelope_pb2, feed_pb2
from comity.workflow.terms import Role, SignatureRole

from agents import mailstore
from agents.admin import Admin
from agents.alarms import AlarmKind
from agents.client import Client
from agents.keys import KeyUse, find
from agents.records import MessageStatus
from agents.watch import REFRESH_SECONDS
from hub.directory.service import DirectoryService
from hub.feed import rpc as feed_rpc
from tests.agents.offices import referral, send_referral, two_offices

Lie = Callable[[feed_pb2.FeedItem], None]
SEEDS = 20


def tell(patch: pytest.MonkeyPatch, lie: Lie) -> None:
    """From now on the hub hands out items changed so."""
    honest = feed_rpc._item

    def lying(*arguments: Any) -> feed_pb2.FeedItem:
        made = honest(*arguments)
        if made.envelope.ciphertext:
            lie(made)
        return made

    patch.setattr(feed_rpc, "_item", lying)


def kinds(client: Client) -> set[AlarmKind]:
    return {alarm.kind for alarm in client.alarms()}


def flip(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]


async def nothing_comes_of(client: Client, times: int = 1) -> None:
    """Reads while the hub lies: it stops, raises its one alarm, takes nothing and says nothing of the message."""
    for _ in range(times):
        with pytest.raises(VerificationError):
            await client.sync()
    assert (client.inbox(), client.cases(), kinds(client)) == ([], [], {AlarmKind.INVALID_DELIVERY})
    assert list(client.home.evidence_path.glob("invalid_delivery-*.json"))


@pytest.mark.parametrize("part", ["header", "seal", "ciphertext", "wrap", "signature"])
async def test_C_01_any_bit_that_the_hub_changes_is_found_by_the_client(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: str
) -> None:
    rng = random.Random(part)

    def change(item: feed_pb2.FeedItem) -> None:
        envelope = item.envelope
        if part == "wrap":
            envelope.wraps[0].data = flip(envelope.wraps[0].data, rng)
        elif part == "signature":
            signature = rng.choice(envelope.signatures)
            signature.sig = flip(signature.sig, rng)
        else:
            setattr(envelope, part, flip(getattr(envelope, part), rng))

    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        reader = await hkma.as_(Role.AGENT)
        with monkeypatch.context() as patch:
            tell(patch, change)
            await nothing_comes_of(reader, SEEDS)
        assert [item.message for item in (await reader.sync()).new] == [message]


def in_header(change: Callable[[envelope_pb2.Header], object]) -> Lie:
    """Returns a lie that changes the header, in its canonical form."""

    def lie(item: feed_pb2.FeedItem) -> None:
        header = envelope_pb2.Header.FromString(item.envelope.header)
        change(header)
        item.envelope.header = serialise(header)

    return lie


def _added(header: envelope_pb2.Header) -> None:
    header.recipients.add(desk="zzz/intake", desk_key_id=os.urandom(32))


def _reordered(header: envelope_pb2.Header) -> None:
    first, second = list(header.recipients)
    del header.recipients[:]
    header.recipients.extend([second, first])


def _rewrapped(item: feed_pb2.FeedItem) -> None:
    header = envelope_pb2.Header.FromString(item.envelope.header)
    info = wrap_info(item.envelope.header, header.recipients[0].desk_key_id)
    item.envelope.wraps[0].data = hpke_seal(WrapKey.generate().public, info, os.urandom(32))


HEADERS: dict[str, Lie] = {
    "C_04 wrapped for somebody else": _rewrapped,
    "C_06 a recipient more": in_header(_added),
    "C_06 a recipient less": in_header(lambda header: header.recipients.pop()),
    "C_06 recipients in another order": in_header(_reordered),
    "C_06 a recipient twice": in_header(lambda header: header.recipients.append(header.recipients[0])),
    "C_09 for another hub": in_header(lambda header: setattr(header, "origin", "other.example/exchange")),
    "C_20 of another suite": in_header(lambda header: setattr(header, "suite", 2)),
}


@pytest.mark.parametrize("lie", HEADERS)
async def test_C_04_C_06_C_09_C_20_whatever_the_hub_makes_of_an_envelope_the_client_takes_none_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        message = await send_referral(sfc, "hkma/intake")
        reader = await hkma.as_(Role.AGENT)
        with monkeypatch.context() as patch:
            tell(patch, HEADERS[lie])
            await nothing_comes_of(reader)
        sender = await sfc.as_(Role.ANALYST)
        await sender.sync()
        assert sender.sent()[0].statuses == {"hkma/intake": MessageStatus.SUBMITTED}
        assert [item.message for item in (await reader.sync()).new] == [message]


async def test_C_05_C_10_the_hub_puts_other_signatures_under_an_envelope(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        other = await send_referral(sfc, "hkma/intake", referral(reference="other"))
        reader = await hkma.as_(Role.AGENT)
        await reader.sync()
        with reader.store.begin() as c:
            kept = mailstore.message(c, bytes.fromhex(other))
        assert kept is not None
        borrowed = envelope_pb2.Envelope.FromString(kept.envelope).signatures[1]
        message = await send_referral(sfc, "hkma/intake")
        colleague = await sfc.client()
        kid = find(colleague.keys, KeyUse.SIGN).kid

        def another_author(item: feed_pb2.FeedItem) -> None:
            e = item.envelope
            e.signatures[0].kid = kid
            e.signatures[0].sig = colleague.keys.sign(kid, signing_bytes(e.header, e.seal, SignatureRole.AUTHOR))

        for lie in (another_author, lambda item: item.envelope.signatures[1].CopyFrom(borrowed)):
            with monkeypatch.context() as patch:
                tell(patch, lie)
                with pytest.raises(VerificationError):
                    await reader.sync()
            assert [item.message for item in reader.inbox()] == [other]
            assert kinds(reader) == {AlarmKind.INVALID_DELIVERY}
        assert [item.message for item in (await reader.sync()).new] == [message]


def swap(patch: pytest.MonkeyPatch, change: Callable[[bytes], list[bytes]]) -> None:
    """From now on the hub hands out other directory entries."""
    honest = DirectoryService.read

    async def lying(self: DirectoryService, from_index: int) -> AsyncIterator[list[bytes]]:
        async for entries in honest(self, from_index):
            yield [changed for entry in entries for changed in change(entry)]

    patch.setattr(DirectoryService, "read", lying)


def with_another_key(entry: bytes) -> list[bytes]:
    """Returns an entry with its desk key replaced, everything else as it was signed."""
    moment, data = parse_entry(entry)
    statement = parse_statement(data)
    if statement.kind != "desk_key_published":
        return [entry]
    old = statement.content.wrap_key  # type: ignore[attr-defined]
    body = statement.body.replace(old, WrapKey.generate().public)
    return [make_entry(moment, sign_body(body, list(statement.signatures)))]


def invented(entry: bytes) -> list[bytes]:
    """Returns an entry and one more that publishes a key of the same desk, signed by nobody who may."""
    made = with_another_key(entry)
    return [entry] if made == [entry] else [entry, *made]


async def publish_and_look(owner: Client) -> None:
    """The owner publishes a key, and looks at what has become of it."""
    await Admin(owner).publish_desk_key(at_once=True)
    await owner.refresh()


@pytest.mark.parametrize("change", [with_another_key, invented], ids=["C_07", "K_01"])
async def test_C_07_K_01_a_key_of_the_hubs_own_making_is_refused_by_its_owner_and_by_everybody_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[bytes], list[bytes]]
) -> None:
    # The owner's own program looks so often, whoever else does not.
    assert REFRESH_SECONDS <= 60
    async with two_offices(tmp_path) as (sfc, hkma):
        owner, other = await hkma.client(), await sfc.as_(Role.ANALYST)
        await other.refresh()
        size = other.trust.directory_size
        with monkeypatch.context() as patch:
            swap(patch, change)
            with pytest.raises((VerificationError, RefusedError)):
                await publish_and_look(owner)
            with pytest.raises(VerificationError):
                await other.refer("hkma/intake", referral())
        for client in (owner, other):
            assert AlarmKind.DIRECTORY_REFUSED in kinds(client)
            assert list(client.home.evidence_path.glob("directory_refused-*.json"))
        assert (other.trust.directory_size, other.drafts()) == (size, [])
        await other.refresh()
        assert other.trust.directory_size > size


async def test_C_08_a_hub_that_shows_an_old_head_gets_nothing_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (sfc, _hkma):
        analyst = await sfc.as_(Role.ANALYST)
        service = DirectoryService.head
        kept: list[Any] = []

        async def stale(self: DirectoryService, seen: Any) -> Any:
            kept.append(kept[0] if kept else await service(self, None))
            return kept[0]

        with monkeypatch.context() as patch:
            patch.setattr(DirectoryService, "head", stale)
            await analyst.refresh()
            sfc.clock.shift = 11 * 60_000
            with pytest.raises(RefusedError) as refused:
                await analyst.refer("hkma/intake", referral())
            assert refused.value.reason is Reason.DIRECTORY_STALE
            assert AlarmKind.HEAD_STALE in kinds(analyst)
            assert analyst.drafts() == []
        assert len(kept) > 1
