"""What a client knows of the log, held against what the hub shows after each restart.

Every leaf is read once and kept; from them every root is computed. Every checkpoint that anybody was ever shown must
have the root of its size, every receipt's leaf must stand at its index, and the hub must prove that its newest log
goes on from those that were seen before.

Never does: trust the hub's database (`hub/log/fsck.py` looks at that).
"""

from __future__ import annotations

import random

from comity.checkpoint import verify_checkpoint
from comity.errors import VerificationError
from comity.merkle import Frontier, append, leaf_hash, verify_consistency
from comity.receipts import Receipt, VerifiedReceipt, verify_receipt

from agents.session import Session
from tests.chaos.history import Entry, Head
from tests.support.world import World

PAGE = 256
PROVEN, PROVEN_AT_END = 6, 40
"""Earlier heads, besides the last, from which the hub proves consistency. Every head there was is compared anyway."""


class Auditor:
    """All that its clients were told of one log."""

    def __init__(self, world: World, history: list[Entry], rng: random.Random) -> None:
        """Takes the world, where heads are recorded, and what chooses among them."""
        self._world, self._history, self._rng = world, history, rng
        self._frontier = Frontier.empty()
        self._roots = [self._frontier.root()]
        self._leaves: list[bytes] = []
        self._heads: dict[int, bytes] = {}
        self._new: list[tuple[int, bytes]] = []
        self._claims: list[tuple[int, bytes]] = []

    @property
    def size(self) -> int:
        """Leaves read."""
        return len(self._leaves)

    def take(self, receipt: Receipt) -> VerifiedReceipt:
        """Verifies a receipt and remembers what it says.

        Raises:
            VerificationError: it proves nothing.
        """
        verified = verify_receipt(receipt, self._world.exchange_origin, [self._world.log_key.public])
        self._claims.append((receipt.index, receipt.leaf))
        self._see(verified.checkpoint.size, verified.checkpoint.root)
        return verified

    def _see(self, size: int, root: bytes) -> None:
        if self._heads.get(size) != root:
            self._history.append(Head(size, root.hex()))
            self._new.append((size, root))
            self._heads.setdefault(size, root)

    async def look(self, session: Session, *, everything: bool = False) -> list[str]:
        """Returns what does not verify; nothing if all is well.

        Args:
            session: to a hub.
            everything: whether consistency is proven from many more of the heads there were.
        """
        claims, self._claims = self._claims, []
        new, self._new = self._new, []
        note = await session.get_checkpoint("exchange")
        newest = verify_checkpoint(note, self._world.exchange_origin, self._world.log_key.public)
        if newest.size < self.size or any(size > newest.size for size, _ in new):
            return ["the log is shorter than what was signed before"]
        before = self.size
        while self.size < newest.size:
            count = min(PAGE, newest.size - self.size)
            self._grow(await session.get_leaves("exchange", self.size, count))
        findings = [f"the root at size {s} is another" for s, root in [*new, (newest.size, newest.root)]
                    if self._roots[s] != root]  # fmt: skip
        findings += [f"a receipt's leaf is not at {i}" for i, leaf in claims if self._leaves[i : i + 1] != [leaf]]
        known = [size for size in self._heads if 0 < size <= newest.size]
        chosen = self._rng.sample(known, min(PROVEN_AT_END if everything else PROVEN, len(known)))
        for first in sorted({*chosen, *([before] if before else [])}):
            path = await session.get_consistency("exchange", first, newest.size)
            try:
                verify_consistency(first, newest.size, self._roots[first], newest.root, path)
            except VerificationError:
                findings.append(f"the log does not go on from its first {first} leaves")
        self._see(newest.size, newest.root)
        return findings

    def _grow(self, leaves: list[bytes]) -> None:
        for leaf in leaves:
            self._frontier = append(self._frontier, [leaf_hash(leaf)]).frontier
            self._roots.append(self._frontier.root())
            self._leaves.append(leaf)
