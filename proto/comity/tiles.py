"""Stored hashes of a log as C2SP tlog-tiles names them, and proofs made from them.

A log keeps rows: level 0 holds the leaf hashes, level L the roots over `256**L` leaves each. A tile is up to 256
consecutive hashes of one level. Every complete subtree is folded from at most 128 hashes of one tile, so a proof needs
a handful of ranges: `ranges_for_inclusion` and `ranges_for_consistency` name them, the store reads them in its own way
(also asynchronously), and `NodeReader.from_rows` makes the proof's hashes of them.

Never does: I/O of its own, verification of what a store gave (the proof's verifier does that).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from comity.errors import MalformedError, VerificationError
from comity.merkle import (
    HASH_SIZE,
    MAX_SIZE,
    TILE_HEIGHT,
    Node,
    consistency_nodes,
    inclusion_nodes,
    node_hash,
)

TILE_WIDTH = 1 << TILE_HEIGHT
"""Hashes of a full tile: 256."""
MAX_LEVEL = 63
"""Greatest level that a tile's path may name."""
MAX_ENTRY = 0xFFFF
"""Greatest length of an entry in a bundle, in bytes."""

Read = Callable[[int, int, int], Sequence[bytes]]
"""`read(level, start, count)`: that many consecutive hashes of a level."""

