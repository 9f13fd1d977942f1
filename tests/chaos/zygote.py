"""Starts hub processes quickly: one process imports the hub, and each hub is a copy of it from before it did anything.

A copy runs `comity-hub serve` itself: it opens its own key file, database and sockets, and dies alone. Two things are
saved: the second that Python takes to import everything, and the half second of a passphrase's full price (`CHEAP` is
what the key file costs here). The process reads one JSON line a start (`words`, `variables`, `log`, `passphrase`) and
writes one line a start (`started`, the process number) and one an end (`ended` and `code`; negative is the number of a
signal). When its input ends it kills whatever still runs, and ends.

Never does: anything between the imports and the copies that a copy could inherit: no thread, no socket, no key.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import selectors
import signal
import sys
import threading
from functools import partial
from typing import Any

import psycopg
from comity.keyfile import Cost
from sqlalchemy.dialects import postgresql, sqlite

from hub.cli.main import app
from hub.vault import HubKeys

LOADED = (psycopg, postgresql, sqlite)
"""Loaded by name, at the first connection, unless they are here already."""

CHEAP = Cost(1, 64 << 10)
"""What a guess at the passphrase of a hub's key file costs here."""
PR_SET_PDEATHSIG = 1


def serve(order: dict[str, Any]) -> None:
    """Becomes a hub. Ends the process."""
    code = 70
    try:
        for number in (signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        os.setsid()
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # nothing outlives the run, however that ends
        nothing, log = os.open(os.devnull, os.O_RDONLY), os.open(order["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        os.closerange(3, 64)
        reading, writing = os.pipe()
        os.write(writing, order["passphrase"].encode() + b"\n")
        os.close(writing)
        os.environ.update(order["variables"])
        HubKeys.open = partial(HubKeys.open, floor=CHEAP)  # type: ignore[method-assign]
        app([*order["words"], "--passphrase-fd", str(reading)])
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def say(**what: object) -> None:
    """Writes a line."""
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Starts what is asked for until the input ends."""
    assert threading.active_count() == 1
    gc.freeze()
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(writing)
    ready = selectors.DefaultSelector()
    ready.register(0, selectors.EVENT_READ)
    ready.register(reading, selectors.EVENT_READ)
    running: set[int] = set()
    asked = b""
    while True:
        for key, _ in ready.select():
            if key.fd == reading:
                os.read(reading, 4096)
                for child in list(running):
                    pid, status = os.waitpid(child, os.WNOHANG)
                    if pid:
                        running.discard(pid)
                        say(ended=pid, code=os.waitstatus_to_exitcode(status))
                continue
            data = os.read(0, 1 << 16)
            if not data:
                for child in running:
                    os.kill(child, signal.SIGKILL)
                return
            *orders, asked = (asked + data).split(b"\n")
            for order in orders:
                child = os.fork()
                if child == 0:
                    serve(json.loads(order))
                running.add(child)
                say(started=child)


if __name__ == "__main__":
    main()
