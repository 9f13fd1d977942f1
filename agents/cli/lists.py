"""Listed values as people type them: `no-power` for NO_POWER, in any case, by any beginning that fits only one.

Never does: guess among several.
"""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, TypeVar

import typer

from agents.cli.catalogue import t
from agents.cli.exits import UsageError
from agents.cli.words import value_code

E = TypeVar("E", bound=Enum)

Languages = Annotated[
    list[str] | None, typer.Option("--language", help="Language spoken there; may be repeated; else en and zh-Hant.")
]
"""Option of a duty contact."""


def spoken(languages: list[str] | None) -> tuple[str, ...]:
    """Returns the languages of a duty contact."""
    return tuple(languages or ("en", "zh-Hant"))


def by_code(kind: type[E], text: str, option: str) -> E:
    """Returns the member of an enumeration that a person typed.

    Raises:
        UsageError: none, or several, fit; the message lists them.
    """
    return kind[_choose([member.name for member in kind], text, option)]


def number_of(enum: Any, text: str, option: str) -> Any:
    """Returns the number of a listed value that a person typed; `Any`, for protobuf's stubs call it by many names.

    Raises:
        UsageError: none, or several, fit; the message lists them.
    """
    codes = {value_code(enum, number): number for number in enum.values_by_number if number}
    return codes[_choose(list(codes), text, option)]


def _choose(codes: list[str], text: str, option: str) -> str:
    wanted = text.strip().upper().replace("-", "_").replace(" ", "_")
    fitting = [code for code in codes if code == wanted] or [
        code for code in codes if wanted and code.startswith(wanted)
    ]
    if len(fitting) != 1:
        listed = ", ".join(code.lower().replace("_", "-") for code in codes)
        raise UsageError(t("{option} is one of: {listed}", option=option, listed=listed))
    return fitting[0]
