"""The tree against published proofs: transparency-dev's vectors and proofs of a public log of millions."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from comity.merkle import leaf_hash, verify_inclusion

from tests.contract.proofs import consistency_holds, inclusion_holds

DATA = Path(__file__).parents[1] / "data"


def vectors(name: str) -> list[Any]:
    lines = (DATA / "merkle" / f"{name}.jsonl").read_text().splitlines()
    return [pytest.param(json.loads(line), id=json.loads(line)["path"]) for line in lines]


def decoded(vector: dict[str, Any]) -> tuple[bytes, ...]:
    return tuple(b64decode(item) for item in vector["proof"] or ())


@pytest.mark.parametrize("vector", vectors("inclusion"))
def test_public_inclusion_vectors_pass(vector: dict[str, Any]) -> None:
    holds = inclusion_holds(
        b64decode(vector["leafHash"] or ""),
        vector["leafIdx"],
        vector["treeSize"],
        decoded(vector),
        b64decode(vector["root"] or ""),
    )
    assert holds is not vector["wantErr"]


@pytest.mark.parametrize("vector", vectors("consistency"))
def test_public_consistency_vectors_pass(vector: dict[str, Any]) -> None:
    holds = consistency_holds(
        vector["size1"],
        vector["size2"],
        b64decode(vector["root1"] or ""),
        b64decode(vector["root2"] or ""),
        decoded(vector),
    )
    assert holds is not vector["wantErr"]


@pytest.mark.parametrize("vector", [item for item in vectors("subtreeinclusion") if item.values[0]["start"] == 0])
def test_public_subtree_inclusion_vectors_that_begin_at_zero_pass(vector: dict[str, Any]) -> None:
    holds = inclusion_holds(
        b64decode(vector["leafHash"] or ""),
        vector["leafIdx"],
        vector["end"],
        decoded(vector),
        b64decode(vector["root"] or ""),
    )
    assert holds is not vector["wantErr"]


@pytest.mark.parametrize("vector", [item for item in vectors("subtreeconsistency") if item.values[0]["start"] == 0])
def test_public_subtree_consistency_vectors_that_begin_at_zero_pass(vector: dict[str, Any]) -> None:
    holds = consistency_holds(
        vector["end"],
        vector["size"],
        b64decode(vector["root1"] or ""),
        b64decode(vector["root2"] or ""),
        decoded(vector),
    )
    assert holds is not vector["wantErr"]


@pytest.mark.parametrize("line", (DATA / "tlog" / "rekor_inclusion_proofs.jsonl").read_text().splitlines())
def test_inclusion_proofs_of_a_public_log_of_millions_verify(line: str) -> None:
    proof = json.loads(line)
    leaf = leaf_hash(b64decode(proof["canonicalizedBody"]))
    path = tuple(b64decode(item) for item in proof["hashes"])
    index, size, root = int(proof["logIndex"]), int(proof["treeSize"]), b64decode(proof["rootHash"])
    verify_inclusion(leaf, index, size, path, root)
    assert not inclusion_holds(leaf_hash(b"another"), index, size, path, root)
