"""Uploading: the large bodies of batches and snapshots go to the hub beside everything else, each once for all.

One that the hub does not take is tried again with a growing pause. Nobody but who is to be sent it waits for it.

Never does: send an envelope.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from comity.envelope import BlobRef
from comity.errors import Reason, RefusedError
from comity.workflow.terms import Verb

from agents.attachments import upload
from agents.client import Client
from agents.sync.owner import outbox
from agents.sync.owner.outbox import Blob, Out, Part
from agents.sync.owner.store import OwnerStore

PATIENCE_SECONDS: Final = 0.5
"""For so long a pass that waits for nobody waits for uploads: small ones are there by then."""
LONGEST_PAUSE: Final = 300.0
"""Seconds."""

Body = tuple[int, int, int]
"""(list, sequence, part)."""


class Uploading:
    """Brings bodies to the hub."""

    def __init__(self, store: OwnerStore, client: Client) -> None:
        self._store, self._client = store, client
        self._going: dict[Body, asyncio.Task[None]] = {}
        self._failed: dict[Body, tuple[int, float, str]] = {}
        """How often, until when it is left alone by the loop's clock, and why."""

    async def missing(self, outs: Sequence[Out], *, wait: bool) -> dict[int, str]:
        """Returns the numbers of the envelopes whose bodies are not at the hub yet, and why.

        Args:
            outs: what is to be sent.
            wait: True to try at once and wait for the end; else small ones are there, large ones another time.
        """
        with self._store.write() as c:
            found = {body: outbox.blob(c, *body) for body in sorted({body for out in outs for body in _bodies(out)})}
        lacking = {b: blob for b, blob in found.items() if blob is not None and blob.attachment and not blob.uploaded}
        now = asyncio.get_running_loop().time()
        for body, blob in lacking.items():
            if body not in self._going and (wait or self._failed.get(body, (0, 0.0, ""))[1] <= now):
                self._going[body] = asyncio.create_task(self._bring(blob))
        going = [self._going[body] for body in lacking if body in self._going]
        if going:
            await asyncio.wait(going, timeout=None if wait else PATIENCE_SECONDS)
        self._collect()
        held = {body for body in lacking if body in self._going or body in self._failed}
        why = {out.number: [body for body in _bodies(out) if body in held] for out in outs}
        return {number: self._why(bodies[0]) for number, bodies in why.items() if bodies}

    def close(self) -> None:
        """Gives up what is under way."""
        for task in self._going.values():
            task.cancel()

    def _collect(self) -> None:
        now = asyncio.get_running_loop().time()
        for body in [body for body, task in self._going.items() if task.done()]:
            task = self._going.pop(body)
            error = None if task.cancelled() else task.exception()
            if error is None:
                self._failed.pop(body, None)
            elif isinstance(error, (RefusedError, OSError)):
                tries = self._failed.get(body, (0, 0.0, ""))[0] + 1
                why = error.reason.value if isinstance(error, RefusedError) else Reason.INTERNAL.value
                self._failed[body] = (tries, now + min(LONGEST_PAUSE, 2.0 ** min(tries, 10)), why)
            else:
                raise error

    def _why(self, body: Body) -> str:
        return self._failed[body][2] if body in self._failed else Reason.UNAVAILABLE.value

    async def _bring(self, blob: Blob) -> None:
        if blob.attachment is not None:
            ref = BlobRef(blob.attachment.blob_sha256, blob.attachment.blob_length)
            await upload(self._client.home, self._client.session, [ref])
            with self._store.write() as c:
                outbox.blob_uploaded(c, blob)


def _bodies(out: Out) -> list[Body]:
    parts = (Part.BATCH, Part.STATE) if out.verb is Verb.SNAPSHOT else (Part.BATCH,)
    return [(out.list, out.sequence, part) for part in parts]
