"""A colleague acknowledged first: the answer brings that word as the log has it, believed when it verifies."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from comity.errors import VerificationError
from comity.keys import SigningKey
from comity.receipts import AckState, Receipt, ack_signing_bytes, encode_ack, parse_ack, parse_event, parse_receipt
from comity.workflow.terms import Role

from agents import mailstore
from agents.acks import proves
from agents.alarms import AlarmKind
from agents.client import Client
from agents.home import Home
from agents.keys import LocalKeys
from hub.exchange.service import ExchangeService
from tests.agents.offices import CHEAP, PASSPHRASE, Office, send_referral, two_offices

Said = tuple[bytes, bytes]
Lie = Callable[[Said], Said | None]


@dataclass
class Two:
    """Two homes of one desk: the first has acknowledged a message that the second is to read."""

    message: bytes
    first: Said
    """What the first one said."""
    second: Client
    sender: Office


def stored(client: Client, message: bytes) -> mailstore.AckRow:
    with client.store.begin() as c:
        (ack,) = [found for found in mailstore.acks_of(c, message) if found.state is AckState.STORED]
    return ack


@asynccontextmanager
async def two_homes(folder: Path, url: str = "") -> AsyncIterator[Two]:
    async with two_offices(folder, database_url=url) as (sfc, hkma):
        await hkma.close()
        hkma.opened.clear()
        shutil.copytree(hkma.home.path, folder / "second")
        message = bytes.fromhex(await send_referral(sfc, "hkma/intake"))
        first = await hkma.as_(Role.AGENT)
        await first.sync()
        said = stored(first, message)
        home = Home.load(folder / "second")
        keys = LocalKeys.open(home, hkma.people[Role.ANALYST], PASSPHRASE, CHEAP)
        async with await Client.open(home, keys, clock=hkma.clock) as second:
            yield Two(message, (said.body, said.sig), second, sfc)


async def test_the_receipt_of_a_colleagues_acknowledgement_is_verified_by_the_second_client(
    tmp_path: Path, migrated_database_url: str
) -> None:
    async with two_homes(tmp_path, migrated_database_url) as two:
        report = await two.second.sync()
        assert (len(report.new), report.acknowledged, two.second.alarms()) == (1, 1, [])
        ack = stored(two.second, two.message)
        assert (ack.body, ack.sig, ack.settled) == (*two.first, True)
        receipt = parse_receipt(ack.receipt)
        assert proves(parse_event(receipt.event), ack)
        assert two.second.verify_receipt(ack.receipt).event.kids == (parse_ack(ack.body).kid,)
        timeline = two.second.timeline(two.second.cases()[0].case_id)
        assert [event.proof for event in timeline] == [True, True]
        assert (await two.second.verify_log()).findings == ()
        (own,) = await two.second.session.acknowledge([two.first])
        assert type(own) is Receipt  # of what was sent: nothing is handed over for it
        sender = await two.sender.as_(Role.ANALYST)
        await sender.sync()
        assert sender.alarms() == []


def nothing(_said: Said) -> None:
    return None


def junk(_said: Said) -> Said:
    return b"junk", bytes(64)


def unsigned(said: Said) -> Said:
    return said[0], bytes(64)


def other_words(said: Said) -> Said:
    body = encode_ack(replace(parse_ack(said[0]), time=1))
    return body, SigningKey.generate().sign(ack_signing_bytes(body))


def other_state(said: Said) -> Said:
    body = encode_ack(replace(parse_ack(said[0]), state=AckState.OPENED))
    return body, said[1]


@pytest.mark.parametrize("lie", [junk, unsigned, other_words, other_state])
async def test_what_is_handed_over_for_it_counts_only_as_it_is_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: Lie
) -> None:
    async with two_homes(tmp_path) as two:
        with monkeypatch.context() as dishonest:
            through(dishonest, lie)
            with pytest.raises(VerificationError):
                await two.second.sync()
        ack = stored(two.second, two.message)
        assert (ack.settled, ack.receipt, ack.body == two.first[0]) == (False, b"", False)
        assert [alarm.kind for alarm in two.second.alarms()] == [AlarmKind.INVALID_DELIVERY]
        assert (await two.second.sync()).acknowledged == 1
        assert stored(two.second, two.message).body == two.first[0]


async def test_a_hub_that_hands_nothing_over_leaves_it_without_a_proof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    through(monkeypatch, nothing)
    async with two_homes(tmp_path) as two:
        assert (await two.second.sync()).acknowledged == 1
        timeline = two.second.timeline(two.second.cases()[0].case_id)
        assert [event.proof for event in timeline] == [True, False]
        assert two.second.alarms() == []


@pytest.mark.parametrize("wrong", [0, 1, 2])
async def test_a_receipt_that_does_not_verify_keeps_no_other_acknowledgement_waiting(
    tmp_path: Path, wrong: int
) -> None:
    async with two_offices(tmp_path) as (sfc, hkma):
        messages = [bytes.fromhex(await send_referral(sfc, "hkma/intake")) for _ in range(3)]
        reader = await hkma.as_(Role.AGENT)
        honest, sent = reader.session.acknowledge, list[list[bytes]]()

        async def lying(acks: Sequence[Said]) -> list[Any]:
            sent.append([body for body, _ in acks])
            found = await honest(acks)
            victim = sent[0][wrong]
            return [replace(r, salt=bytes(16)) if b == victim else r for b, r in zip(sent[-1], found, strict=True)]  # type: ignore[type-var]

        reader.session.acknowledge = lying  # type: ignore[method-assign]
        with pytest.raises(VerificationError):
            await reader.sync()
        settled = [stored(reader, message) for message in messages]
        assert sorted(ack.settled for ack in settled) == [False, True, True]
        assert [ack.body for ack in settled if not ack.settled] == [sent[0][wrong]]
        assert [alarm.kind for alarm in reader.alarms()] == [AlarmKind.INVALID_DELIVERY]
        reader.session.acknowledge = honest  # type: ignore[method-assign]
        assert (await reader.sync()).acknowledged == 1


def through(monkeypatch: pytest.MonkeyPatch, lie: Lie) -> None:
    """Lets the hub hand over something else."""
    honest = ExchangeService.logged_before

    async def lying(self: ExchangeService, desk: str, items: Sequence[Any], results: Sequence[Any]) -> list[Any]:
        found = await honest(self, desk, items, results)
        return [None if said is None else lie(said) for said in found]

    monkeypatch.setattr(ExchangeService, "logged_before", lying)
