"""Listed values as people type them: `no-power` for NO_POWER, in any case, by any beginning that fits only one.

Never does: guess among several.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeVar

from agents.cli.catalogue import t
from agents.cli.exits import UsageError
from agents.cli.words import value_code
from google.protobuf.descriptor import EnumDescriptor

E = TypeVar("E", bound=Enum)


def by_code(kind: type[E], text: str, option: str) -> E:
    """Returns the member of an enumeration that a person typed.

    Raises:
        UsageError: none, or several, fit; the message lists them.
    """
    return kind[_choose([member.name for member in kind], text, option)]


def number_of(enum: EnumDescriptor, text: str, option: str) -> int:
    """Returns the number of a payload's listed value that a person typed.

    Raises:
        UsageError: none, or several, fit; the message lists them.
    """
    codes = {value_code(enum, number): number for number in enum.values_by_number if number}
    return codes[_choose(list(codes), text, option)]


def _choose(codes: list[str], text: str, option: str) -> str:
    wanted = text.strip().upper().replace("-", "_").replace(" ", "_")
    fitting = [code for code in codes if code == wanted] or [code for code in codes if wanted and code.startswith(wanted)]
    if len(fitting) != 1:
        listed = ", ".join(code.lower().replace("_", "-") for code in codes)
        raise UsageError(t("{option} is one of: {listed}", option=option, listed=listed))
    return fitting[0]
