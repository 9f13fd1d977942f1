"""Hardening of a process that holds keys. What is changed here for good (no core dumps) harms no other test."""

from __future__ import annotations

import ctypes
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from comity import hardening
from comity.hardening import Hardening, harden_process

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what it granted")

PROTO = Path(hardening.__file__).parent.parent

CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
from comity.hardening import harden_process
granted = harden_process(lock_memory=sys.argv[2] == "lock")
import ctypes, resource
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(granted.no_core_dump, granted.not_dumpable, granted.memory_locked)
print(resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), status["VmLck"].split()[0])
if sys.argv[2] == "crash":
    sys.stdout.flush()
    ctypes.string_at(0)
"""


@pytest.fixture(autouse=True)
def dumpable_again() -> Iterator[None]:
    """Other tests read their own /proc."""
    yield
    libc = ctypes.CDLL(None)
    assert libc.prctl(4, 1, 0, 0, 0) == 0
    libc.munlockall()


class FakeLibrary:
    """A C library that locks no memory: locking the test process's own could exhaust the machine."""

    def __init__(self, answer: int) -> None:
        self._answer = answer

    def prctl(self, *arguments: object) -> int:
        return 0

    def mlockall(self, flags: ctypes.c_ulong) -> int:
        assert flags.value == 3
        return self._answer


def child(mode: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CHILD, str(PROTO), mode]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=folder, check=False)


def test_K_13_a_hardened_process_cannot_be_dumped(tmp_path: Path) -> None:
    granted, found = child("", tmp_path).stdout.splitlines()
    assert granted == "True True False"
    assert found == "(0, 0) 0 0"


def test_K_13_a_hardened_process_that_crashes_leaves_no_core_file(tmp_path: Path) -> None:
    crashed = child("crash", tmp_path)
    assert crashed.returncode == -11
    assert list(tmp_path.iterdir()) == []


def test_K_13_memory_is_locked_only_where_it_is_reported_locked(tmp_path: Path) -> None:
    granted, found = child("lock", tmp_path).stdout.splitlines()
    locked_kib = int(found.rsplit(" ", 1)[1])
    assert (granted == "True True True") == (locked_kib > 0)


def test_this_process_is_hardened_as_far_as_it_says() -> None:
    granted = harden_process()
    assert granted == Hardening(no_core_dump=True, not_dumpable=True, memory_locked=False)
    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
    assert ctypes.CDLL(None).prctl(3, 0, 0, 0, 0) == 0


def test_memory_is_not_locked_under_a_finite_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda which: (0, 0) if which == resource.RLIMIT_CORE else (8192, 8192))
    assert harden_process(lock_memory=True).memory_locked is False


def test_memory_is_locked_where_no_limit_stands_against_it(monkeypatch: pytest.MonkeyPatch) -> None:
    infinity = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    monkeypatch.setattr(resource, "getrlimit", lambda which: (0, 0) if which == resource.RLIMIT_CORE else infinity)
    monkeypatch.setattr(resource, "setrlimit", lambda which, limits: None)
    for answer, locked in ((0, True), (-1, False)):
        monkeypatch.setattr(ctypes, "CDLL", lambda name, use_errno, answer=answer: FakeLibrary(answer))
        assert harden_process(lock_memory=True).memory_locked is locked
    monkeypatch.undo()


def test_nothing_is_claimed_where_the_system_has_none_of_it() -> None:
    assert harden_process(lock_memory=True, platform="win32") == Hardening(
        no_core_dump=False, not_dumpable=False, memory_locked=False
    )
    assert harden_process(platform="darwin") == Hardening(no_core_dump=True, not_dumpable=False, memory_locked=False)


def test_a_function_that_the_c_library_lacks_grants_nothing() -> None:
    assert hardening._libc("no_such_function_in_any_c_library") is False
