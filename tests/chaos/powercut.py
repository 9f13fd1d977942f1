"""A cut of the power, as near as a program comes to it: a copy of files without what the kernel had not yet written.

Linux says of each page of a file whether it still waits to be written (cachestat, from 6.5 on). Such a page is lost:
the copy holds zeros or noise in its place, or ends before it. Only what a page held when a transaction before ended in
it stays: the page was written then.
Whoever promised before its fsync returned is found out by what is missing in the copy.

Never does: show a page as lost that is on the disk. Some that are lost may pass for kept, when the kernel happened to
write them early.
"""

from __future__ import annotations

import ctypes
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PAGE: Final = 4096
_CACHESTAT: Final = 451
"""Number of the system call, the same on every architecture."""
_WAL_HEADER: Final = 32
_FRAME_HEADER: Final = 24


class _Range(ctypes.Structure):
    _fields_ = (("offset", ctypes.c_uint64), ("length", ctypes.c_uint64))


class _Counts(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint64) for name in ("cached", "dirty", "writing", "evicted", "recently"))


def _waiting(descriptor: int, first: int, count: int) -> int:
    """Returns how many pages of a run wait to be written.

    Raises:
        OSError: this kernel does not tell.
    """
    counts = _Counts()
    run = _Range(first * PAGE, count * PAGE)
    library = ctypes.CDLL(None, use_errno=True)
    if library.syscall(_CACHESTAT, descriptor, ctypes.byref(run), ctypes.byref(counts), 0):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return int(counts.dirty + counts.writing)


def unwritten(path: Path) -> set[int]:
    """Returns the numbers of a file's pages that are not on the disk.

    Raises:
        OSError: this kernel does not tell.
    """
    with path.open("rb") as file:
        pages = -(-os.fstat(file.fileno()).st_size // PAGE)
        return set(_search(file.fileno(), 0, pages))


def _search(descriptor: int, first: int, count: int) -> Iterator[int]:
    if count == 0 or not _waiting(descriptor, first, count):
        return
    if count == 1:
        yield first
        return
    half = count // 2
    yield from _search(descriptor, first, half)
    yield from _search(descriptor, first + half, count - half)


def possible(folder: Path) -> bool:
    """Returns whether this kernel, and the file system of a folder, tell what is not on the disk."""
    probe = folder / "probe"
    try:
        with probe.open("wb") as file:
            file.write(bytes(PAGE))
            file.flush()
            before = unwritten(probe)
            os.fsync(file.fileno())
            return before == {0} and unwritten(probe) == set()
    except OSError:
        return False
    finally:
        probe.unlink(missing_ok=True)


def commits(log: bytes) -> list[int]:
    """Returns where the transactions of a SQLite write-ahead log end."""
    if len(log) < _WAL_HEADER:
        return []
    size, salts = int.from_bytes(log[8:12], "big"), log[16:24]
    step = _FRAME_HEADER + size
    ends = []
    for at in range(_WAL_HEADER, len(log) - step + 1, step):
        header = log[at : at + _FRAME_HEADER]
        if header[8:16] != salts:
            break  # of an earlier round
        if header[4:8] != bytes(4):
            ends.append(at + step)
    return ends


def survivors(data: bytes, lost: set[int], rng: random.Random, ends: list[int]) -> bytes:
    """Returns what is on the disk.

    Args:
        data: the file as a living kernel shows it.
        lost: pages that are not written.
        rng: chooses what is found in their place.
        ends: where transactions end: a page that was written with the end of one keeps what is before it.
    """
    kept, least = bytearray(data), 0
    for page in sorted(lost):
        start, stop = page * PAGE, min((page + 1) * PAGE, len(data))
        if page - 1 not in lost:
            start = max([start, *(end for end in ends if start < end < stop)])
            least = max(least, start)
        kept[start:stop] = rng.choice([bytes(stop - start), rng.randbytes(stop - start)])
    pages = -(-len(data) // PAGE)
    while pages - 1 in lost and rng.random() < 0.5:
        pages -= 1
    return bytes(kept[: max(pages * PAGE, least)])


def cut_power(database: Path, target: Path, rng: random.Random) -> int:
    """Copies a SQLite database as a cut of the power would leave it; its process must stand still.

    Args:
        database: the file; its write-ahead log lies beside it.
        target: where the copy goes; what was there is replaced.
        rng: chooses what is found in place of lost pages.

    Returns:
        How many pages were lost.

    Raises:
        OSError: this kernel does not tell what is not on the disk.
    """
    total = 0
    for suffix in ("", "-wal"):
        source, copy = Path(f"{database}{suffix}"), Path(f"{target}{suffix}")
        copy.unlink(missing_ok=True)
        if not source.exists():
            continue
        lost = unwritten(source)
        data = source.read_bytes()
        copy.write_bytes(survivors(data, lost, rng, commits(data) if suffix else []))
        total += len(lost)
    Path(f"{target}-shm").unlink(missing_ok=True)
    return total
