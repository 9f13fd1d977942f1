"""Named points at which a test can break the hub: between any two steps of the submit path, and a few more.

`FAULT=submit.after_commit:kill` breaks a real process, `submit.after_commit:kill@5` at the fifth time it comes by;
in one process a test arms an action of its own. Otherwise nothing is armed, and a point costs one look at an attribute.

Never does: anything unless armed. A name that is not in `POINTS` is refused, so that a test cannot miss its target.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Mapping

POINTS = frozenset(
    {
        "submit.after_identity",
        "submit.after_parse",
        "submit.after_parties",
        "submit.after_signatures",
        "submit.after_queue",
        "submit.after_lock",
        "submit.after_workflow",
        "submit.before_commit",
        "submit.after_commit",
        "submit.after_checkpoint",
        "submit.after_wake",
        "submit.after_answer",
        "clockwork.before_commands",
        "feed.before_page",
        "feed.before_item",
        "log.before_head",
        "log.before_checkpoint_file",
    }
)
"""Every point there is. The submit path's are named after the step that was just finished."""


class FaultError(Exception):
    """What `raise` raises."""


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _raise() -> None:
    raise FaultError("armed by a test")


def _pause() -> None:
    # To this very thread: sent to the process, another thread may take it, and this one would go on for a while.
    signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)


ACTIONS: Mapping[str, Callable[[], None]] = {"kill": _kill, "raise": _raise, "pause": _pause}
"""What can happen at a point: the process dies at once, an exception, the process stops until it is continued."""


class Faults:
    """The points that are armed in this process."""

    __slots__ = ("_actions", "armed")

    armed: bool
    """False while nothing is armed: callers look at this first, so that an idle point costs nothing."""

    def __init__(self, specification: str = "") -> None:
        """Takes `name:action` or `name:action@n`, several separated by commas; empty for none.

        Raises:
            ValueError: an unknown point or action.
        """
        self._actions: dict[str, tuple[Callable[[], None], int]] = {}
        self.armed = False
        for part in filter(None, specification.split(",")):
            name, _, what = part.partition(":")
            action, _, count = what.partition("@")
            if action not in ACTIONS:
                raise ValueError(f"unknown fault action: {action}")
            self.arm(name, ACTIONS[action], after=int(count or 1))

    @classmethod
    def from_environment(cls) -> Faults:
        """Returns what the variable `FAULT` asks for."""
        return cls(os.environ.get("FAULT", ""))

    def arm(self, name: str, action: Callable[[], None], *, after: int = 1) -> None:
        """Arms a point.

        Args:
            name: of the point.
            action: what happens there, each time from the given one on.
            after: the how-manieth passage is the first that matters.

        Raises:
            ValueError: there is no such point.
        """
        if name not in POINTS:
            raise ValueError(f"unknown fault point: {name}")
        self._actions[name] = (action, after)
        self.armed = True

    def disarm(self) -> None:
        """Disarms every point."""
        self._actions.clear()
        self.armed = False

    def hit(self, name: str) -> None:
        """Passes a point.

        Raises:
            ValueError: there is no such point.
        """
        if name not in POINTS:
            raise ValueError(f"unknown fault point: {name}")
        armed = self._actions.get(name)
        if armed is None:
            return
        action, left = armed
        if left > 1:
            self._actions[name] = (action, left - 1)
            return
        action()


NO_FAULTS = Faults()
"""Nothing armed; not to be armed."""
