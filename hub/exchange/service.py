"""Takes envelopes and acknowledgements. Numbers are the steps of the submit path (DESIGN.md).

1. the TLS identity became a desk before this module was called (`hub/interceptors`); 2. to 4. form, keys and signatures
(`verifier.py`); 5. to 9. the sequencer.

Never does: protobuf, SQL. Each item of a batch is answered by itself; a cancelled call never disturbs another.
"""

from __future__ import annotations

from collections.abc import Sequence

from comity.names import agency_of
from comity.receipts import Receipt, ack_digest

from hub.db import Database
from hub.exchange import store
from hub.exchange.examining import Sent, SentAck, SentEnvelope
from hub.exchange.verifier import Arrived, Verifier
from hub.faults import Faults
from hub.log.sequencer import Sequencer

Result = Receipt | BaseException
"""A proof that it is durable, or why nothing of it was stored."""


class ExchangeService:
    """The way in for member desks."""

    def __init__(self, *, db: Database, sequencer: Sequencer, verifier: Verifier, faults: Faults) -> None:
        """Takes its collaborators."""
        self._db, self._sequencer, self._verifier, self._faults = db, sequencer, verifier, faults

    async def submit(self, desk: str, items: Sequence[SentEnvelope]) -> list[Result]:
        """Submits envelopes.

        Args:
            desk: the calling desk.
            items: as they came.

        Returns:
            One result an item, in their order.

        Raises:
            RefusedError: BUSY or UNAVAILABLE: nothing was taken.
        """
        # 1. The identity is known.
        if self._faults.armed:
            self._faults.hit("submit.after_identity")
        return await self._pass_on(desk, items)

    async def acknowledge(self, desk: str, items: Sequence[SentAck]) -> list[Result]:
        """Records acknowledgements.

        Args:
            desk: the calling desk.
            items: as they came.

        Returns:
            One result an item, in their order.

        Raises:
            RefusedError: BUSY or UNAVAILABLE: nothing was taken.
        """
        return await self._pass_on(desk, items)

    async def logged_before(
        self, desk: str, items: Sequence[SentAck], results: Sequence[Result]
    ) -> list[tuple[bytes, bytes] | None]:
        """Returns what was logged in the place of acknowledgements that a colleague of the desk had sent before.

        Args:
            desk: the calling desk.
            items: as they came.
            results: of `acknowledge`.

        Returns:
            (body, signature) an item; None where the receipt is of the item itself, or of none.

        Raises:
            RefusedError: BUSY or UNAVAILABLE: all were recorded; the same call again gets the same receipts.
        """
        others = [
            result.index if isinstance(result, Receipt) and ack_digest(item.body) not in result.event else None
            for item, result in zip(items, results, strict=True)
        ]
        wanted = sorted({index for index in others if index is not None})
        if not wanted:
            return [None] * len(others)
        found = await self._db.read(lambda connection: store.logged_acks(connection, desk, wanted))
        return [None if index is None else found.get(index) for index in others]

    async def _pass_on(self, desk: str, items: Sequence[Sent]) -> list[Result]:
        """Admits a call before it costs more memory; then it is examined, and step 5 is the sequencer's."""
        ticket = self._sequencer.admit(len(items), sum([item.weight for item in items]), agency_of(desk))
        self._verifier.offer([Arrived(item, desk, ticket, slot) for slot, item in enumerate(items)])
        results: list[Result] = await ticket.future
        return results
