"""Checking the logs again, whole, from the hub's present words: nothing kept here may be missing there.

Never does: repair. What is found is said.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from comity.checkpoint import Checkpoint, verify_checkpoint
from comity.errors import ComityError, MalformedError, RefusedError, VerificationError
from comity.merkle import Frontier, append, leaf_hash
from comity.receipts import Receipt, parse_leaf, parse_receipt

from agents import mailstore
from agents.alarms import AlarmKind, raise_alarm
from agents.evidence import save_evidence
from agents.gossip import CANNOT
from agents.home import Home
from agents.hubkeys import signed_checkpoint
from agents.proving import verify_here
from agents.records import LogReport
from agents.session import Session
from agents.store import Store
from agents.trust import Clock, Trust

PAGE: Final = 256
"""Leaves asked for at once."""
BACKWARDS_SECONDS: Final = 5
"""How far a hub's clock may have stepped back between an entry and a leaf."""

LogProgress = Callable[[str, int, int], None]
"""Told the log, the leaves done and the leaves there are."""


class _Order:
    """What leaves of the exchange log say, along the log: a replaced key could go on by naming an earlier directory."""

    def __init__(self, trust: Trust) -> None:
        self._trust, self._view, self._size, self._time = trust, trust.view(), 0, 0

    def goes_on(self, data: bytes) -> bool:
        """Returns whether neither directory nor time goes back with a leaf, and the directory was the newest then."""
        try:
            leaf = parse_leaf(data)
        except MalformedError:
            return False
        size, time, view = leaf.directory_size, leaf.time_seconds, self._view
        good = size >= self._size and time >= self._time
        self._size, self._time = max(size, self._size), max(time, self._time)
        if not 0 < size <= view.size:  # the hub may have read on meanwhile
            return good and size > 0
        superseded = view.stale_since(size)
        known = view.root_at(size) == leaf.directory_root
        early = time < (view.stale_since(size - 1) or 0) - BACKWARDS_SECONDS
        return good and known and not early and (superseded is None or time <= self._until(size, superseded))

    def _until(self, size: int, superseded: int) -> int:
        """Returns the Unix second up to which a leaf can name a directory that has grown since.

        The first release of the hub dated each log by itself, so as much is let pass as clocks step back; not where the
        log key was replaced.
        """
        until, replaced = superseded + BACKWARDS_SECONDS, self._view.replaced_from(self._trust.view(size).log_key())
        return until if replaced is None else min(until, self._view.stale_since(replaced - 1) or 0)


class _Findings(list[str]):
    """What was found, and what it shows."""

    kind = AlarmKind.REPLACED_KEY
    """SPLIT_VIEW unless a replaced key alone shows all of it: that is told, and stops no sealing."""

    def add(self, text: str, kind: AlarmKind = AlarmKind.SPLIT_VIEW) -> None:
        """Adds a finding."""
        self.append(text)
        if kind is AlarmKind.SPLIT_VIEW:
            self.kind = kind


