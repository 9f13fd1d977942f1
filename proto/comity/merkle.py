"""The tree both logs are hashed into: appending, roots and proofs as RFC 6962 and RFC 9162 define them, SHA-256.

The sequencer keeps a `Frontier` only: it is enough to append, to sign a root and to prove every leaf just added.
Proofs about older leaves are made from stored hashes through a `GetNode` (see `comity.tiles`).

Never does: I/O, a look at what a leaf means, a guess about input that does not fit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from comity.errors import MalformedError, VerificationError

HASH_SIZE = 32
"""Bytes of every hash here."""
EMPTY_ROOT = hashlib.sha256(b"").digest()
"""Root of the tree without leaves."""
MAX_SIZE = 2**63 - 1
"""Greatest number of leaves: what a database's and Go's signed 64-bit number can hold."""
TILE_HEIGHT = 8
"""A node of tile level L is the root over `256**L` leaves, so L * 8 levels up."""

Node = tuple[int, int]
"""(height, index): the complete subtree over the leaves from `index * 2**height`, `2**height` of them."""
GetNode = Callable[[int, int], bytes]
"""Gives the hash of the complete subtree (height, index)."""

_sha256 = hashlib.sha256


def leaf_hash(leaf: bytes) -> bytes:
    """Returns SHA-256(0x00 ‖ leaf)."""
    return _sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Returns SHA-256(0x01 ‖ left ‖ right)."""
    return _sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Returns the root over the roots of complete subtrees that shrink from left to right.

    Args:
        hashes: one or more, left to right.
    """
    root = hashes[-1]
    for left in hashes[-2::-1]:
        root = node_hash(left, root)
    return root


@dataclass(frozen=True, slots=True)
class Frontier:
    """What must be kept of a tree to append to it.

    Attributes:
        size: number of leaves, 0 to `MAX_SIZE`.
        peaks: roots of its complete subtrees, left to right: one for each bit set in `size`, the highest first.

    Raises:
        MalformedError: size and peaks do not belong together.
    """

    size: int
    peaks: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE:
            raise MalformedError("tree size is out of range")
        if len(self.peaks) != self.size.bit_count() or any(len(peak) != HASH_SIZE for peak in self.peaks):
            raise MalformedError("peaks do not fit the tree size")

    @classmethod
    def empty(cls) -> Frontier:
        """Returns the frontier of the tree without leaves."""
        return cls(0, ())

    @classmethod
    def from_bytes(cls, data: bytes) -> Frontier:
        """Reads what `to_bytes` wrote.

        Raises:
            MalformedError: anything else.
        """
        if len(data) < 8 or len(data) % HASH_SIZE != 8:
            raise MalformedError("not a frontier")
        return cls(int.from_bytes(data[:8], "big"), _split(data[8:]))

    def to_bytes(self) -> bytes:
        """Returns `u64be(size) ‖ peaks`, left to right."""
        return self.size.to_bytes(8, "big") + b"".join(self.peaks)

    def root(self) -> bytes:
        """Returns the root of the tree, 32 bytes."""
        return fold(self.peaks) if self.peaks else EMPTY_ROOT


def _split(data: bytes) -> tuple[bytes, ...]:
    return tuple(data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE))


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of a tree when leaves were added.

    Attributes:
        frontier: of the new tree.
        root: of the new tree.
        paths: for each new leaf in order its inclusion path in the new tree, from the leaf up.
        completed: (tile level >= 1, index, hash) of every tile row that became complete, whichever batch began it;
            lower levels first, then by index.
    """

    frontier: Frontier
    root: bytes
    paths: list[tuple[bytes, ...]]
    completed: list[tuple[int, int, bytes]]


