"""What examines strangers' bytes: the same answers in a process of its own as in the hub's; nothing is lost with it."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from comity.keys import SigningKey
from comity.receipts import AckState
from comity.v1 import envelope_pb2
from comity.workflow.terms import Role

from hub.exchange import verifier
from hub.exchange.examiner import ANSWER_AT, KEYS, Examiner, frame, frames
from hub.exchange.examining import SentEnvelope, ack_of, envelope_of, examine, read_verdict, verdict_on
from tests.support.core import Core, running_core, sent, texts
from tests.support.hub import running_hub
from tests.support.world import World, certificate_of, make_world


@pytest.fixture
def world() -> World:
    """Two agencies."""
    return make_world(agencies=("sfc", "hkma"))


def process_of(core: Core) -> psutil.Process:
    """Returns the one examining process."""
    (lane,) = core.verifier._lanes
    return psutil.Process(lane._child.pid)


async def eventually(condition: object) -> None:
    """Waits until something is so."""
    assert callable(condition)
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 # what is waited for tells nobody
            await asyncio.sleep(0.01)


def damaged(envelope: envelope_pb2.Envelope, **changes: bytes) -> envelope_pb2.Envelope:
    """Returns a copy with other bytes in some fields."""
    copy = envelope_pb2.Envelope.FromString(envelope.SerializeToString())
    for name, value in changes.items():
        setattr(copy, name, value)
    return copy


def forged(envelope: envelope_pb2.Envelope) -> envelope_pb2.Envelope:
    """Returns a copy whose second signature does not verify."""
    copy = envelope_pb2.Envelope.FromString(envelope.SerializeToString())
    copy.signatures[1].sig = bytes(64)
    return copy


@pytest.mark.parametrize("processes", [0, 1, 2])
async def test_the_answers_are_the_same_wherever_envelopes_are_examined(
    migrated_sqlite_url: str, world: World, processes: int
) -> None:
    async with running_core(migrated_sqlite_url, world, processes=processes) as core:
        view = core.directory.view()
        good = world.envelope(view)
        stranger = replace(world.member("sfc/intake", Role.ANALYST), sign_key=SigningKey.generate())
        batch = [
            good,
            damaged(good, ciphertext=b"x" * len(good.ciphertext)),
            damaged(good, header=good.header + b"\x00"),
            damaged(good, header=b""),
            world.envelope(view, origin="other.example/exchange"),
            world.envelope(view, "hkma/intake", ["sfc/intake"]),
            world.envelope(view, "sfc/intake", ["hkma/intake"], joint=True),
            forged(world.envelope(view)),
            world.envelope(view, author=stranger),
            good,
            forged(good),
        ]
        answers = texts(await core.submit(*batch, desk="sfc/intake"))
        assert answers == [
            "receipt",
            "CIPHERTEXT_MISMATCH",
            "MALFORMED",
            "UNSUPPORTED_VERSION",
            "WRONG_ORIGIN",
            "WRONG_SENDER",
            "MALFORMED",
            "BAD_SIGNATURE",
            "BAD_SIGNATURE",
            "receipt",
            "receipt",  # a repetition, whatever it is signed with
        ]
        hashed = core.verified((await core.submit(good))[0]).event.message_hash
        ack = world.ack(hashed, "hkma/intake")
        answers = texts(await core.acknowledge(ack, (ack[0], bytes(64)), (b"\x01", ack[1]), desk="hkma/intake"))
        assert answers == ["receipt", "BAD_SIGNATURE", "MALFORMED"]
        assert texts(await core.acknowledge(ack, desk="sfc/intake")) == ["WRONG_SENDER"]


async def test_hundreds_at_once_are_answered_each_in_its_place(migrated_sqlite_url: str, world: World) -> None:
    async with running_core(migrated_sqlite_url, world, processes=1) as core:
        view = core.directory.view()
        envelopes = [world.envelope(view) for _ in range(3 * ANSWER_AT)]
        calls = [core.submit(*envelopes[at : at + 48]) for at in range(0, len(envelopes), 48)]
        results = [result for call in await asyncio.gather(*calls) for result in call]
        hashes = [core.verified(result).event.message_hash for result in results]
        assert hashes == [envelope_of_wire(core, envelope) for envelope in envelopes]


def envelope_of_wire(core: Core, envelope: envelope_pb2.Envelope) -> bytes:
    """Returns an envelope's hash by way of an examination's facts."""
    item, view = sent(envelope), core.directory.view()
    examined = examine(item, "sfc/intake", core.world.exchange_origin, view.sign_key)
    assert examined.genuine
    return envelope_of(item, examined.facts).message_hash


async def test_a_key_that_joins_later_is_known_to_the_process(migrated_sqlite_url: str, world: World) -> None:
    async with running_core(migrated_sqlite_url, world, processes=1) as core:
        assert texts(await core.submit(world.envelope(core.directory.view()))) == ["receipt"]
        author = replace(world.member("sfc/intake", Role.ANALYST), sign_key=SigningKey.generate())
        world.as_root("sfc", certificate_of(world, author, ["sfc/intake"]))
        await core.catch_up()
        assert texts(await core.submit(world.envelope(core.directory.view(), author=author))) == ["receipt"]


async def test_a_process_that_dies_loses_nothing_that_was_promised_and_is_replaced(
    migrated_sqlite_url: str, world: World
) -> None:
    async with running_core(migrated_sqlite_url, world, processes=1) as core:
        first = process_of(core)
        envelope = world.envelope(core.directory.view())
        first.suspend()
        waiting = asyncio.create_task(core.submit(envelope))
        await eventually(lambda: core.verifier._lanes[0].waiting)
        first.kill()
        assert texts(await waiting) == ["UNAVAILABLE"]
        assert not core.verifier.alive
        assert texts(await core.submit(envelope)) == ["UNAVAILABLE"]
        await eventually(lambda: core.verifier.alive)
        assert process_of(core).pid != first.pid
        assert texts(await core.submit(envelope)) == ["receipt"]
        assert core.sequencer.waiting == 0
        assert core.telemetry.counters.value("comity.failures", what="the examining process ended") == 1


async def test_a_process_that_hangs_is_killed_and_replaced(
    migrated_sqlite_url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_core(migrated_sqlite_url, world, processes=1) as core:
        envelope = world.envelope(core.directory.view())
        # It has started once it has answered: from here on a second is long.
        assert texts(await core.submit(envelope)) == ["receipt"]
        monkeypatch.setattr(verifier, "STUCK_SECONDS", 1.0)
        first = process_of(core)
        first.suspend()
        assert texts(await core.submit(world.envelope(core.directory.view()))) == ["UNAVAILABLE"]
        monkeypatch.setattr(verifier, "STUCK_SECONDS", 30.0)
        await eventually(lambda: core.verifier.alive)
        assert not first.is_running()
        assert texts(await core.submit(envelope)) == ["receipt"]


async def test_a_process_that_cannot_be_started_is_tried_again(
    migrated_sqlite_url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_core(migrated_sqlite_url, world, processes=1) as core:
        monkeypatch.setattr(verifier.Lane, "open", no_process)
        process_of(core).kill()
        await eventually(lambda: core.telemetry.counters.value("comity.failures", what="no examining process") > 1)
        monkeypatch.undo()
        await eventually(lambda: core.verifier.alive)
        assert texts(await core.submit(world.envelope(core.directory.view()))) == ["receipt"]


async def no_process(*_: object) -> None:
    """Stands for a system that has no process left."""
    raise OSError


async def test_a_stop_finishes_what_is_being_examined_and_ends_the_process(
    migrated_sqlite_url: str, world: World
) -> None:
    async with running_core(migrated_sqlite_url, world, processes=1) as core:
        child = process_of(core)
        calls = asyncio.gather(*(core.submit(world.envelope(core.directory.view())) for _ in range(20)))
        await asyncio.sleep(0)
        await core.verifier.stop()
        await eventually(lambda: not child.is_running())
        assert [texts(results) for results in await calls] == [["receipt"]] * 20


async def test_a_stop_does_not_wait_for_ever_for_a_process_that_hangs(
    migrated_sqlite_url: str, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verifier, "END_SECONDS", 0.1)
    monkeypatch.setattr("hub.exchange.lane.END_SECONDS", 0.1)
    async with running_core(migrated_sqlite_url, world, processes=1) as core:
        child = process_of(core)
        child.suspend()
        waiting = asyncio.create_task(core.submit(world.envelope(core.directory.view())))
        await eventually(lambda: core.verifier._lanes[0].waiting)
        await core.verifier.stop()
        assert texts(await waiting) == ["UNAVAILABLE"]
        assert not child.is_running()


async def test_the_process_has_nothing_that_could_be_stolen(
    migrated_sqlite_url: str, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/where/the/passphrase/is")
    async with running_hub(migrated_sqlite_url, world, home=tmp_path, verifier_processes=1) as running:
        (lane,) = running.hub._verifier._lanes
        child = psutil.Process(lane._child.pid)
        await eventually(lambda: ignores(child.pid, signal.SIGTERM))
        assert set(child.environ()) <= {"PYTHONPATH", "LC_ALL", "LC_CTYPE"}
        targets = {os.readlink(f"/proc/{child.pid}/fd/{number}") for number in os.listdir(f"/proc/{child.pid}/fd")}
        assert len([target for target in targets if target.startswith("socket:")]) == 1
        assert all(target.startswith(("socket:", "/dev/null", "anon_inode:")) for target in targets)
        # A signal for the whole group of processes leaves it to the hub to say when it is over.
        child.send_signal(signal.SIGTERM)
        child.send_signal(signal.SIGINT)
        await asyncio.sleep(0.1)
        assert child.is_running()


def ignores(process: int, number: int) -> bool:
    """Whether a process ignores a signal."""
    (line,) = [x for x in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines() if "SigIgn" in x]
    return bool(int(line.split()[1], 16) >> (number - 1) & 1)


def test_frames_are_read_whole_however_they_arrive() -> None:
    values = [(KEYS, "origin", ()), [("desk", (b"header", b"x" * 1000))], []]
    data, buffer, seen = b"".join(frame(value) for value in values), bytearray(), []
    for at in range(0, len(data), 7):
        buffer += data[at : at + 7]
        seen += list(frames(buffer))
    assert seen == values
    assert buffer == b""


def test_a_fault_is_told_by_its_class_alone(world: World) -> None:
    parts = SentEnvelope(b"", b"", b"", (), ())
    verdict = verdict_on(parts._replace(header=None), "sfc/intake", "origin", lambda _: None)  # type: ignore[arg-type]
    assert verdict == (2, "TypeError")
    examiner = Examiner()
    assert examiner.take((KEYS, "origin", ())) == []
    ((number, (kind, *_)),) = examiner.take([(7, "sfc/intake", tuple(parts))])
    assert (number, kind) == (7, 1)
    body, sig = world.ack(bytes(32), "hkma/intake", AckState.REFUSED, reason="SUSPECT")
    ((_, (_, facts, genuine)),) = examiner_of(world).take([(0, "hkma/intake", (body, sig))])
    assert (ack_of(facts).state, genuine) == (AckState.REFUSED, False)
    assert read_verdict((0, facts, genuine)).facts == facts


def examiner_of(world: World) -> Examiner:
    """Returns an examiner of a world's hub that knows no key."""
    examiner = Examiner()
    examiner.take((KEYS, world.exchange_origin, ()))
    return examiner
