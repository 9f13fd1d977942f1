"""The hub's keys replaced under two agencies, and what a thief of the old ones can sign."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from comity.checkpoint import Checkpoint, sign_checkpoint
from comity.keys import SigningKey
from comity.merkle import Frontier, append, leaf_hash
from comity.v1 import directory_pb2 as pb
from comity.workflow.terms import Role

from agents.alarms import AlarmKind
from agents.client import Client
from agents.session import Session
from tests.agents.offices import Office, Town, send_referral, two_offices
from tests.support.world import World

HKMA = "hkma/intake"


@dataclass
class After:
    """Two agencies after the hub's keys were replaced: both know it."""

    sfc: Office
    sender: Client
    reader: Client
    early: str
    """A message from before."""

    @property
    def world(self) -> World:
        """What the thief has keys of."""
        return self.sfc.town.world

    def kinds(self) -> set[AlarmKind]:
        return {alarm.kind for alarm in self.reader.alarms()}

    def note(self, size: int, root: bytes, key: SigningKey | None = None) -> bytes:
        """Returns a checkpoint that the old log key signs."""
        return note(self.world, size, root, key)

    async def passes_off(self, note: bytes, monkeypatch: pytest.MonkeyPatch) -> str:
        """Sends a message whose payload has that checkpoint; returns it."""
        with monkeypatch.context() as patch:
            patch.setattr("agents.trust.Trust.newest_note", lambda _: note)
            return await send_referral(self.sfc, HKMA)


def note(world: World, size: int, root: bytes, key: SigningKey | None = None) -> bytes:
    """Returns a checkpoint of the exchange log that the first log key signs."""
    origin, key = world.exchange_origin, key or world.log_key
    return sign_checkpoint(Checkpoint(origin, size, root), origin, key.sign, key.public)


async def replace_keys(town: Town) -> None:
    """Puts other keys in the place of the log key and the head key."""
    world = town.world
    log, head = world.next_log_key.public, world.next_head_key.public
    kinds = (pb.LogKeyReplaced(new_key=log), pb.HeadKeyReplaced(new_key=head))
    await town.append([world.as_operators(kind) for kind in kinds])


@contextlib.asynccontextmanager
async def replaced(folder: Path) -> AsyncIterator[After]:
    """Mail, then other keys, then mail under them."""
    async with two_offices(folder) as (sfc, hkma):
        sender, reader = await sfc.as_(Role.ANALYST), await hkma.as_(Role.AGENT)
        early = await send_referral(sfc, HKMA)
        await reader.sync()
        await replace_keys(sfc.town)
        await send_referral(sfc, HKMA)
        await reader.sync()
        await sender.sync()
        assert reader.directory().log_key() == sfc.town.world.next_log_key.public
        yield After(sfc, sender, reader, early)


@dataclass
class Longer:
    """A log that begins as the hub's and goes on as it never did."""

    hashes: list[bytes]

    @classmethod
    async def of(cls, session: Session, size: int, junk: int = 100) -> Longer:
        """Reads so many leaves of the hub's, and puts others behind them."""
        leaves = await session.get_leaves("exchange", 0, size)
        assert len(leaves) == size
        return cls([leaf_hash(leaf) for leaf in [*leaves, *(b"junk %d" % at for at in range(junk))]])

    @property
    def size(self) -> int:
        return len(self.hashes)

    @property
    def root(self) -> bytes:
        return _root(self.hashes)

    def inclusion(self, index: int) -> list[bytes]:
        """Returns the path of a leaf."""
        return _inclusion(index, self.hashes)

    async def consistency(self, _log: str, first: int, second: int) -> list[bytes]:
        """Answers as a hub that has this log."""
        return _consistency(first, self.hashes[:second], whole=True)


def _half(hashes: Sequence[bytes]) -> int:
    return 1 << ((len(hashes) - 1).bit_length() - 1)


def _root(hashes: Sequence[bytes]) -> bytes:
    tree = append(Frontier.empty(), list(hashes)).frontier
    return tree.root()


def _inclusion(index: int, hashes: Sequence[bytes]) -> list[bytes]:
    if len(hashes) == 1:
        return []
    left, right = hashes[: (half := _half(hashes))], hashes[half:]
    if index < half:
        return [*_inclusion(index, left), _root(right)]
    return [*_inclusion(index - half, right), _root(left)]


def _consistency(first: int, hashes: Sequence[bytes], *, whole: bool) -> list[bytes]:
    if first == len(hashes):
        return [] if whole else [_root(hashes)]
    left, right = hashes[: (half := _half(hashes))], hashes[half:]
    if first <= half:
        return [*_consistency(first, left, whole=whole), _root(right)]
    return [*_consistency(first - half, right, whole=False), _root(left)]
