"""Keeps a process that holds keys out of core dumps and away from other processes of the same user.

What is asked of the operating system is asked for once, at start, and the answer says honestly what was granted. Swap
is not covered unless memory is locked; nothing here helps against root or against code running inside the process.

Never does: anything with keys. The only module of `comity` that makes system calls.
"""

from __future__ import annotations

import ctypes
import sys
from dataclasses import dataclass
from typing import Final

_PR_SET_DUMPABLE: Final = 4
_MCL_CURRENT_AND_FUTURE: Final = 1 | 2


@dataclass(frozen=True, slots=True)
class Hardening:
    """What the operating system granted."""

    no_core_dump: bool
    """The core size limit is 0 and cannot be raised again."""
    not_dumpable: bool
    """Linux: no core dump whatever the limit, and no other process of this user may trace this one."""
    memory_locked: bool
    """No page is ever swapped out."""


def harden_process(*, lock_memory: bool = False, platform: str = sys.platform) -> Hardening:
    """Hardens this process as far as the system allows. Raises nothing; call it before any key is loaded.

    Args:
        lock_memory: lock all memory, now and in future, where no limit stands against it. For the small key process:
            a larger one would run out of lockable memory.
        platform: `sys.platform`; named so that a test may be another system.

    Returns:
        What was granted; all False where the system offers none of it.
    """
    if platform == "win32":
        return Hardening(no_core_dump=False, not_dumpable=False, memory_locked=False)
    return Hardening(
        no_core_dump=_forbid_core_dump(),
        not_dumpable=platform == "linux" and _libc("prctl", _PR_SET_DUMPABLE, 0, 0, 0, 0),
        memory_locked=lock_memory and _lock_memory(),
    )


def _forbid_core_dump() -> bool:
    import resource  # noqa: PLC0415 # absent on Windows

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)


def _lock_memory() -> bool:
    import resource  # noqa: PLC0415 # absent on Windows

    # Under a finite limit a later allocation would fail in the middle of work: worse than swap.
    if resource.getrlimit(resource.RLIMIT_MEMLOCK)[1] != resource.RLIM_INFINITY:
        return False
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return _libc("mlockall", _MCL_CURRENT_AND_FUTURE)


def _libc(function: str, *arguments: int) -> bool:
    """Returns whether a C library function exists and answered 0."""
    try:
        call = getattr(ctypes.CDLL(None, use_errno=True), function)
    except (OSError, AttributeError):
        return False
    return bool(call(*(ctypes.c_ulong(argument) for argument in arguments)) == 0)
