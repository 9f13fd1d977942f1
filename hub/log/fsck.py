"""The check of both logs: they are derived again from their rows, and what they commit to is compared with them.

A change of one byte anywhere is a finding that names the index it concerns: leaves and hashes, tiles, batches,
openings, envelopes, acknowledgements, deliveries and their numbers, heads. What was erased on purpose cannot be
compared any more; its leaf and its place in the tree still are. What follows from the logs (legs, clocks, totals of
attachments) is checked by `hub.exchange.audit` and `hub.blobs.audit`, in `comity-hub fsck`.

One page is one snapshot, so that a hub can go on while it is checked. Never does: repair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from comity.directory import Directory
from comity.directory.records import HubKey
from comity.errors import ComityError, MalformedError, VerificationError
from comity.merkle import Frontier, append, leaf_hash, root_from_inclusion
from comity.receipts import Event, EventKind, Leaf, commitment, delivery_commitment, parse_event, parse_leaf

from hub.log.audit import store as rows
from hub.log.audit.compare import compare_ack, compare_delivery, compare_envelope
from hub.log.domain import MAX_BACKWARDS_SECONDS, LogName, LogState, unpack_hashes
from hub.log.store import read_state

T = TypeVar("T")
PAGE = 512
"""Leaves or deliveries checked at once."""
MOST_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """Something stored that is not what the log says."""

    log: LogName
    index: int
    """Leaf that it concerns."""
    what: str
    """Constant words: which row, and what about it."""
    table: str = ""
    """Table of the row; empty where it is no one row's."""
    subject: str = ""
    """What it is about where that is no leaf: an agency, a desk."""

    def __str__(self) -> str:
        said = f"{self.log.name.lower()} log, index {self.index}: {self.what}"
        return said + "".join(f" [{word}]" for word in (self.table, self.subject) if word)


class LogDamagedError(Exception):
    """What is stored is not what the logs commit to. The hub stops; nothing is repaired in place."""

    def __init__(self, findings: list[Finding]) -> None:
        super().__init__("; ".join(map(str, findings[:8])))
        self.findings = findings


class Reader(Protocol):
    """What a check needs of a database: `hub.db.Database`, or a transaction that is not committed yet."""

    def read_now(self, fn: Callable[[Any], T], *, snapshot: bool = False) -> T:
        """Reads on the calling thread, as `hub.db.Database.read_now` does."""


