"""What is in a request costs tokens, beside the request itself: a call with 256 acknowledgements is not one call.

Counted on the parsed message, before any of its content is looked at. A wrap stands for a recipient: an envelope with
another number of them is refused.

Never does: take the tokens (`steps.parsed`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final

STATEMENT_TOKENS: Final = 8
"""A directory statement: verified twice, and replayed by every client for ever."""


def _envelopes(envelopes: Iterable[Any]) -> int:
    """One token an envelope or recipient, whichever is more; the first one is the request's own."""
    return sum(max(1, len(envelope.wraps)) for envelope in envelopes) - 1


PRICES: Final[Mapping[str, Callable[[Any], int]]] = MappingProxyType(
    {
        "/comity.v1.ExchangeService/Submit": lambda m: _envelopes((m.envelope,)),
        "/comity.v1.ExchangeService/SubmitBatch": lambda m: _envelopes(m.envelopes),
        "/comity.v1.ExchangeService/Acknowledge": lambda m: len(m.acks) - 1,
        "/comity.v1.DirectoryService/AppendStatements": lambda m: STATEMENT_TOKENS * len(m.statements) - 1,
    }
)
"""Tokens beyond those of the request itself, by method; a negative number is none."""
