"""The tree against an independent RFC 6962 implementation and random batches."""

from __future__ import annotations

import hashlib
import itertools
import os
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import pytest
from comity.errors import MalformedError, VerificationError
from comity.merkle import (
    EMPTY_ROOT,
    MAX_SIZE,
    Frontier,
    append,
    consistency_path,
    inclusion_path,
    leaf_hash,
    node_hash,
    root_from_inclusion,
    verify_consistency,
    verify_inclusion,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.contract.proofs import consistency_holds, inclusion_holds

DATA = Path(__file__).parents[1] / "data"
LARGEST = 1025
ALL_INDICES_UP_TO = 130
LEAVES = [hashlib.sha256(b"\x00leaf %d" % number).digest() for number in range(LARGEST)]


# --- RFC 6962, section 2.1, word for word: recursive, of ranges D[start:end], sharing nothing with the code under test.


def split(width: int) -> int:
    k = 1
    while k * 2 < width:
        k *= 2
    return k


@cache
def mth(start: int, end: int) -> bytes:
    if start == end:
        return hashlib.sha256().digest()
    if end - start == 1:
        return LEAVES[start]
    k = split(end - start)
    return hashlib.sha256(b"\x01" + mth(start, start + k) + mth(start + k, end)).digest()


@lru_cache(maxsize=20_000)
def naive_path(m: int, start: int, end: int) -> tuple[bytes, ...]:
    if end - start == 1:
        return ()
    k = split(end - start)
    if m < k:
        return (*naive_path(m, start, start + k), mth(start + k, end))
    return (*naive_path(m - k, start + k, end), mth(start, start + k))


@lru_cache(maxsize=20_000)
def naive_subproof(m: int, start: int, end: int, whole: bool) -> tuple[bytes, ...]:
    if m == end - start:
        return () if whole else (mth(start, end),)
    k = split(end - start)
    if m <= k:
        return (*naive_subproof(m, start, start + k, whole), mth(start + k, end))
    return (*naive_subproof(m - k, start + k, end, False), mth(start, start + k))


def naive_node(height: int, index: int) -> bytes:
    assert (index + 1) << height <= LARGEST
    return mth(index << height, (index + 1) << height)


def mutations(path: tuple[bytes, ...]) -> list[tuple[bytes, ...]]:
    """One element changed in one bit, one dropped, doubled or swapped, garbage before and after, cut short."""
    found = [(*path, bytes(32)), (bytes(32), *path)]
    for at, item in enumerate(path):
        found.append((*path[:at], bytes([item[0] ^ 1]) + item[1:], *path[at + 1 :]))
        found.append((*path[:at], *path[at + 1 :]))
        found.append((*path[: at + 1], *path[at:]))
        found.append((*path[:at], item[:-1], *path[at + 1 :]))
        if at:
            found.append((*path[: at - 1], item, path[at - 1], *path[at + 1 :]))
    return found


def chosen_indices(size: int) -> list[int]:
    """All of a small tree; of a larger one the edges and the neighbours of powers of two."""
    if size <= ALL_INDICES_UP_TO:
        return list(range(size))
    powers = [1 << bit for bit in range(size.bit_length())]
    near = {near for power in powers for near in (power - 1, power, size - power)}
    return sorted(index for index in near if 0 <= index < size)


# ---


@pytest.mark.exhaustive
def test_A_12_inclusion_proofs_of_all_sizes_equal_an_independent_implementation() -> None:
    for size in range(1, LARGEST + 1):
        root = mth(0, size)
        # Every pair, as the sequencer makes them.
        appended = append(Frontier.empty(), LEAVES[:size])
        assert appended.root == root
        assert appended.paths == [naive_path(index, 0, size) for index in range(size)]
        # From stored hashes, and verified: all of the small trees, the telling ones of the others.
        for index in chosen_indices(size):
            path = inclusion_path(index, size, naive_node)
            assert path == appended.paths[index]
            verify_inclusion(LEAVES[index], index, size, path, root)
            assert not inclusion_holds(LEAVES[index], index ^ 1, size, path, root)


@pytest.mark.exhaustive
def test_A_12_consistency_proofs_of_all_pairs_equal_an_independent_implementation() -> None:
    for second in range(LARGEST + 1):
        root2 = mth(0, second)
        assert consistency_path(0, second, naive_node) == ()
        verify_consistency(0, second, EMPTY_ROOT, root2, ())
        for first in range(1, second + 1):
            path = naive_subproof(first, 0, second, True)
            verify_consistency(first, second, mth(0, first), root2, path)
    for second in range(1, LARGEST + 1):
        # The maker costs as much as the verifier: every pair of small trees, and the telling ones of the others.
        for first in chosen_indices(second):
            assert consistency_path(first + 1, second, naive_node) == naive_subproof(first + 1, 0, second, True)


@pytest.mark.exhaustive
def test_A_12_each_mutated_inclusion_proof_is_refused() -> None:
    for size in [*range(1, 40), 64, 65, 127, 129, 256, 257, 1023, 1024, 1025]:
        root = mth(0, size)
        for index in chosen_indices(size):
            leaf, path = LEAVES[index], naive_path(index, 0, size)
            for mutated in mutations(path):
                assert not inclusion_holds(leaf, index, size, mutated, root)
            assert not inclusion_holds(leaf_hash(b"another"), index, size, path, root)
            assert not inclusion_holds(leaf, index, size, path, leaf_hash(b"another"))
            assert not inclusion_holds(leaf, index + 1, size, path, root)
            assert not inclusion_holds(leaf, index - 1, size, path, root)


@pytest.mark.exhaustive
def test_A_12_each_mutated_consistency_proof_is_refused() -> None:
    for second in [*range(1, 40), 64, 65, 127, 129, 256, 257, 1023, 1024, 1025]:
        root2 = mth(0, second)
        for first in [index + 1 for index in chosen_indices(second)]:
            root1, path = mth(0, first), naive_subproof(first, 0, second, True)
            for mutated in mutations(path):
                assert not consistency_holds(first, second, root1, root2, mutated)
            assert not consistency_holds(first, second, leaf_hash(b"another"), root2, path)
            assert not consistency_holds(first, second, root1, leaf_hash(b"another"), path)
            if first < second:
                assert not consistency_holds(first, second, root2, root1, path)
                assert not consistency_holds(second, first, root2, root1, path)
                assert not consistency_holds(first + 1, second, root1, root2, path)


# --- Appending


def test_hashes_are_those_of_the_rfc() -> None:
    assert hashlib.sha256(b"").digest() == EMPTY_ROOT
    assert leaf_hash(b"leaf") == hashlib.sha256(b"\x00leaf").digest()
    assert node_hash(b"l" * 32, b"r" * 32) == hashlib.sha256(b"\x01" + b"l" * 32 + b"r" * 32).digest()


def test_one_by_one_every_append_gives_root_and_path_of_the_new_size() -> None:
    frontier = Frontier.empty()
    assert frontier.root() == EMPTY_ROOT
    for index, leaf in enumerate(LEAVES):
        appended = append(frontier, [leaf])
        frontier = appended.frontier
        assert appended.root == frontier.root() == mth(0, index + 1)
        assert appended.paths == [naive_path(index, 0, index + 1)]
        full = [(1, index // 256, mth(index - 255, index + 1))] if index % 256 == 255 else []
        assert appended.completed == full


@settings(max_examples=60, deadline=None)
@given(start=st.integers(0, LARGEST), batch=st.integers(0, 300))
def test_an_append_at_any_size_proves_each_new_leaf_from_the_peaks_alone(start: int, batch: int) -> None:
    end = min(start + batch, LARGEST)
    before = append(Frontier.empty(), LEAVES[:start]).frontier
    appended = append(Frontier.from_bytes(before.to_bytes()), LEAVES[start:end])
    assert appended.root == appended.frontier.root() == mth(0, end)
    assert appended.frontier.size == end
    assert appended.paths == [naive_path(index, 0, end) for index in range(start, end)]
    rows = range(start // 256, end // 256)
    assert appended.completed == [(1, row, mth(row * 256, (row + 1) * 256)) for row in rows]


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, LARGEST), max_size=12))
def test_random_batches_equal_one_append(cuts: list[int]) -> None:
    whole = append(Frontier.empty(), LEAVES)
    frontier = Frontier.empty()
    completed: list[tuple[int, int, bytes]] = []
    bounds = [0, *sorted(cuts), LARGEST]
    for start, end in itertools.pairwise(bounds):
        appended = append(frontier, LEAVES[start:end])
        frontier = appended.frontier
        completed += appended.completed
        if start < end == LARGEST:
            assert appended.paths == whole.paths[start:]
    assert frontier == whole.frontier
    assert sorted(completed) == whole.completed


def test_rows_of_higher_tile_levels_are_completed_across_batches() -> None:
    leaves = [hashlib.sha256(b"%d" % number).digest() for number in range(65_600)]
    first = append(Frontier.empty(), leaves[:65_500])
    second = append(first.frontier, leaves[65_500:])
    assert [(level, index) for level, index, _ in first.completed] == [(1, index) for index in range(255)]
    assert [(level, index) for level, index, _ in second.completed] == [(1, 255), (2, 0)]
    tile = [row for level, _, row in first.completed + second.completed if level == 1]
    assert second.completed[-1][2] == append(Frontier.empty(), tile).root
    assert second.completed[-1][2] == second.frontier.peaks[0]


def test_appending_nothing_changes_nothing() -> None:
    frontier = append(Frontier.empty(), LEAVES[:5]).frontier
    appended = append(frontier, [])
    assert (appended.frontier, appended.root) == (frontier, mth(0, 5))
    assert (appended.paths, appended.completed) == ([], [])
    assert append(Frontier.empty(), []).root == EMPTY_ROOT


def test_append_refuses_a_hash_of_another_length() -> None:
    with pytest.raises(MalformedError):
        append(Frontier.empty(), [LEAVES[0], b"short"])


def test_append_refuses_to_grow_beyond_the_greatest_size() -> None:
    full = Frontier(MAX_SIZE, tuple(LEAVES[:63]))
    assert Frontier.from_bytes(full.to_bytes()) == full
    with pytest.raises(MalformedError):
        append(full, LEAVES[:1])
    last = append(Frontier(MAX_SIZE - 1, tuple(LEAVES[:62])), LEAVES[:1])
    verify_inclusion(LEAVES[0], MAX_SIZE - 1, MAX_SIZE, last.paths[0], last.root)
    assert len(last.paths[0]) == 62


# --- Frontier


@pytest.mark.parametrize("size", [0, 1, 2, 3, 255, 256, 1000])
def test_a_frontier_survives_its_bytes(size: int) -> None:
    frontier = append(Frontier.empty(), LEAVES[:size]).frontier
    assert Frontier.from_bytes(frontier.to_bytes()) == frontier
    assert len(frontier.to_bytes()) == 8 + 32 * size.bit_count()


@pytest.mark.parametrize(
    ("size", "peaks"),
    [(-1, ()), (MAX_SIZE + 1, (bytes(32),)), (0, (bytes(32),)), (3, (bytes(32),)), (1, (bytes(31),)), (1, ())],
)
def test_a_frontier_whose_peaks_do_not_fit_is_refused(size: int, peaks: tuple[bytes, ...]) -> None:
    with pytest.raises(MalformedError):
        Frontier(size, peaks)


@settings(max_examples=200)
@given(st.binary(max_size=120))
def test_frontier_bytes_are_read_totally_and_canonically(data: bytes) -> None:
    try:
        frontier = Frontier.from_bytes(data)
    except MalformedError:
        return
    assert frontier.to_bytes() == data


@pytest.mark.parametrize("data", [b"", bytes(7), bytes(9), bytes(40), bytes(7) + b"\x01", b"\xff" * 8 + bytes(2048)])
def test_frontier_bytes_of_no_frontier_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        Frontier.from_bytes(data)


# --- Numbers outside the tree


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 5), (5, 5), (7, 5), (0, MAX_SIZE + 1), (0, -1)])
def test_a_leaf_outside_the_tree_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(MalformedError):
        inclusion_path(index, size, naive_node)
    with pytest.raises(VerificationError):
        root_from_inclusion(LEAVES[0], index, size, ())


