"""The second implementation, in JavaScript: it passes the vectors, and plays a case with the SDK through a real hub."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from comity.checkpoint import Checkpoint, sign_checkpoint
from comity.directory import Head, sign_head
from comity.directory.statements import make_entry
from comity.keys import SigningKey
from comity.merkle import EMPTY_ROOT, Frontier, append, leaf_hash
from comity.receipts import Event, EventKind, Leaf, commitment, encode_event, encode_leaf
from comity.v1 import directory_pb2 as v1

from tests.interop import node
from tests.interop.play import play
from tests.support.world import begin_world

FAILED = "VERIFICATION_FAILED"
LACKING = node.missing()
needs_node = pytest.mark.skipif(LACKING != "", reason=f"the second implementation is not run: {LACKING}")


@pytest.fixture(scope="module", autouse=True)
def libraries() -> None:
    """Installs what the lock names, once for each lock."""
    if not LACKING:
        node.install()


@needs_node
def test_the_second_implementation_gives_every_vector_the_same_verdict() -> None:
    cases = [json.loads(file.read_bytes())["cases"] for file in node.FOLDER.parents[2].glob("proto/vectors/*.json")]

    assert node.pass_vectors() == f"vectors: {sum(map(len, cases))} passed, 0 different"


@needs_node
async def test_two_implementations_say_the_same_of_a_case_that_they_played_through_a_hub(tmp_path: Path) -> None:
    played = await play(tmp_path, lambda _: None)

    assert {name: played.theirs[name] for name in played.ours} == played.ours
    assert played.ours["state"] == "CLOSED"


@needs_node
def test_the_second_implementation_asks_nothing_of_a_hub_whose_genesis_is_not_the_pinned_one(tmp_path: Path) -> None:
    entries = json.loads((node.FOLDER.parents[2] / "proto/vectors/directory.json").read_bytes())["shared"]["entries"]
    # Entry { version, time_seconds, statement }: the statement is the last field, behind its tag and its length.
    (tmp_path / "genesis.bin").write_bytes(bytes.fromhex(entries[0])[11:])
    for name in ("tls.key", "tls.crt", "desk.grant"):
        (tmp_path / name).write_bytes(b"")
    told = {"address": "127.0.0.1:1", "desk": "hkma/intake", "fingerprint": "0" * 60, "members": {}}
    (tmp_path / "desk.json").write_text(json.dumps(told), encoding="utf-8")

    done = subprocess.run(
        ["node", "live.js", str(tmp_path)],
        cwd=node.FOLDER,
        env=node.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode != 0
    assert "Refusal: DIFFERENT" in done.stderr
    assert done.stdout == ""


def test_the_lock_names_exact_versions_with_their_hashes_and_no_registry() -> None:
    lock = json.loads((node.FOLDER / "package-lock.json").read_bytes())
    asked = json.loads((node.FOLDER / "package.json").read_bytes())["dependencies"]
    packages = {name: package for name, package in lock["packages"].items() if name}

    assert all(version[0].isdigit() for version in asked.values())
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not [name for name, package in packages.items() if "resolved" in package]


@needs_node
def test_the_second_implementation_takes_nothing_that_a_replaced_key_of_the_hub_signed_for_later() -> None:
    world = begin_world()
    kinds = (
        v1.LogKeyReplaced(new_key=world.next_log_key.public),
        v1.HeadKeyReplaced(new_key=world.next_head_key.public),
    )
    for kind in kinds:
        world.as_operators(kind)
    now, directory = world.now // 1000, world.directory()
    origin, event = world.exchange_origin, encode_event(Event(EventKind.STARTED))

    def head(size: int, later: int, key: SigningKey, exchange: int = 0) -> dict[str, str]:
        root, time = directory.state.roots[size - 1], (now + later) * 1000
        said = (exchange, bytes(32) if exchange else EMPTY_ROOT)
        body, sig = sign_head(Head(world.origin, size, root, origin, *said, time), key)
        return {"body": body.hex(), "sig": sig.hex()}

    def receipt(size: int, key: SigningKey, **known: object) -> dict[str, object]:
        leaf = encode_leaf(Leaf(now, size, directory.state.roots[size - 1], commitment(bytes(32), event)))
        path = [bytes(32)] if known else []  # another leaf beside it
        tree = append(Frontier.empty(), [leaf_hash(leaf), *path]).frontier
        note = sign_checkpoint(Checkpoint(origin, tree.size, tree.root()), origin, key.sign, key.public)
        parts = {"event": event, "salt": bytes(32), "leaf": leaf, "checkpoint": note}
        return {name: part.hex() for name, part in parts.items()} | {"path": [p.hex() for p in path]} | known

    old, new = (world.head_key, world.log_key), (world.next_head_key, world.next_log_key)
    signed = [
        sign_checkpoint(Checkpoint(origin, 1, bytes(32)), origin, key.sign, key.public).hex() for _, key in (old, new)
    ]
    given = {
        "entries": [make_entry(now, statement).hex() for statement in world.statements],
        "heads": [head(3, 900, new[0]), head(2, 180, old[0]), head(2, 181, old[0]), head(3, 0, old[0])],
        "receipts": [
            *(receipt(2, new[1]), receipt(1, old[1]), receipt(2, old[1]), receipt(1, new[1])),
            # Of two leaves, where a head says that the log had both or one when the key was replaced.
            *(receipt(1, old[1], head=head(3, 0, new[0], size)) for size in (2, 1)),
        ],
        # Of one size of the log: nothing by the old key is shown to others, before or after one by the key in force.
        "notes": [{"size": size, "note": signed[size - 1]} for size in (1, 2, 1)],
    }
    done = subprocess.run(
        ["node", "keys.js"],
        cwd=node.FOLDER,
        env=node.environment(),
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.returncode == 0, done.stderr
    heads, receipts = [None, None, FAILED, FAILED], [None, None, FAILED, FAILED, None, FAILED]
    assert json.loads(done.stdout) == [*heads, *receipts, "", signed[1], signed[1]]
