"""Adding to the directory log: each statement becomes an entry if the directory's own rules admit it.

Never does: transactions, publishing: a grown copy is handed back and counts only once its transaction is committed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from comity.directory import Directory
from comity.directory.statements import make_entry
from comity.errors import Reason, RefusedError
from comity.keys import SigningKey
from comity.merkle import append, leaf_hash

from hub.log import store
from hub.log.commands import AppendStatements, Tried
from hub.log.domain import KeyNotHeldError, LogKeys, LogName, LogState


class OlderReleaseError(RefusedError):
    """No key is replaced while a process serves that would sign on with the one before."""

    def __init__(self, serving: Sequence[store.Claimant]) -> None:
        """Takes who is seen to serve so; the caller is told of the rule alone."""
        super().__init__(
            Reason.STATEMENT_REFUSED, "a process of an older release would sign on with the key", rule="older_release"
        )
        self.serving = serving


def try_statements(current: Directory, statements: Sequence[bytes], now: int) -> Tried:
    """Returns what becomes of a directory with some statements, all or none.

    Args:
        current: the directory; not changed.
        statements: serialised.
        now: Unix seconds of the entries.

    Raises:
        MalformedError: one breaks the protocol's form.
        RefusedError: the directory's rules refuse one: STATEMENT_REFUSED, STALE_POSITION or WRONG_ORIGIN.
    """
    grown = current.clone()
    entries = tuple(make_entry(now, statement) for statement in statements)
    applied = tuple(grown.apply(entry) for entry in entries)
    return Tried(current.size, current.root, now, entries, applied, grown)


def grow_directory(
    connection: Any, state: LogState, current: Directory, command: AppendStatements, *, now: int, keys: LogKeys
) -> Directory:
    """Stores statements as entries, all or none.

    Args:
        connection: of a transaction that holds the heads.
        state: of the directory log under the lock.
        current: the directory at that state; not changed.
        command: the statements.
        now: Unix seconds of the entries.
        keys: of the logs.

    Returns:
        The directory with them.

    Raises:
        MalformedError: one breaks the protocol's form.
        RefusedError: the directory's rules refuse one: STATEMENT_REFUSED, STALE_POSITION or WRONG_ORIGIN; or one names
            a key of the hub that this process does not hold, so that it could sign no more, or in whose place another
            was made: STATEMENT_REFUSED.
        OlderReleaseError: one names another key of the hub while a process serves that would go on with the one before.
    """
    tried = command.tried
    # Of the same second, so that an entry never seems older than what was sequenced before it.
    if tried is None or (tried.size, tried.root, tried.time_seconds) != (current.size, current.root, now):
        tried = try_statements(current, command.statements, now)
    key = _signer(current, tried.grown, keys)
    if replaces_key(current, tried.grown) and (serving := store.keeping_their_keys(connection)):
        raise OlderReleaseError(serving)
    entries = list(tried.entries)
    hashes = [leaf_hash(entry) for entry in entries]
    appended = append(state.frontier, hashes)
    first, size = state.size, appended.frontier.size
    store.append(connection, LogName.DIRECTORY, first, leaves=entries, hashes=hashes, completed=appended.completed)
    store.save_batch_row(
        connection,
        LogName.DIRECTORY,
        size=size,
        root=appended.root,
        time_seconds=now,
        key=key.public,
    )
    store.move_head(connection, state, appended.frontier, appended.root, now)
    return tried.grown


def replaces_key(current: Directory, grown: Directory) -> bool:
    """Returns whether another key of the hub signs under a grown directory than did before."""
    return bool(current.size and _keys_of(grown) != _keys_of(current))


def _signer(current: Directory, grown: Directory, keys: LogKeys) -> SigningKey:
    view, before = grown.view(), _keys_of(current) if current.size else ()
    try:
        if any(keys.is_past(key) for key in _keys_of(grown) if key not in before):
            raise KeyNotHeldError  # another was made in its place, because somebody may have it
        keys.named_head(view.head_key())
        return keys.named_log(view.log_key())
    except KeyNotHeldError:
        raise RefusedError(
            Reason.STATEMENT_REFUSED, "this hub does not hold the key that the statement names", rule="key_not_held"
        ) from None


def _keys_of(directory: Directory) -> tuple[bytes, bytes]:
    view = directory.view()
    return view.log_key(), view.head_key()