@pytest.mark.parametrize(("first", "second"), [(-1, 5), (6, 5), (1, MAX_SIZE + 1)])
def test_sizes_out_of_order_have_no_proof(first: int, second: int) -> None:
    with pytest.raises(MalformedError):
        consistency_path(first, second, naive_node)
    with pytest.raises(VerificationError):
        verify_consistency(first, second, LEAVES[0], LEAVES[1], ())


def test_the_empty_tree_is_consistent_with_every_tree_by_an_empty_proof_only() -> None:
    assert consistency_holds(0, 7, EMPTY_ROOT, mth(0, 7), ())
    assert consistency_holds(0, 0, EMPTY_ROOT, EMPTY_ROOT, ())
    assert not consistency_holds(0, 0, EMPTY_ROOT, mth(0, 1), ())
    assert not consistency_holds(0, 7, mth(0, 1), mth(0, 7), ())
    assert not consistency_holds(0, 7, EMPTY_ROOT, mth(0, 7), (mth(0, 7),))


def test_equal_sizes_need_equal_roots() -> None:
    assert consistency_holds(7, 7, mth(0, 7), mth(0, 7), ())
    assert not consistency_holds(7, 7, mth(0, 7), mth(0, 6), ())


def test_hashes_of_another_length_are_refused() -> None:
    with pytest.raises(VerificationError):
        verify_inclusion(b"", 0, 1, (), b"")
    with pytest.raises(VerificationError):
        verify_consistency(1, 1, b"", b"", ())


def test_append_is_cheap_in_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    frontier = append(Frontier.empty(), [os.urandom(32) for _ in range(1001)]).frontier
    count = 0
    sha256 = hashlib.sha256

    def counting(data: bytes) -> Any:
        nonlocal count
        count += 1
        return sha256(data)

    monkeypatch.setattr("comity.merkle._sha256", counting)
    append(frontier, LEAVES[:64])
    assert count <= 64 + 2 * 12
