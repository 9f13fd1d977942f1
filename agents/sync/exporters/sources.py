"""Where lists to export come from: those that this home owns, and those that it follows, each at one moment.

Never does: wait for the processes that publish and follow, or make them wait.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from comity.names import agency_of
from comity.v1 import watchlist_pb2 as wl
from comity.watchlists.entries import parse_record

from agents.handlings import handling_of
from agents.home import Home
from agents.sync.exporters.rows import Listed, ListHead
from agents.sync.owner import lists as owned
from agents.sync.owner.store import FILE as OWNED_FILE
from agents.sync.owner.store import OwnerStore
from agents.sync.screening.handled import of_list
from agents.sync.screening.lists import ASKED, ListStatus, WatchedList
from agents.sync.screening.reading import FILE as HELD_FILE
from agents.sync.screening.reading import ScreeningReader


@contextmanager
def exportable(home: Home) -> Iterator[list[Listed]]:
    """Yields every list that holds anything; what they read within the block is of one moment.

    Args:
        home: of the desk.

    Raises:
        OwnerStoreError: the owner's database cannot be used.
        ScreeningStoreError: the screening store cannot be used.
    """
    with ExitStack() as stack:
        found: list[Listed] = []
        if (home.path / OWNED_FILE).exists():
            found += stack.enter_context(_owned(home))
        if (home.path / HELD_FILE).exists():
            found += stack.enter_context(_held(home.path / HELD_FILE))
        yield found


@contextmanager
def _owned(home: Home) -> Iterator[list[Listed]]:
    store = OwnerStore.open(home)
    try:
        with store.read() as c:
            yield [
                Listed(
                    ListHead(
                        home.agency,
                        home.desk,
                        row.list_id,
                        row.title,
                        handling_of(row.handling),
                        row.terms.default_action,
                        row.sequence,
                        row.time,
                    ),
                    _reading(partial(owned.records, c, row.number)),
                    row.live,
                )
                for row in owned.all_lists(c)
                if row.sequence
            ]
    finally:
        store.close()


@contextmanager
def _held(path: Path) -> Iterator[list[Listed]]:
    reader = ScreeningReader.open(path)
    try:
        with reader.at_once():
            yield [
                Listed(_head_of(found), _reading(reader.records(found.key).bytes), found.count)
                for found in reader.lists()
                if found.status in ASKED and found.sequence
            ]
    finally:
        reader.close()


def _head_of(found: WatchedList) -> ListHead:
    return ListHead(
        agency_of(found.key.owner),
        found.key.owner,
        found.key.list_id,
        found.terms.title,
        of_list(found.terms.handling),
        found.terms.default_action,
        found.sequence,
        found.batch_time,
        found.status is not ListStatus.CURRENT,
    )


def _reading(pairs: Callable[[], Iterable[tuple[bytes, bytes]]]) -> Callable[[], Iterator[wl.WatchRecord]]:
    """Returns how to read records, of how to read entry ids and serialised records."""
    return lambda: (parse_record(data, checked=False) for _, data in pairs())
