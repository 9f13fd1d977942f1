"""Tiles: names, rows, ranges that a proof needs, entry bundles; against the specification's examples and Tessera's."""

from __future__ import annotations

import hashlib
import json
from base64 import b64decode
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from comity.errors import MalformedError, VerificationError
from comity.merkle import (
    Frontier,
    append,
    consistency_path,
    inclusion_path,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from comity.tiles import (
    MAX_ENTRY,
    HashRange,
    NodeReader,
    Tile,
    decode_entries,
    encode_entries,
    range_of,
    ranges_for_consistency,
    ranges_for_inclusion,
    split_hashes,
    tile_width,
    tiles_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st

TLOG = Path(__file__).parents[1] / "data" / "tlog"
SIZE = 70_000
LEAVES = [hashlib.sha256(b"%d" % number).digest() for number in range(SIZE)]
WHOLE = append(Frontier.empty(), LEAVES)


class Rows:
    """A store of rows."""

    def __init__(self) -> None:
        self.levels: dict[int, list[bytes]] = {0: LEAVES}
        for level, index, row in WHOLE.completed:
            rows = self.levels.setdefault(level, [])
            assert index == len(rows)
            rows.append(row)

    def read(self, level: int, start: int, count: int) -> Sequence[bytes]:
        assert start // 256 == (start + count - 1) // 256
        return self.levels.get(level, [])[start : start + count]


@cache
def root_of(size: int) -> bytes:
    return append(Frontier.empty(), LEAVES[:size]).root


ROWS = Rows()
INDICES = [0, 1, 255, 256, 257, 4095, 32_767, 32_768, 65_534, 65_535, 65_536, 69_887, 69_888, 69_998, 69_999]


# --- Names


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 1_234_067), "tile/0/x001/x234/067"),
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 273, 112), "tile/0/273.p/112"),
        (Tile(63, 999, 1), "tile/63/999.p/1"),
        (Tile(1, 1000, 255), "tile/1/x001/000.p/255"),
        (Tile(None, 1_234_067, 8), "tile/entries/x001/x234/067.p/8"),
        (Tile(0, 2**55 - 1), "tile/0/x036/x028/x797/x018/x963/967"),
    ],
)
def test_a_tile_is_named_as_the_specification_says(tile: Tile, path: str) -> None:
    assert tile.path == path
    assert Tile.from_path(path) == tile


@settings(max_examples=200)
@given(
    level=st.none() | st.integers(0, 63),
    index=st.integers(0, 2**55 - 1),
    width=st.integers(1, 256),
)
def test_every_tile_name_is_read_back(level: int | None, index: int, width: int) -> None:
    tile = Tile(level, index, width)
    assert Tile.from_path(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0",
        "tile/0/",
        "tile/00/000",
        "tile/01/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/x000/000",
        "tile/0/x000/x001/000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/x1/000",
        "tile/0/x001/x234/067\n",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p/999",
        "tile/0/x036/x028/x797/x018/x963/968",
        "tile/0/x001/x036/x028/x797/x018/x963/967",
        "tile/0/" + "x999/" * 2000 + "999",
        "tile/0/٠٠٠",
        "tile/data/000",
        "/tile/0/000",
        "tile/0/../000",
    ],
)
def test_anything_else_is_no_tile_name(path: str) -> None:
    with pytest.raises(MalformedError):
        Tile.from_path(path)


@pytest.mark.parametrize("tile", [(64, 0, 1), (-1, 0, 1), (0, -1, 1), (0, 2**55, 1), (0, 0, 0), (0, 0, 257)])
def test_a_tile_out_of_range_is_refused(tile: tuple[int, int, int]) -> None:
    with pytest.raises(MalformedError):
        Tile(*tile)


def test_the_tiles_of_a_tree_are_those_of_the_specification_s_examples() -> None:
    tiles = list(tiles_of(70_000))
    full = [tile for tile in tiles if tile.width == 256]
    partial = [tile for tile in tiles if tile.width < 256]
    assert full == [*(Tile(0, index) for index in range(273)), Tile(1, 0)]
    assert partial == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert list(tiles_of(256)) == [Tile(0, 0), Tile(1, 0, 1)]
    assert list(tiles_of(0)) == []


def test_the_width_of_a_tile_follows_from_the_size() -> None:
    assert tile_width(0, 273, 70_000) == 112
    assert tile_width(0, 272, 70_000) == 256
    assert tile_width(0, 274, 70_000) == 0
    assert tile_width(3, 0, 70_000) == 0


# --- Proofs from rows


@pytest.mark.parametrize("index", INDICES)
@pytest.mark.parametrize("size", [1, 256, 257, 65_536, 65_537, 69_999, SIZE])
def test_inclusion_proofs_made_from_rows_verify(index: int, size: int) -> None:
    if index >= size:
        with pytest.raises(MalformedError):
            ranges_for_inclusion(index, size)
        return
    ranges = ranges_for_inclusion(index, size)
    rows = {wanted: ROWS.read(wanted.level, wanted.start, wanted.count) for wanted in ranges}
    path = inclusion_path(index, size, NodeReader.from_rows(rows).node)
    assert path == inclusion_path(index, size, NodeReader(ROWS.read).node)
    verify_inclusion(LEAVES[index], index, size, path, root_of(size))
    if size == SIZE:
        assert path == WHOLE.paths[index]


