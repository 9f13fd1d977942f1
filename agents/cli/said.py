"""What the SDK and the contract say in constant English, in the reader's language: gaps, warnings, alarms, findings.

Numbers in such a text stand as `{n}` in the table. A gap that names a refusal (`NO_AGREEMENT: …`) takes the refusal's
own words.

Never does: fail. A text without an entry is shown in English.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from comity.errors import CannotOpenError, MalformedError, Reason, VerificationError

from agents.cli.catalogue import Language, language
from agents.cli.zh_hant import MESSAGES
from agents.errors import NEXT, SplitViewError, UnpinnedError, explain
from agents.keys import UnknownKeyError
from agents.store import StoreError

_NUMBER: Final = re.compile(r"\d+")
_ADVICE: Final[Mapping[str, str]] = MappingProxyType(
    {
        explain(error, Language.EN.value): explain(error, Language.ZH_HANT.value)
        for error in (
            UnpinnedError(""),
            SplitViewError(""),
            UnknownKeyError(""),
            StoreError(""),
            VerificationError(""),
            CannotOpenError(),
            MalformedError(""),
        )
    }
    | dict(NEXT.values())
)


def said(text: str) -> str:
    """Returns a constant text of the SDK in the language in use."""
    if language() is Language.EN:
        return text
    reason, colon, _ = text.partition(": ")
    if colon and reason in set(Reason):
        return f"{reason}：{NEXT[Reason(reason)][1]}"
    if colon and reason.isupper() and said(text.removeprefix(f"{reason}: ")) != text.removeprefix(f"{reason}: "):
        return f"{reason}：{said(text.removeprefix(f'{reason}: '))}"
    if text in _ADVICE:
        return _ADVICE[text]
    if text in MESSAGES:
        return MESSAGES[text]
    numbers = _NUMBER.findall(text)
    found = MESSAGES.get(_NUMBER.sub("{n}", text), text)
    for number in numbers:
        found = found.replace("{n}", number, 1)
    return found
