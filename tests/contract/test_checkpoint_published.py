"""Checkpoints and signed notes against what Tessera, Go and the specification published."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest
from comity.checkpoint import (
    Checkpoint,
    VerifierKey,
    parse_checkpoint,
    parse_verifier_key,
    sign_checkpoint,
    sign_note,
    verifier_key,
    verify_checkpoint,
    verify_note,
)
from comity.errors import MalformedError, VerificationError
from comity.keys import SigningKey

TLOG = Path(__file__).parents[1] / "data" / "tlog"
ORIGIN = "hub.example/exchange"
KEY = SigningKey.from_seed(b"\x07" * 32)
ROOT = bytes(range(32))
CHECKPOINT = Checkpoint(ORIGIN, 1042, ROOT)
NOTE = sign_checkpoint(CHECKPOINT, ORIGIN, KEY.sign, KEY.public)


def signed(text: bytes, name: str = ORIGIN, key: SigningKey = KEY) -> bytes:
    """A note over any text, validly signed, whatever the text is."""
    key_id = VerifierKey(name, key.public).key_id
    return text + f"\n\u2014 {name} ".encode() + b64encode(key_id + key.sign(text)) + b"\n"


def is_refused(note: bytes) -> bool:
    """Whether both the parser and the verifier refuse the note, each with its one error."""
    with pytest.raises(MalformedError):
        parse_checkpoint(note)
    with pytest.raises(VerificationError):
        verify_checkpoint(note, ORIGIN, KEY.public)
    return True


def test_checkpoints_signed_by_tessera_verify() -> None:
    published: dict[str, Any] = json.loads((TLOG / "tessera_checkpoints.json").read_text())
    key = parse_verifier_key(published["public_key"])
    assert verifier_key(key.name, key.public) == published["public_key"]
    for item in published["checkpoints"]:
        checkpoint = verify_checkpoint(item["checkpoint"].encode(), key.name, key.public)
        assert checkpoint.size == item["size"]
        with pytest.raises(VerificationError):
            verify_checkpoint(item["checkpoint"].encode(), key.name, KEY.public)


GOXMOD: dict[str, Any] = json.loads((TLOG / "signed_note_goxmod.json").read_text())


def test_notes_signed_by_go_verify_alone_and_together() -> None:
    text, lines = GOXMOD["text"], GOXMOD["signature_lines"]
    enoch, peter = (parse_verifier_key(GOXMOD["verifier_keys"][at]) for at in (0, 2))
    both = f"{text}\n{lines[0]}\n{lines[1]}\n".encode()
    for key in (enoch, peter):
        assert verify_note(both, key) == text.encode()
    for key, own, other in ((enoch, lines[0], lines[1]), (peter, lines[1], lines[0])):
        assert verify_note(f"{text}\n{own}\n".encode(), key) == text.encode()
        with pytest.raises(VerificationError):
            verify_note(f"{text}\n{other}\n".encode(), key)
        with pytest.raises(VerificationError):
            verify_note(f"changed {text}\n{own}\n".encode(), key)


def test_we_sign_the_bytes_that_go_signs() -> None:
    seed = b64decode(GOXMOD["test_only_signer_keys"][0].split("+", 4)[4])[1:]
    key = SigningKey.from_seed(seed)
    note = sign_note(GOXMOD["text"].encode(), VerifierKey("PeterNeumann", key.public), key.sign)
    assert note == f"{GOXMOD['text']}\n{GOXMOD['signature_lines'][1]}\n".encode()


@pytest.mark.parametrize("at", [1, 3])
def test_verifier_keys_that_go_refuses_are_refused(at: int) -> None:
    with pytest.raises(MalformedError):
        parse_verifier_key(GOXMOD["verifier_keys"][at])


def test_the_note_in_the_specification_verifies() -> None:
    note = (
        "This is an example message.\n\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Zt"
        "g1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
    )
    key = parse_verifier_key("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    assert verify_note(note.encode(), key) == b"This is an example message.\n"


def test_checkpoints_of_another_signature_type_are_parsed_and_not_trusted() -> None:
    proofs = [json.loads(line) for line in (TLOG / "rekor_inclusion_proofs.jsonl").read_text().splitlines()]
    seen = 0
    for proof in proofs:
        if proof["checkpoint"] is None:
            continue
        note = proof["checkpoint"].encode()
        checkpoint, signatures = parse_checkpoint(note)
        assert checkpoint.size == int(proof["treeSize"])
        assert checkpoint.root == b64decode(proof["rootHash"])
        # ECDSA: the key id is the beginning of the log's id.
        assert [item.key_id for item in signatures] == [b64decode(proof["logId"])[:4]]
        with pytest.raises(VerificationError):
            verify_checkpoint(note, "rekor.sigstage.dev", KEY.public)
        seen += 1
    assert seen == 3
