"""A hub that signs a log without a leaf that it gave a receipt for, and what a stranger makes of the client's file."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from comity.checkpoint import Checkpoint, sign_checkpoint, verify_checkpoint
from comity.errors import ComityError, VerificationError
from comity.keys import SigningKey
from comity.merkle import Frontier, append, leaf_hash
from comity.receipts import parse_receipt, verify_receipt
from comity.workflow.terms import Role

from agents.alarms import AlarmKind
from agents.client import Client
from hub.log.domain import LogName
from hub.log.service import LogService
from tests.agents.offices import send_referral, two_offices


def contradicts_itself(file: Path, origin: str, log_key: bytes) -> bool:
    """Whether a file proves, with the log's public key and nothing else, that one key has signed two histories."""
    parts: dict[str, Any] = json.loads(file.read_bytes())["parts"]
    signed = {name: base64.b64decode(value["base64"]) for name, value in parts.items() if isinstance(value, dict)}
    seen: dict[int, bytes] = {}
    for name, data in signed.items():
        try:
            if name == "receipt":
                found = verify_receipt(parse_receipt(data), origin, [log_key]).checkpoint
            else:
                found = verify_checkpoint(data, origin, log_key)
        except ComityError:  # what does not verify proves nothing
            continue
        if seen.setdefault(found.size, found.root) != found.root:
            return True
    return False


def without(patch: pytest.MonkeyPatch, key: SigningKey, origin: str, index: int) -> None:
    """From now on the hub shows and signs an exchange log in which another leaf stands in a place."""
    leaves, checkpoint = LogService.leaves, LogService.checkpoint

    async def other_leaves(self: LogService, log: LogName, start: int, count: int) -> list[bytes]:
        found = list(await leaves(self, log, start, count))
        if log is LogName.EXCHANGE and start <= index < start + len(found):
            found[index - start] = found[index - start][:-1] + bytes([found[index - start][-1] ^ 1])
        return found

    async def other_checkpoint(self: LogService, log: LogName) -> bytes:
        note = await checkpoint(self, log)
        if log is not LogName.EXCHANGE:
            return note
        size = verify_checkpoint(note, origin, key.public).size
        tree = append(Frontier.empty(), [leaf_hash(one) for one in await other_leaves(self, log, 0, size)]).frontier
        return sign_checkpoint(Checkpoint(origin, size, tree.root()), origin, key.sign, key.public)

    patch.setattr(LogService, "leaves", other_leaves)
    patch.setattr(LogService, "checkpoint", other_checkpoint)


def kinds(client: Client) -> set[AlarmKind]:
    return {alarm.kind for alarm in client.alarms()}


async def test_A_11_a_receipt_whose_leaf_is_gone_from_the_log_becomes_a_file_that_a_stranger_confirms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with two_offices(tmp_path) as (sfc, _hkma):
        message = await send_referral(sfc, "hkma/intake")
        world = sfc.town.world
        client = await sfc.as_(Role.ANALYST)
        assert (await client.verify_log()).findings == ()
        assert not list(sfc.home.evidence_path.glob("*"))
        with monkeypatch.context() as patch:
            without(patch, world.log_key, world.exchange_origin, client.verify_receipt(message).receipt.index)
            report = await client.verify_log()
        assert report.findings
        assert AlarmKind.SPLIT_VIEW in kinds(client)

        files = list(sfc.home.evidence_path.glob("*.json"))
        proofs = [contradicts_itself(file, world.exchange_origin, world.log_key.public) for file in files]
        assert any(proofs)
        # With another log's key, or another log's name, the same file proves nothing.
        for origin, key in ((world.exchange_origin, SigningKey.generate()), ("other.example/log", world.log_key)):
            assert not any(contradicts_itself(file, origin, key.public) for file in files)
        # And nothing is sealed until somebody looked.
        with pytest.raises(VerificationError):
            client.trust.check_one_history()
