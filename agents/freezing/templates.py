"""What a form of a freeze begins with, by instrument: what it says, and which fields that instrument needs.

Never does: fill in what nobody said.
"""

from __future__ import annotations

from typing import Final

from comity.v1 import payload_pb2 as pb

from agents.errors import CHINESE, ENGLISH
from agents.freezing.instruments import KINDS, NEVER_BINDING, PROVISIONAL, wording

_PREFIX: Final = "INSTRUMENT_KIND_"
_OF_BINDING: Final = frozenset({"instrument.legal_text", "instrument.authority", "instrument.number"})


def kind_of(number: int) -> str:
    """Returns the name of a kind of instrument without its prefix; empty where there is none."""
    found = pb.InstrumentKind.DESCRIPTOR.values_by_number.get(number)
    return "" if found is None or not number else found.name.removeprefix(_PREFIX)


def number_of_kind(kind: str) -> pb.InstrumentKind:
    """Returns the number of a kind of instrument by its name without the prefix."""
    found: pb.InstrumentKind = getattr(pb, f"{_PREFIX}{kind}")
    return found


def begun(kind: str) -> pb.FreezeRequest:
    """Returns a request that begins with an instrument; what usually binds is marked as binding.

    Args:
        kind: name without the prefix.
    """
    instrument = pb.Instrument(kind=number_of_kind(kind), binding=kind not in NEVER_BINDING)
    return pb.FreezeRequest(instrument=instrument)


def needed(kind: str) -> frozenset[str]:
    """Returns the fields that a request under an instrument must have beyond those that every request must."""
    return frozenset() if kind in NEVER_BINDING else _OF_BINDING


def remarks(kind: str) -> list[str]:
    """Returns what stands above a form: what the instrument is, in both languages."""
    words = wording(kind, binding=kind not in NEVER_BINDING)
    return [words.line(ENGLISH), words.line(CHINESE)]


def headline(body: object, language: str = ENGLISH) -> str:
    """Returns what people read above a request or report: what its instrument is. Empty where the body has none.

    Args:
        body: of a payload.
        language: `en` or `zh-Hant`.
    """
    instrument: pb.Instrument | None = None
    if isinstance(body, pb.FreezeRequest | pb.Convert) or (
        isinstance(body, pb.ReportExecution) and body.HasField("instrument")
    ):
        instrument = body.instrument
    elif isinstance(body, pb.ProvisionalHold):
        return PROVISIONAL.line(language)
    if instrument is None or not instrument.kind:
        return ""
    return wording(kind_of(instrument.kind), binding=instrument.binding).line(language)


__all__ = ["KINDS", "begun", "headline", "kind_of", "needed", "number_of_kind", "remarks"]
