"""What systemd is told: that the agent is ready, that it lives, that it ends.

Never does: anything where systemd did not start this process.
"""

from __future__ import annotations

import contextlib
import os
import socket


def tell(state: str) -> bool:
    """Tells the service manager something. Returns whether there is one.

    Args:
        state: for example `READY=1`.
    """
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.connect("\0" + address[1:] if address.startswith("@") else address)
        sender.sendall(state.encode())
        return True
    return False


def watchdog_seconds() -> float:
    """Returns how often a sign of life is due: half of what systemd waits; 0 where it does not."""
    wanted = os.environ.get("WATCHDOG_USEC", "")
    mine = os.environ.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(wanted) / 2_000_000 if wanted.isascii() and wanted.isdigit() and mine else 0.0
