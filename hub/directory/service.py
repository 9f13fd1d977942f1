"""The hub's directory: the published snapshot, reading on, adding to it, and certificates for registered TLS keys.

A published `Directory` is never changed: a grown copy takes its place, so that whoever holds a view keeps a consistent
one. Adding goes through the sequencer; what may be added is decided by `Directory.apply`, as every client will.

A head that a client presents, signed by this hub's own key, on a log longer than the hub's or with another root, means
that this hub was restored from a backup or stands beside a twin. After a second look at the database it stops serving.
A next key that is held counts as its own: the directory that named it may be what was lost. A key that was replaced,
or in whose place another was made, does not: whoever may have it could stop the hub.

Never does: write to the database, accept a statement on the caller's authority.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from comity.directory import Directory, Head, View, verify_head
from comity.directory.heads import parse_head
from comity.errors import Reason, RefusedError, VerificationError
from comity.names import agency_of
from comity.tls import request_spki

from hub.certificates import Authority
from hub.clock import Clock
from hub.db import Database
from hub.directory.store import DIRECTORY_LOG, read_entries
from hub.interceptors.identity import Caller
from hub.policy import CallerKind
from hub.telemetry import Telemetry

PAGE_ENTRIES: Final = 256
"""Entries in one answer, at most."""
PAGE_BYTES: Final = 1024 * 1024
"""Bytes in one answer, roughly at most."""
MOST_STATEMENTS: Final = 64
"""Statements in one call, at most."""
EXCHANGE_LOG: Final = 2
"""Number of the exchange log among the two."""
ROLLED_BACK: Final = "own signature on another log"
"""Why a hub stops that a client has shown to be restored from an old copy, or to stand beside a twin."""
_REMEMBERED = 1024


class HubDirectory:
    """The directory as this process knows it. Read from any thread; grown by one at a time."""

    def __init__(self) -> None:
        self._current = Directory()
        self._growing = threading.Lock()

    @property
    def current(self) -> Directory:
        """The published directory; never mutated, only replaced."""
        return self._current

    def view(self) -> View:
        """Returns the newest snapshot.

        Raises:
            ValueError: there is no genesis yet.
        """
        return self._current.view()

    def publish(self, directory: Directory) -> None:
        """Makes a grown copy the current directory. A shorter one than the present is ignored."""
        with self._growing:
            if directory.size > self._current.size:
                self._current = directory

    def refresh(self, connection: Any) -> None:
        """Replays the entries beyond the present size and publishes the result.

        Raises:
            MalformedError: a stored entry breaks the protocol's form.
            RefusedError: the directory's rules refuse a stored entry.
        """
        with self._growing:
            grown: Directory | None = None
            while entries := read_entries(connection, (grown or self._current).size, PAGE_ENTRIES, PAGE_BYTES):
                if grown is None:
                    grown = self._current.clone()
                for entry in entries:
                    grown.apply(entry)
            if grown is not None:
                self._current = grown


class SignedHead(Protocol):
    """A head as it travels."""

    @property
    def body(self) -> bytes:
        """Serialised Head."""

    @property
    def sig(self) -> bytes:
        """Ed25519, 64 bytes."""


class Appended(Protocol):
    """What became of directory statements."""

    @property
    def first_index(self) -> int:
        """Index of the first one."""

    @property
    def head(self) -> SignedHead:
        """A head that covers them."""


class Logs(Protocol):
    """What the service needs of the logs, which lie above it. Bound in `hub/server.py`."""

    async def current_head(self, *, fresh: bool = False) -> SignedHead:
        """Returns the newest signed head; a fresh one covers everything committed before this call."""

    async def root_at(self, log: int, size: int) -> bytes | None:
        """Returns the root of a log at a size, read from the database, or None where it is not that long."""

    async def append(self, owner: str, statements: Sequence[bytes]) -> Appended:
        """Tries serialised statements and adds them, all or none, through the sequencer, at an account's cost."""


@dataclass(frozen=True, slots=True)
class PresentedHead:
    """A signed head as a client presents it."""

    body: bytes
    sig: bytes


