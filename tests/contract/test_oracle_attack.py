"""Whoever sends what cannot be opened learns nothing from the refusal: not by its words, its work or its time.

The numbers are small here, so that a busy machine finds no difference where there is none; `make fuzz` takes 10^5.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace

import pytest
from comity.errors import CannotOpenError

from tests.fuzz import oracle

KINDS = [(stage, name) for stage, kinds in oracle.STAGES.items() for name in kinds]
EACH = 1000


@pytest.fixture
def rng() -> random.Random:
    return random.Random(20)


def test_what_is_sound_opens() -> None:
    assert oracle.good()[0].open() == b"what only recipients read"
    assert oracle.said(oracle.good()[0]) is None


@pytest.mark.parametrize(("stage", "kind"), KINDS)
def test_C_19_a_thousand_bad_envelopes_of_a_kind_have_one_error(stage: str, kind: str, rng: random.Random) -> None:
    make = oracle.STAGES[stage][kind]
    expected = (CannotOpenError, ("cannot open",), "cannot open", "CannotOpenError('cannot open')", {}, None)

    assert {repr(oracle.said(make(rng))) for _ in range(EACH)} == {repr(expected)}


@pytest.mark.parametrize("stage", oracle.SECRET_STAGES)
def test_C_19_kinds_that_only_a_secret_tells_apart_cost_the_same_calls(stage: str, rng: random.Random) -> None:
    kinds = oracle.STAGES[stage]
    works = {name: {tuple(oracle.work_of(make(rng))) for _ in range(20)} for name, make in kinds.items()}
    (work,) = set.union(*works.values())

    called = [name for _, name in work]
    # The measurement sees the primitives: without them equality would say nothing.
    assert called.count("Suite.decrypt") == (2 if stage == "the wrap" else 1)
    assert ("compare_digest" in called) == (stage != "the wrap")
    assert ("Lib.crypto_aead_xchacha20poly1305_ietf_decrypt" in called) == (stage == "the ciphertext")


@pytest.mark.parametrize("stage", oracle.SECRET_STAGES)
def test_C_19_kinds_that_only_a_secret_tells_apart_take_the_same_time(stage: str, rng: random.Random) -> None:
    assert oracle.told_apart(stage, 600, rng) == []


def test_what_takes_longer_is_told_apart(rng: random.Random) -> None:
    wrap, ciphertext = oracle.STAGES["the wrap"]["its tag"], oracle.STAGES["the ciphertext"]["its tag"]
    taken = oracle.time_kinds({"short": wrap, "long": ciphertext}, 600, rng)

    t, apart = oracle.distance(taken["short"], taken["long"])
    assert t >= oracle.THRESHOLD
    assert apart >= oracle.APART
    assert oracle.work_of(wrap(rng)) != oracle.work_of(ciphertext(rng))


def test_a_comparison_that_stops_at_the_first_difference_is_seen(
    rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    def same(one: int, other: int) -> bool:
        # So much work a byte that the difference stands out of the noise of a busy machine.
        return hashlib.pbkdf2_hmac("sha256", bytes([one]), b"", 8) == hashlib.pbkdf2_hmac(
            "sha256", bytes([other]), b"", 8
        )

    def stopping(one: bytes, other: bytes) -> bool:
        return len(one) == len(other) and all(map(same, one, other))

    monkeypatch.setattr("comity.committed.hmac.compare_digest", stopping)
    kinds = oracle.STAGES["the commitment"]
    taken = oracle.time_kinds({name: kinds[name] for name in ("its first byte", "its last byte")}, 600, rng)

    called = [name for _, name in oracle.work_of(kinds["its first byte"](rng))]
    assert "compare_digest" not in called
    assert oracle.distance(taken["its first byte"], taken["its last byte"])[0] >= oracle.THRESHOLD


def test_welchs_t_is_that_of_the_textbook() -> None:
    assert oracle.welch_t([1.0, 2.0, 3.0], [2.0, 3.0, 4.0]) == pytest.approx((3 / 2) ** 0.5)
    assert oracle.welch_t([1.0, 1.0], [1.0, 1.0]) == 0.0
    assert oracle.welch_t([1.0, 1.0], [2.0, 2.0]) == float("inf")


def test_a_sound_envelope_with_another_desks_key_is_refused_in_the_same_words() -> None:
    sound = oracle.good()[0]

    assert oracle.said(replace(sound, key=oracle._keys()[1])) == oracle.said(replace(sound, wrap=bytes(1168)))