_PATH = re.compile(r"tile/(0|[1-9][0-9]?|entries)/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True, slots=True, order=True)
class HashRange:
    """Consecutive hashes of one level, all of one tile.

    Attributes:
        level: 0 for leaf hashes; a hash of level L covers `256**L` leaves.
        start: index of the first hash within the level.
        count: number of hashes, 1 to 256.
    """

    level: int
    start: int
    count: int


@dataclass(frozen=True, slots=True)
class Tile:
    """Name of one tile of hashes, or of one bundle of entries.

    Attributes:
        level: 0 to 63; None for a bundle of entries.
        index: of the tile within its level.
        width: hashes or entries in it, 1 to 256; less than 256 is a partial tile.

    Raises:
        MalformedError: out of range.
    """

    level: int | None
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        if not 0 <= (self.level or 0) <= MAX_LEVEL:
            raise MalformedError("tile level is out of range")
        if not 0 <= self.index <= MAX_SIZE // TILE_WIDTH or not 1 <= self.width <= TILE_WIDTH:
            raise MalformedError("tile index or width is out of range")

    @property
    def path(self) -> str:
        """The tile's path below the log's prefix, such as `tile/0/x001/x234/067.p/8`."""
        kind = "entries" if self.level is None else str(self.level)
        number = f"{self.index % 1000:03d}"
        rest = self.index // 1000
        while rest:
            number = f"x{rest % 1000:03d}/{number}"
            rest //= 1000
        return f"tile/{kind}/{number}" + (f".p/{self.width}" if self.width < TILE_WIDTH else "")

    @classmethod
    def from_path(cls, path: str) -> Tile:
        """Reads a path.

        Raises:
            MalformedError: not the one path of a tile.
        """
        match = _PATH.fullmatch(path)
        if match is None:
            raise MalformedError("not the path of a tile")
        kind, number, width = match.groups()
        tile = cls(
            None if kind == "entries" else int(kind),
            int(number.replace("x", "").replace("/", "")),
            int(width) if width else TILE_WIDTH,
        )
        if tile.path != path:
            raise MalformedError("not the path of a tile")
        return tile


def tile_width(level: int, index: int, size: int) -> int:
    """Returns how many hashes a tile has in a tree of `size` leaves: 0 (no such tile) to 256."""
    return max(0, min(TILE_WIDTH, (size >> TILE_HEIGHT * level) - index * TILE_WIDTH))


def tiles_of(size: int) -> Iterator[Tile]:
    """Yields every tile of hashes of a tree, level by level, the partial ones with their width.

    Args:
        size: number of leaves, at least 0.
    """
    level = 0
    while rows := size >> TILE_HEIGHT * level:
        for index in range((rows - 1) // TILE_WIDTH + 1):
            yield Tile(level, index, tile_width(level, index, size))
        level += 1


def split_hashes(data: bytes) -> list[bytes]:
    """Returns the hashes of a tile.

    Args:
        data: 1 to 256 hashes of 32 bytes, concatenated.

    Raises:
        MalformedError: it is not.
    """
    if not 0 < len(data) <= TILE_WIDTH * HASH_SIZE or len(data) % HASH_SIZE:
        raise MalformedError("not a tile of hashes")
    return [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)]


def encode_entries(entries: Sequence[bytes]) -> bytes:
    """Returns an entry bundle: each entry after its length in two bytes, big-endian.

    Args:
        entries: 1 to 256, each at most 65,535 bytes.

    Raises:
        MalformedError: too few, too many or too long.
    """
    if not 0 < len(entries) <= TILE_WIDTH or any(len(entry) > MAX_ENTRY for entry in entries):
        raise MalformedError("entries do not fit a bundle")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def decode_entries(data: bytes) -> list[bytes]:
    """Returns the entries of a bundle.

    Raises:
        MalformedError: cut short, or not 1 to 256 entries.
    """
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        start = at + 2
        # A lone last byte gives a length too, but then the end lies beyond the data.
        at = start + int.from_bytes(data[at:start], "big")
        if at > len(data) or len(entries) == TILE_WIDTH:
            raise MalformedError("not an entry bundle")
        entries.append(data[start:at])
    if not entries:
        raise MalformedError("not an entry bundle")
    return entries


def range_of(height: int, index: int) -> HashRange:
    """Returns the stored hashes that a complete subtree is folded from: the fewest, 1 to 128 of one tile.

    Args:
        height: of the subtree, which has `2**height` leaves.
        index: of the subtree among those of its height.
    """
    level, inner = divmod(height, TILE_HEIGHT)
    return HashRange(level, index << inner, 1 << inner)


def ranges_for_inclusion(index: int, size: int) -> list[HashRange]:
    """Returns what a store must read for an inclusion proof: at most one range a tile, at most two tiles a level.

    Args:
        index: of the leaf, from 0.
        size: of the tree.

    Raises:
        MalformedError: there is no such leaf.
    """
    return _ranges(inclusion_nodes(index, size))


def ranges_for_consistency(first: int, second: int) -> list[HashRange]:
    """Returns what a store must read for a consistency proof: at most one range a tile, at most two tiles a level.

    Args:
        first: size of the earlier tree.
        second: size of the later tree.

    Raises:
        MalformedError: the sizes are out of order.
    """
    return _ranges(consistency_nodes(first, second))


def _ranges(groups: list[tuple[Node, ...]]) -> list[HashRange]:
    """Joins what lies in one tile: reading the gap costs less than asking twice."""
    spans: dict[tuple[int, int], tuple[int, int]] = {}
    for group in groups:
        for height, index in group:
            wanted = range_of(height, index)
            tile = (wanted.level, wanted.start // TILE_WIDTH)
            start, end = spans.get(tile, (wanted.start, wanted.start))
            spans[tile] = (min(start, wanted.start), max(end, wanted.start + wanted.count))
    return sorted(HashRange(level, start, end - start) for (level, _), (start, end) in spans.items())


class NodeReader:
    """Gives the hash of any complete subtree from stored rows. Its `node` is a `comity.merkle.GetNode`."""

    __slots__ = ("_read",)

    def __init__(self, read: Read) -> None:
        self._read = read

    @classmethod
    def from_rows(cls, rows: Mapping[HashRange, Sequence[bytes]]) -> NodeReader:
        """Returns a reader of ranges that were read before.

        Args:
            rows: the hashes of each range that `ranges_for_…` named.
        """

        def read(level: int, start: int, count: int) -> Sequence[bytes]:
            for held, hashes in rows.items():
                skip = start - held.start
                if held.level == level and skip >= 0 and skip + count <= held.count:
                    return hashes[skip : skip + count]
            return ()

        return cls(read)

    def node(self, height: int, index: int) -> bytes:
        """Returns the hash of the complete subtree of `2**height` leaves that begins at leaf `index * 2**height`.

        Raises:
            VerificationError: the store holds fewer hashes than the log has.
        """
        wanted = range_of(height, index)
        row = self._read(wanted.level, wanted.start, wanted.count)
        if len(row) != wanted.count or any(len(item) != HASH_SIZE for item in row):
            raise VerificationError("stored hashes of the log are missing")
        while len(row) > 1:
            row = [node_hash(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
        return row[0]