def append(frontier: Frontier, leaf_hashes: Sequence[bytes]) -> Appended:
    """Appends leaves, from the frontier alone.

    About two hashes a leaf, whatever the size of the tree. Works row by row: a row holds the nodes of one height from
    the first that is new, led by the old peak of that height if there is one, so that it always begins at an even
    index; a node without a right neighbour moves up as it is, which is RFC 6962's shape of an incomplete tree.

    Args:
        frontier: of the present tree.
        leaf_hashes: of the new leaves, in order; may be none.

    Raises:
        MalformedError: a hash is not 32 bytes, or the tree grows beyond `MAX_SIZE`.
    """
    old, new = frontier.size, frontier.size + len(leaf_hashes)
    if new > MAX_SIZE:
        raise MalformedError("tree size is out of range")
    if any(len(leaf) != HASH_SIZE for leaf in leaf_hashes):
        raise MalformedError("leaf hash is not 32 bytes")
    if new == old:
        return Appended(frontier, frontier.root(), [], [])

    old_peaks = list(frontier.peaks)
    peaks: list[bytes] = []
    completed: list[tuple[int, int, bytes]] = []
    rows: list[list[bytes]] = []
    row = list(leaf_hashes)
    height = 0
    while True:
        complete = new >> height
        if height and height % TILE_HEIGHT == 0:
            first = old >> height
            completed += [(height // TILE_HEIGHT, first + at, row[at]) for at in range(complete - first)]
        if old >> height & 1:
            row.insert(0, old_peaks.pop())
        if complete & 1:
            # The row begins at an even index, so the last complete node is at an even place of the row.
            peaks.append(row[complete - 1 - ((old >> height) & ~1)])
        rows.append(row)
        if complete <= 1:
            break
        row = _parents(row)
        height += 1
    # A single complete node leaves at most its incomplete right neighbour beside it.
    peaks.reverse()
    return Appended(Frontier(new, tuple(peaks)), fold(rows[-1]), _paths(rows, old), completed)


def _parents(row: list[bytes]) -> list[bytes]:
    up = [_sha256(b"\x01" + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=False)]
    if len(row) & 1:
        up.append(row[-1])
    return up


def _paths(rows: list[list[bytes]], old: int) -> list[tuple[bytes, ...]]:
    """Hands paths down from the root, so that leaves share what they have in common."""
    paths: list[tuple[bytes, ...]] = [()]
    for height in range(len(rows) - 1, -1, -1):
        row = rows[height]
        if len(row) > 1:
            last = len(row) - 1
            paths = [(row[at ^ 1], *paths[at >> 1]) if at ^ 1 <= last else paths[at >> 1] for at in range(len(row))]
        if height and old >> height & 1:
            # The old peak that leads this row has no children in the row below.
            del paths[0]
    return paths[old & 1 :]


def root_from_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """Returns the root that an inclusion path leads to (RFC 9162, 2.1.3.2).

    Args:
        leaf: the leaf's hash, 32 bytes.
        index: of the leaf, from 0.
        size: of the tree.
        path: from the leaf up, 32 bytes each.

    Raises:
        VerificationError: the path cannot be one of that leaf in a tree of that size.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise VerificationError("leaf index is outside the tree")
    if len(leaf) != HASH_SIZE or any(len(item) != HASH_SIZE for item in path):
        raise VerificationError("hash in an inclusion proof is not 32 bytes")
    node, last, root = index, size - 1, leaf
    for item in path:
        if not last:
            raise VerificationError("inclusion proof is too long")
        if node & 1 or node == last:
            root = node_hash(item, root)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            root = node_hash(root, item)
        node >>= 1
        last >>= 1
    if last:
        raise VerificationError("inclusion proof is too short")
    return root


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Checks that a leaf is in a tree. Size and root must come from one verified checkpoint.

    Args:
        leaf: the leaf's hash, 32 bytes.
        index: of the leaf, from 0.
        size: of the tree.
        path: from the leaf up, 32 bytes each.
        root: of the tree.

    Raises:
        VerificationError: it does not show that.
    """
    if root_from_inclusion(leaf, index, size, path) != root:
        raise VerificationError("inclusion proof does not lead to the root")


def verify_consistency(first: int, second: int, root1: bytes, root2: bytes, path: Sequence[bytes]) -> None:
    """Checks that a tree begins with an earlier one (RFC 9162, 2.1.4.2).

    Every tree begins with the empty one: for `first` 0 the path is empty and nothing is said about `root2`.

    Args:
        first: size of the earlier tree.
        second: size of the later tree.
        root1: of the earlier tree.
        root2: of the later tree.
        path: the consistency proof, 32 bytes each.

    Raises:
        VerificationError: it does not show that.
    """
    if not 0 <= first <= second <= MAX_SIZE:
        raise VerificationError("tree sizes are out of order")
    if any(len(item) != HASH_SIZE for item in (root1, root2, *path)):
        raise VerificationError("hash in a consistency proof is not 32 bytes")
    if first in (0, second):
        if path:
            raise VerificationError("consistency proof is too long")
        if (first == 0 and root1 != EMPTY_ROOT) or (first == second and root1 != root2):
            raise VerificationError("consistency proof does not lead to the roots")
        return
    if not path:
        raise VerificationError("consistency proof is too short")
    # What both trees share on the right edge of the earlier one: its root if it is one complete subtree.
    shared, *rest = (root1, *path) if first & (first - 1) == 0 else path
    node, last = first - 1, second - 1
    while node & 1:
        node >>= 1
        last >>= 1
    early = late = shared
    for item in rest:
        if not last:
            raise VerificationError("consistency proof is too long")
        if node & 1 or node == last:
            early = node_hash(item, early)
            late = node_hash(item, late)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            late = node_hash(late, item)
        node >>= 1
        last >>= 1
    if last:
        raise VerificationError("consistency proof is too short")
    if early != root1 or late != root2:
        raise VerificationError("consistency proof does not lead to the roots")


def inclusion_nodes(index: int, size: int) -> list[tuple[Node, ...]]:
    """Returns for each hash of an inclusion path the complete subtrees it is folded from, left to right.

    Args:
        index: of the leaf, from 0.
        size: of the tree.

    Raises:
        MalformedError: there is no such leaf.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise MalformedError("leaf index is outside the tree")
    found: list[tuple[Node, ...]] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _left_width(end - start)
        if index < middle:
            found.append(_complete_subtrees(middle, end))
            end = middle
        else:
            found.append(_complete_subtrees(start, middle))
            start = middle
    found.reverse()
    return found


def consistency_nodes(first: int, second: int) -> list[tuple[Node, ...]]:
    """Returns for each hash of a consistency path the complete subtrees it is folded from, left to right.

    Args:
        first: size of the earlier tree.
        second: size of the later tree.

    Raises:
        MalformedError: the sizes are out of order.
    """
    if not 0 <= first <= second <= MAX_SIZE:
        raise MalformedError("tree sizes are out of order")
    found: list[tuple[Node, ...]] = []
    start, end = 0, second
    while first not in (0, end):
        middle = start + _left_width(end - start)
        if first <= middle:
            found.append(_complete_subtrees(middle, end))
            end = middle
        else:
            found.append(_complete_subtrees(start, middle))
            start = middle
    if start:
        found.append(_complete_subtrees(start, end))
    found.reverse()
    return found


def _left_width(width: int) -> int:
    """Returns the greatest power of two smaller than `width`, which is at least 2."""
    return 1 << (width - 1).bit_length() - 1


def _complete_subtrees(start: int, end: int) -> tuple[Node, ...]:
    nodes: list[Node] = []
    while start < end:
        height = (end - start).bit_length() - 1
        nodes.append((height, start >> height))
        start += 1 << height
    return tuple(nodes)


def inclusion_path(index: int, size: int, get_node: GetNode) -> tuple[bytes, ...]:
    """Returns the inclusion path of a leaf, from the leaf up.

    Args:
        index: of the leaf, from 0.
        size: of the tree.
        get_node: source of hashes; asked for complete subtrees of that tree only.

    Raises:
        MalformedError: there is no such leaf.
    """
    return _hashes(inclusion_nodes(index, size), get_node)


def consistency_path(first: int, second: int, get_node: GetNode) -> tuple[bytes, ...]:
    """Returns the proof that the tree of `second` leaves begins with that of `first`.

    Args:
        first: size of the earlier tree; 0 and `second` give an empty path.
        second: size of the later tree.
        get_node: source of hashes; asked for complete subtrees of the later tree only.

    Raises:
        MalformedError: the sizes are out of order.
    """
    return _hashes(consistency_nodes(first, second), get_node)


def _hashes(groups: list[tuple[Node, ...]], get_node: GetNode) -> tuple[bytes, ...]:
    return tuple(fold([get_node(height, index) for height, index in group]) for group in groups)