@pytest.mark.parametrize("first", [0, 1, 255, 256, 300, 65_535, 65_536, 65_537, 69_999, SIZE])
@pytest.mark.parametrize("second", [1, 256, 65_537, SIZE])
def test_consistency_proofs_made_from_rows_verify(first: int, second: int) -> None:
    if first > second:
        with pytest.raises(MalformedError):
            ranges_for_consistency(first, second)
        return
    ranges = ranges_for_consistency(first, second)
    rows = {wanted: ROWS.read(wanted.level, wanted.start, wanted.count) for wanted in ranges}
    path = consistency_path(first, second, NodeReader.from_rows(rows).node)
    verify_consistency(first, second, root_of(first), root_of(second), path)
    assert len(rows) <= 6


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_proof_needs_a_handful_of_ranges_within_the_tree(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 2**40))
    index = data.draw(st.integers(0, size - 1))
    for ranges in (ranges_for_inclusion(index, size), ranges_for_consistency(index, size)):
        assert len(ranges) <= 2 * (size.bit_length() // 8 + 1)
        assert ranges == sorted(ranges)
        for wanted in ranges:
            assert 0 < wanted.count <= 256
            assert wanted.start // 256 == (wanted.start + wanted.count - 1) // 256
            assert wanted.start + wanted.count <= size >> 8 * wanted.level


def test_a_subtree_is_folded_from_the_fewest_hashes_of_one_tile() -> None:
    assert range_of(0, 7) == HashRange(0, 7, 1)
    assert range_of(7, 3) == HashRange(0, 384, 128)
    assert range_of(8, 3) == HashRange(1, 3, 1)
    assert range_of(17, 1) == HashRange(2, 2, 2)
    node = NodeReader(ROWS.read).node
    assert node(16, 0) == WHOLE.frontier.peaks[0]
    assert node(12, 16) == WHOLE.frontier.peaks[1]


def test_missing_or_damaged_rows_are_refused() -> None:
    with pytest.raises(VerificationError):
        NodeReader(lambda _level, _start, count: [bytes(32)] * (count - 1)).node(3, 0)
    with pytest.raises(VerificationError):
        NodeReader(lambda _level, _start, count: [bytes(31)] * count).node(3, 0)
    held = NodeReader.from_rows({HashRange(0, 8, 8): LEAVES[8:16]})
    assert held.node(2, 3) == append(Frontier.empty(), LEAVES[12:16]).root
    for height, index in [(3, 0), (3, 2), (4, 0), (8, 0), (0, 16)]:
        with pytest.raises(VerificationError):
            held.node(height, index)


# --- Tile and bundle contents


def test_a_log_written_by_tessera_is_read() -> None:
    published: dict[str, Any] = json.loads((TLOG / "tessera_checkpoints.json").read_text())
    entries = decode_entries((TLOG / "tessera_entries_000.p_8").read_bytes())
    hashes = split_hashes((TLOG / "tessera_tile_0_000.p_8").read_bytes())
    assert [entry.decode() for entry in entries] == published["leaves"]
    assert [leaf_hash(entry) for entry in entries] == hashes
    assert encode_entries(entries) == (TLOG / "tessera_entries_000.p_8").read_bytes()
    frontier = Frontier.empty()
    for size, item in enumerate(published["checkpoints"]):
        assert frontier.root() == b64decode(item["checkpoint"].split("\n")[2])
        frontier = append(frontier, hashes[size : size + 1]).frontier
    assert len(published["checkpoints"]) == 9


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=256))
def test_entries_survive_their_bundle(entries: list[bytes]) -> None:
    assert decode_entries(encode_entries(entries)) == entries


@given(st.binary(max_size=60))
def test_bundles_are_read_totally_and_canonically(data: bytes) -> None:
    try:
        entries = decode_entries(data)
    except MalformedError:
        return
    assert encode_entries(entries) == data


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x00\x01", b"\x00\x01aa", b"\x00\x00\x00", b"\x00\x00" * 257])
def test_a_bundle_cut_short_or_too_full_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        decode_entries(data)


@pytest.mark.parametrize("entries", [[], [b""] * 257, [bytes(MAX_ENTRY + 1)]])
def test_entries_that_do_not_fit_a_bundle_are_refused(entries: list[bytes]) -> None:
    with pytest.raises(MalformedError):
        encode_entries(entries)
    assert decode_entries(encode_entries([bytes(MAX_ENTRY)])) == [bytes(MAX_ENTRY)]


@pytest.mark.parametrize("length", [0, 31, 33, 257 * 32])
def test_bytes_that_are_no_tile_are_refused(length: int) -> None:
    with pytest.raises(MalformedError):
        split_hashes(bytes(length))
    assert split_hashes(bytes(256 * 32)) == [bytes(32)] * 256
