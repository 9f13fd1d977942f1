"""Takes envelopes and acknowledgements. Numbers are the steps of the submit path (DESIGN.md).

1. the TLS identity became a desk before this module was called (`hub/interceptors`); 2. static checks, here; 3. and 4.
keys and signatures (`verifier.py`); 5. to 9. the sequencer.

Never does: protobuf, SQL. Each item of a batch is answered by itself; a cancelled call never disturbs another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from comity.envelope import Envelope
from comity.errors import ComityError, MalformedError, Reason, RefusedError
from comity.names import agency_of
from comity.receipts import Receipt
from comity.workflow.engine import check_counterparts

from hub.exchange.verifier import Arrived, GivenAck, Verifier
from hub.faults import Faults
from hub.log.domain import DirectorySource
from hub.log.sequencer import Sequencer
from hub.telemetry import Telemetry

Result = Receipt | BaseException
"""A proof that it is durable, or why nothing of it was stored."""


class ExchangeService:
    """The way in for member desks."""

    def __init__(
        self,
        *,
        directory: DirectorySource,
        sequencer: Sequencer,
        verifier: Verifier,
        faults: Faults,
        telemetry: Telemetry,
    ) -> None:
        """Takes its collaborators."""
        self._directory, self._sequencer, self._verifier = directory, sequencer, verifier
        self._faults, self._telemetry = faults, telemetry

    async def submit(self, desk: str, items: Sequence[Envelope | MalformedError]) -> list[Result]:
        """Submits envelopes.

        Args:
            desk: the calling desk.
            items: envelopes in proper form, or what was wrong with those that are not.

        Returns:
            One result an item, in their order.

        Raises:
            RefusedError: BUSY or UNAVAILABLE: nothing was taken.
        """
        # 1. The identity is known.
        if self._faults.armed:
            self._faults.hit("submit.after_identity")
        # 2. What needs neither key nor clock nor database.
        origin = self._directory.current.state.exchange_origin
        checked = [self._static(desk, origin, item) for item in items]
        if self._faults.armed:
            self._faults.hit("submit.after_parse")
        return await self._pass_on(agency_of(desk), checked)

    def _static(self, desk: str, origin: str, item: Envelope | MalformedError) -> Envelope | ComityError:
        if isinstance(item, MalformedError):
            return item
        header = item.header
        if header.origin != origin:
            return RefusedError(Reason.WRONG_ORIGIN, "the envelope is for another hub")
        if header.sender != desk:
            return RefusedError(Reason.WRONG_SENDER, "the envelope's sender is not the calling desk")
        try:
            check_counterparts(header.family, header.verb, header.counterparts, joint=header.joint)
        except ComityError as error:
            return error
        return item

    async def acknowledge(self, desk: str, items: Sequence[GivenAck | MalformedError]) -> list[Result]:
        """Records acknowledgements.

        Args:
            desk: the calling desk.
            items: acknowledgements in proper form, or what was wrong with those that are not.

        Returns:
            One result an item, in their order.

        Raises:
            RefusedError: BUSY or UNAVAILABLE: nothing was taken.
        """
        origin = self._directory.current.state.exchange_origin
        checked: list[GivenAck | ComityError] = []
        for item in items:
            if isinstance(item, MalformedError):
                checked.append(item)
            elif item.ack.origin != origin:
                checked.append(RefusedError(Reason.WRONG_ORIGIN, "the acknowledgement is for another hub"))
            elif item.ack.desk != desk:
                checked.append(RefusedError(Reason.WRONG_SENDER, "the acknowledging desk is not the calling desk"))
            else:
                checked.append(item)
        return await self._pass_on(agency_of(desk), checked)

    async def _pass_on(self, agency: str, checked: Sequence[Envelope | GivenAck | ComityError]) -> list[Result]:
        """Step 5: queues what passed; a full queue, or share of it, is refused here, before it costs memory."""
        weight = sum(_weight(item) for item in checked if not isinstance(item, ComityError))
        ticket = self._sequencer.admit(len(checked), weight, agency)
        arrived: list[Arrived] = []
        refused: list[tuple[Any, int, Any]] = []
        for slot, item in enumerate(checked):
            if isinstance(item, ComityError):
                refused.append((ticket, slot, item))
            else:
                arrived.append((item, ticket, slot))
        if arrived:
            self._verifier.offer(arrived)
        if refused:
            self._sequencer.settle(refused)
        results: list[Result] = await ticket.future
        return results


def _weight(item: Envelope | GivenAck) -> int:
    if isinstance(item, GivenAck):
        return 2048
    return len(item.ciphertext) + len(item.header_bytes) + len(item.seal_bytes) + 1200 * len(item.wraps) + 1024
