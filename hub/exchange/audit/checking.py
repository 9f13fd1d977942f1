"""Compares legs and envelopes' states with what the log says: streamed, a part of the cases at a time.

Memory is bounded: with many envelopes the log is read several times, for some of the cases each. A hub may go on
meanwhile: what it appends while the log is read is read in the very snapshot in which the tables are compared.

Never does: repair, judge the log itself (`hub.log.fsck`, which must have found nothing before).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from comity.directory import Directory
from comity.header import parse_header
from comity.receipts import EventKind, parse_event, parse_leaf
from comity.workflow.terms import Verb

from hub.exchange.audit import store as rows
from hub.exchange.audit.grants import SPENT, compare_event, compare_recall, compare_recalls, compare_rows
from hub.exchange.audit.replay import Found, Replay, Sent
from hub.exchange.domain import ERASE_AFTER_MS, EnvelopeState, limit_of
from hub.exchange.domain import LegEntry as Entry
from hub.log import store as log
from hub.log.domain import LogName
from hub.log.fsck import Finding, Reader

PAGE: Final = 512
AT_ONCE: Final = 100_000
"""Envelopes of which the states are held in memory, roughly at most."""


class WorkflowCheck:
    """One pass over every envelope, leg and clock."""

    def __init__(self, db: Reader, page: int = PAGE, at_once: int = AT_ONCE) -> None:
        """Takes the database, the size of a page, and how many envelopes are held at once."""
        self._db, self._page, self._at_once = db, page, at_once
        self.findings: list[Finding] = []
        self.pages = 0
        """Pages of the log read so far."""
        self.judged = 0
        """Legs that were derived again and compared."""
        self.unjudged = 0
        """Legs of which an envelope has been erased: the log does not tell enough of them any more."""

    def steps(self) -> Iterator[None]:
        """Checks one page after another; the caller may pause in between."""
        parts = self._db.read_now(rows.count) // self._at_once + 1
        for number in range(parts):
            yield from self._part(_Part(number, parts, Replay(self._find), self._find))

    def _find(self, index: int, table: str, what: str) -> None:
        found = Finding(LogName.EXCHANGE, index, what, table)
        if found not in self.findings:
            self.findings.append(found)

    def _part(self, part: _Part) -> Iterator[None]:
        size = self._db.read_now(lambda c: log.read_state(c, LogName.EXCHANGE).size)
        for start in range(0, size, self._page):
            end = min(size, start + self._page)
            self._db.read_now(lambda c, start=start, end=end: part.read(c, start, end), snapshot=True)  # type: ignore[misc] # defaults bind the loop's values
            self.pages += 1
            yield

        def finish(connection: Any) -> None:
            # The rest of the log and the tables, at one moment.
            part.read(connection, size, log.read_state(connection, LogName.EXCHANGE).size)
            self._compare_legs(connection, part)
            self._compare_states(connection, part)
            part.replay.end()
            if part.number == 0:
                compare_rows(connection, self._find)
                compare_recalls(connection, self._find)

        self._db.read_now(finish, snapshot=True)
        yield

    # What the tables say.

    def _compare_legs(self, connection: Any, part: _Part) -> None:
        missing = dict(part.replay.legs)
        for key, leg, next_limit, finished_at in rows.stored_legs(connection):
            if not part.holds(key[1]):
                continue
            derived = missing.pop(key, None)
            if part.replay.is_unknown(*key):
                self.unjudged += 1
            elif derived is None:
                self._find(0, "legs", "a leg that no envelope opened")
            else:
                self.judged += 1
                if leg != derived.leg or limit_of(Entry(leg, leg.revision, finished_at)) != next_limit:
                    self._find(derived.index, "legs", "the leg that it opened is not what the log makes of it")
                elif finished_at != derived.finished_at and not derived.joint:
                    self._find(derived.index, "legs", "the leg that it opened has another end than in the log")
                if derived.owed:
                    self._find(derived.index, "log_leaves", "a clock of the leg that it opened is not in the log")
        for key, derived in missing.items():
            if not part.replay.is_unknown(*key):
                self._find(derived.index, "legs", "the leg that it opened is missing")

    def _compare_states(self, connection: Any, part: _Part) -> None:
        for row in rows.states(connection):
            sent = part.replay.sent.get(bytes(row.message_hash))
            if sent is not None and not _agrees(sent, row):
                self._find(row.idx, "envelopes", "the envelope's state is not what the log makes of it")


class _Part:
    """Some of the cases, and what the log says of them so far."""

    def __init__(self, number: int, parts: int, replay: Replay, found: Found) -> None:
        self.number, self._parts, self.replay, self._found = number, parts, replay, found
        self._directory = Directory()

    def holds(self, case_id: bytes) -> bool:
        """Returns whether a case belongs to it."""
        return int.from_bytes(bytes(case_id)[-4:], "big") % self._parts == self.number

    def read(self, connection: Any, start: int, end: int) -> None:
        """Reads on in the log."""
        envelopes, acks = rows.sent(connection, start, end), rows.acknowledged(connection, start, end)
        for index, data, opened in rows.events(connection, start, end):
            leaf, envelope = parse_leaf(data), envelopes.get(index)
            if envelope is not None and envelope.verb == Verb.FORWARD:
                self.replay.passed_on(envelope)
            if opened is None or (envelope is not None and envelope.header is None):
                if envelope is not None and self.holds(envelope.case_id):
                    self.replay.erased(envelope)
                continue
            self._follow(connection, leaf.directory_size)
            event, now = parse_event(opened), leaf.time_seconds * 1000
            view = self._directory.view(leaf.directory_size)
            if event.kind is EventKind.SUBMITTED:
                if envelope is not None and self.holds(envelope.case_id):
                    self.replay.submitted(envelope, view, now)
                    if envelope.verb == Verb.RECALL:
                        for recalled in compare_recall(connection, index, parse_header(envelope.header), self._found):
                            self.replay.recalled.add(recalled)
            elif event.kind in SPENT:
                # What is passed on is of another case than the grant: every part hears of it.
                self.replay.spent(index, event, now)
                if self.number == 0:
                    compare_event(connection, index, event, self._found)
            elif self.number == 0 or event.message_hash in self.replay.sent:
                # Of what is erased, and so of no part, the first one judges.
                self.replay.happened(index, event, acks.get(index), view, now)

    def _follow(self, connection: Any, size: int) -> None:
        while self._directory.size < size:
            for entry in log.read_leaves(connection, LogName.DIRECTORY, self._directory.size, PAGE):
                self._directory.apply(entry)


def _agrees(sent: Sent, row: Any) -> bool:
    """Returns whether a row says what the log says. When an envelope expired it does not, where its leg's end did."""
    state = EnvelopeState(row.state)
    if (row.opening, row.author_member, row.unstored) != (sent.opening, sent.author_member, sent.unstored):
        # Of what was pruned, people and desks are gone; opening and count stay.
        pruned = state is EnvelopeState.PRUNED and (row.opening, row.unstored) == (sent.opening, sent.unstored)
        return pruned and sent.state is EnvelopeState.ERASED
    if state is EnvelopeState.EXPIRED:
        return (
            sent.state is EnvelopeState.LIVE
            and sent.unstored > 0
            and row.due is not None
            and row.due >= sent.deliver_by + ERASE_AFTER_MS
        )
    if state is EnvelopeState.ERASED:
        return sent.state is EnvelopeState.ERASED and row.due is not None
    return state is sent.state and row.due == sent.due