class Fsck:
    """One pass over everything, as far as the logs reached when it began."""

    def __init__(self, db: Reader, page: int = PAGE) -> None:
        """Takes the database and the size of a page."""
        self._db, self._page = db, page
        self.findings: list[Finding] = []
        self.checked = 0
        """Leaves and deliveries checked so far."""
        self.leaves = 0
        """Leaves that there were when it began, of both logs."""
        self._expected_deliveries = 0
        self._seen_deliveries = 0
        self._roots: list[bytes] = []
        self._log_keys: tuple[HubKey, ...] = ()
        self._times: dict[int, int] = {}
        self._under: dict[int, int] = {}
        self._entered: Sequence[int] = ()
        self._named = 0

    def run(self) -> list[Finding]:
        """Checks everything and returns what was found; nothing if all is well."""
        for _ in self.steps():
            if len(self.findings) >= MOST_FINDINGS:
                break
        return self.findings

    def steps(self) -> Iterator[None]:
        """Checks one page after another; the caller may pause in between."""
        states = self._db.read_now(
            lambda c: [read_state(c, LogName.DIRECTORY), read_state(c, LogName.EXCHANGE)], snapshot=True
        )
        self.leaves = sum(state.size for state in states)
        for state in states:
            yield from self._log(state)
        yield from self._feeds(states[1])

    def _find(self, log: LogName, index: int, what: str, table: str = "", subject: str = "") -> None:
        self.findings.append(Finding(log, index, what, table, subject))

    # One log: leaves, hashes, tiles, batches, head; and what each leaf commits to.

    def _log(self, state: LogState) -> Iterator[None]:
        log = state.log
        frontier, time_seconds = Frontier.empty(), 0
        directory: Directory | None = Directory() if log is LogName.DIRECTORY else None
        for start in range(0, state.size, self._page):
            count = min(self._page, state.size - start)

            def read(
                connection: Any,
                frontier: Frontier = frontier,
                start: int = start,
                count: int = count,
                last: int = time_seconds,
            ) -> tuple[Frontier, int]:
                last = self._contents(connection, log, start, count, last=last, directory=directory)
                return self._tree(connection, log, frontier, start, count), last

            frontier, time_seconds = self._db.read_now(read, snapshot=True)
            self.checked += count
            yield
        if state.root != frontier.root() or state.frontier != frontier:
            self._find(log, max(0, state.size - 1), "the head is not that of the leaves", "log_heads")
        if state.size and state.time_seconds != time_seconds:
            self._find(log, state.size - 1, "the head's time is not that of the last leaf", "log_heads")
        self._db.read_now(lambda connection: self._ends(connection, state), snapshot=True)
        yield

    def _ends(self, connection: Any, state: LogState) -> None:
        """Looks for what lies beyond the end; a log that has grown meanwhile is left for the next pass."""
        present = read_state(connection, state.log).size
        if rows.head_size(connection, state.log) != present:
            self._find(state.log, max(0, state.size - 1), "the head's size is not that of its frontier", "log_heads")
        if present != state.size:
            return
        for index in rows.beyond(connection, state.log, state.size):
            self._find(state.log, index, "a leaf beyond the end", "log_leaves")
        expected, size = 0, state.size
        while size := size >> 8:
            expected += size
        if rows.node_count(connection, state.log) != expected:
            self._find(
                state.log, max(0, state.size - 1), "there are more or fewer tile rows than the log has", "log_nodes"
            )
        if state.log is LogName.EXCHANGE:
            for table in ("openings", "envelopes", "acks"):
                if rows.highest(connection, table) >= state.size:
                    self._find(state.log, state.size, f"a row of {table} beyond the end", table)

    def _tree(self, connection: Any, log: LogName, frontier: Frontier, start: int, count: int) -> Frontier:
        """Grows the tree by one page, stopping at each batch to compare its root."""
        found = rows.leaves(connection, log, start, count)
        by_index = {row[0]: row for row in found}
        for index in range(start, start + count):
            row = by_index.get(index)
            if row is None:
                self._find(log, index, "the leaf is missing", "log_leaves")
            elif leaf_hash(row[1]) != row[2]:
                self._find(log, index, "the leaf is not the one that was hashed", "log_leaves")
        hashes = [bytes(by_index[i][2]) if i in by_index else bytes(32) for i in range(start, start + count)]
        at = start
        completed: list[tuple[int, int, bytes]] = []
        for size, root, time_seconds, key in rows.batches(connection, log, start, start + count):
            grown = append(frontier, hashes[at - start : size - start])
            completed += grown.completed
            frontier, at = grown.frontier, size
            if grown.root != root:
                self._find(log, size - 1, "the batch that ends here has another root", "log_batches")
            if time_seconds != self._times.get(size - 1, time_seconds):
                self._find(log, size - 1, "the batch that ends here has another time than its leaf", "log_batches")
            if what := self._wrong_key(bytes(key), self._under.get(size - 1)):
                self._find(log, size - 1, what, "log_batches")
        if at < start + count:
            grown = append(frontier, hashes[at - start :])
            completed += grown.completed
            frontier = grown.frontier
            if rows.batch_of(connection, log, start + count - 1) is None:
                self._find(log, start + count - 1, "the leaf belongs to no batch", "log_batches")
        self._tiles(connection, log, completed)
        return frontier

    def _out_of_order(self, leaf: Leaf) -> str:
        """Returns what is wrong with the directory that a leaf names, given its time and the leaves before it.

        Whoever writes rows with a key that was replaced must name a directory from before that, or date back. The first
        release dated each log by itself, and clocks step back: so much is let pass, but for where a key was replaced.
        """
        named = leaf.directory_size
        if named < self._named:
            return "the leaf names an older directory than a leaf before it"
        if leaf.time_seconds < self._entered[named - 1] - MAX_BACKWARDS_SECONDS:
            return "the leaf is from before the directory that it names"
        if named < len(self._entered) and leaf.time_seconds > self._until(named):
            return "the leaf names a directory that had grown before it"
        return ""

    def _until(self, named: int) -> int:
        """Returns the Unix second up to which a leaf can name a directory that has grown since."""
        until = self._entered[named] + MAX_BACKWARDS_SECONDS
        replaced = next((key.until for key in self._log_keys if key.at(named)), None)
        return min(until, self._entered[replaced - 1]) if replaced else until

    def _wrong_key(self, key: bytes, under: int | None) -> str:
        """Returns what is wrong with the key of a batch, given the directory size that its last leaf names."""
        if all(one.key != key for one in self._log_keys):
            # Its checkpoint could not be made again to the bytes that clients hold.
            return "the batch that ends here is signed with no log key"
        if under is not None and not any(one.key == key and one.at(under) for one in self._log_keys):
            return "the batch that ends here is signed with another log key than its directory names"
        return ""

    def _tiles(self, connection: Any, log: LogName, completed: list[tuple[int, int, bytes]]) -> None:
        for level in sorted({item[0] for item in completed}):
            expected = {index: value for at, index, value in completed if at == level}
            stored = rows.nodes(connection, log, level, min(expected), max(expected) + 1)
            for index, value in expected.items():
                if stored.get(index) != value:
                    self._find(
                        log, index << 8 * level, f"the tile row of level {level} is missing or another", "log_nodes"
                    )

    def _contents(
        self, connection: Any, log: LogName, start: int, count: int, *, last: int, directory: Directory | None
    ) -> int:
        """Compares what the leaves of a page commit to; returns the time of the last one."""
        found = rows.leaves(connection, log, start, count)
        self._times, self._under = {}, {}
        if directory is not None:
            for index, leaf, _ in found:
                last = self._times[index] = self._entry(directory, index, leaf, last)
                self._under[index] = index + 1
            return last
        openings = rows.by_index(connection, "openings", start, count)
        envelopes = rows.by_index(connection, "envelopes", start, count)
        acks = rows.by_index(connection, "acks", start, count)
        equivocations = rows.by_index(connection, "equivocations", start, count)
        batches = {row[0]: row[1] for row in rows.batches(connection, log, start, start + count)}
        final = rows.batch_of(connection, log, start + count - 1)
        if final is not None:
            batches[final[0]] = final[1]
        for index, data, hashed in found:
            try:
                leaf = parse_leaf(data)
            except MalformedError:
                self._find(log, index, "the leaf is malformed", "log_leaves")
                continue
            if leaf.time_seconds < last:
                self._find(log, index, "the leaf's time is before its predecessor's", "log_leaves")
            last = self._times[index] = leaf.time_seconds
            self._under[index] = leaf.directory_size
            if not 0 < leaf.directory_size <= len(self._roots):
                self._find(log, index, "the leaf names a directory that there never was", "log_leaves")
            elif self._roots[leaf.directory_size - 1] != leaf.directory_root:
                self._find(log, index, "the leaf names another directory root", "log_leaves")
            else:
                if what := self._out_of_order(leaf):
                    self._find(log, index, what, "log_leaves")
                self._named = max(self._named, leaf.directory_size)
            opening = openings.get(index)
            if opening is None:
                self._find(log, index, "the opening is missing", "openings")
                continue
            self._path(index, hashed, opening, batches)
            event = self._event(index, leaf.commitment, opening)
            envelope, ack = envelopes.get(index), acks.get(index)
            for what in compare_envelope(event, envelope, leaf.time_seconds, erased=opening.event is None):
                self._find(log, index, what, "envelopes")
            if event is not None:
                for what in compare_ack(event, ack, equivocations.get(index)):
                    self._find(log, index, what, "equivocations" if "equivocation" in what else "acks")
                self._expected_deliveries += len(event.deliveries)
        return last

    def _entry(self, directory: Directory, index: int, leaf: bytes, last: int) -> int:
        if directory.size != index:
            return last  # an earlier entry was refused: no later one can be judged
        try:
            directory.apply(leaf)
        except ComityError:
            self._find(LogName.DIRECTORY, index, "the entry breaks the directory's rules", "log_leaves")
            return last
        self._roots = directory.state.roots
        self._entered = directory.state.times
        self._log_keys = directory.state.log_keys
        return directory.state.times[-1]

    def _path(self, index: int, hashed: bytes, opening: Any, batches: dict[int, bytes]) -> None:
        try:
            root = root_from_inclusion(hashed, index, opening.batch_size, unpack_hashes(opening.path))
        except VerificationError:
            root = b""
        if root != batches.get(opening.batch_size):
            self._find(LogName.EXCHANGE, index, "the stored proof does not lead to its batch's root", "openings")

    def _event(self, index: int, committed: bytes, opening: Any) -> Event | None:
        if opening.event is None and opening.salt is None:
            return None
        event, salt = opening.event or b"", opening.salt or b""
        if commitment(salt, event) != committed:
            self._find(LogName.EXCHANGE, index, "the leaf does not commit to the opening", "openings")
            return None
        try:
            return parse_event(event)
        except MalformedError:
            self._find(LogName.EXCHANGE, index, "the opening is malformed", "openings")
            return None

    # Each desk's feed: numbers without gaps, commitments, wraps.

    def _feeds(self, state: LogState) -> Iterator[None]:
        for desk in self._db.read_now(rows.desks):
            after, number = -1, 0
            while True:

                def read(connection: Any, desk: str = desk, after: int = after) -> Any:
                    return rows.feed(connection, desk, after, state.size, self._page)

                page = self._db.read_now(read, snapshot=True)
                for row in page:
                    number += 1
                    if row.number != number:
                        self._find(
                            LogName.EXCHANGE, row.idx, "a delivery number is missing or double", "deliveries", desk
                        )
                        number = row.number
                    self._delivery(desk, row)
                self.checked += len(page)
                yield
                if len(page) < self._page:
                    break
                after = page[-1].idx
            self._db.read_now(lambda c, desk=desk, number=number: self._counter(c, desk, number, state), snapshot=True)  # type: ignore[misc] # defaults bind the loop's values
        if self._seen_deliveries != self._expected_deliveries and not self.findings:
            self._find(
                LogName.EXCHANGE,
                max(0, state.size - 1),
                "there are more or fewer deliveries than events name",
                "deliveries",
            )

    def _counter(self, connection: Any, desk: str, number: int, state: LogState) -> None:
        grown = read_state(connection, LogName.EXCHANGE).size != state.size
        held = rows.counter(connection, desk)
        if held < number or (held != number and not grown):
            self._find(
                LogName.EXCHANGE,
                max(0, state.size - 1),
                "a desk's counter is not its last delivery's number",
                "desk_counters",
                desk,
            )

    def _delivery(self, desk: str, row: Any) -> None:
        if row.event is None:
            return
        try:
            event = parse_event(row.event)
        except MalformedError:
            return  # found with the opening
        self._seen_deliveries += 1
        if delivery_commitment(row.salt, desk, row.number) not in event.deliveries:
            self._find(LogName.EXCHANGE, row.idx, "the event does not commit to a delivery", "deliveries", desk)
        if row.kind != int(event.kind) or row.message_hash != event.message_hash:
            self._find(LogName.EXCHANGE, row.idx, "a delivery says another thing than its event", "deliveries", desk)
        if event.kind is EventKind.SUBMITTED:
            for what in compare_delivery(desk, row):
                self._find(LogName.EXCHANGE, row.idx, what, "deliveries", desk)