class DirectoryService:
    """Reads and extends the directory."""

    def __init__(
        self,
        *,
        directory: HubDirectory,
        database: Database,
        logs: Logs,
        authority: Authority,
        clock: Clock,
        telemetry: Telemetry,
        own_heads: Sequence[bytes],
        stop_serving: Callable[[str], None],
    ) -> None:
        """Takes its collaborators.

        Args:
            directory: as this process knows it.
            database: to read it on.
            logs: both logs, and the way into them.
            authority: makes certificates.
            clock: says when.
            telemetry: takes what happens.
            own_heads: public halves of the head keys that nobody else has, named by the directory or not.
            stop_serving: is told why, once its own signature turned up on another log.
        """
        self._directory = directory
        self._database = database
        self._logs = logs
        self._authority = authority
        self._clock = clock
        self._telemetry = telemetry
        self._own_heads = own_heads
        self._stop_serving = stop_serving
        self._agreed: dict[bytes, None] = {}

    async def head(self, seen: PresentedHead | None) -> SignedHead:
        """Returns the newest head, after a look at the one the caller holds: it covers at least as much.

        Raises:
            MalformedError: the presented head breaks the protocol's form.
            VerificationError: it is not signed by this hub.
            RefusedError: UNAVAILABLE: it proves that this hub must not serve.
        """
        if seen is not None:
            await self._compare(seen)
        head = await self._logs.current_head()
        if seen is not None and not _covers(parse_head(head.body), parse_head(seen.body)):
            # Another process has signed it since this one last looked.
            head = await self._logs.current_head(fresh=True)
        return head

    async def _compare(self, seen: PresentedHead) -> None:
        key = seen.body + seen.sig
        if key in self._agreed:
            return
        head = parse_head(seen.body)
        if head.directory_size > self._directory.current.size:
            # Another process may have appended what says which key signs there.
            await self._database.read(self._directory.refresh)
        self._check_own(seen, head)
        state = self._directory.current.state
        if (head.directory_origin, head.exchange_origin) != (state.origin, state.exchange_origin):
            raise RefusedError(Reason.WRONG_ORIGIN, "the head is of other logs")
        if not await self._holds(head):
            # Another process may have appended since this one looked: what counts is the primary.
            await self._database.read(self._directory.refresh)
            if not await self._holds(head):
                if not self._check_own(seen, head):
                    raise VerificationError("a head that does not fit, under a key that was replaced")
                self._telemetry.log.error(
                    ROLLED_BACK,
                    directory_size=head.directory_size,
                    exchange_size=head.exchange_size,
                )
                self._stop_serving(ROLLED_BACK)
                raise RefusedError(Reason.UNAVAILABLE, "this hub has lost part of its log and must not serve")
        self._agreed[key] = None
        if len(self._agreed) > _REMEMBERED:
            del self._agreed[next(iter(self._agreed))]

    def _check_own(self, seen: PresentedHead, head: Head) -> bool:
        """Returns whether a head is signed with a key that only this hub has; False where the key was replaced since.

        Raises:
            VerificationError: this hub did not sign it, or not with the key of the size that it covers.
        """
        view, named = self._directory.view(), {key.key for key in self._directory.current.state.head_keys}
        present = [view.head_key(), *(key for key in self._own_heads if key not in named)]
        if any(_signed(seen, key) for key in present):
            return True
        if 0 < head.directory_size <= view.size:
            earlier = self._directory.current.view(head.directory_size).head_key()
            if earlier != view.head_key() and _signed(seen, earlier):
                return False
        raise VerificationError("the head is not signed by this hub")

    async def _holds(self, head: Head) -> bool:
        """Returns whether both logs here begin with what a head of this hub's signs."""
        if await self._logs.root_at(DIRECTORY_LOG, head.directory_size) != head.directory_root:
            return False
        return await self._logs.root_at(EXCHANGE_LOG, head.exchange_size) == head.exchange_root

    async def read(self, from_index: int) -> AsyncIterator[list[bytes]]:
        """Yields entries from an index to the present end, some at a time."""
        end = self._directory.current.size
        while from_index < end:
            first, most = from_index, min(PAGE_ENTRIES, end - from_index)
            entries = await self._database.read(lambda c: read_entries(c, first, most, PAGE_BYTES))  # noqa: B023 # awaited in this very turn of the loop
            if not entries:
                return
            yield entries
            from_index += len(entries)

    async def append(self, owner: str, statements: Sequence[bytes]) -> Appended:
        """Adds serialised statements, all or none.

        Args:
            owner: account of the caller; it has a share of the queue, and no authority.
            statements: they carry their authority in their signatures.

        Raises:
            MalformedError: one breaks the protocol's form.
            RefusedError: STATEMENT_REFUSED, STALE_POSITION, WRONG_ORIGIN, QUOTA, BUSY or UNAVAILABLE.
        """
        appended = await self._logs.append(owner, statements)
        self._telemetry.log.info("statements appended", index=appended.first_index, count=len(statements))
        return appended

    def issue(self, who: Caller, request: bytes) -> bytes:
        """Returns a certificate, DER, for a TLS key that the directory knows.

        Args:
            who: calls; an operator, or any desk of the agency whose desk the key is registered for.
            request: PKCS#10, DER; only its public key is used.

        Raises:
            MalformedError: no such request.
            RefusedError: NOT_PERMITTED: the key is not registered and live, or it is another agency's.
        """
        spki = request_spki(request)
        digest = hashlib.sha256(spki).digest()
        now, view = self._clock.now_ms(), self._directory.view()
        desk = view.transport_desk(digest, now)
        operator = view.operator_of_tls(digest)
        if who.kind is CallerKind.OPERATOR:
            permitted = desk is not None or operator is not None
        else:
            permitted = desk is not None and agency_of(desk) == who.agency
        if not permitted:
            raise RefusedError(Reason.NOT_PERMITTED, "no such TLS key is registered for the caller's agency")
        until = None
        if desk is not None:
            until = max(k.valid_until for k in view.transport_keys(desk) if k.spki_sha256 == digest)
        return self._authority.issue_client(spki, now, until)


def _signed(seen: PresentedHead, key: bytes) -> bool:
    try:
        verify_head(seen.body, seen.sig, key)
    except VerificationError:
        return False
    return True


def _covers(head: Head, other: Head) -> bool:
    return head.directory_size >= other.directory_size and head.exchange_size >= other.exchange_size
