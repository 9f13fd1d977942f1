"""Inputs changed by chance, to every method of a real hub and to every decoder. `make fuzz` goes on for longer."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from comity.errors import MalformedError
from comity.v1 import log_pb2

from tests.fuzz import decoders
from tests.fuzz.corpus import kept, targets
from tests.fuzz.mutate import Mutator
from tests.fuzz.rpc import search

CALLS = 6000
EACH = 2000


async def test_R_05_no_changed_input_to_any_method_breaks_the_hub(migrated_sqlite_url: str, tmp_path: Path) -> None:
    outcome = await search(migrated_sqlite_url, tmp_path, seed=5, count=CALLS)

    assert outcome.findings == []
    assert outcome.sent == CALLS
    assert set(outcome.by_method) == {target.short for target in targets()}
    # It went in deep: what was changed and then signed came to the rules behind the signatures.
    assert {"OK", "MALFORMED", "BAD_SIGNATURE", "STALE_POSITION", "NOT_FOUND", "TOO_LARGE"} <= set(outcome.answers)


async def test_R_05_a_hub_that_breaks_is_found(
    migrated_sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("hub.log.rpc._log", broken)
    outcome = await search(migrated_sqlite_url, tmp_path, seed=5, count=200)

    assert any("INTERNAL" in finding for finding in outcome.findings)
    assert any("internal error" in finding for finding in outcome.findings)


def test_R_06_no_changed_bytes_are_taken_by_a_decoder_in_another_form() -> None:
    assert [wrong for decoder in decoders.decoders().values() for wrong in decoders.refusing(decoder)] == []
    assert decoders.search(6, EACH) == []


@pytest.mark.parametrize("careless", [log_pb2.Event.FromString, lambda data: data[99]])
def test_a_decoder_that_is_careless_is_found(careless: object) -> None:
    decoder = decoders.Decoder(careless, [decoders.EVENT], log_pb2.Event)  # type: ignore[arg-type]
    assert any(decoder.check(decoders.EVENT[:n] + extra) for n in (0, 40, 400) for extra in (b"", b"\xfa\x06\x01x"))


def test_the_same_seed_makes_the_same_changes() -> None:
    def changed(seed: int) -> list[bytes]:
        mutator = Mutator(random.Random(seed))
        return [mutator.data(decoders.EVENT) for _ in range(50)]

    assert changed(1) == changed(1) != changed(2)
    assert sum(data == decoders.EVENT for data in changed(1)) < 5
    with pytest.raises(MalformedError):
        decoders.decoders()["event"].parse(changed(1)[0])


def test_seeds_that_are_kept_are_small_and_of_methods_that_there_are() -> None:
    seeds = kept()
    assert set(seeds) <= {target.short for target in targets()}
    assert sum(len(seed) for found in seeds.values() for seed in found) < 64 * 1024
    assert seeds
