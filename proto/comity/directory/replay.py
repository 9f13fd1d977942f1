"""Replay: the only road by which an entry gets into a directory, with every rule of PROTOCOL.md, section "Directory".

Steps of `apply`, each of which can refuse: (1) form, (2) origin and time, (3) positions, (4) authority of the signers,
(5) the statement's own rules; only then is anything changed. The hub runs it before it appends, every client after it
reads; neither trusts the other's result.

Never does: I/O, clocks. An entry that is refused leaves the directory as it was.
"""

from __future__ import annotations

from collections.abc import Callable

from comity.directory import rules
from comity.directory.state import State, View
from comity.directory.statements import SignedStatement, parse_entry, parse_statement
from comity.errors import Reason, RefusedError
from comity.merkle import append, leaf_hash


class Directory:
    """A replayed directory that can grow. `view()` answers questions."""

    def __init__(self) -> None:
        self._state = State()

    @property
    def size(self) -> int:
        """Number of entries."""
        return self._state.size

    @property
    def root(self) -> bytes:
        """Root of the log, 32 bytes; of the empty tree while there is no entry."""
        return self._state.frontier.root()

    @property
    def state(self) -> State:
        """The state itself, for reading."""
        return self._state

    def view(self, size: int | None = None) -> View:
        """Returns the directory as of a size, the present one by default."""
        return View(self._state, size)

    def clone(self) -> Directory:
        """Returns a copy that can be tried out without touching this one."""
        other = Directory()
        other._state = self._state.copy()
        return other

    def apply(self, entry: bytes) -> SignedStatement:
        """Adds one entry.

        Args:
            entry: a leaf of the directory log, as it was hashed.

        Returns:
            The statement in it.

        Raises:
            MalformedError: it breaks the protocol's form.
            RefusedError: STATEMENT_REFUSED, STALE_POSITION or WRONG_ORIGIN. The directory is as it was.
        """
        time_seconds, data = parse_entry(entry)  # step 1
        statement = parse_statement(data)
        state = self._state
        self._check_place(statement, time_seconds)  # step 2
        self._check_positions(statement)  # step 3
        change = rules.authorise(state, statement, time_seconds * 1000)  # steps 4 and 5
        self._commit(entry, statement, time_seconds, change)
        return statement

    def _check_place(self, statement: SignedStatement, time_seconds: int) -> None:
        state = self._state
        if state.size == 0:
            if statement.kind != "hub_genesis":
                raise rules.refused("genesis_first")
        elif statement.kind == "hub_genesis":
            raise rules.refused("genesis_once")
        elif statement.origin != state.origin:
            raise RefusedError(Reason.WRONG_ORIGIN, "the statement is for another directory")
        elif time_seconds < state.times[-1]:
            raise rules.refused("time_never_decreases")

    def _check_positions(self, statement: SignedStatement) -> None:
        for p in statement.positions:
            number, previous = self._state.positions.get(p.signer, (0, b""))
            if (p.number, p.previous) != (number, previous):
                raise RefusedError(
                    Reason.STALE_POSITION,
                    "another statement of the same signer came first",
                    signer=p.signer,
                    number=str(number),
                )

    def _commit(
        self, entry: bytes, statement: SignedStatement, time_seconds: int, change: Callable[[State, int], None]
    ) -> None:
        state = self._state
        state.frontier = append(state.frontier, [leaf_hash(entry)]).frontier
        state.roots.append(state.frontier.root())
        state.times.append(time_seconds)
        for p in statement.positions:
            state.positions[p.signer] = (p.number + 1, statement.digest)
        change(state, state.size)
