"""The collection: uploads that nobody finished, blobs that no envelope named, and bytes that no row knows.

It works in pages, each a transaction of its own, and pauses between them: whoever writes meanwhile, the sequencer
before all, waits for one page and never for all. The log's head is held for no page but those of complete blobs.

Never does: decide about an object by anything but its own nonce. A row that is gone stays gone, so an object that was
found to be garbage is garbage however late it is deleted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from itertools import groupby
from typing import Final

from hub.blobs import store
from hub.blobs.announcing import Writer
from hub.blobs.objects import BLOBS, UPLOADS, Name, Objects, read_path
from hub.db import Database

PAGE: Final = 500
"""Rows that one transaction forgets, and objects that are looked up at once."""
_PAUSE_SECONDS: Final = 0.02


async def forget_rows(database: Database, write: Writer, before: int) -> int:
    """Forgets stale rows, page by page.

    Args:
        database: reads.
        write: runs a function in a transaction of its own.
        before: Unix milliseconds UTC; what moved on since is kept.

    Returns:
        Number of rows forgotten.

    Raises:
        RefusedError: UNAVAILABLE; pages before it are done.
    """
    after, forgotten = ("", b""), 0
    while page := await database.read(partial(store.stale, before=before, after=after, limit=PAGE)):
        for (agency, complete), some in groupby(sorted(page, key=_group), key=_group):
            digests = [one.sha256 for one in some]
            forgotten += await write(
                partial(store.forget, agency=agency, some=digests, before=before, complete=complete)
            )
            await asyncio.sleep(_PAUSE_SECONDS)
        after = (page[-1].agency, page[-1].sha256)
    return forgotten


async def delete_objects(database: Database, objects: Objects) -> int:
    """Deletes objects that no row knows, and parts of what is complete, page by page.

    Returns:
        Number of objects deleted.

    Raises:
        RefusedError: UNAVAILABLE; pages before it are done.
    """
    deleted = 0
    for kind in (UPLOADS, BLOBS):
        async for page in objects.pages(kind, PAGE):
            names = {path: name for path in page if (name := read_path(path)) is not None}
            # Read after the listing: a row stands before its first object, so that what has none now has it no more.
            known = await database.read(partial(store.known, some=_digests(list(names.values()))))
            gone = [path for path, name in names.items() if not _is_wanted(name, known)]
            await objects.delete(gone)
            deleted += len(gone)
    return deleted


def _group(one: store.Stale) -> tuple[str, bool]:
    return one.agency, one.complete


def _digests(names: Sequence[Name]) -> dict[str, set[bytes]]:
    found: dict[str, set[bytes]] = {}
    for name in names:
        found.setdefault(name.agency, set()).add(name.sha256)
    return found


def _is_wanted(name: Name, known: dict[tuple[str, bytes], bool]) -> bool:
    complete = known.get((name.agency, name.nonce))
    return complete is not None and (name.finished or not complete)
