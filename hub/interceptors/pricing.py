"""What is in a request costs tokens, beside the request itself: a call with 256 acknowledgements is not one call.

Counted on the parsed message, before any of its content is looked at. A wrap stands for a recipient: an envelope with
another number of them is refused.

Never does: take the tokens (`steps.parsed`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Sized
from types import MappingProxyType
from typing import Any, Final

from comity.errors import MalformedError, Reason

STATEMENT_TOKENS: Final = 8
"""A directory statement: verified twice, and replayed by every client for ever."""


MOST_ITEMS: Final = 256
"""Envelopes, acknowledgements or statements in a call."""
MOST_WRAPS: Final = 512
"""Of an envelope; one that could be taken has at most 256."""
MOST_SIGNATURES: Final = 16
"""Of an envelope; one that could be taken has one or two."""


def _counted(items: Sized) -> int:
    if len(items) > MOST_ITEMS:
        raise MalformedError("a call carries at most 256 items", Reason.TOO_LARGE)
    return len(items)


def _envelopes(envelopes: Sequence[Any]) -> int:
    """One token an envelope or recipient, whichever is more; the first one is the request's own.

    A message of a few megabytes can hold a million empty fields. No envelope that could be taken does, so the call is
    refused before any of them becomes an object.
    """
    _counted(envelopes)
    tokens = -1
    for envelope in envelopes:
        wraps = len(envelope.wraps)
        if wraps > MOST_WRAPS or len(envelope.signatures) > MOST_SIGNATURES:
            raise MalformedError("an envelope has too many wraps or signatures", Reason.TOO_LARGE)
        tokens += max(1, wraps)
    return tokens


PRICES: Final[Mapping[str, Callable[[Any], int]]] = MappingProxyType(
    {
        "/comity.v1.ExchangeService/Submit": lambda m: _envelopes((m.envelope,)),
        "/comity.v1.ExchangeService/SubmitBatch": lambda m: _envelopes(m.envelopes),
        "/comity.v1.ExchangeService/Acknowledge": lambda m: _counted(m.acks) - 1,
        "/comity.v1.DirectoryService/AppendStatements": lambda m: STATEMENT_TOKENS * _counted(m.statements) - 1,
    }
)
"""Tokens beyond those of the request itself, by method; a negative number is none. MalformedError, TOO_LARGE, for what
nobody sends who means well: it takes all tokens that there are."""
