"""Whether the hub is well: a real round trip to the database, and whether every thread and task of it still lives.

Remembered for a second.

Anybody may ask, so that the answer is one word and costs no more than one round trip a second.

Never does: say why; that stands in the log.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping

from hub.telemetry import Telemetry

REMEMBERED_SECONDS = 1.0
PROBE_SECONDS = 5.0


class EndedError(Exception):
    """A part of the hub that should work by itself has ended."""


def living(alive: Callable[[], bool]) -> Callable[[], Awaitable[None]]:
    """Returns a probe of a thread or task: it raises `EndedError` where that does not live."""

    async def probe() -> None:
        if not alive():
            raise EndedError

    return probe


class HealthService:
    """Asks the parts of the hub whether they work."""

    def __init__(
        self,
        probes: Mapping[str, Callable[[], Awaitable[None]]],
        telemetry: Telemetry,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Takes one probe a part; a probe that raises, or takes too long, means that the hub is not well."""
        self._probes = probes
        self._telemetry = telemetry
        self._now = monotonic
        self._lock = asyncio.Lock()
        self._stopped = False
        self._answer: tuple[float, bool] | None = None

    def stop(self) -> None:
        """Says from now on that the hub does not serve."""
        self._stopped = True

    async def is_serving(self) -> bool:
        """Returns whether every part works, by a look at most a second old."""
        async with self._lock:
            now = self._now()
            if self._answer is None or now - self._answer[0] >= REMEMBERED_SECONDS:
                was = self._answer is None or self._answer[1]
                well = await self._probe()
                if was and not well:
                    self._telemetry.counters.add("comity.health_lost")
                self._answer = (self._now(), well)
            return self._answer[1] and not self._stopped

    async def _probe(self) -> bool:
        for name, probe in self._probes.items():
            try:
                async with asyncio.timeout(PROBE_SECONDS):
                    await probe()
            except Exception as error:  # noqa: BLE001 # whatever it is, the part does not work
                self._telemetry.log.warning("not healthy", name=name, error=type(error).__name__)
                return False
        return True
