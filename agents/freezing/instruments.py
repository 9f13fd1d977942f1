"""What each instrument is called and what it does, in English and in Traditional Chinese.

What binds nobody never reads like an order, in either language: a letter of no consent that looked like one has cost
agencies their case. What binds says so, and by what.

Never does: say that anything is frozen. Only a holder's report says that something is held.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from agents.errors import CHINESE, ENGLISH


@dataclass(frozen=True, slots=True)
class Wording:
    """How people read an instrument."""

    title: Mapping[str, str]
    """What it is called, by language."""
    effect: Mapping[str, str]
    """What it does to the holder, one sentence or two."""

    def line(self, language: str = ENGLISH) -> str:
        """Returns title and effect in one line.

        Args:
            language: `en` or `zh-Hant`; anything else is English.
        """
        known = language if language in self.title else ENGLISH
        mark = "：" if known == CHINESE else ": "
        return f"{self.title[known]}{mark}{self.effect[known]}"


def _words(english: str, chinese: str) -> Mapping[str, str]:
    return MappingProxyType({ENGLISH: english, CHINESE: chinese})


_ASKS_ONLY: Final = _words(
    "it has no binding force. What is done is the holder's own decision.",
    "並無約束力，如何處理由持有人自行決定。",
)
_BINDS: Final = _words(
    "it binds the holder by the provision that it names, from its start to its end or review.",
    "根據所列條文，對持有人具約束力，由生效時起至終止或覆核時止。",
)
_COURT: Final = _words(
    "an order of the court that it names. It binds the holder from its start to its end or review.",
    "由所列法院作出的命令，對持有人具約束力，由生效時起至終止或覆核時止。",
)

_TITLES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "VOLUNTARY_HOLD": _words("Request for a voluntary hold", "自願扣存請求"),
        "LETTER_OF_NO_CONSENT": _words("Letter of no consent", "不同意處理函"),
        "RESTRICTION_NOTICE": _words("Restriction notice", "限制通知書"),
        "RESTRAINT_ORDER": _words("Restraint order", "限制令"),
        "INJUNCTION": _words("Injunction", "強制令"),
        "ISSUER_BLACKLIST": _words("Listing by the token's issuer", "代幣發行人列管"),
        "FIU_SUSPENSION": _words("Suspension by the financial intelligence unit", "金融情報單位暫停交易通知"),
        "FOREIGN_ORDER": _words("Order of a foreign authority", "外地機關命令"),
        "STOP_PAYMENT": _words("Request to stop a payment", "止付請求"),
    }
)
"""By kind of instrument, as its enum has it without the prefix."""
_AHEAD: Final = _words("Request ahead of a formal instrument", "正式文書發出前的請求")
"""What a kind that usually binds is called where it does not: nothing that could be taken for more than it is."""
NEVER_BINDING: Final = frozenset({"VOLUNTARY_HOLD", "LETTER_OF_NO_CONSENT", "STOP_PAYMENT"})
"""Kinds that bind nobody, whatever a message says of them."""
_COURTS: Final = frozenset({"RESTRAINT_ORDER", "INJUNCTION"})


def wording(kind: str, *, binding: bool) -> Wording:
    """Returns how people read an instrument.

    Args:
        kind: as its enum has it without the prefix; one that is not known reads as a request.
        binding: whether the message says that it binds.
    """
    title = _TITLES.get(kind, _TITLES["VOLUNTARY_HOLD"])
    if kind in NEVER_BINDING or kind not in _TITLES:
        return Wording(title, _ASKS_ONLY)
    if not binding:
        return Wording(_AHEAD, _ASKS_ONLY)
    return Wording(title, _COURT if kind in _COURTS else _BINDS)


PROVISIONAL: Final = Wording(
    _words("Request to hold at once, ahead of the full form", "即時扣存請求，完整表格隨後補交"), _ASKS_ONLY
)
"""How a provisional hold reads: whatever instrument is planned, it is not here yet."""
KINDS: Final = tuple(_TITLES)
"""Every kind of instrument that has words."""