class Proofs:
    """Checks both logs and every receipt of one home."""

    def __init__(self, home: Home, store: Store, trust: Trust, clock: Clock) -> None:
        self._home, self._store, self._trust, self._clock = home, store, trust, clock

    async def verify_log(self, session: Session, progress: LogProgress | None = None) -> LogReport:
        """Reads both logs whole and hashes them again; every kept receipt's leaf must stand at its index, all in order.

        Args:
            session: to the hub.
            progress: told how far it got.

        Raises:
            RefusedError: the hub did not answer.
        """
        findings = _Findings()
        kept = self._receipts()
        try:
            await self._trust.refresh(session)
            directory = await self._check(session, "directory", {}, findings, progress)
            exchange = await self._check(session, "exchange", kept, findings, progress)
        except VerificationError as error:
            findings.add(str(error))
            return LogReport(self._trust.directory_size, 0, 0, tuple(findings))
        for data in kept.values():
            await self._check_receipt(session, data, findings)
        if findings:
            with self._store.begin() as c:
                raise_alarm(c, findings.kind, f"log {exchange.size}", self._clock())
        return LogReport(directory.size, exchange.size, len(kept), tuple(findings))

    async def _check(
        self,
        session: Session,
        log: str,
        kept: dict[int, bytes],
        findings: _Findings,
        progress: LogProgress | None,
    ) -> Checkpoint:
        """Reads a log up to its newest checkpoint and hashes it again."""
        note, checkpoint = await self._newest(session, log)
        view = self._trust.view()
        tree, seen, order = Frontier.empty(), set[int](), _Order(self._trust)
        while tree.size < checkpoint.size:
            leaves = await session.get_leaves(log, tree.size, min(PAGE, checkpoint.size - tree.size))
            if not leaves:
                findings.add(f"{log}: the hub withholds leaf {tree.size}")
                return checkpoint
            for index, leaf in enumerate(leaves, start=tree.size):
                if index in kept and parse_receipt(kept[index]).leaf != leaf:
                    kind = self._kind_of(parse_receipt(kept[index]))
                    findings.add(f"{log}: leaf {index} is not the one of the receipt kept here", kind)
                    self._evidence(index, kept[index], leaf, note, kind)
                if log == "exchange" and not order.goes_on(leaf):
                    findings.add(f"exchange: leaf {index} is from before one that stands before it")
                seen.add(index)
            tree = append(tree, [leaf_hash(leaf) for leaf in leaves]).frontier
            if progress is not None:
                progress(log, tree.size, checkpoint.size)
        if tree.root() != checkpoint.root:
            findings.add(f"{log}: the leaves do not hash to the checkpoint of size {checkpoint.size}")
        for index in sorted(set(kept) - seen):
            kind = self._kind_of(parse_receipt(kept[index]))
            findings.add(f"{log}: leaf {index}, of which a receipt is kept here, is not in the log", kind)
            self._evidence(index, kept[index], b"", note, kind)
        if log == "exchange":
            await self._trust.history.check(session, checkpoint.size, checkpoint.root, note)
        elif checkpoint.size <= view.size and view.root_at(checkpoint.size) not in (None, checkpoint.root):
            findings.add(f"directory: size {checkpoint.size} has another root than the one replayed here")
        return checkpoint

    async def _newest(self, session: Session, log: str) -> tuple[bytes, Checkpoint]:
        """Returns a log's newest checkpoint as signed, and what it says; its key may be replaced while this is read."""
        origin = self._trust.exchange_origin if log == "exchange" else self._trust.directory_origin
        note = await session.get_checkpoint(log)
        try:
            return note, verify_checkpoint(note, origin, self._trust.view().log_key())
        except VerificationError:
            await self._trust.refresh(session)
        note = await session.get_checkpoint(log)
        return note, verify_checkpoint(note, origin, self._trust.view().log_key())

    def _receipts(self) -> dict[int, bytes]:
        """Returns every receipt that is kept, by leaf index."""
        with self._store.begin() as c:
            messages = [m for out in (True, False) for m in mailstore.messages(c, outgoing=out) if m.receipt]
            found = {event.log_index: event.receipt for event in mailstore.events(c)}
            for message in messages:
                found[message.log_index] = message.receipt
                for ack in mailstore.acks_of(c, message.message_hash):
                    if ack.receipt:
                        found[parse_receipt(ack.receipt).index] = ack.receipt
        return found

    async def _check_receipt(self, session: Session, data: bytes, findings: _Findings) -> None:
        receipt = parse_receipt(data)
        history, kind = self._trust.history, self._kind_of(receipt)
        try:
            said = verify_here(self._trust, receipt).checkpoint
        except ComityError:
            findings.add(f"exchange: the receipt of leaf {receipt.index} does not verify", kind)
            return
        if history.saw(said.size, said.root):
            return
        try:  # its size may have been forgotten with what a replaced key had signed
            await history.check(session, said.size, said.root, receipt.checkpoint, keep_note=False)
        except (VerificationError, RefusedError) as error:
            if isinstance(error, RefusedError) and error.reason not in CANNOT:
                raise
            findings.add(f"exchange: the receipt of leaf {receipt.index} belongs to no history seen here", kind)

    def _kind_of(self, receipt: Receipt) -> AlarmKind:
        """Returns what it shows where a receipt does not fit: of a key that was replaced, what its thief can make."""
        try:
            _, replaced = signed_checkpoint(self._trust.view(), self._trust.exchange_origin, receipt.checkpoint)
        except VerificationError:
            return AlarmKind.SPLIT_VIEW
        return AlarmKind.SPLIT_VIEW if replaced is None else AlarmKind.REPLACED_KEY

    def _evidence(self, index: int, receipt: bytes, leaf: bytes, note: bytes, kind: AlarmKind) -> None:
        parts: dict[str, bytes | int | str] = {"index": index, "receipt": receipt, "leaf": leaf, "checkpoint": note}
        save_evidence(self._home, kind, self._clock(), parts)
